"""`chainrule derive --form matrix`: for one sample and for all, of families and of tensors, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.cli.commands import run, write_network, write_systems
from unit.families.family_systems import MLP


@pytest.fixture
def systems(tmp_path: Path) -> Path:
    (tmp_path / "mlp.eq").write_text(MLP, encoding="utf-8")
    return write_systems(tmp_path)


def lines(*arguments: object) -> list[str]:
    result = run("derive", *arguments)
    assert result.exit_code == 0, result.output
    return list(result.output.splitlines())


def test_a_saved_network_has_a_line_for_each_derivative(tmp_path: Path) -> None:
    network = write_network(tmp_path / "n.safetensors")
    assert lines(network, "--form", "matrix", "--wrt", "W1") == [
        "δ2 = a2 − y",
        "δ1 = (W2ᵀ δ2) ⊙ a1 ⊙ (1 − a1)",
        "∇W1 = δ1 xᵀ",
    ]
    assert lines(network, "--form", "matrix", "--batched", "--wrt", "W1")[-1] == "∇W1 = Δ1ᵀ X / N"
    assert lines(network, "--form", "matrix-latex", "--wrt", "W1")[-2] == r"\nabla W^{1} &= \delta^{1} x^{\top}"


def test_special_cases_of_an_unknown_function_stand_beside_it(systems: Path) -> None:
    assert lines(systems / "unknown.eq", "--form", "matrix") == [
        "δ = (∂a/∂z)ᵀ ∇_a C",
        "  if a is applied elementwise, a[k] = sigma(z[k]): δ = ∇_a C ⊙ sigma′(z)",
        "  if a is the softmax of z: δ = a ⊙ (∇_a C − (aᵀ ∇_a C) 1)",
    ]


def test_families_are_shown_case_by_case_or_written_out(systems: Path) -> None:
    assert lines(systems / "mlp.eq", "--form", "matrix", "--wrt", "z[l]")[:2] == [
        "δ^L = ∇_a C ⊙ sigma′(z^L)",
        "δ^l = ((W^{l+1})ᵀ δ^{l+1}) ⊙ sigma′(z^l)   for l = 1..L-1",
    ]
    written_out = lines(systems / "mlp.eq", "--form", "matrix", "--size", "L=2", "--batched")
    assert written_out[0] == "Δ^2 = ∇_{A^2} C ⊙ sigma′(Z^2)"


def test_jacobians_and_second_derivatives_are_matrices(systems: Path) -> None:
    softmax = systems / "softmax.eq"
    assert lines(softmax, "--of", "a", "--wrt", "z", "--form", "matrix") == ["∂a/∂z = diag(a) − a aᵀ"]
    assert lines(softmax, "--hessian", "--wrt", "z", "--form", "matrix") == ["∂²C/∂z∂z = diag(a) − a aᵀ"]


def test_names_and_layouts_are_those_asked_for(systems: Path) -> None:
    softmax = systems / "softmax.eq"
    assert lines(softmax, "--form", "matrix", "--names", "∂C/∂z=e") == ["e = a − y"]
    assert lines(softmax, "--form", "matrix", "--layout", "numerator") == ["∂C/∂z = (a − y)ᵀ"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["softmax.eq", "--batched"], "--batched and --layout belong to the matrix form\n  Add --form matrix."),
        (["softmax.eq", "--form", "matrix", "--steps"], "the matrix form is that of equations"),
        (["softmax.eq", "--form", "matrix", "--layout", "rows"], "there is no layout 'rows'"),
        (["softmax.eq", "--form", "matrix", "--names", "bishop"], "there are no names 'bishop'"),
        (["softmax.eq", "--form", "matrix", "--of", "a"], "a Jacobian is of one tensor by one other"),
        (["softmax.eq", "--form", "matrix", "--hessian", "--batched"], "--batched is for the derivatives of a cost"),
        (["no_params.eq", "--form", "matrix"], "the system has no params to differentiate with respect to"),
        (["mlp.eq", "--form", "matrix", "--batched"], "--of, --hessian and --batched need to know how many steps"),
    ],
)
def test_options_that_do_not_go_together_are_refused(systems: Path, arguments: list[str], message: str) -> None:
    result = run("derive", systems / arguments[0], *arguments[1:])
    assert result.exit_code == 2
    assert message in result.output


def test_a_web_page_gets_an_element_for_each_line(systems: Path) -> None:
    shown = lines(systems / "sigmoid.eq", "--form", "matrix-mathml")
    assert [line[:6] for line in shown] == ["<math "] * len(shown)
