"""How a matrix form is written: a table of characters for text and one for LaTeX, and one function that writes by them.

What goes into parentheses is the same for all: a table of precedence says how tightly each node holds. A further form,
MathML, is one more table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any, TypeAlias

from chainrule.expr.symbols import Symbol
from chainrule.matrix.operations import (
    UNITY,
    Addition,
    AllOrAny,
    Amount,
    Choice,
    CountOf,
    DerivativeMatrix,
    DiagonalMatrix,
    DiagonalVector,
    Entrywise,
    FunctionOf,
    Holds,
    IdentityMatrix,
    Indicator,
    InverseOf,
    KnownConstant,
    MatrixNode,
    MatrixProduct,
    Multiple,
    Nabla,
    NumberedPart,
    OnesVector,
    Opposite,
    PowerOf,
    SummaryOf,
    SumOverSteps,
    TransposeOf,
    UnitVector,
    Variable,
)

MatrixPiece: TypeAlias = str | MatrixNode
MatrixPieces: TypeAlias = Sequence[MatrixPiece]


class Hold(IntEnum):
    """How tightly a node holds together; what is looser than its place asks for gets parentheses."""

    CONDITION = 0
    SUM = 1
    NEGATIVE = 2
    PRODUCT = 3
    FACTOR = 4
    BASE = 5


HOLDS: Mapping[type[Any], Hold] = MappingProxyType(
    {
        Holds: Hold.CONDITION,
        AllOrAny: Hold.CONDITION,
        Addition: Hold.SUM,
        Opposite: Hold.NEGATIVE,
        SumOverSteps: Hold.NEGATIVE,
        MatrixProduct: Hold.PRODUCT,
        Entrywise: Hold.PRODUCT,
        Multiple: Hold.PRODUCT,
        DerivativeMatrix: Hold.PRODUCT,
        TransposeOf: Hold.FACTOR,
        InverseOf: Hold.FACTOR,
        PowerOf: Hold.FACTOR,
        Nabla: Hold.FACTOR,
    }
)
"""All others stand as bases."""

MatrixFrame: TypeAlias = tuple[str, ...]
"""The strings before, between and after parts: one more than there are parts."""


@dataclass(frozen=True)
class MatrixStyle:
    """The characters of one way to write matrix forms; signs come with the space around them.

    `bars` says that fractions, roots and exponents show how far they reach, so that parentheses in them go. `raised`
    says of a name that it has a superscript, so that another one has to stand outside parentheses. `power` has what
    stands before a base and what stands after it.
    """

    bars: bool
    number: Callable[[Fraction], str]
    name: Callable[[Symbol, int], str]
    raised: Callable[[Symbol, int], bool]
    place: Callable[[tuple[int | None, ...]], MatrixFrame]
    unit: Callable[[Symbol | int], str]
    constant: Callable[[str], str]
    count: Callable[[CountOf], str]
    ones: str
    identity: str
    nabla: Callable[[Nabla], str]
    rates: Callable[[DerivativeMatrix], str]
    transpose: MatrixFrame
    inverse: MatrixFrame
    inverse_transpose: MatrixFrame
    beside: str
    times: str
    entrywise: str
    entrywise_over: str
    over: MatrixFrame
    over_steps: Callable[[SumOverSteps], str]
    plus: str
    minus: str
    negative: str
    power: Callable[[MatrixNode, bool], tuple[str, MatrixPieces]]
    function: Callable[[str, int], str]
    frames: Mapping[str, MatrixFrame]
    parentheses: MatrixFrame
    diagonal: MatrixFrame
    summaries: Mapping[str, MatrixFrame]
    comma: str
    relation: Callable[[str], str]
    connective: Callable[[str], str]
    denial: str
    bracket: MatrixFrame
    choice: tuple[MatrixFrame, tuple[int, int, int]]
    """The frame of a choice, and in which order condition, then and otherwise stand in it."""


@dataclass(frozen=True)
class _Enclosed:
    """A node in parentheses."""

    inner: MatrixNode


def write_matrix(node: MatrixNode, style: MatrixStyle) -> str:
    """Return a matrix form in a style."""
    out: list[str] = []
    stack: list[Any] = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, str):
            out.append(current)
        elif isinstance(current, _Enclosed):
            stack.extend(reversed(_framed(style.parentheses, current.inner)))
        else:
            stack.extend(reversed(_pieces(current, style)))
    return "".join(out)


def holds(node: MatrixNode) -> Hold:
    """Return how tightly a node holds together."""
    return HOLDS.get(type(node), Hold.BASE)


def _fit(node: MatrixNode, level: Hold) -> Any:
    return node if holds(node) >= level else _Enclosed(node)


def _framed(frame: MatrixFrame, *parts: Any) -> list[Any]:
    return [frame[0], *(piece for part, after in zip(parts, frame[1:], strict=True) for piece in (part, after))]


def _joined(parts: Sequence[Any], separator: str) -> list[Any]:
    return [piece for n, part in enumerate(parts) for piece in ((separator, part) if n else (part,))]


def _pieces(node: MatrixNode, style: MatrixStyle) -> list[Any]:
    """Return what a node is written as: strings, and nodes that are written in turn."""
    return list(_WRITTEN[type(node)](node, style))


def _base(node: MatrixNode, style: MatrixStyle) -> Any:
    """Return what a superscript can stand at."""
    if isinstance(node, Variable) and style.raised(node.tensor, node.rank):
        return _Enclosed(node)
    return _fit(node, Hold.BASE)


def _transpose(node: TransposeOf, style: MatrixStyle) -> list[Any]:
    if isinstance(node.of, InverseOf):
        return _framed(style.inverse_transpose, _base(node.of.of, style))
    return _framed(style.transpose, _base(node.of, style))


def _entrywise(node: Entrywise, style: MatrixStyle) -> list[Any]:
    above = _joined([_fit(f, Hold.FACTOR) for f in node.factors or (UNITY,)], style.entrywise)
    if not node.divisors:
        return above
    below = _below(node.divisors, style.entrywise)
    enclosed = below if len(node.divisors) == 1 else [style.parentheses[0], *below, style.parentheses[1]]
    return [*above, style.entrywise_over, *enclosed]


def _below(divisors: Sequence[MatrixNode], sign: str) -> list[Any]:
    return _joined([_fit(divisor, Hold.FACTOR) for divisor in divisors], sign)


def _multiple(node: Multiple, style: MatrixStyle) -> list[Any]:
    parts: list[Any] = [_fit(scalar, Hold.FACTOR) for scalar in node.scalars]
    if node.of is not None:
        parts.append(_fit(node.of, Hold.PRODUCT if isinstance(node.of, MatrixProduct | Entrywise) else Hold.FACTOR))
    if style.bars and node.divisors and len(parts) == 1:
        parts = [part.inner if isinstance(part, _Enclosed) else part for part in parts]
    above = _joined(parts or [UNITY], style.beside)
    if len(parts) > 1 and isinstance(node.scalars[-1], Amount) and _begins_with_ones(node.of):
        above[-2] = style.times
    if not node.divisors:
        return above
    below = _below(node.divisors, style.beside)
    if style.bars and len(node.divisors) == 1:
        below = list(node.divisors)
    elif len(node.divisors) > 1 and not style.bars:
        below = [style.parentheses[0], *below, style.parentheses[1]]
    return [style.over[0], *above, style.over[1], *below, style.over[2]]


def _begins_with_ones(node: MatrixNode | None) -> bool:
    first = node.factors[0] if isinstance(node, MatrixProduct) else node
    return isinstance(first, OnesVector)


def _signed(node: MatrixNode) -> Any:
    return node if isinstance(node, SumOverSteps) else _fit(node, Hold.PRODUCT)


def _addition(node: Addition, style: MatrixStyle) -> list[Any]:
    """Write a sum; a sum over steps goes as far as it can, so that it stands last or in parentheses."""
    pieces: list[Any] = []
    for term in node.terms:
        shown = term.of if isinstance(term, Opposite) else term
        sign = style.minus if shown is not term else style.plus
        first = style.negative if shown is not term else ""
        written = _signed(shown) if term is node.terms[-1] else _fit(shown, Hold.PRODUCT)
        pieces += [sign if pieces else first, written]
    return pieces


def _power(node: PowerOf, style: MatrixStyle) -> list[Any]:
    before, exponent = style.power(node.exponent, node.entrywise)
    inner = [part if isinstance(part, str) or style.bars else _fit(part, Hold.BASE) for part in exponent]
    return [before, _base(node.base, style), *inner]


def _function(node: FunctionOf, style: MatrixStyle) -> list[Any]:
    if node.function in style.frames and not node.order:
        return _framed(style.frames[node.function], *node.arguments)
    name = style.function(node.function, node.order)
    return [name, *_framed(style.parentheses, "")[:1], *_joined(node.arguments, style.comma), style.parentheses[1]]


def _condition(node: AllOrAny, style: MatrixStyle) -> list[Any]:
    parts = [part if isinstance(part, Holds) else _Enclosed(part) for part in node.parts]
    if node.op == "not":
        return [style.denial, _Enclosed(node.parts[0])]
    return _joined(parts, style.connective(node.op))


def _choice(node: Choice, style: MatrixStyle) -> list[Any]:
    frame, order = style.choice
    parts = (node.condition, node.then, node.otherwise)
    return _framed(frame, *(parts[place] for place in order))


_WRITTEN: Mapping[type[Any], Callable[[Any, MatrixStyle], Sequence[Any]]] = MappingProxyType(
    {
        Amount: lambda node, style: [style.number(node.value)],
        Variable: lambda node, style: [style.name(node.tensor, node.rank)],
        KnownConstant: lambda node, style: [style.constant(node.name)],
        NumberedPart: lambda node, style: _framed(
            style.place(node.place), _base(node.of, style) if style.bars else node.of
        ),
        UnitVector: lambda node, style: [style.unit(node.at)],
        CountOf: lambda node, style: [style.count(node)],
        OnesVector: lambda _, style: [style.ones],
        IdentityMatrix: lambda _, style: [style.identity],
        Nabla: lambda node, style: [style.nabla(node)],
        DerivativeMatrix: lambda node, style: [style.rates(node)],
        TransposeOf: _transpose,
        InverseOf: lambda node, style: _framed(style.inverse, _base(node.of, style)),
        DiagonalMatrix: lambda node, style: _framed(style.diagonal, node.of),
        DiagonalVector: lambda node, style: _framed(style.diagonal, node.of),
        MatrixProduct: lambda node, style: _joined([_fit(f, Hold.FACTOR) for f in node.factors], style.beside),
        Entrywise: _entrywise,
        Multiple: _multiple,
        Addition: _addition,
        SumOverSteps: lambda node, style: [style.over_steps(node), _fit(node.of, Hold.PRODUCT)],
        Opposite: lambda node, style: [style.negative, _signed(node.of)],
        PowerOf: _power,
        FunctionOf: _function,
        SummaryOf: lambda node, style: _framed(style.summaries[node.op], node.of),
        Holds: lambda node, style: [node.left, style.relation(node.relation), node.right],
        AllOrAny: _condition,
        Indicator: lambda node, style: _framed(style.bracket, node.condition),
        Choice: _choice,
    }
)
