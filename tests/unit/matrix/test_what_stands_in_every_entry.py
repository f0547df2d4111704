"""Numbers, scalars and names that a reader could take for something else: each line says one thing."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.matrix.of_systems import matrix_forms


def line(text: str, tensor: str) -> str:
    """Return the equation of a tensor in matrix form."""
    system = cr.parse(text)
    return str(matrix_forms(system, [system.defined[tensor]]))


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        ("h[i,m] = ([i = m] + 2)*x[m]", "h = diag(x) + 2·1 xᵀ"),
        ("h[i,m] = ([i = m] + c)*x[m]", "h = diag(x) + c 1 xᵀ"),
        ("h[i,m] = (1 - A[m,i])*B[i,m]", "h = (1 − A)ᵀ ⊙ B"),
        ("h[i,m] = (1 - A[m,i])^2*tanh(A[m,i])", "h = ((1 − A)^∘2 ⊙ tanh(A))ᵀ"),
        ("h[i] = c + x[i]", "h = c 1 + x"),
        ("h[i] = 1 + x[i]", "h = 1 + x"),
        ("h[i] = (1 + x[i])^c", "h = (1 + x)^∘c"),
        ("h[i] = 1/x[i]", "h = 1 ⊘ x"),
        ("h[i] = x[i]/(c*y[i])", "h = x ⊘ y / c"),
        ("h = sum(i) x[i]", "h = 1ᵀ x"),
        ("h = sum(i,m) A[i,m]", "h = 1ᵀ A 1"),
        ("h = sum(i,m) A[i,m]*B[i,m]", "h = tr(Aᵀ B)"),
        ("h = sum(i,m) A[i,m]*B[m,i]", "h = tr(A B)"),
        ("h[i] = sum(m) A[i,m]*B[m,i]", "h = (A ⊙ Bᵀ) 1"),
        ("h[i] = A[i,i]", "h = diag(A)"),
        ("h[i,m] = x[i]*[i = m]", "h = diag(x)"),
        ("h[i,m] = x[i]*A[i,m]/y[m]", "h = diag(x) A diag(y)⁻¹"),
        ("h[i,m] = sum(k) A[i,k]*x[k]*B[k,m]", "h = A diag(x) B"),
        ("h = mean(i) x[i]", "h = 1ᵀ x / extent(i)"),
        ("h = mean(k) x[k]", "h = 1ᵀ x / K"),
        ("h = max(k) (x[k]*y[k])", "h = max(x ⊙ y)"),
        ("h = sqrt(sum(k) (x[k] - y[k])^2)", "h = ‖x − y‖"),
        ("h = (sum(k) x[k]^2)^(-3/2)", "h = 1 / ‖x‖³"),
        ("h = -c/2*(sum(k) x[k]^2)", "h = −1/2 c ‖x‖²"),
        ("h[i] = -(sum(m) A[i,m]*x[m])/(2*c)", "h = −A x / (2 c)"),
    ],
)
def test_an_equation_is_written_so(equation: str, expected: str) -> None:
    assert line(f"data x[i], y[i], A[i,m], B[i,m], c\n{equation}", "h") == expected


def test_one_letter_does_not_count_indices_of_two_sizes() -> None:
    text = "data x[i], y[j]\nh = (mean(k) x[k])*(mean(k) y[k])"
    system = cr.parse(text)
    (found,) = matrix_forms(system, system.equations)
    assert found.reason == "k stands for indices of several sizes, so that their number has no letter"
    assert line(text.replace("mean(k) y[k]", "mean(m) y[m]"), "h") == "h = (1ᵀ x) 1ᵀ y / (K M)"


def test_a_capital_that_is_taken_stays_small() -> None:
    text = "data x[i], y[k]\nparam X[k,i], n\nz[k] = n*sum(i) X[k,i]*x[i]\ncost C = sum(k) (z[k] - y[k])^2"
    assert list(map(str, cr.backprop(cr.parse(text)).matrix(batched=True))) == [
        "Δ = 2 (Z − Y)",
        "∇X = n Δᵀ x / P",
        "∇n = tr(X xᵀ Δ) / P",
    ]


def test_gradients_of_two_scalars_have_two_names() -> None:
    text = """data x[i]
param W[j,i]
L = sum(j) (sum(i) W[j,i]*x[i])^4
V[j,i] = W[j,i] - ∂L/∂W[j,i]
cost C = sum(j,i) V[j,i]^2
"""
    back = cr.backprop(cr.parse(text))
    forms = matrix_forms(back.system, back.system.equations)
    targets = [str(one).partition(" = ")[0] for one in forms]
    assert len(set(targets)) == len(targets)
    assert "∇W" in targets


def test_where_a_tensor_is_called_I_the_identity_is_not_written() -> None:
    system = cr.parse("data I[i,m]\nh[i,m] = I[i,m] + I[m,i] + [i = m]")
    (found,) = matrix_forms(system, system.equations)
    assert found.reason == "I is a tensor here, so that [i = m] has no letter"
    assert line("data A[i,m]\nh[i,m] = A[i,m] + A[m,i] + [i = m]", "h") == "h = A + Aᵀ + I"
