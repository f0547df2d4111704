"""Checkers are checked: every planted wrong rule turns `verify` red, and the comparison with differences too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from chainrule.diff.derivative import Differentiator
from chainrule.diff.scalars import scalar_derivative
from chainrule.errors import ChainruleError, VerificationError
from chainrule.expr.binding import free_in_order, map_operands, open_reduce, substitute_indices
from chainrule.expr.functions import ARITY, FUNCTIONS
from chainrule.expr.nodes import (
    MINUS_ONE,
    Affine,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    Product,
    Reduce,
    Sum,
    plus,
    product_factors,
    walk,
)
from chainrule.notation import parse
from chainrule.pipeline import Backprop, backprop, value_and_grad
from chainrule.rewrite.rules import Rewrite
from chainrule.simplify import simplifier
from chainrule.simplify.arithmetic import close, multiply
from chainrule.simplify.collapse import as_delta
from chainrule.simplify.context import Context
from chainrule.verify.sampling import random_inputs
from property.random_systems import HEADER
from property.witness import Tally, compare

NETWORK = """\
data x[i], y[k]
param W1[j,i], b1[j], W2[k,j]
z1[j] = sum(i) W1[j,i]*x[i] + b1[j]
a1[j] = sigmoid(z1[j])
z2[k] = sum(j) W2[k,j]*a1[j]
cost C = sum(k) (z2[k] - y[k])^2
"""
SOFTMAX = """\
data y[k]
param z[j]
a[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -sum(k) y[k]*log(a[k])
"""
SQUARE = """\
data x[i], B[i,m]
param V[i,m], w[i]
u[i] = sum(m) V[i,m]*w[m]
cost C = (sum(i,m) B[i,m]*V[i,m]) + (sum(i) u[i]*x[i])
"""
COUNTED = """\
data x[i], y[k]
param w[i], c
u[k] = y[k]*c
cost C = sum(i,k) (w[i]*x[i] + u[k])
"""


def assert_noticed(text: str) -> None:
    """Raise AssertionError unless both checkers find the system's derivatives wrong."""
    system = parse(text)
    back = backprop(system)
    with pytest.raises(VerificationError, match=r"a step of the derivation of ∂C/∂\S* is wrong"):
        verify_all(back)
    inputs = random_inputs(system, seed=3)
    try:
        _, gradients = value_and_grad(system, inputs)
    except ChainruleError:
        return  # what came out cannot even be run
    tally = Tally()
    with pytest.raises(AssertionError, match="entries differ"):
        compare(system, inputs, gradients, tally)


def verify_all(back: Backprop) -> None:
    """Verify the derivation of every param; raises VerificationError."""
    for param in back.wrt:
        back.derivation(param).verify()


def assert_right(text: str) -> None:
    """Raise unless both checkers are content."""
    system = parse(text)
    verify_all(backprop(system))
    inputs = random_inputs(system, seed=3)
    tally = Tally()
    compare(system, inputs, value_and_grad(system, inputs)[1], tally)
    assert tally.skipped == 0


@pytest.mark.parametrize("text", [NETWORK, SOFTMAX, SQUARE, COUNTED], ids=["network", "softmax", "square", "counted"])
def test_without_a_fault_both_checkers_are_content(text: str) -> None:
    assert_right(text)


@pytest.fixture
def fresh_table() -> Iterator[None]:
    """The table of scalar derivatives is read anew, in the test and after it."""
    scalar_derivative.cache_clear()
    yield
    scalar_derivative.cache_clear()


ARGUMENTS = {1: "1/2 + sigmoid(x[i])/3", 2: "sin(x[i]), x[i]^2", 3: "x[i], -1/9, x[i]^2 + 1/9"}
"""Arguments inside the domain of every function, away from kinks at almost every point."""


@pytest.mark.usefixtures("fresh_table")
@pytest.mark.parametrize("function", [name for name in ARITY if FUNCTIONS[name].derivative != ("0",)])
def test_a_scalar_derivative_off_by_a_twentieth_of_a_percent(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"param x[i]\ndata y[i]\na[i] = {function}({ARGUMENTS[ARITY[function]]})\ncost C = sum(i) a[i]*y[i]\n"
    assert_right(text)
    known = FUNCTIONS[function]
    wrong = tuple(f"1.0005*({line})" for line in known.derivative)
    monkeypatch.setitem(FUNCTIONS, function, replace(known, derivative=wrong))
    scalar_derivative.cache_clear()
    assert_noticed(text)


@pytest.mark.usefixtures("fresh_table")
def test_going_through_what_is_held_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "param x[i]\ndata y[i]\na[i] = x[i]*stop(sin(x[i]))\ncost C = sum(i) a[i]*y[i]\n"
    assert_right(text)
    monkeypatch.setattr("chainrule.diff.derivative.HOLDING", frozenset())
    monkeypatch.setitem(FUNCTIONS, "stop", replace(FUNCTIONS["stop"], derivative=("1",)))
    scalar_derivative.cache_clear()
    assert_noticed(text)


@pytest.mark.usefixtures("fresh_table")
@pytest.mark.parametrize("size", ["1e3", "1e-4", "1e-9"])
def test_a_fault_is_noticed_whatever_the_size_of_the_cost(size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"param x[i]\ncost C = sum(i) {size}*tanh(x[i])\n"
    verify_all(backprop(parse(text)))
    monkeypatch.setitem(FUNCTIONS, "tanh", replace(FUNCTIONS["tanh"], derivative=("1.0005*(1 - tanh(t)^2)",)))
    scalar_derivative.cache_clear()
    with pytest.raises(VerificationError, match="is wrong: derivative of tanh"):
        verify_all(backprop(parse(text)))


def test_noise_is_no_fault() -> None:
    """At one of its points the derivative by c is next to nothing, and differences of the cost see rounding only."""
    text = f"""{HEADER}
        h1[i,m] = tanh(((prod(j) ((sum(i) (b[j] + y[j] + x[i])) + y[j])))*w[i] + w[m])
        h2[j] = tanh(((1 + j) + y[j] + cos(y[j]) + abs(-1) + mix(rate, 2) + 0.3)*b[j])
        h3 = tanh((min(i,j) ((tan(sin((prod(j,k) ((c + b[j])*b[k])))))*w[i] + y[j])))
        cost C = (mean(i,m) ((h1[i,m] - 1/3)^2)) + (mean(j) (sin(h2[j]))) + h3
    """
    verify_all(backprop(parse(text), ["c"]))


def test_a_product_rule_that_loses_a_term(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Differentiator._product

    def without_the_last(self: Differentiator, parts: tuple[Expr, ...]) -> Expr:
        found = whole(self, parts)
        return plus(*found.terms[:-1]) if isinstance(found, Sum) else found

    monkeypatch.setattr(Differentiator, "_product", without_the_last)
    assert_noticed(SOFTMAX)


def test_a_sum_rule_that_loses_a_term(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Differentiator.of

    def without_the_last(self: Differentiator, expr: Expr) -> Expr:
        return whole(self, plus(*expr.terms[:-1]) if isinstance(expr, Sum) and len(expr.terms) == 2 else expr)

    monkeypatch.setattr(Differentiator, "of", without_the_last)
    assert_noticed(NETWORK)


@pytest.mark.parametrize("text", [NETWORK, SQUARE], ids=["oblong", "square"])
def test_a_transposed_delta(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Differentiator._entry

    def transposed(self: Differentiator, entry: Indexed) -> Expr:
        if entry.tensor != self.wrt.tensor:
            return whole(self, entry)
        return whole(self, replace(entry, indices=entry.indices[::-1]))

    monkeypatch.setattr(Differentiator, "_entry", transposed)
    assert_noticed(text)


def test_a_minus_lost_with_the_quotient(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Differentiator._power

    def without_the_sign(self: Differentiator, base: Expr, exponent: Expr) -> Expr:
        return multiply((whole(self, base, exponent), MINUS_ONE))

    monkeypatch.setattr(Differentiator, "_power", without_the_sign)
    assert_noticed(SOFTMAX)


Law = Callable[[Expr, Context], Expr | Rewrite | None]


def plant(monkeypatch: pytest.MonkeyPatch, name: str, fault: Callable[[Law], Law]) -> None:
    """Put a wrong law in the place of the one with that name."""
    phases = tuple(
        (phase, tuple(replace(rule, apply=fault(rule.apply)) if rule.name == name else rule for rule in rules))
        for phase, rules in simplifier.PHASES
    )
    assert phases != simplifier.PHASES, f"no rule is named {name}"
    monkeypatch.setattr(simplifier, "PHASES", phases)


def found_delta(expr: Expr, context: Context) -> tuple[list[Index], list[Expr], Index, Index] | None:
    """Return (bound indices, other factors, the index that goes, the one that stays) of the first delta in a sum."""
    if not isinstance(expr, Reduce) or expr.op != "sum":
        return None
    bound, body = open_reduce(expr, context.fresh)
    parts = list(product_factors(body))
    for place, part in enumerate(parts):
        pair = as_delta(part)
        if pair and (pair[0] in bound or pair[1] in bound):
            gone, stays = pair if pair[0] in bound else pair[::-1]
            return [i for i in bound if i != gone], parts[:place] + parts[place + 1 :], gone, stays
    return None


def test_a_delta_that_leaves_the_wrong_term(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(_: Law) -> Law:
        def first_entry(expr: Expr, context: Context) -> Expr | None:
            """sum(i) [i = j]*a[i] = a[0]."""
            found = found_delta(expr, context)
            if found is None:
                return None
            bound, others, gone, _ = found
            return close("sum", bound, multiply(substitute_indices(f, {gone: Affine((), 0)}) for f in others))

        return first_entry

    plant(monkeypatch, "one term remains", fault)
    assert_noticed(NETWORK)


def test_a_delta_that_takes_a_factor_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(right: Law) -> Law:
        def forgetful(expr: Expr, context: Context) -> Expr | Rewrite | None:
            """sum(i) [i = j]*a[i]*b[i] = a[j]."""
            found = right(expr, context)
            if isinstance(found, Product) and len(found.factors) > 2:
                return multiply(found.factors[:-1])
            return found

        return forgetful

    plant(monkeypatch, "one term remains", fault)
    assert_noticed("data x[k], y[k]\nparam z[k]\na[k] = z[k]^2\ncost C = sum(k) a[k]*x[k]*y[k]*(1 + a[k])\n")


def test_a_delta_that_only_vanishes(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(_: Law) -> Law:
        def dropped(expr: Expr, context: Context) -> Expr | None:
            """sum(i) [i = j]*a[i] = sum(i) a[i]."""
            found = found_delta(expr, context)
            return None if found is None else close("sum", [*found[0], found[2]], multiply(found[1]))

        return dropped

    plant(monkeypatch, "one term remains", fault)
    assert_noticed(NETWORK)


def test_a_constant_that_comes_out_without_the_number_of_its_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(right: Law) -> Law:
        def uncounted(expr: Expr, context: Context) -> Expr | Rewrite | None:
            """sum(i) c = c."""
            found = right(expr, context)
            if not isinstance(expr, Reduce) or not isinstance(found, Product):
                return found
            return multiply(f for f in found.factors if not isinstance(f, ExtentValue))

        return uncounted

    plant(monkeypatch, "constant out of the sum", fault)
    assert_noticed(COUNTED)


def test_a_sum_that_is_split_with_a_sign_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(right: Law) -> Law:
        def positive(expr: Expr, context: Context) -> Expr | Rewrite | None:
            found = right(expr, context)
            if not isinstance(found, Sum):
                return found
            return plus(found.terms[0], multiply((MINUS_ONE, found.terms[1])), *found.terms[2:])

        return positive

    plant(monkeypatch, "split the sum", fault)
    assert_noticed(SOFTMAX)


def test_a_quantity_recognised_with_the_wrong_index(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(right: Law) -> Law:
        def astray(expr: Expr, context: Context) -> Expr | Rewrite | None:
            """exp(z[k])/sum(m) exp(z[m]) = a[j]."""
            found = right(expr, context)
            if not isinstance(found, Rewrite):
                return found
            known = {part for part in walk(expr) if isinstance(part, Indexed)}
            return replace(found, expr=_astray(found.expr, known, free_in_order(expr)))

        return astray

    plant(monkeypatch, "definition", fault)
    assert_noticed(SOFTMAX)


def _astray(expr: Expr, known: set[Indexed], free: tuple[Index, ...]) -> Expr:
    """Return the expression with every entry that is new in it at another index of the same range."""
    if isinstance(expr, Indexed) and expr not in known and expr.indices:
        own = expr.indices[0]
        others = [i for i in free if isinstance(own, Index) and i != own and i.extent == own.extent]
        return replace(expr, indices=(others[0], *expr.indices[1:])) if others else expr
    return map_operands(expr, lambda part: _astray(part, known, free))


def test_a_claim_that_ends_elsewhere_is_refused() -> None:
    derivation = backprop(parse(SOFTMAX)).derivation("z")
    with pytest.raises(VerificationError, match="the last step does not end at the result"):
        replace(derivation, result=derivation.steps[0].after).verify()
