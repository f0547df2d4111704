"""Random expressions over a few small tensors, every index with an extent of its own; for Hypothesis.

Conditions compare entries, indices and numbers only: of two sums that are equal on paper, rounding decides which is
larger, and no two ways of adding agree on that.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from chainrule.expr.binding import reduce_over
from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Call,
    Comparison,
    Condition,
    Constant,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Logic,
    MatrixEntry,
    Number,
    Position,
    Power,
    Product,
    Select,
    Sum,
)
from chainrule.expr.sizes import Declared, Size

P, Q, O = Declared("p"), Declared("q"), Declared("o")
SIZES = {P: 2, Q: 3, O: 1}
SHAPES: dict[str, tuple[Size, ...]] = {
    "s": (),
    "u": (P,),
    "v": (Q,),
    "M": (Q, P),
    "A": (Q, Q),
    "T": (P, O, Q),
}
FREE = (Index("i", P, "i"), Index("j", Q, "j"), Index("k", Q, "k"))
ONE_ARGUMENT = ("tanh", "sin", "cos", "atan", "erf", "abs", "sign", "relu", "sigmoid")


def values(seed: int) -> dict[str, np.ndarray]:
    """Entries that are generic, some of them negative."""
    draw = np.random.default_rng(seed)
    return {name: draw.normal(size=[SIZES[e] for e in extents]) for name, extents in SHAPES.items()}


@st.composite
def entries(draw: st.DrawFn, indices: tuple[Index, ...]) -> Indexed:
    tensor = draw(st.sampled_from(list(SHAPES)))
    return Indexed(tensor, tuple(draw(positions(extent, indices)) for extent in SHAPES[tensor]))


@st.composite
def positions(draw: st.DrawFn, extent: Size, indices: tuple[Index, ...]) -> Position:
    fitting = [i for i in indices if i.extent == extent]
    if not fitting or draw(st.integers(0, 5)) == 0:
        return Affine((), draw(st.integers(0, SIZES[extent] - 1)))
    return draw(st.sampled_from(fitting))


@st.composite
def guarded(draw: st.DrawFn, indices: tuple[Index, ...]) -> Indexed:
    """An access that may lie outside: v?[j+1-i]."""
    count = draw(st.integers(0, min(2, len(indices))))
    terms = tuple((i, draw(st.sampled_from([-2, -1, 1, 2]))) for i in indices[:count])
    return Indexed("v", (Affine(terms, draw(st.integers(-2, 3))),), guarded=True)


@st.composite
def matrices(draw: st.DrawFn, indices: tuple[Index, ...]) -> MatrixEntry:
    """The determinant of A, or an entry of its inverse."""
    function = draw(st.sampled_from(["det", "inv"]))
    places = () if function == "det" else (draw(positions(Q, indices)), draw(positions(Q, indices)))
    return MatrixEntry(function, "A", places)


def numbers() -> st.SearchStrategy[Expr]:
    exact = st.fractions(min_value=-2, max_value=2, max_denominator=4).map(lambda value: Number(Fraction(value)))
    return st.one_of(exact, st.just(Constant("pi")), st.sampled_from([ExtentValue(P), ExtentValue(Q)]))


def leaves(indices: tuple[Index, ...]) -> st.SearchStrategy[Expr]:
    kinds: list[st.SearchStrategy[Expr]] = [numbers(), entries(indices), entries(indices), guarded(indices)]
    if indices:
        kinds.append(st.sampled_from(indices).map(IndexValue))
    return st.one_of(kinds)


@st.composite
def conditions(draw: st.DrawFn, indices: tuple[Index, ...], depth: int = 1) -> Condition:
    if depth and draw(st.integers(0, 3)) == 0:
        op = draw(st.sampled_from(["and", "or", "not"]))
        count = 1 if op == "not" else draw(st.integers(2, 3))
        return Logic(op, tuple(draw(conditions(indices, depth - 1)) for _ in range(count)))
    relation = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]))
    return Comparison(relation, draw(leaves(indices)), draw(leaves(indices)))


@st.composite
def expressions(draw: st.DrawFn, indices: tuple[Index, ...] = FREE, depth: int = 4) -> Expr:
    if depth == 0:
        return draw(leaves(indices))

    def part() -> Expr:
        return draw(expressions(indices, depth - 1))

    kinds = ["leaf", "sum", "product", "product", "power", "call", "reduce", "reduce", "select", "matrix"]
    kind = draw(st.sampled_from(kinds))
    if kind == "sum":
        return Sum(tuple(part() for _ in range(draw(st.integers(2, 3)))))
    if kind == "product":
        brackets = [Bracket(draw(conditions(indices))) for _ in range(draw(st.integers(0, 2)))]
        return Product(tuple(draw(st.permutations([*brackets, part(), part()]))))
    if kind == "power":
        return Power(part(), Number(draw(st.sampled_from([Fraction(n, 2) for n in (-2, -1, 0, 1, 2, 4, 6)]))))
    if kind == "call":
        name = draw(st.sampled_from([*ONE_ARGUMENT, "maximum", "minimum", "clip"]))
        count = {"maximum": 2, "minimum": 2, "clip": 3}.get(name, 1)
        return Call(name, tuple(part() for _ in range(count)))
    if kind == "reduce":
        extents = draw(st.lists(st.sampled_from([P, Q, O]), min_size=1, max_size=2))
        bound = tuple(Index(f"~{depth}{n}", extent, "r") for n, extent in enumerate(extents))
        op = draw(st.sampled_from(["sum", "sum", "mean", "max", "min", "prod"]))
        return reduce_over(op, bound, draw(expressions((*bound, *indices), depth - 1)))
    if kind == "matrix":
        return draw(matrices(indices))
    if kind == "select":
        return Select(draw(conditions(indices)), part(), part())
    return draw(leaves(indices))
