"""Local derivatives between neighbouring steps: asked for at any step, what they hold fixed, and answers for them."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.errors import DerivativeError
from chainrule.expr.symbols import Tensor
from chainrule.families.families import Families
from chainrule.family_derivations import held_fixed, local_derivative
from chainrule.pipeline import family_backprop

LAYERS = """
data a[0; k], y[j]
param w[l; j,k], b[l; j]
abstract sigma(t)
for l = 1..L:
    z[l; j] = sum(k) w[l; j,k]*a[l-1; k] + b[l; j]
    a[l; j] = sigma(z[l; j])
cost C = 1/2*(sum(j) (a[L; j] - y[j])^2)
"""
RECURRENT = """
data x[t; i], y[j]
param W[j,k], U[j,i]
h[0; j] = 0
for t = 1..T:
    h[t; j] = tanh(sum(k) W[j,k]*h[t-1; k] + sum(i) U[j,i]*x[t; i])
cost C = 1/2*(sum(j) (h[T; j] - y[j])^2)
"""


def families(text: str) -> Families:
    read = cr.parse(text)
    assert isinstance(read, Families)
    return read


def local(text: str, of: Tensor, wrt: Tensor) -> str:
    back = family_backprop(families(text), [wrt.name])
    return repr(local_derivative(back, of, wrt))


@pytest.mark.parametrize("shift", [0, -1, 1, 2])
def test_neighbours_may_be_named_from_either_side(shift: int) -> None:
    later, step = (Tensor("h", (("t", shift + n),)) for n in (1, 0))
    name = str(later).rstrip("]")
    assert local(RECURRENT, later, step) == f"∂{name} j]/∂{str(step).rstrip(']')} k] = W[j,k]·(1 − {name} j]^2)"


def test_steps_that_are_no_neighbours_are_refused() -> None:
    with pytest.raises(DerivativeError, match=r"no case of ∂C/∂h\[t;\] reads h\[t\+3;\]"):
        local(RECURRENT, Tensor("h", (("t", 3),)), Tensor("h", (("t", 0),)))
    with pytest.raises(DerivativeError, match=r"h\[t-1;\] does not depend on h\[t;\]"):
        local(RECURRENT, Tensor("h", (("t", -1),)), Tensor("h", (("t", 0),)))


def test_what_the_derivative_by_a_shared_weight_holds_fixed_is_known() -> None:
    back = family_backprop(families(RECURRENT), ["W"])
    assert held_fixed(back, Tensor("h", (("t", 0),)), Tensor("W")) == ("h[t-1;]",)
    layers = family_backprop(families(LAYERS), ["z"])
    assert held_fixed(layers, Tensor("z", (("l", 1),)), Tensor("z", (("l", 0),))) == ()


@pytest.mark.parametrize(
    "answer",
    [
        "∂z[l+1; k]/∂z[l; j] = w[l+1; k,j]*sigma'(z[l; j])",
        "∂z[l; k]/∂z[l-1; j] = w[l; k,j]*sigma'(z[l-1; j])",
        "∂z[l+1; k]/∂z[l; j] = Σ_m ∂z[l+1; k]/∂a[l; m]*∂a[l; m]/∂z[l; j]",
        "∂C/∂z[l; j] = Σ_k ∂C/∂z[l+1; k]*∂z[l+1; k]/∂z[l; j]",
    ],
)
def test_the_books_lines_between_layers_are_right(answer: str) -> None:
    assert cr.check(families(LAYERS), answer)


@pytest.mark.parametrize(
    ("answer", "change"),
    [
        ("∂z[l+1; k]/∂z[l; j] = w[l+1; j,k]*sigma'(z[l; j])", "w[l+1; j,k] is transposed: it should be w[l+1; k,j]"),
        ("∂z[l+1; k]/∂z[l; j] = -w[l+1; k,j]*sigma'(z[l; j])", "the sign is wrong: it is −1 times what it should be"),
        ("∂z[l; k]/∂z[l-1; j] = 2*w[l; k,j]*sigma'(z[l-1; j])", "an extra factor of 2"),
    ],
)
def test_wrong_lines_between_layers_are_wrong(answer: str, change: str) -> None:
    verdict = cr.check(families(LAYERS), answer)
    assert not verdict
    assert verdict.change == change


def test_an_answer_by_a_shared_weight_says_what_is_held_fixed() -> None:
    verdict = cr.check(families(RECURRENT), "∂h[t; j]/∂W[m,k] = [m = j]*h[t-1; k]*(1 - h[t; j]^2)")
    assert verdict
    assert verdict.message.splitlines()[-1] == "∂h[t]/∂W is read with h[t-1] held fixed"
