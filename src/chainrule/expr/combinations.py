"""Positions, and expressions of indices and extents, as linear forms and back: the way to all arithmetic on them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TypeAlias

from chainrule.expr.linear import LinearForm
from chainrule.expr.nodes import (
    Affine,
    Expr,
    ExtentValue,
    Index,
    IndexValue,
    Lookup,
    Number,
    Position,
    Product,
    Sum,
    number,
    times,
)
from chainrule.expr.shared import kept
from chainrule.expr.sizes import Size

PositionAtom: TypeAlias = Index | Lookup
"""What a position is made of; a number that is looked up counts like an index."""

ExpressionAtom: TypeAlias = Index | Lookup | Size
"""What an expression is made of that is linear in indices and extents."""

PositionForm: TypeAlias = LinearForm[PositionAtom, int]
ExpressionForm: TypeAlias = LinearForm[ExpressionAtom, Fraction]


def linear_form(position: Position) -> PositionForm:
    """Return a position as a linear form."""
    return _of_affine(position) if isinstance(position, Affine) else LinearForm({position: 1}, 0)


@kept
def _of_affine(position: Affine) -> PositionForm:
    return LinearForm(dict(position.terms), position.constant)


def position_of(form: PositionForm) -> Position:
    """Return a linear form as a position: an index or a look-up where it is one, with nothing beside it.

    >>> i = Index("i")
    >>> position_of(LinearForm({i: 2}, 0) - LinearForm({i: 1}, 0)) == i
    True
    """
    alone = form.alone()
    return Affine(tuple((_index(atom), c) for atom, c in form.terms.items()), form.constant) if alone is None else alone


def _index(atom: PositionAtom) -> Index:
    assert isinstance(atom, Index), "a number that is looked up stands alone in its position"
    return atom


def affine(coefficients: Mapping[PositionAtom, int], constant: int = 0) -> Position:
    """Return constant + Σ coefficient·index, as a plain index where it is one."""
    return position_of(LinearForm(coefficients, constant))


def position_value(position: Position) -> Number | IndexValue:
    """Return a position as a number: of one without indices, the number itself."""
    if isinstance(position, Affine) and not position.terms:
        return number(position.constant)
    return IndexValue(position)


def difference(left: Position, right: Position) -> PositionForm:
    """Return left - right.

    >>> i, j = Index("i"), Index("j")
    >>> difference(affine({i: 2, j: 1}, 3), j) == LinearForm({i: 2}, 3)
    True
    """
    return linear_form(left) - linear_form(right)


def solved_for(index: Index, left: Position, right: Position) -> Position | None:
    """Return what left = right says an index is, where its coefficient is 1 or -1; positive terms come first.

    A looked-up number stands alone: [tok[t] = v] says v, [tok[t] = v+1] says nothing that is a position.

    >>> p, q, u = Index("p"), Index("q"), Index("u")
    >>> solved_for(q, affine({q: 1, u: 1}), p) == affine({p: 1, u: -1})
    True
    """
    solution = difference(left, right).solved_for(index)
    if solution is None:
        return None
    if any(isinstance(atom, Lookup) for atom in solution.terms):
        return solution.alone()
    positive_first = dict(sorted(solution.terms.items(), key=lambda term: term[1] < 0))
    return position_of(LinearForm(positive_first, solution.constant))


@kept
def expression_form(expr: Expr) -> ExpressionForm | None:
    """Return a sum of multiples of indices, extents and 1 as a linear form, None for anything else.

    >>> i = Index("i")
    >>> expression_form(times(number(2), Sum((IndexValue(affine({i: 1}, 1)), number(3))))) == LinearForm({i: 2}, 8)
    True
    """
    match expr:
        case Number(value):
            return LinearForm({}, value)
        case IndexValue(position):
            form = linear_form(position)
            return LinearForm({atom: Fraction(c) for atom, c in form.terms.items()}, Fraction(form.constant))
        case ExtentValue(extent):
            return LinearForm({extent: Fraction(1)}, Fraction(0))
        case Sum(terms):
            total: ExpressionForm = LinearForm({}, Fraction(0))
            for term in terms:
                part = expression_form(term)
                if part is None:
                    return None
                total = total + part
            return total
        case Product((Number(value), *rest)):
            scaled = expression_form(times(*rest))
            return None if scaled is None else scaled * value
        case _:
            return None
