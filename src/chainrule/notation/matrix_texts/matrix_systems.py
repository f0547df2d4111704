"""Texts in matrix notation: as index notation, and as systems by way of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from chainrule.errors import NotationError
from chainrule.notation.matrix_texts.matrix_declarations import Declarations, kind_of
from chainrule.notation.matrix_texts.matrix_entries import EntryWriter
from chainrule.notation.matrix_texts.matrix_expressions import ExpressionReader
from chainrule.notation.matrix_texts.matrix_letters import Letters
from chainrule.notation.matrix_texts.matrix_operations import KNOWN
from chainrule.notation.matrix_texts.matrix_parts import MatrixPart
from chainrule.notation.matrix_texts.matrix_shapes import ONE, MatrixShape, MatrixSide
from chainrule.notation.matrix_texts.matrix_tokens import MatrixToken, tokens_of
from chainrule.notation.parser import parse_system
from chainrule.notation.source import Source, Statement, read_source, split
from chainrule.system.model import System

_BATCH = re.compile(r"\s*(?P<letter>[^\W\d_]\w*)\s*(?:#[^\n]*)?$")
CONSTANTS = ("eye", "I", "pi")
"""Names that stand for something where nothing declares them."""


@dataclass(frozen=True)
class IndexText:
    """A text in index notation: its lines, each with the place in `source` that it comes from.

    `assumed` says of what nothing declared whether it was taken for a matrix, a vector or a scalar.
    """

    source: Source
    lines: tuple[tuple[str, int], ...]
    assumed: Mapping[str, str]

    @property
    def text(self) -> str:
        """The text."""
        return "\n".join(line for line, _ in self.lines)


@dataclass(frozen=True)
class _Equation:
    keyword: str
    name: str
    value: MatrixPart
    place: int


def read_matrices(text: str, *, assuming: bool = False) -> System:
    r"""Return the system that a text in matrix notation describes.

    With `assuming` a name that nothing declares is a matrix if it begins with a capital, a scalar if with a Greek
    letter, else a vector. Raises NotationError.

    >>> print(read_matrices("vector x\nmatrix A\ncost f = x'*A*x"))
    data x[i], A[i,j]
    <BLANKLINE>
    cost f = Σ_{i,j} x[j]·A[j,i]·x[i]
    """
    return system_of(index_text(text, assuming=assuming))


def system_of(found: IndexText) -> System:
    """Return the system that such a text describes. Raises NotationError, which points into the text that was given."""
    try:
        return parse_system(found.text)
    except NotationError as error:
        place = found.lines[error.line - 1][1] if 0 < error.line <= len(found.lines) else 0
        raise found.source.error(error.what, place, expected=error.expected) from None


def index_text(text: str, *, assuming: bool = False) -> IndexText:
    r"""Return a text in matrix notation as one in index notation; see `read_matrices`. Raises NotationError.

    >>> print(index_text("matrix A\nvector x, b\nnorm2(A*x - b)^2").text)
    data A[i,j]
    data x[j]
    data b[i]
    cost f = sum(i) ((sum(j) A[i,j]*x[j]) - b[i])^2
    """
    source = read_source(text)
    reading = _TextReader(source, Declarations(source), assuming)
    try:
        for statement in split(source):
            reading.read(statement)
        return reading.written()
    except NotationError as error:
        if not reading.assumed:
            raise
        raise NotationError(
            error.what,
            where=error.where,
            expected=error.expected,
            advice=f"{error.advice}\nAssumed: {as_declared(reading.assumed)}".lstrip(),
            line=error.line,
            column=error.column,
        ) from None


def as_declared(assumed: Mapping[str, str]) -> str:
    """Return what is assumed, as it would be declared.

    >>> as_declared({"x": "vector", "A": "matrix", "y": "vector"})
    'vector x, y; matrix A'
    """
    kinds = dict.fromkeys(assumed.values())
    return "; ".join(f"{kind} {', '.join(n for n, k in assumed.items() if k == kind)}" for kind in kinds)


@dataclass
class _TextReader:
    source: Source
    declared: Declarations
    assuming: bool
    assumed: dict[str, str] = field(default_factory=dict)
    batch: str = ""
    consts: dict[str, MatrixPart] = field(default_factory=dict)
    waiting: list[tuple[str, list[MatrixToken]]] = field(default_factory=list)
    equations: list[_Equation] = field(default_factory=list)

    def read(self, statement: Statement) -> None:
        """Read a line that declares something; equations wait until all is declared."""
        keyword, body, offset = statement.keyword, statement.body, statement.offset
        if keyword == "batch" and (found := _BATCH.match(body)):
            self.batch = found["letter"]
        elif keyword in ("", "data", "param", "const") and self.declared.read(keyword, body, offset):
            pass
        elif keyword in ("", "cost", "const"):
            self.waiting.append((keyword, list(tokens_of(self.source, body, offset))))
        else:
            raise self.source.error(
                f"a '{keyword}' line cannot stand in a text in matrix notation",
                offset - len(keyword),
                expected="vector, matrix, symmetric matrix, scalar, data, param, const, batch, cost, and equations",
                advice="In index notation, without lines for vectors and matrices, it can.",
            )

    def equation(self, keyword: str, tokens: Sequence[MatrixToken]) -> None:
        """Read an equation, or the cost alone."""
        first = tokens[0]
        named = first.kind == "name" and tokens[1].text == "="
        start = 2 if named else 0
        if self.assuming:
            self._assume(tokens[start:])
        value = ExpressionReader(self.source, tokens[start:], self.declared.known).whole()
        if named:
            self.declared.check(first.text, first.start)
        if not named and any(not e.name for e in self.equations):
            raise self.source.error(
                "there is one expression without a name already", first.start, advice="Name it: f = …"
            )
        if keyword == "const":
            self._const(first, value, named)
            return
        if keyword == "cost" and not value.shape.is_number:
            raise self.source.error(
                f"the cost is {value.shape.kind}",
                tokens[start].start,
                expected="a scalar",
                advice="The sum of all entries is sum(x), that of all squares norm2(x)^2, of a matrix normF(X)^2.",
            )
        name = first.text if named else ""
        self.equations.append(_Equation(keyword, name, value, first.start))
        if named:
            sides = [side for side in (value.shape.rows, value.shape.columns) if side is not ONE]
            self.declared.add(name, sides, first.start)
            self.declared.known[name] = replace(self.declared.known[name], shape=value.shape)

    def _const(self, first: MatrixToken, value: MatrixPart, named: bool) -> None:
        if not named or not value.counted:
            raise self.source.error("a const is a number by a name", first.start, expected="const eps = 1e-5")
        self.declared.add(first.text, [], first.start)
        self.declared.known[first.text] = MatrixPart("tensor", name=first.text, counted=True)
        self.consts[first.text] = value

    def _assume(self, tokens: Sequence[MatrixToken]) -> None:
        for token, after in pairwise(tokens):
            euler = token.text == "e" and after.text in ("^", ".^")
            function = (
                token.text in KNOWN or euler or (after.text == "(" and after.start == token.start + len(token.text))
            )
            if token.kind != "name" or token.text in self.declared.known or function or token.text in CONSTANTS:
                continue
            kind = kind_of(token.text)
            self.assumed[token.text] = kind
            self.declared.add(token.text, [MatrixSide() for _ in range(_AXES[kind])], token.start, "data")

    def written(self) -> IndexText:
        """Return all of it as index notation."""
        for keyword, tokens in self.waiting:
            self.equation(keyword, tokens)
        return _written(self, Letters({*self.declared.known, *([self.batch] if self.batch else [])}))


_AXES = {"scalar": 0, "vector": 1, "matrix": 2}


def _written(reading: _TextReader, letters: Letters) -> IndexText:
    taken = letters.taken | set(reading.declared.letters)
    letters = Letters(set(taken))
    head = list(_declarations(reading, letters))
    body: list[tuple[str, int]] = [
        (f"const {name} = {EntryWriter(letters).entry(value, ('', '')).whole}", reading.declared.places[name])
        for name, value in reading.consts.items()
    ]
    has_cost = any(e.keyword == "cost" for e in reading.equations)
    last = None if has_cost or not reading.equations else reading.equations[-1]
    for equation in reading.equations:
        cost = equation.keyword == "cost" or (equation is last and equation.value.shape.is_number)
        letters.begin(equation.place)
        writer = EntryWriter(letters)
        shape = equation.value.shape
        place = letters.of(shape.rows), letters.of(shape.columns)
        found = writer.entry(equation.value, place)
        name = equation.name or letters.name("f")
        own = ",".join(letter for letter in place if letter)
        line = f"{'cost ' if cost else ''}{name}{f'[{own}]' if own else ''} = {found.whole}"
        body += [(one, equation.place) for one in (*writer.lines, line)]
    lines = [*head, *_extents(letters, reading), *body]
    return IndexText(reading.source, tuple(lines), reading.assumed)


def _declarations(reading: _TextReader, letters: Letters) -> list[tuple[str, int]]:
    lines = [(f"batch {reading.batch}", 0)] if reading.batch else []
    for name, role in reading.declared.roles.items():
        place = reading.declared.places[name]
        letters.begin(place)
        shape: MatrixShape = reading.declared.known[name].shape
        own = [letters.of(side) for side in (shape.rows, shape.columns) if side is not ONE]
        letters.anchored.update(own)
        lines.append((f"{role} {name}" + (f"[{','.join(own)}]" if own else ""), place))
        if name in reading.declared.symmetric:
            lines.append((f"given {name}[{own[0]},{own[1]}] = {name}[{own[1]},{own[0]}]", place))
    return lines


def _extents(letters: Letters, reading: _TextReader) -> list[tuple[str, int]]:
    """Return lines for letters that no tensor has, and for sizes that are declared."""
    lines = []
    for letter, side in letters.sides.items():
        found = side.found()
        if found.size is not None:
            lines.append((f"index {letter} = {found.size}", 0))
        elif letter not in letters.anchored and not found.tensor:
            raise reading.source.error(
                "nothing says how long a vector or matrix is",
                letters.places[letter],
                expected="vector(1), matrix(1) and eye beside a tensor that is declared",
            )
        elif letter not in letters.anchored:
            axis = f", {found.axis}" if reading.declared.known[found.tensor].shape.is_matrix else ""
            lines.append((f"index {letter} = extent({found.tensor}{axis})", 0))
    return lines
