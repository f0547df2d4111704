"""Laws as mathematics: statements in words whose formulas, between backticks, are laid out like any other formula.

A rule says its law once, in letters of its own: "`Σ_i c·a[i] = c·Σ_i a[i]`, where `c` does not depend on `i`". Here it
is read, and the letters that the system at hand uses are replaced by free ones, so that no law speaks of its a[i]. The
grammar is that of what printers write, without sizes and names to resolve; laws are shown, never computed with.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from types import MappingProxyType
from typing import Any

from lark import Lark, Token, Transformer, Tree
from lark.exceptions import LarkError

from chainrule.expr.functions import CONSTANTS, FUNCTIONS, MATRIX_FUNCTIONS
from chainrule.expr.nodes import Affine, Index, Position
from chainrule.expr.symbols import Tensor, symbol
from chainrule.render.document import Inline, Words
from chainrule.render.formula import ShownFormula
from chainrule.render.layout import (
    Applied,
    BigOperator,
    Cases,
    Chain,
    Connective,
    Denial,
    Entry,
    ExtentOf,
    Factors,
    Iverson,
    Layout,
    Letter,
    Matrix,
    Named,
    Negative,
    Numeral,
    Parenthesised,
    Primed,
    Quotient,
    Relation,
    Slope,
    Superscript,
    Terms,
)

GRAMMAR = r"""
start: condition
?condition: connected
?connected: denied (WORD denied)*
?denied: _NOT denied -> denial
       | compared
?compared: sum (RELATION sum)*
sum: SIGN? product (SIGN product)*
?product: raised ((OPERATOR | SLASH) raised)*
?raised: primed "^" primed -> power
       | primed
primed: atom PRIME*
?atom: NUMBER -> number
     | BIG product -> big
     | _WHERE "(" condition "," condition "," condition ")" -> cases
     | _EXTENT "(" NAME ")" -> extent
     | slope
     | CALLED "(" sum ("," sum)* ")" -> applied
     | NAME MARK? "[" places "]" -> entry
     | NAME MARK? "[" places ";" places? "]" -> member
     | NAME -> plain
     | "(" condition ")" -> parenthesised
     | "[" condition "]" -> iverson
     | MATRIX "(" NAME ")" ("[" places "]")? -> matrix
slope: "∂" atom SLASH "∂" atom
places: position ("," position)*
position: SIGN? place (SIGN place)*
place: NUMBER | NAME | NUMBER OPERATOR NAME
BIG.2: /Σ_(\{[\w,]+\}|\{\w+=[\w+-]+\.\.[\w+-]+\}|[^\W\d]\d*)/
CALLED.1: /[^\W\d]\w*'*(?=\()/
MATRIX.2: /(det|inv)(?=\()/
_WHERE.2: /where(?=\()/
_EXTENT.2: /extent(?=\()/
_NOT.2: /not\b/
WORD.2: /(and|or)\b/
SIGN: "+" | "−" | "-"
OPERATOR: "·" | "*"
SLASH: "/"
RELATION: "=" | "≠" | "≤" | "≥" | "<" | ">" | "!=" | "<=" | ">="
PRIME: "'"
MARK: "?"
NUMBER: /\d+(\.\d+)?(e[−-]?\d+)?/
NAME: /[^\W\d]\w*/
%ignore " "
"""
RELATIONS: Mapping[str, str] = MappingProxyType({"≠": "!=", "≤": "<=", "≥": ">="})
COMMON = frozenset("ijkm")
"""Letters that are indices wherever they stand; replaced always, so that a law reads the same on a whole page."""
VALUES = "fguvwhcbdexyt"
"""Letters for what stands for an expression in a law, in the order they are tried."""
INDICES = "pqrsuvwijkm"
"""Letters for its indices; i, j, k and m, which most systems use, come last."""
_PLACES = re.compile(r"Σ_\{?([\w,]+)|[\w)]\??\[([^\[\]=<>≤≥≠]*)\]|extent\((\w+)\)")
_NAMES = re.compile(r"[^\W\d]\w*")
_WORDS = {"where", "extent", "not", "and", "or", *FUNCTIONS, *CONSTANTS, *MATRIX_FUNCTIONS}


@dataclass(frozen=True)
class LawFormula(ShownFormula):
    """A formula whose letters are its own; `source` is how it was stated, `indices` are those that are indices."""

    source: str = ""
    indices: frozenset[str] = frozenset()

    def printed(self, *, latex: bool) -> tuple[Layout, ...]:
        """Return the sides as they are: a law speaks of no tensor that could have another name in print."""
        return self.sides

    @property
    def values(self) -> frozenset[str]:
        """Its letters that stand for expressions."""
        return frozenset(_letters(self.source)) - self.indices


def stated(statement: str) -> Words:
    """Return a statement as words and laws; what stands between backticks is a law.

    >>> from chainrule.render.document_text import words_text
    >>> words_text(stated("exp is its own derivative: `exp'(t) = exp(t)`"))
    "exp is its own derivative: exp'(t) = exp(t)"
    """
    pieces = statement.split("`")
    sources = pieces[1::2]
    indices = frozenset(letter for source in sources for letter in _indices_in(source))
    read = [law(source, indices) if n % 2 else source for n, source in enumerate(pieces)]
    return tuple(piece for piece in read if piece != "")


def law(source: str, indices: Collection[str] | None = None, renamed: Mapping[str, str] | None = None) -> LawFormula:
    r"""Return a formula as it is stated, some letters renamed; without `indices`, those in places of entries are.

    >>> law("Σ_i c·a[i] = c·Σ_i a[i]").latex()
    '\\sum_{i} c \\, a_{i} = c \\, \\sum_{i} a_{i}'
    >>> str(law("Σ_i c·a[i] = c·Σ_i a[i]", renamed={"i": "p", "a": "f"}))
    'Σ_p c·f[p] = c·Σ_p f[p]'
    """
    known = frozenset(_indices_in(source) if indices is None else indices)
    layout = _LawReader(known, renamed or {}).transform(_tree(source))
    sides = (layout.left, layout.right) if isinstance(layout, Relation) and layout.relation == "=" else (layout,)
    return LawFormula(sides, source=source, indices=known)


def formula_of(text: str) -> Inline:
    """Return a formula in the notation laid out as it stands; the text itself where it is more than a law can be."""
    try:
        return law(text)
    except LarkError:
        return text


def in_free_letters(words: Words, taken: Collection[str]) -> Words:
    """Return words whose laws use none of these names.

    >>> from chainrule.render.document_text import words_text
    >>> words_text(in_free_letters(stated("`Σ_i c·a[i] = c·Σ_i a[i]`, where `c` does not depend on `i`"), {"a", "i"}))
    'Σ_p c·f[p] = c·Σ_p f[p], where c does not depend on p'
    """
    laws = [piece for piece in words if isinstance(piece, LawFormula)]
    renamed: dict[str, str] = {}
    own = {letter for one in laws for letter in _letters(one.source)}
    for letter in dict.fromkeys(letter for one in laws for letter in _letters(one.source)):
        if letter in taken or letter in COMMON:
            values = VALUES.upper() if letter.isupper() else VALUES
            rotation = INDICES if any(letter in one.indices for one in laws) else values
            used = {*taken, *own, *renamed.values()}
            renamed[letter] = next(c for c in _spread(rotation) if c not in used)
    return tuple(_renamed(piece, renamed) for piece in words) if renamed else words


def names_in(text: str) -> Iterator[str]:
    """Yield the names in a formula as text, and those of layers without their number: a1 takes a, too."""
    for name in _NAMES.findall(text):
        yield from (name, name.rstrip("0123456789"))


def _renamed(piece: Inline, renamed: Mapping[str, str]) -> Inline:
    return law(piece.source, piece.indices, renamed) if isinstance(piece, LawFormula) else piece


def _spread(rotation: str) -> Iterator[str]:
    yield from rotation
    number = 2
    while True:
        yield f"{rotation[0]}{number}"
        number += 1


def _letters(source: str) -> list[str]:
    """Return the letters of a law in order, without its functions and words."""
    return [name for name in _NAMES.findall(source.replace("Σ_", "")) if name not in _WORDS]


def _indices_in(source: str) -> Iterator[str]:
    yield from COMMON.intersection(_letters(source))
    for found in _PLACES.findall(source):
        yield from (name for part in found for name in _NAMES.findall(part))


@cache
def _grammar() -> Lark:
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=False)


@cache
def _tree(source: str) -> Tree[Token]:
    return _grammar().parse(source)


def _signed(parts: list[Any]) -> Iterator[tuple[str, Any]]:
    """Yield terms with their signs; the first may have none."""
    signed = parts if isinstance(parts[0], Token) and parts[0].type == "SIGN" else ["+", *parts]
    return zip(map(str, signed[::2]), signed[1::2], strict=True)


def _step(position: Position) -> tuple[str, int]:
    """Return what stands before a semicolon as a superscript."""
    match position:
        case Index(name):
            return name, 0
        case Affine(((Index(name), 1),), constant):
            return name, constant
        case Affine((), constant):
            return "", constant
        case _:
            raise LarkError("no superscript")


class _LawReader(Transformer[Token, Any]):
    """Makes the layout of a law; `indices` are the letters that stand for indices, `renamed` what they become."""

    def __init__(self, indices: frozenset[str], renamed: Mapping[str, str]) -> None:
        super().__init__()
        self._indices = indices
        self._renamed = renamed

    def _name(self, token: str) -> str:
        return self._renamed.get(str(token), str(token))

    def start(self, parts: list[Any]) -> Layout:
        return parts[0]  # type: ignore[no-any-return]

    def connected(self, parts: list[Any]) -> Layout:
        return Connective(str(parts[1]), tuple(parts[::2]))

    def denial(self, parts: list[Any]) -> Layout:
        return Denial(parts[0])

    def compared(self, parts: list[Any]) -> Layout:
        relations = tuple(RELATIONS.get(str(sign), str(sign)) for sign in parts[1::2])
        sides = tuple(parts[::2])
        return Relation(relations[0], *sides) if len(sides) == 2 else Chain(sides, relations)

    def sum(self, parts: list[Any]) -> Layout:
        terms = tuple(part if sign == "+" else Negative(part) for sign, part in _signed(parts))
        return terms[0] if len(terms) == 1 else Terms(terms)

    def product(self, parts: list[Any]) -> Layout:
        done: list[Layout] = [parts[0]]
        for sign, part in zip(parts[1::2], parts[2::2], strict=True):
            if sign == "/":
                done = [Quotient(Factors(tuple(done)) if len(done) > 1 else done[0], part)]
            else:
                done.append(part)
        return Factors(tuple(done)) if len(done) > 1 else done[0]

    def power(self, parts: list[Any]) -> Layout:
        return Superscript(*parts)

    def primed(self, parts: list[Any]) -> Layout:
        inner, *primes = parts
        return Primed(inner, len(primes)) if primes else inner

    def number(self, parts: list[Any]) -> Layout:
        return Numeral(Fraction(str(parts[0]).replace("−", "-")))

    def big(self, parts: list[Any]) -> Layout:
        under = str(parts[0]).removeprefix("Σ_")
        if ".." in under:
            return BigOperator("sum", (under.strip("{}"),), parts[1])
        letters = _NAMES.findall(under)
        return BigOperator("sum", tuple(map(self._name, letters)), parts[1])

    def cases(self, parts: list[Any]) -> Layout:
        return Cases(*parts)

    def extent(self, parts: list[Any]) -> Layout:
        return ExtentOf(self._name(parts[0]))

    def slope(self, parts: list[Any]) -> Layout:
        return Slope(parts[0], (parts[2],))

    def applied(self, parts: list[Any]) -> Layout:
        called, *arguments = parts
        name = str(called).rstrip("'")
        known = name if name in FUNCTIONS else self._name(name)
        return Applied(known, tuple(arguments), len(called) - len(name))

    def entry(self, parts: list[Any]) -> Layout:
        name, *rest = parts
        guarded = isinstance(rest[0], Token)
        return Entry(symbol(self._name(name)), rest[guarded], guarded)

    def member(self, parts: list[Any]) -> Layout:
        name, *rest = parts
        guarded = isinstance(rest[0], Token)
        steps, *places = rest[guarded:]
        return Entry(Tensor(self._name(name), tuple(map(_step, steps))), places[0] if places else (), guarded)

    def places(self, parts: list[Any]) -> tuple[Position, ...]:
        return tuple(parts)

    def plain(self, parts: list[Any]) -> Layout:
        name = str(parts[0])
        if name in CONSTANTS:
            return Named(name)
        return Letter(self._name(name)) if name in self._indices else Entry(symbol(self._name(name)), ())

    def parenthesised(self, parts: list[Any]) -> Layout:
        return Parenthesised(parts[0])

    def iverson(self, parts: list[Any]) -> Layout:
        return Iverson(parts[0])

    def matrix(self, parts: list[Any]) -> Layout:
        function, name, *places = parts
        return Matrix(str(function), Entry(symbol(self._name(name)), ()), places[0] if places else ())

    def position(self, parts: list[Any]) -> Position:
        terms: list[tuple[Index, int]] = []
        constant = 0
        for sign, (size, name) in _signed(parts):
            size *= 1 if sign == "+" else -1
            if name:
                terms.append((Index(name), size))
            else:
                constant += size
        if len(terms) == 1 and terms[0][1] == 1 and not constant:
            return terms[0][0]
        return Affine(tuple(terms), constant)

    def place(self, parts: list[Any]) -> tuple[int, str]:
        name = "" if parts[-1].type == "NUMBER" else self._name(parts[-1])
        return int(parts[0]) if parts[0].type == "NUMBER" else 1, name
