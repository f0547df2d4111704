"""The commands on families: every step, JSON, the reason, comparisons; explanations in the names of the members."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import chainrule as cr
from unit.cli.commands import run
from unit.families.family_systems import MLP, RNN, SIGMOID

VALUES = {
    "x": [0.5, -1.0],
    "y": [1, 0],
    "W": [[[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]], [[0.2, 0.1, -0.3], [0.4, 0.5, 0.6]], [[1, -1], [0.5, 0.25]]],
    "b": [[0.1, 0.2, 0.3], [0.0, 0.1], [0.2, -0.2]],
}


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    return _written(tmp_path / "layers.eq", SIGMOID)


@pytest.fixture
def values(tmp_path: Path) -> Path:
    return _written(tmp_path / "values.json", json.dumps(VALUES))


def _written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def test_the_whole_backward_pass_is_one_page_from_the_cost_backwards(tmp_path: Path) -> None:
    page = run("derive", _written(tmp_path / "mlp.eq", MLP), "--steps").output
    lines = page.splitlines()
    assert lines[0] == "∂C/∂z[L; k]"
    assert lines[-3:] == [
        "for l = 1..L",
        "∂C/∂b[l; k] = Σ_m ∂C/∂z[l; m]·∂z[l; m]/∂b[l; k], where ∂z[l; m]/∂b[l; k] = [m = k]",
        "            = ∂C/∂z[l; k]",
    ]
    assert "2  local derivative: as for ∂a[L; m]/∂z[L; k]" in page
    assert page.count("in general the\n     contributions differ") == 1


def test_that_shares_add_up_is_said_once_on_a_page(tmp_path: Path) -> None:
    page = run("derive", _written(tmp_path / "rnn.eq", RNN), "--steps").output
    assert page.count("reads the same") == 1
    assert "Here R[t] is R as o[t] reads it." in page
    assert page.count("so ∂C/∂U[k,j] = Σ_{t=1..T} h[t-1; j]·∂C/∂z[t; k]") == 1


def test_derivatives_of_families_are_json_too(layers: Path) -> None:
    (cases, *_) = json.loads(run("derive", layers, "--json").output)["document"]["nodes"]
    nodes = cases["nodes"]
    assert nodes[1]["words"][0]["text"].startswith("∂C/∂z[l; k] = a[l; k]·(1 − a[l; k])·Σ_m")
    assert nodes[1]["words"][1:] == ["   for ", {"text": "l = 1..L-1", "latex": r"l = 1, \ldots, L-1"}]
    steps = json.loads(run("derive", layers, "--json", "--steps", "--wrt", "z", "--verify").output)["document"]
    assert [group["role"] for group in steps["nodes"]] == ["", "verification"]


def test_the_reason_is_told_of_each_case_without_a_number_of_steps(layers: Path) -> None:
    page = run("derive", layers, "--why", "--wrt", "z").output
    assert page.startswith("Why ∂C/∂z[L; k] = Σ_m ∂C/∂a[L; m]·∂a[L; m]/∂z[L; k]\n")
    assert "\nfor l = 1..L-1\nWhy ∂C/∂z[l; k] = Σ_m ∂C/∂a[l; m]·∂a[l; m]/∂z[l; k]\n" in page
    assert "at a random point and with a random smooth function for C: z[l; 1] = " in page


def test_the_reason_in_numbers_has_the_names_of_the_members(layers: Path, values: Path) -> None:
    page = run("derive", layers, "--why", "--wrt", "z[2]", "--at", "k=0", "--data", values).output
    assert "In numbers: z[2; 0] = 0.01917 moves by h = 0.01." in page
    assert "Both go to ∂C/∂z[2; 0] = −0.01424 as h goes to 0." in page
    sized = run("derive", layers, "--wrt", "z", "--size", "L=2").output
    assert "∂C/∂z[1; k] = a[1; k]·(1 − a[1; k])·Σ_m W[2; m,k]·∂C/∂z[2; m]" in sized
    assert run("derive", layers, "--wrt", "z[L-1]", "--size", "L=2").output.endswith(sized.splitlines()[-1] + "\n")


def test_two_families_are_compared_case_by_case(layers: Path, tmp_path: Path) -> None:
    other = _written(tmp_path / "tanh.eq", SIGMOID.replace("sigmoid", "tanh"))
    page = run("derive", layers, "--compare", other, "--wrt", "z").output
    assert "for l = 1..L-1" in page
    assert page.count("They part at step 2.") == 2
    plain = _written(tmp_path / "plain.eq", "param w\ncost C = w^2")
    assert "has no 'for' line" in run("derive", layers, "--compare", plain).output
    residual = _written(tmp_path / "residual.eq", SIGMOID.replace("sigmoid(z[l; k])", "sigmoid(z[l; k]) + a[l-1; k]"))
    page = run("derive", layers, "--compare", residual, "--wrt", "z").output
    assert "∂C/∂z[L; k]" in page


def test_an_entry_is_named_with_its_step(layers: Path, values: Path) -> None:
    found = run("explain", layers, "--data", values, "--of", "z[1; 0]", "--paths").output
    assert found.startswith("∂C/∂z[1; 0] = a[1; 0]·(1 − a[1; 0])·Σ_m W[2; m,0]·∂C/∂z[2; m]\n")
    assert "z[1; 0] → a[1; 0] → z[2; 1] → a[2; 1] → z[3; 0] → a[3; 0] → C" in found
    for other in (("z1", "--at", "k=0"), ("z[1]", "--at", "k=0"), ("∂C/∂z[L-2; 0]",)):
        assert run("explain", layers, "--data", values, "--of", *other, "--paths").output == found


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ("z[7; 0]", "no tensor is named z[7;]"),
        ("z[l; 0]", "'z[l; 0]' is of no known step"),
        ("z[2; 5]", "k = 5 is no entry of ∂C/∂z[2; k]"),
        ("z[2]", "∂C/∂z[2; k] has a value for each k"),
    ],
)
def test_what_names_no_entry_is_refused(layers: Path, values: Path, of: str, said: str) -> None:
    assert said in run("explain", layers, "--data", values, "--of", of).output


def test_an_entry_is_named_once(layers: Path, values: Path) -> None:
    assert "named twice" in run("explain", layers, "--data", values, "--of", "z[2; 0]", "--at", "k=1").output


def test_explanations_and_verdicts_have_the_names_of_a_book(layers: Path, values: Path) -> None:
    found = run("explain", layers, "--data", values, "--of", "z[1; 0]", "--names", "textbook").output
    assert found.startswith("δ[1; 0] = ∂C/∂z[1; 0] = a[1; 0]·(1 − a[1; 0])·Σ_m W[2; m,0]·δ[2; m]\n")
    wrong = "∂C/∂z[l; k] = a[l; k]*(1 - a[l; k])*(sum(m) W[l+1; m,k]*δ[l; m])"
    lines = run("check", layers, wrong, "--names", "textbook").output.splitlines()
    assert lines[0] == "Wrong: δ[l; m] is of the wrong step: it should be δ[l+1; m]."
    assert lines[1] == "Correct: δ[l; k] = ∂C/∂z[l; k] = a[l; k]·(1 − a[l; k])·Σ_m W[l+1; m,k]·δ[l+1; m]"
    plain = run("check", layers, wrong).output
    assert run("check", layers, wrong, "--names", "plain").output == plain
    assert "∂C/∂z[l; m] is of the wrong step" in plain


def test_a_verdict_on_a_family_is_mathematics_in_latex(tmp_path: Path) -> None:
    rnn = _written(tmp_path / "rnn.eq", RNN)
    lines = run("check", rnn, "∂C/∂U[k,j] = sum(t) h[t;j]*∂C/∂z[t;k]", "--form", "latex").output.splitlines()
    assert lines[1] == r"\noindent Wrong: $h^{t}_{j}$ is of the wrong step: it should be $h^{t-1}_{j}$.\par"
    summed = r"\sum_{t=1}^{T} h^{t-1}_{j} \, \frac{\partial C}{\partial z^{t}_{k}}"
    assert lines[2] == rf"\noindent Correct: $\frac{{\partial C}}{{\partial U_{{kj}}}} = {summed}$\par"


def test_families_are_explained_in_python_too() -> None:
    families = cr.parse(SIGMOID)
    found = cr.explain(families, VALUES, of="z[1; 0]")
    assert (found.name, round(found.value, 6)) == ("∂C/∂z[1; 0]", 0.002539)
    reason = cr.why(families, "z[L]", VALUES, at=0)
    assert reason.rule == "∂C/∂z[3; k] = Σ_m ∂C/∂a[3; m]·∂a[3; m]/∂z[3; k]"
    assert "at a random point" in str(cr.why(cr.parse(SIGMOID + "index L = 2"), "z[1]"))
    with pytest.raises(cr.ChainruleError, match="nothing says how many steps L stands for"):
        cr.why(families, "z[1]")


@pytest.mark.parametrize("answer", ["∂C/∂b[1; k] = ∂C/∂z[1; k]", "∂C/∂b1[k] = ∂C/∂z1[k]"])
def test_for_a_number_of_layers_members_are_named_as_derive_prints_them(tmp_path: Path, answer: str) -> None:
    found = run("check", _written(tmp_path / "mlp.eq", MLP), "--size", "L=3", answer)
    assert found.exit_code == 0
    assert found.output.startswith("Right: ∂C/∂b")
