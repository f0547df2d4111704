"""Indices, entries and a small classifier, built by hand: what the tests of execution calculate with."""

from chainrule.expr.binding import reduce_over
from chainrule.expr.nodes import (
    ONE,
    Call,
    Comparison,
    Condition,
    Expr,
    Index,
    Indexed,
    IndexValue,
    Position,
    minus,
    number,
    over,
    plus,
    times,
)
from chainrule.expr.sizes import Axis
from chainrule.expr.symbols import Derivative
from chainrule.system.model import Declaration, Equation, Given, System


def index(letter: str, tensor: str = "", axis: int = -1) -> Index:
    return Index(letter, Axis(tensor or letter, axis if tensor else -1), letter)


def entry(tensor: str, *positions: Position) -> Indexed:
    return Indexed(tensor, positions)


def total(*parts: Index | Expr) -> Expr:
    """total(i, j, body): the sum of the body over i and j."""
    return reduce_over("sum", [p for p in parts if isinstance(p, Index)], *[p for p in parts if isinstance(p, Expr)])


def call(function: str, *arguments: Expr) -> Call:
    return Call(function, arguments)


def equals(left: Expr | Index, right: Expr | Index) -> Condition:
    return compare(left, "=", right)


def compare(left: Expr | Index, relation: str, right: Expr | Index) -> Comparison:
    sides = [IndexValue(side) if isinstance(side, Index) else side for side in (left, right)]
    return Comparison(relation, *sides)


i, j, k, m = index("i", "x", 0), index("j", "W1", 0), index("k", "y", 0), index("m", "y", 0)
x, y = entry("x", i), entry("y", k)
W1, b1, W2, b2 = entry("W1", j, i), entry("b1", j), entry("W2", k, j), entry("b2", k)
z1, a1, z2, a2 = entry("z1", j), entry("a1", j), entry("z2", k), entry("a2", k)

SUM_TO_ONE = Given(Comparison("=", total(k, y), ONE))

FORWARD = (
    Equation(z1, plus(total(i, times(W1, x)), b1)),
    Equation(a1, call("sigmoid", z1)),
    Equation(z2, plus(total(j, times(W2, a1)), b2)),
    Equation(a2, over(call("exp", z2), total(m, call("exp", entry("z2", m))))),
    Equation(entry("C"), minus(total(k, times(y, call("log", a2))))),
)

delta1, delta2 = entry(Derivative("C", "z1"), j), entry(Derivative("C", "z2"), k)

BACKWARD = (
    Equation(delta2, plus(a2, minus(y))),
    Equation(entry(Derivative("C", "b2"), k), delta2),
    Equation(entry(Derivative("C", "W2"), k, j), times(a1, delta2)),
    Equation(delta1, times(a1, plus(ONE, minus(a1)), total(k, times(W2, delta2)))),
    Equation(entry(Derivative("C", "b1"), j), delta1),
    Equation(entry(Derivative("C", "W1"), j, i), times(x, delta1)),
)

UPDATES = (
    Equation(W1, plus(W1, minus(times(over(ONE, number(2)), entry(Derivative("C", "W1"), j, i))))),
    Equation(b1, plus(b1, minus(entry(Derivative("C", "b1"), j)))),
)

CLASSIFIER = System(
    declarations=(
        Declaration("data", "x", (i,)),
        Declaration("data", "y", (k,)),
        Declaration("param", "W1", (j, i)),
        Declaration("param", "b1", (j,)),
        Declaration("param", "W2", (k, j)),
        Declaration("param", "b2", (k,)),
    ),
    givens=(SUM_TO_ONE,),
    batch="n",
    equations=(*FORWARD, *BACKWARD),
    cost="C",
    updates=UPDATES,
)
