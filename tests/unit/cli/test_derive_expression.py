"""`chainrule derive -e`: matrix notation on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.cli.commands import run


def output(*arguments: object) -> str:
    result = run("derive", *arguments)
    assert result.exit_code == 0, result.output
    return str(result.stdout)


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (("x'*A*x", "--wrt", "x"), "f = xᵀ A x\n∇x = (A + Aᵀ) x\n"),
        (("x'*A*x", "--wrt", "x", "--kinds", "symmetric matrix A"), "f = xᵀ A x\n∇x = 2 A x\n"),
        (("A*x", "--wrt", "x"), "f = A x\n∂f/∂x = A\n"),
        (("x'*A*x", "--wrt", "x", "--hessian"), "f = xᵀ A x\n∂²f/∂x∂x = A + Aᵀ\n"),
        (("c*a'*x", "--wrt", "x", "--kinds", "scalar c"), "f = c aᵀ x\n∇x = c a\n"),
        (("z = W*x; norm2(z)^2", "--wrt", "W"), "z = W x\nf = ‖z‖²\n∇W = 2 z xᵀ\n"),
        (("x.*y", "--wrt", "x"), "f = x ⊙ y\n∂f/∂x = diag(y)\n"),
        (("A (x + b)", "--wrt", "b"), "f = A (x + b)\n∂f/∂b = A\n"),
        (("cost C = sum(x.^2)", "--wrt", "x", "--form", "index"), "∂C/∂x[i] = 2·x[i]\n"),
    ],
)
def test_an_expression_is_derived_in_matrix_form(arguments: tuple[str, ...], printed: str) -> None:
    assert output("-e", *arguments) == printed


def test_what_is_assumed_is_said_beside_the_output() -> None:
    result = run("derive", "-e", "λ*x'*A*y", "--wrt", "x")
    assert result.stderr == "Assumed: scalar λ; vector x, y; matrix A; --kinds declares others.\n"
    assert run("derive", "-e", "x'*x", "--wrt", "x", "--kinds", "vector x").stderr == ""


def test_steps_are_shown_and_verified() -> None:
    shown = output("-e", "norm2(A*x - b)^2", "--wrt", "x", "--steps", "--verify")
    assert "so ∂f/∂x" in shown
    assert "verified" in shown
    assert output("-e", "x'*x", "--wrt", "x", "--json").startswith("{")


def test_a_file_in_matrix_notation_is_read(tmp_path: Path) -> None:
    file = tmp_path / "least_squares.eq"
    file.write_text("matrix A\nvector b\nparam vector x\ncost C = norm2(A*x - b)^2\n", encoding="utf-8")
    assert output(file, "--form", "matrix") == "∇x = 2 Aᵀ (A x − b)\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), "there is nothing to derive"),
        (("x.eq", "-e", "x'*x"), "there is a file and an expression"),
        (("x.eq", "--kinds", "vector x"), "--kinds is for -e"),
        (("-e", "x*A", "--wrt", "x"), "x*A is no product: x is a column, A a matrix"),
        (("-e", "x'*x"), "the system has no params"),
        (("-e", "x'*x", "--wrt", "y"), "y"),
        (("-e", "x'*x", "--wrt", "x", "--kinds", "vectr x"), "--kinds vectr x declares nothing"),
    ],
)
def test_what_cannot_be_derived_is_an_error(arguments: tuple[str, ...], error: str) -> None:
    result = run("derive", *arguments)
    assert result.exit_code == 2
    assert error in result.output
