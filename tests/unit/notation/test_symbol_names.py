"""What people call a tensor when they ask for it: by name, by an entry, by a derivative, without its superscript."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.errors import DerivativeError
from chainrule.expr.symbols import Derivative
from chainrule.notation.symbol_names import asked_tensor, named_symbol

ONE_LAYER = "data y[j]\nparam z[L; j]\na[L; j] = sigmoid(z[L; j])\ncost C = 1/2*(sum(j) (a[L; j] - y[j])^2)"
TWO_LAYERS = "param w[l+1; k,j], z[l; j]\nz[l+1; k] = sum(j) w[l+1; k,j]*sigmoid(z[l; j])\ncost C(z[l+1; k])"


@pytest.mark.parametrize("text", ["z", "z[L]", "z[L;]", "z[ L ; j]", "z[j]", "∂C/∂z", "∂C/∂z[L;]", "∂C/∂z[L; j]"])
def test_a_superscript_that_one_tensor_has_may_be_left_out(text: str) -> None:
    system = cr.parse(ONE_LAYER)
    assert asked_tensor(text, system) == "z[L;]"
    truth = "∂C/∂z[L; j] = a[L; j]·(a[L; j] − y[j])·(1 − a[L; j])"
    assert str(cr.backprop(system, [text]).derivation(text)) == truth
    assert cr.check(system, "(a[L; j] - y[j])*a[L; j]*(1 - a[L; j])", wrt=text)
    assert cr.why(system, text).rule.startswith("∂C/∂z[L; j] = Σ_")


@pytest.mark.parametrize("text", ["z[l+1]", "z[M;]", "z[L+1; j]", "z[2]"])
def test_another_superscript_is_another_tensor(text: str) -> None:
    with pytest.raises(DerivativeError, match="no tensor named"):
        cr.backprop(cr.parse(ONE_LAYER), [text])


def test_of_two_tensors_of_one_name_each_is_asked_for_by_its_superscript() -> None:
    system = cr.parse(TWO_LAYERS)
    assert [asked_tensor(text, system) for text in ("z[l]", "z[l+1]", "z[l+1; k]")] == ["z[l;]", "z[l+1;]", "z[l+1;]"]
    with pytest.raises(DerivativeError, match="no tensor named 'z'"):
        cr.backprop(system, ["z"])
    found = cr.jacobian(system, of="z[l+1]", wrt="z[l]")
    assert str(found) == str(cr.jacobian(system, of="z[l+1;]", wrt="z[l;]"))
    assert cr.hessian(system, wrt="z[l]").results


def test_a_name_of_the_system_goes_before_what_a_text_may_mean() -> None:
    system = cr.parse("param z, z1[j], W\ncost C = W*z^2*(sum(j) z1[j])")
    assert [asked_tensor(text, system) for text in ("z", "z1[j]", "∂C/∂W", "a + b")] == ["z", "z1", "W", "a + b"]


def test_a_derivative_keeps_the_superscripts_it_is_written_with() -> None:
    found = named_symbol("∂a[L; k]/∂z[l+1; j]")
    assert isinstance(found, Derivative)
    assert (found.of, found.wrt) == ("a[L;]", ("z[l+1;]",))
