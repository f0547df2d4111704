"""`chainrule derive --names`: what derivatives are called in print."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.cli.commands import run, write_network, write_systems

LAYERS = """
data y[j], a[0; k]
param w[l; j,k], b[l; j]
abstract sigma(t)
for l = 1..L:
    z[l; j] = sum(k) w[l; j,k]*a[l-1; k] + b[l; j]
    a[l; j] = sigma(z[l; j])
cost C = 1/2*(sum(j) (a[L; j] - y[j])^2)
"""


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    file = tmp_path / "layers.eq"
    file.write_text(LAYERS, encoding="utf-8")
    return file


def test_the_four_equations_of_the_textbook(layers: Path) -> None:
    assert run("derive", layers, "--names", "textbook").output.splitlines()[:4] == [
        "δ[L; j] = ∂C/∂z[L; j] = sigma'(z[L; j])·(a[L; j] − y[j])",
        "δ[l; j] = ∂C/∂z[l; j] = sigma'(z[l; j])·Σ_k w[l+1; k,j]·δ[l+1; k]   for l = 1..L-1",
        "∂C/∂w[l; j,k] = a[l-1; k]·δ[l; j]   for l = 1..L",
        "∂C/∂b[l; j] = δ[l; j]   for l = 1..L",
    ]


def test_the_four_equations_in_latex(layers: Path) -> None:
    lines = run("derive", layers, "--names", "textbook", "--form", "latex").output.splitlines()
    assert lines[2] == (
        r"\delta^{l}_{j} &= \frac{\partial C}{\partial z^{l}_{j}} = \sigma'\left(z^{l}_{j}\right) \, "
        r"\sum_{k} w^{l+1}_{kj} \, \delta^{l+1}_{k} \qquad l = 1, \ldots, L-1 \\"
    )


def test_the_steps_have_the_same_names(layers: Path, tmp_path: Path) -> None:
    output = run("derive", layers, "--names", "textbook", "--wrt", "z", "--steps").output
    assert "  so δ[l; j] = ∂C/∂z[l; j] = sigma'(z[l; j])·Σ_k w[l+1; k,j]·δ[l+1; k]" in output
    saved = write_network(tmp_path / "n.safetensors")
    page = run("derive", saved, "--names", "ng", "--steps").output
    assert "dz1[j] = ∂C/∂z1[j]" in page
    latex = run("derive", saved, "--names", "ng", "--steps", "--form", "latex").output
    assert r"$da^{[2]}_{k} = \frac{\partial C}{\partial a^{[2]}_{k}}" in latex


def test_a_network_under_names_of_ones_own(tmp_path: Path) -> None:
    saved = write_network(tmp_path / "n.safetensors")
    lines = run("derive", saved, "--wrt", "W2", "--names", "∂C/∂z2=e, W2 = V").output.splitlines()
    assert lines == ["e[k] = ∂C/∂z2[k] = a2[k] − y[k]", "∂C/∂V[k,j] = a1[j]·e[k]"]
    latex = run("derive", saved, "--wrt", "W2", "--names", "ng", "--form", "latex").output
    assert r"dW^{[2]}_{kj} &= \frac{\partial C}{\partial W^{[2]}_{kj}} = a^{[1]}_{j} \, dz^{[2]}_{k}" in latex
    verified = run("derive", saved, "--wrt", "W2", "--names", "ng", "--verify").output
    assert "∂C/∂W2[k,j]: verified" in verified


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--names", "bishop"], "there are no names 'bishop'\n  one of plain, textbook, ng"),
        (["--names", "a="], "--names 'a=' names nothing\n  a name for each"),
        (["--names", "a=b c"], "--names 'a=b c' names nothing"),
        (["--names", "ng", "--json"], "--names is for the derivatives of a cost"),
    ],
)
def test_what_names_nothing_is_refused(arguments: list[str], message: str, tmp_path: Path) -> None:
    result = run("derive", write_systems(tmp_path) / "softmax.eq", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_saved_network_is_shown_with_the_names_of_a_book(tmp_path: Path) -> None:
    saved = write_network(tmp_path / "net.safetensors")
    assert "δ2[k] = ∂C/∂z2[k] = a2[k] − y[k]" in run("show", saved).output
    assert "dz2[k] = ∂C/∂z2[k] = a2[k] − y[k]" in run("show", saved, "--names", "ng").output
    plain = run("show", saved, "--names", "plain").output
    assert "  ∂C/∂z2[k] = a2[k] − y[k]" in plain
    assert "δ" not in plain
