"""The walk through the equations: which cotangents are named, which are put in, in which order, and what is refused."""

from __future__ import annotations

import pytest

from cases import two_layers
from chainrule.diff.backprop import Cotangents
from chainrule.diff.inlining import is_single_entry
from chainrule.errors import DerivativeError
from chainrule.expr.nodes import MINUS_ONE, ONE, ZERO, Indexed, number, plus, times
from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.render.document_text import words_text
from chainrule.simplify.simplifier import simplifier_of
from chainrule.system.model import System

DENSE = parse(two_layers("quadratic"))


def cotangents(system: System) -> Cotangents:
    return Cotangents(system, simplifier_of(system))


def test_the_deltas_of_the_textbook_are_named_and_all_else_is_put_in() -> None:
    found = cotangents(DENSE)
    assert found.of("z2").inlined == ("a2",)
    assert found.of("z1").inlined == ("a1",)
    assert found.of("W1").inlined == ()
    names = [e.name for e in backprop(DENSE).system.equations if e.name.startswith("∂")]
    assert names == ["∂C/∂z2", "∂C/∂W2", "∂C/∂b2", "∂C/∂z1", "∂C/∂W1", "∂C/∂b1"]


@pytest.mark.parametrize("total", ["C0 + 1/2*(sum(k) z[k]^2)", "C0/3 + 1/6*(sum(k) z[k]^2)*2 + 1/6*(sum(k) z[k]^2)"])
def test_a_data_cost_that_is_named_apart_stands_in_no_way(total: str) -> None:
    classes = "data y[k]\nparam z[k]\ngiven sum(k) y[k] = 1\na[k] = exp(z[k])/(sum(m) exp(z[m]))\n"
    apart = parse(f"{classes}C0 = -sum(k) y[k]*log(a[k])\ncost C = {total}")
    whole = parse(f"{classes}cost C = {total.replace('C0', '(-sum(k) y[k]*log(a[k]))')}")
    found = backprop(apart).system.equations[-1]
    assert found == backprop(whole).system.equations[-1]
    assert "∂C/∂a" not in str(found)


def test_every_equation_is_computed_from_those_before_it() -> None:
    known: set[str] = {d.tensor for d in DENSE.declarations}
    for equation in backprop(DENSE).system.equations:
        assert set(cotangents(DENSE).graph.reads.get(equation.name, ())) <= known
        known.add(equation.name)


def test_the_cost_has_the_derivative_one_and_what_it_does_not_read_zero() -> None:
    found = cotangents(parse("param w, v\ncost C = w^2"))
    assert found.of("C").value == ONE
    assert found.of("v").value == ZERO
    assert found.contributions("v") == ()


def test_there_is_one_contribution_for_each_equation_that_reads_a_tensor() -> None:
    found = cotangents(parse("param x[i]\nu[i] = x[i]^2\nv = sum(i) x[i]\ndead = x[0]\ncost C = v*(sum(i) u[i]*x[i])"))
    assert [one.through for one in found.contributions("x")] == ["u", "v", "C"]
    assert [(rule, words_text(law)) for rule, law in found.contributions("x")[0].local.laws] == [
        ("power rule", "(u^n)' = n·u^(n − 1)·u'"),
        ("Kronecker delta", "∂x[j]/∂x[i] is 1 for the same entry and 0 for any other"),
    ]


def test_derivatives_by_data_and_by_what_stands_between_are_derived_on_request() -> None:
    back = backprop(DENSE, wrt=["x", "a1"])
    assert str(back.result()["x"]) == "∂C/∂x[i] = Σ_j W1[j,i]·∂C/∂z1[j]"
    assert str(back.result()["a1"]) == "∂C/∂a1[j] = Σ_k W2[k,j]·∂C/∂z2[k]"


@pytest.mark.parametrize(
    ("text", "wrt", "what", "more"),
    [
        ("data x[i]\ny[i] = x[i]", None, "the system has no cost", "Write, for example: cost C ="),
        ("param x\ncost C = x", ["q"], "no tensor named 'q'", "known are x, C"),
        ("param x\ncost C = x^2\n∂C/∂x = 2*x", None, "the system defines ∂C/∂x itself", "without its backward"),
    ],
)
def test_what_cannot_be_derived_is_refused(text: str, wrt: list[str] | None, what: str, more: str) -> None:
    with pytest.raises(DerivativeError) as caught:
        backprop(parse(text), wrt)
    assert what in str(caught.value)
    assert more in str(caught.value)


def test_a_single_entry_may_have_a_number_before_it() -> None:
    x = Indexed("x")
    assert is_single_entry(x)
    assert is_single_entry(times(MINUS_ONE, x))
    assert is_single_entry(number(3))
    assert not is_single_entry(times(x, x))
    assert not is_single_entry(plus(x, ONE))
