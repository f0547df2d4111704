"""The order in which terms and factors are kept: structure first, names last, coefficients and signs ignored.

A key is a triple of plain strings and tuples of strings (shape, names of tensors and functions, names of indices), so
that any two expressions compare, and two that differ only in names sort alike. It is an order for data; how a formula
is laid out for readers is the matter of `presentation`.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

from chainrule.expr.binding import position_indices
from chainrule.expr.nodes import (
    Bracket,
    Call,
    Comparison,
    Condition,
    Constant,
    Expr,
    ExtentValue,
    Indexed,
    IndexValue,
    Logic,
    Lookup,
    MatrixEntry,
    Number,
    Partial,
    Position,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
    operands,
)
from chainrule.expr.shared import kept
from chainrule.expr.sizes import Axis, Formula, Size, source_of

Key: TypeAlias = tuple[str, tuple[str, ...], tuple[str, ...]]


@kept
def shape(node: Expr | Condition) -> str:  # noqa: C901 -- one match over the nodes
    """Return the structure without names and coefficients; equal shapes are necessary for a match."""
    inner = ",".join(shape(part) for part in operands(node) if not isinstance(part, Number))
    match node:
        case Number():
            return "0"
        case Constant(name):
            return f"1{name}"
        case ExtentValue():
            return "2"
        case Bracket():
            return f"3({inner})"
        case Indexed(_, positions, guarded):
            return f"4{len(positions)}{'?' if guarded else ''}"
        case MatrixEntry(function, _, positions, samples):
            return f"4{function}{len(positions) + len(samples)}"
        case Partial():
            return f"5({inner})"
        case IndexValue(position):
            return f"6{len(position_indices(position))}"
        case Power(_, exponent):
            return f"7({inner}^{exponent.value if isinstance(exponent, Number) else ''})"
        case Call(function, _, order):
            return f"8{function}{order}({inner})"
        case Product():
            return f"9P({inner})"
        case Sum(terms):
            return f"9S{len(terms)}({inner})"
        case Select():
            return f"9W({inner})"
        case Reduce(op, indices, _):
            return f"9{op}{len(indices)}({inner})"
        case Comparison(relation):
            return f"{relation}({inner})"
        case Logic(op):
            return f"{op}({inner})"
        case _:
            assert_never(node)


@kept
def sort_key(node: Expr | Condition) -> Key:
    """Return the key by which terms and factors are sorted."""
    names, indices = _own_key(node)
    for key in map(sort_key, operands(node)):
        names += key[1]
        indices += key[2]
    return shape(node), names, indices


def _own_key(node: Expr | Condition) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names and the indices that stand in the node itself."""
    match node:
        case Indexed(tensor, positions):
            return (tensor,), tuple(map(position_text, positions))
        case MatrixEntry(_, tensor, positions, samples):
            return (tensor,), tuple(map(position_text, (*samples, *positions)))
        case IndexValue(position):
            return (), (position_text(position),)
        case ExtentValue(extent):
            return (_size_name(extent),), ()
        case _:
            return (), ()


def _size_name(size: Size) -> str:
    match size:
        case Axis(tensor, number):
            return f"{tensor}.{number}"
        case Formula(limits):
            return "e.-" + ",".join(str(limit.linear.constant) for limit in limits)
        case _:
            return f"{source_of(size)}.-"


def position_text(position: Position) -> str:
    """Return the names in a position as one string."""
    if isinstance(position, Lookup):
        return f"{position.entry.tensor}({','.join(map(position_text, position.entry.indices))})"
    terms = position_indices(position)
    return "+".join(i.name for i in terms)
