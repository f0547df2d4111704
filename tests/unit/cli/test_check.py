"""`chainrule check`: exit codes, answers that begin with a minus, and the verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.cli.commands import run, write_network, write_systems


@pytest.fixture
def softmax(tmp_path: Path) -> Path:
    return write_systems(tmp_path) / "softmax.eq"


@pytest.mark.parametrize(
    "answer", ["a[j] - y[j]", "-(y[j] - a[j])", "-y[j] + a[j]", "∂C/∂z[j] = a[j] - y[j]", "--(a[j] - y[j])"]
)
def test_a_right_answer_has_exit_code_0(softmax: Path, answer: str) -> None:
    result = run("check", softmax, "--wrt", "z", answer)
    assert result.exit_code == 0, result.output
    assert result.output == "Right: ∂C/∂z[j] = a[j] − y[j]\nThis uses what is given: Σ_k y[k] = 1\n"


@pytest.mark.parametrize("options", [["--wrt", "z"], ["--wrt=z"], []])
def test_a_wrong_answer_has_exit_code_1(softmax: Path, options: list[str]) -> None:
    result = run("check", softmax, *options, "a[j]")
    assert result.exit_code == 1
    assert result.output.startswith("Wrong: the term −y[j] is missing.\nCorrect: ∂C/∂z[j] = a[j] − y[j]\n")


@pytest.mark.parametrize("answer", ["-h[j]", "a[j] -", "--q[j]", "∂C/∂z[j]"])
def test_an_answer_that_cannot_be_read_has_exit_code_2(softmax: Path, answer: str) -> None:
    result = run("check", softmax, "--wrt", "z", answer)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[1] == f"  {answer}"
    assert "^" in result.stderr


def test_an_answer_may_be_checked_against_a_saved_network(tmp_path: Path) -> None:
    saved = write_network(tmp_path / "n.safetensors")
    answer = "a1[j]*(1 - a1[j])*(sum(k) W2[k,j]*∂C/∂z2[k])"
    assert run("check", saved, "--wrt", "z1", answer).exit_code == 0
    lost = run("check", saved, "--wrt", "z1", "sum(k) W2[k,j]*∂C/∂z2[k]")
    assert lost.exit_code == 1
    assert "the factor a1[j]·(1 − a1[j]) is missing" in lost.output


def test_options_are_still_options(softmax: Path) -> None:
    assert run("check", softmax, "-h").output.startswith("Usage:")
    assert run("check", softmax).exit_code == 2


def test_a_verdict_is_latex_too(softmax: Path) -> None:
    right = run("check", softmax, "--wrt", "z", "a[j] - y[j]", "--form", "latex")
    assert right.exit_code == 0
    assert r"Right: $\frac{\partial C}{\partial z_{j}} = a_{j} - y_{j}$" in right.output
    assert r"given: $\sum_{k} y_{k} = 1$" in right.output
    wrong = run("check", softmax, "--wrt", "z", "y[j] - a[j]", "--form", "latex")
    assert wrong.exit_code == 1
    assert r"at a random point $\frac{\partial C}{\partial z_{0}}$ is" in wrong.output
    assert r"$-y_{0} = " in wrong.output
    assert run("check", softmax, "--wrt", "z", "a[j]", "--form", "pdf").stderr.startswith(
        "Error: there is no form 'pdf'"
    )
