"""Random inputs: that they are generic, obey the facts and lie where everything is defined."""

from dataclasses import replace

import numpy as np
import pytest

from chainrule.errors import VerificationError
from chainrule.execute.reference.evaluation import evaluate, evaluate_all
from chainrule.execute.reference.facts import holds
from chainrule.expr.binding import free_in_order
from chainrule.expr.nodes import (
    HALF,
    ONE,
    ZERO,
    Affine,
    Comparison,
    Expr,
    Index,
    Partial,
    Power,
    minus,
    number,
    over,
    plus,
    times,
)
from chainrule.expr.sizes import Axis
from chainrule.expr.symbols import Derivative
from chainrule.notation import parse
from chainrule.system.model import Declaration, Equation, Given, System
from chainrule.verify.sampling import random_inputs
from chainrule.verify.unknowns import RandomUnknowns
from unit.execute.build import CLASSIFIER, SUM_TO_ONE, call, compare, entry, i, index, j, k, total, x, y

p = index("p", "w", 0)
w = entry("w", p)
SEEDS = range(8)


def system_of(*givens: Given, value: Expr = x) -> System:
    return System(
        declarations=(Declaration("data", "x", (i,)), Declaration("data", "y", (k,)), Declaration("param", "w", (p,))),
        givens=givens,
        equations=(Equation(entry("z", i), value),),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_point_for_the_classifier_is_generic(seed: int) -> None:
    values = random_inputs(CLASSIFIER, seed)
    assert list(values) == ["x", "y", "W1", "b1", "W2", "b2"]
    assert sorted({values[t].size for t in ("x", "y", "b1")}) in ([2, 3, 4], [3, 4, 5], [2, 4, 5], [2, 3, 5])
    entries = np.concatenate([array.ravel() for array in values.values()])
    assert len(np.unique(entries)) == entries.size
    assert np.abs(entries).min() > 0
    assert abs(values["y"].sum() - 1) < 1e-12
    computed = evaluate(CLASSIFIER, values)
    assert all(np.isfinite(array).all() for array in computed.values())


def test_the_same_seed_gives_the_same_point_and_others_others() -> None:
    first, again, other = (random_inputs(CLASSIFIER, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["x"][:2], other["x"][:2])


def test_extents_are_those_declared_or_asked_for() -> None:
    sized = replace(CLASSIFIER, sizes=((i.extent, 7),))
    values = random_inputs(sized, 0, {j.extent: 1})
    assert values["W1"].shape == (1, 7)
    assert values["W2"].shape[1] == 1


FACTS = [
    SUM_TO_ONE,
    Given(compare(total(i, times(x, x)), "=", ONE)),
    Given(compare(Power(total(i, Power(x, number(2))), HALF), "=", number(3))),
    Given(compare(x, "=", call("sin", x))),
    Given(compare(total(i, x), "=", total(p, w))),
    Given(compare(x, ">", ZERO)),
    Given(compare(x, "<=", minus(ONE))),
    Given(compare(x, "!=", ZERO)),
    Given(compare(total(i, x), ">=", number(20))),
    Given(compare(x, "<", w)),
    Given(compare(entry("z", i), "=", number(2))),
    Given(compare(times(entry("z", i), w), ">", ONE)),
]


@pytest.mark.parametrize("given", FACTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_fact_holds_at_the_point(given: Given, seed: int) -> None:
    system = system_of(given, value=plus(x, call("exp", x)))
    values = random_inputs(system, seed)
    evaluation = evaluate_all(replace(system, givens=()), values)
    assert holds(given, evaluation.scope, free_in_order(given.condition)).all()
    if given.condition.relation == "=" and given is not FACTS[3]:
        left, right = (evaluation.value_of(side, free_in_order(given.condition)) for side in sides_of(given.condition))
        assert np.abs(left - right).max() < 1e-10


def sides_of(condition: Comparison) -> tuple[Expr, Expr]:
    return condition.left, condition.right


@pytest.mark.parametrize("seed", SEEDS)
def test_facts_hold_together(seed: int) -> None:
    positive = Given(compare(y, ">", ZERO))
    small = Given(compare(y, "<", number(1)))
    values = random_inputs(system_of(SUM_TO_ONE, positive, small, FACTS[1]), seed)
    assert abs(values["y"].sum() - 1) < 1e-12
    assert ((values["y"] > 0) & (values["y"] < 1)).all()
    assert abs((values["x"] ** 2).sum() - 1) < 1e-12


@pytest.mark.parametrize(
    "value",
    [
        call("log", x),
        call("log", minus(x)),
        Power(plus(ONE, minus(times(x, x))), HALF),
        call("log", call("log", x)),
        call("log", plus(ONE, minus(total(p, w)))),
        times(call("log", x), call("log", minus(total(p, w)))),
        over(ONE, x),
    ],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_point_lies_where_everything_is_defined(value: Expr, seed: int) -> None:
    system = system_of(value=value)
    assert np.isfinite(evaluate(system, random_inputs(system, seed))["z"]).all()


def test_entries_stay_inside_their_tensors() -> None:
    system = system_of(value=entry("x", Affine((), 6)))
    assert random_inputs(system, 0)["x"].size >= 7
    shifted = parse("data x[i], w[u]\nz[q] = sum(u) w[u]*x[q+u]")
    for seed in SEEDS:
        assert evaluate(shifted, random_inputs(shifted, seed))["z"].size >= 1


def test_unknown_functions_are_drawn_too() -> None:
    row, column = Index("j", Axis("z", 0)), Index("k", Axis("a", 0))
    z, a = entry("z", row), entry("a", column)
    system = System(
        declarations=(Declaration("param", "z", (row,)), Declaration("abstract", "a", (column,), arguments=(z,))),
        equations=(
            Equation(entry("q", column), call("log", a)),
            Equation(entry(Derivative("q", "z"), column, row), over(Partial(a, (z,)), a)),
        ),
    )
    for seed in SEEDS:
        values = random_inputs(system, seed, {column.extent: 3})
        assert list(values) == ["z"]
        computed = evaluate(system, values, unknowns=RandomUnknowns(seed), sizes={column.extent: 3})
        assert computed["∂q/∂z"].shape == (3, values["z"].size)
        assert np.isfinite(computed["q"]).all()


def test_consts_without_a_value_are_drawn_and_others_are_not() -> None:
    system = System((Declaration("const", "c"), Declaration("const", "d", (), ONE), Declaration("data", "x", (i,))))
    assert list(random_inputs(system, 0)) == ["c", "x"]


def test_an_equation_that_is_nowhere_defined_is_named() -> None:
    with pytest.raises(VerificationError) as caught:
        random_inputs(system_of(value=call("log", minus(times(x, x)))), 0)
    assert "z is not finite at any random point\n  z[i] = log(−x[i]" in str(caught.value)


def test_a_fact_that_holds_nowhere_is_named() -> None:
    impossible = Given(compare(total(i, times(x, x)), "=", number(-1)))
    with pytest.raises(VerificationError, match=r"given Σ_i x\[i\]·x\[i\] = −1 holds at no random point"):
        random_inputs(system_of(SUM_TO_ONE, impossible), 0)
    both = (Given(compare(x, ">", ONE)), Given(compare(x, "<", ZERO)))
    with pytest.raises(VerificationError, match="holds at no random point"):
        random_inputs(system_of(*both), 0)


def test_what_cannot_run_at_any_point_is_named() -> None:
    with pytest.raises(VerificationError, match=r"there is no value for q\n  z\[i\] = q\[i\]"):
        random_inputs(system_of(value=entry("q", i)), 0)
