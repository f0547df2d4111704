"""Expressions in words, as a screen reader says them: ∂C/∂z[k] is "partial C over partial z of k".

One more table for the same layout. Parentheses stand where the text has them and are said, so that what is heard has
one meaning.
"""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType

from chainrule.errors import escaped
from chainrule.expr.nodes import Affine, Index, Lookup, Position
from chainrule.render.formula import ShownFormula
from chainrule.render.layout import BigOperator, Entry, Layout, Matrix, NamedSlope, affine_text
from chainrule.render.names import GREEK, printed_name
from chainrule.render.style import Pieces, Style, framed
from chainrule.render.text import UNICODE

RELATIONS = {
    "=": "equals",
    "!=": "is not equal to",
    "<": "is less than",
    "<=": "is at most",
    ">": "is greater than",
    ">=": "is at least",
    "←": "becomes",
}
OPERATORS = {"sum": "the sum", "prod": "the product", "max": "the maximum", "min": "the minimum", "mean": "the mean"}
_ORDERS = {1: "partial", 2: "second partial", 3: "third partial"}
_SIGNS = {"+": " plus ", "-": " minus ", "−": " minus ", "?": "", "[": "", "]": "", "_": " "}
_MARKS = str.maketrans(_SIGNS)
_ENDED = re.compile(r"(?:, end of sum)+(?:$|,(?= close| end| equals))")
"""The end of a sum that is said by what follows."""
_COMMAS = re.compile(r",[, ]*,")


def spoken(formula: ShownFormula) -> str:
    """Return a formula in words.

    >>> from chainrule.render.laws import law
    >>> spoken(law("∂C/∂z[k] = Σ_m W2[m,k]·∂C/∂a[m]"))
    'partial C over partial z of k equals the sum over m of W 2 of m, k times partial C over partial a of m'
    """
    return _ENDED.sub("", in_words(formula.written(SPOKEN)))


def in_words(text: str) -> str:
    """Return words with single spaces between them, and none before a comma."""
    said = " ".join(escaped(text).split()).replace(" ,", ",")
    return _COMMAS.sub(",", said).strip(", ")


def _name(name: str) -> str:
    """Return a name as it is said, the number of a layer apart: W 2."""
    printed = printed_name(name)
    letters = (*printed.before, printed.letters)
    said = " ".join(GREEK.get(letter, letter).translate(_MARKS) for letter in letters)
    return f"{said} {printed.layer.translate(_MARKS)}"


def _entry(entry: Entry | NamedSlope) -> str:
    return f"{_name(entry.tensor)} {_of(entry.positions)}"


def _of(positions: tuple[Position, ...]) -> str:
    if not positions:
        return ""
    said = ", ".join(map(_position, positions))
    plain = all(isinstance(p, Index) or (isinstance(p, Affine) and not p.terms) for p in positions)
    return f"of {said}" if plain else f"of index {said} end index"


def _position(position: Position) -> str:
    if isinstance(position, Index):
        return _name(position.name)
    if isinstance(position, Lookup):
        return _entry(Entry(position.entry.tensor, position.entry.indices, position.entry.guarded))
    return affine_text(position, _multiple).translate(_MARKS)


def _multiple(index: Index, size: int) -> str:
    return f"{index.name}" if size == 1 else f"{size} {index.name}"


def _named_slope(node: NamedSlope) -> Pieces:
    if node.likely is not None:
        return (node.likely,)
    of, *wrt = (_name(part) for part, _ in node.parts)
    below = " ".join(f"partial {part}" for part in wrt)
    return (f"{_partial(len(wrt))}{of} over {below} {_of(node.positions)}",)


def _matrix(node: Matrix) -> Pieces:
    word = "determinant" if node.function == "det" else "inverse"
    return (f" the {word} of ", node.matrix, " ", _of(node.positions))


def _big(node: BigOperator) -> str:
    return f" {OPERATORS.get(node.op, node.op)} over {', '.join(map(_running, node.letters))} of "


def _running(letter: str) -> str:
    """Return what runs below an operator: k, u<2, t=1..T."""
    name, _, end = letter.partition("<")
    name, _, steps = name.partition("=")
    first, _, last = steps.partition("..")
    ranged = f" from {first} to {last}".translate(_MARKS) if steps else ""
    return _name(name) + ranged + (f" less than {end}" if end else "")


def _partial(order: int) -> str:
    return f" {_ORDERS.get(order, f'partial of order {order}')} "


def _number(mantissa: str, exponent: int) -> str:
    return f"{mantissa} times 10 to the power {exponent}".replace("-", "minus ") if exponent else mantissa


def _times(_: Layout) -> str:
    return " times "


SPOKEN: Style = replace(
    UNICODE,
    number=_number,
    name=_name,
    size=lambda size: f" the extent of {_name(size.letter)} ",
    entry=_entry,
    position=_position,
    matrix=_matrix,
    named_slope=_named_slope,
    function=_name,
    partial=_partial,
    times=_times,
    big=_big,
    big_end=", end of sum, ",
    plus=" plus ",
    minus=" minus ",
    negative=" minus ",
    denial=" not ",
    primed=lambda primes: ("", " prime" * primes),
    call=" of ",
    whole=_name,
    gradient=(" the gradient of ", " dot ", ""),
    rate=lambda node: (" partial of open parenthesis ", node.of, " close parenthesis over partial ", node.by),
    relation=lambda relation: f" {RELATIONS.get(relation, relation)} ",
    slope=("", " over ", ""),
    fraction=("", " over ", ""),
    power=("", " to the power ", ""),
    parentheses=(" open parenthesis ", " close parenthesis "),
    bracket=(" open bracket ", " close bracket "),
    span=("", " to ", ""),
    choice=lambda node: framed(
        ("", " if ", ", otherwise ", " end of cases "), node.then, node.condition, node.otherwise
    ),
    frames=MappingProxyType(
        {
            "sqrt": (" the square root of ", " end of root "),
            "abs": (" the absolute value of ", " end of absolute value "),
            "floor": (" the floor of ", " end of floor "),
        }
    ),
)
