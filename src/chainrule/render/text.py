"""Expressions and equations as text, in Unicode or in ASCII: the notation itself, which the parser reads back.

Only characters are chosen here; what stands where, and in parentheses, is decided by `arrange`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

from chainrule.expr import sizes
from chainrule.expr.nodes import Condition, Expr, Index, Lookup, Position
from chainrule.render.arrange import arrange, known_ranks
from chainrule.render.layout import (
    Applied,
    BigOperator,
    Chain,
    Choice,
    Connective,
    Denial,
    Derivative,
    Entry,
    Factors,
    Iverson,
    Layout,
    Matrix,
    Named,
    NamedDerivative,
    Negative,
    Numeral,
    Parenthesised,
    Pieces,
    Place,
    Quotient,
    Ratio,
    Relation,
    Size,
    Superscript,
    Symbol,
    Terms,
    affine_text,
    join,
    linked,
    write,
)
from chainrule.render.letters import with_letters
from chainrule.render.numerals import numeral_parts


@dataclass(frozen=True)
class Characters:
    """The characters in which Unicode text and ASCII text differ."""

    times: str
    minus: str
    big_sum: bool
    relations: Mapping[str, str]


UNICODE = Characters("·", "−", True, {"<=": "≤", ">=": "≥", "!=": "≠"})
ASCII = Characters("*", "-", False, {})
ORDERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def expression_text(
    expr: Expr | Condition,
    *,
    taken: Collection[str] = (),
    declared: Mapping[str, sizes.Size] | None = None,
    ranks: Mapping[str, int] | None = None,
    unicode: bool = True,
) -> str:
    """Return an expression or a condition in the notation.

    `taken` are names that no index may be printed as, `declared` letters and the extents they mean in the system;
    `ranks` of tensors that are named in derivatives only.

    >>> from chainrule.expr.binding import reduce_over
    >>> from chainrule.expr.nodes import Index, Indexed, times
    >>> j, k = Index("j"), Index("k")
    >>> total = reduce_over("sum", [k], times(Indexed("W", (k, j)), Indexed("d", (k,))))
    >>> expression_text(total), expression_text(total, unicode=False)
    ('Σ_k W[k,j]·d[k]', 'sum(k) W[k,j]*d[k]')
    """
    (lettered,) = with_letters(expr, taken=taken, declared=declared)
    return lettered_text(lettered, known_ranks((lettered,), ranks), unicode=unicode)


def equation_text(
    target: Expr,
    value: Expr,
    *,
    taken: Collection[str] = (),
    declared: Mapping[str, sizes.Size] | None = None,
    ranks: Mapping[str, int] | None = None,
    unicode: bool = True,
) -> str:
    """Return `target = value` in the notation; see `expression_text`."""
    left, right = with_letters(target, value, taken=taken, declared=declared)
    known = known_ranks((left, right), ranks)
    return f"{lettered_text(left, known, unicode=unicode)} = {lettered_text(right, known, unicode=unicode)}"


def lettered_text(expr: Expr | Condition, ranks: Mapping[str, int], *, unicode: bool = True) -> str:
    """Return an expression whose indices `with_letters` has named already."""
    characters = UNICODE if unicode else ASCII
    return write(arrange(expr, ranks), lambda layout: _pieces(layout, characters))


def position_text(position: Position) -> str:
    """Return a position as it stands between brackets.

    >>> from chainrule.expr.nodes import Affine, Index
    >>> position_text(Affine(((Index("i"), 2), (Index("u"), 1)), -1))
    '2*i+u-1'
    """
    if isinstance(position, Index):
        return position.name
    if isinstance(position, Lookup):
        return position.entry.tensor + ("?" if position.entry.guarded else "") + _brackets(position.entry.indices)
    return affine_text(position, lambda index, size: index.name if size == 1 else f"{size}*{index.name}")


def numeral_text(value: Fraction) -> str:
    """Return a number that is not negative, as the parser reads it exactly.

    >>> numeral_text(Fraction(1, 20)), numeral_text(Fraction(1, 10**5)), numeral_text(Fraction(12))
    ('0.05', '1e-5', '12')
    """
    mantissa, exponent = numeral_parts(value)
    return f"{mantissa}e{exponent}" if exponent else mantissa


def _pieces(layout: Layout, characters: Characters) -> Pieces:  # noqa: C901 -- one match over the nodes
    match layout:
        case Numeral(value):
            return (numeral_text(value),)
        case Ratio(value):
            return (f"{value.numerator}/{value.denominator}",)
        case Symbol(name) | Named(name):
            return (name,)
        case Size(letter):
            return (f"extent({letter})",)
        case Place(position):
            return (position_text(position),)
        case Entry(tensor, positions, guarded):
            return (tensor, "?" if guarded else "", _brackets(positions))
        case Matrix(function, matrix, positions):
            return (function, "(", matrix, ")", _brackets(positions))
        case NamedDerivative(tensor, positions, guarded):
            return (tensor, "?" if guarded else "", _brackets(positions))
        case Derivative(of, wrt):
            order = str(len(wrt)).translate(ORDERS) if len(wrt) > 1 else ""
            return (f"∂{order}", of, "/", *(piece for entry in wrt for piece in ("∂", entry)))
        case Terms(parts):
            return tuple(piece for n, part in enumerate(parts) for piece in _term(part, n == 0, characters))
        case Negative(part):
            return (characters.minus, part)
        case Factors(parts):
            return join(parts, characters.times)
        case Quotient(above, below):
            return (above, "/", below)
        case Superscript(base, exponent):
            return (base, "^", exponent)
        case Applied(function, arguments, primes):
            return (function, "'" * primes, "(", *join(arguments, ", "), ")")
        case BigOperator(op, letters, body):
            return (_operator(op, letters, characters), " ", body)
        case Relation(relation, left, right):
            return (left, f" {characters.relations.get(relation, relation)} ", right)
        case Chain(sides, relations):
            return linked(sides, tuple(f" {characters.relations.get(r, r)} " for r in relations))
        case Connective(op, parts):
            return join(parts, f" {op} ")
        case Denial(part):
            return ("not ", part)
        case Iverson(condition):
            return ("[", condition, "]")
        case Choice(condition, then, otherwise):
            return ("where(", condition, ", ", then, ", ", otherwise, ")")
        case Parenthesised(inner):
            return ("(", inner, ")")
        case _:
            assert_never(layout)


def _brackets(positions: tuple[Position, ...]) -> str:
    return f"[{','.join(position_text(p) for p in positions)}]" if positions else ""


def _term(part: Layout, first: bool, characters: Characters) -> Pieces:
    if first:
        return (part,)
    return (f" {characters.minus} ", part.part) if isinstance(part, Negative) else (" + ", part)


def _operator(op: str, letters: tuple[str, ...], characters: Characters) -> str:
    if op != "sum" or not characters.big_sum:
        return f"{op}({','.join(letters)})"
    return f"Σ_{letters[0]}" if len(letters) == 1 and len(letters[0]) == 1 else f"Σ_{{{','.join(letters)}}}"
