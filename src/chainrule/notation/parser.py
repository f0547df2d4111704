"""Text as a System: the way in.

Each statement is parsed on its own, names are collected from all of them, trees become nodes, and `typecheck` settles
and checks the whole. Whatever is wrong, the error is a NotationError that shows the line, with a caret under the
culprit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from lark import Token, Tree

from chainrule.errors import NotationError, TypecheckError
from chainrule.expr.binding import substitute_indices
from chainrule.expr.functions import ARITY
from chainrule.expr.garbage import no_garbage
from chainrule.expr.nodes import Call, Expr, Index, Position, walk
from chainrule.expr.symbols import Derivative, Tensor
from chainrule.families.definitions import check_cases
from chainrule.families.families import Families
from chainrule.keywords import answers
from chainrule.notation.advice import rank_advice
from chainrule.notation.blocks import BlockReader, letters_of_blocks
from chainrule.notation.confusables import check_letters, names_of
from chainrule.notation.convert import Converter
from chainrule.notation.fields import spot_of
from chainrule.notation.repeated import Repeated
from chainrule.notation.source import Source, Statement, read_source, split
from chainrule.notation.statements import Span, SystemReader, letters_in
from chainrule.notation.syntax import parse_statement
from chainrule.notation.vocabulary import Vocabulary, collect_names, surroundings_of, vocabulary_of
from chainrule.notation.wording import Surroundings
from chainrule.system.locations import Location, check_calls
from chainrule.system.model import Equation, System
from chainrule.system.sizes.infer import infer_equation, infer_expression
from chainrule.system.typecheck import typecheck


@answers
@no_garbage()
def parse(text: str) -> System | Any:
    r"""Return the system that a text describes, checked and with all sizes inferred.

    A text with `for` lines is no single system: of such a one it returns `Families`. (`Any` stands for these, so that
    who reads a system need not ask which of the two it is.) Raises NotationError, with line and column, for whatever
    cannot be read or makes no sense.

    >>> system = parse("data x[i]\nparam w[i]\ncost C = (sum(i) w[i]*x[i])^2")
    >>> system.params, system.cost
    (('w',), 'C')
    """
    source = read_source(text)
    pieces = split(source)
    check_letters(source)
    if any(statement.keyword == "for" for statement in pieces):
        return _families(source, pieces)
    return _system(source, pieces)


def parse_system(text: str) -> System:
    """Return the system that a text without `for` lines describes; see `parse`."""
    source = read_source(text)
    pieces = split(source)
    check_letters(source)
    repeating = next((statement for statement in pieces if statement.keyword == "for"), None)
    if repeating is not None:
        raise source.error("one system is expected here, not a family", repeating.offset - len("for"))
    return _system(source, pieces)


def _families(source: Source, pieces: Sequence[Statement]) -> Families:
    repeated = Repeated(source, parse_statement)
    statements = [(s, None if s.keyword == "for" else repeated.tree(s)) for s in pieces]
    vocabulary = collect_names(source, [(s, tree) for s, tree in statements if tree is not None])
    vocabulary.steps, counts = letters_of_blocks(pieces)
    reading = BlockReader(source, vocabulary, counts)
    for statement, tree in statements:
        reading.read(statement, tree)
    families, spans = reading.families()
    try:
        check_cases(families)
    except TypecheckError as error:
        raise located(source, spans, error) from None
    return families


def _system(source: Source, pieces: Sequence[Statement]) -> System:
    repeated = Repeated(source, parse_statement)
    statements = [(statement, repeated.tree(statement)) for statement in pieces]
    reading = SystemReader(source, collect_names(source, statements))
    for statement, tree in statements:
        reading.read(statement, tree)
    try:
        system = typecheck(reading.system())
        _check_states(system)
    except TypecheckError as error:
        raise located(source, reading.spans, error) from None
    return system


def _check_states(system: System) -> None:
    """Check that steps change what is kept between them; a pass may take updates away, a text has them."""
    updated = {update.name for update in system.updates}
    for number, declaration in enumerate(system.declarations):
        if declaration.role == "state" and declaration.tensor not in updated and not declaration.implied:
            raise Location("declaration", number, declaration.tensor).error(
                f"the state {declaration.tensor} has no update",
                declaration.tensor,
                "target",
                expected=f"a line: update {declaration.tensor} = …",
                advice="What never changes is a const.",
            )


def parse_expression(
    text: str,
    system: System,
    indices: Sequence[Index] = (),
    *,
    steps: Collection[str] = (),
    written_out: Callable[[Expr], Expr] | None = None,
    meant: Callable[[Expr], Expr] = lambda read: read,
) -> Expr:
    r"""Return an expression in the names of a system, with sizes inferred; letters may be free in it.

    `indices` are free ones that are known already, with their extents. `steps` are letters of steps that sums may go
    over: `written_out` makes ordinary sums of these. `meant` makes of what is read what is meant by it, before sizes
    are inferred. Raises NotationError.

    >>> system = parse("data x[i]\nparam w[i]\ncost C = sum(i) w[i]*x[i]")
    >>> parse_expression("2*x[j]", system).factors[1].indices[0].extent
    Axis(tensor='x', number=0)
    """
    vocabulary = replace(vocabulary_of(system), steps=set(steps))
    source, statement, tree = _single(text, "expression", names_of(system), surroundings_of(system))
    scope = letters_in(tree, vocabulary) | {i.preferred for i in indices}
    value: Expr = meant(Converter(source, statement.offset, vocabulary).convert(tree, scope))
    known: Mapping[Index, Position] = {Index(i.preferred): i for i in indices}
    value = substitute_indices(value, known)
    try:
        return infer_expression(system, written_out(value) if written_out is not None else value)
    except TypecheckError as error:
        raise located(source, _whole(statement), error) from None


def parse_equation(text: str, system: System) -> Equation:
    """Return one equation in the names of a system, with sizes inferred: `∂C/∂z[j] = a[j] - y[j]`.

    What stands on the left may be new. Raises NotationError.
    """
    source, statement, tree = _single(text, "equation", names_of(system))
    vocabulary = vocabulary_of(system)
    reading = SystemReader(source, vocabulary)
    reading.read(statement, tree)
    try:
        return infer_equation(system, reading.equations[0])
    except TypecheckError as error:
        raise located(source, reading.spans, error) from None


def parse_scalar(text: str, parameters: tuple[str, ...]) -> Expr:
    """Return an expression of numbers, known functions and parameters, which stand as entries without indices.

    Raises NotationError.

    >>> parse_scalar("t^2", ("t",)).base
    Indexed(tensor='t', indices=(), guarded=False)
    """
    source, statement, tree = _single(text, "expression", parameters)
    vocabulary = Vocabulary(ranks=dict.fromkeys(parameters, 0))
    value: Expr = Converter(source, statement.offset, vocabulary).convert(tree)
    try:
        check_calls([n for n in walk(value) if isinstance(n, Call)], ARITY, (), Location("expression"))
    except TypecheckError as error:
        raise located(source, _whole(statement), error) from None
    return value


def _single(
    text: str, rule: str, known: Sequence[str], around: Surroundings | None = None
) -> tuple[Source, Statement, Tree[Token]]:
    source = read_source(text, around)
    statements = split(source)
    check_letters(source, known)
    if len(statements) != 1:
        place = statements[1].offset if statements else 0
        raise source.error(f"one {rule} is expected here, not {len(statements)} statements", place)
    if statements[0].keyword:
        raise source.error(f"a '{statements[0].keyword}' line cannot stand here", 0, expected=f"one {rule}")
    return source, statements[0], parse_statement(source, statements[0], rule)


def _whole(statement: Statement) -> Mapping[tuple[str, int], Span]:
    start, end = statement.offset, statement.offset + len(statement.body)
    return {("expression", -1): Span(start, start - 1, end)}


def located(source: Source, spans: Mapping[tuple[str, int], Span], error: TypecheckError) -> NotationError:
    """Return an error of the system as one of its text, with a caret under the symbol."""
    span = spans[error.statement, error.number]
    tensor, count = error.behind
    if tensor:
        start = _find(source, span, tensor, error.side, count)
        span = replace(span, equal=start) if source.text.startswith(tensor, start) else span
    position = _find(source, span, error.symbol, error.side)
    advice = error.advice
    if not advice and re.compile(rf"{re.escape(error.symbol)}(?!\s*[\[?\w])").match(source.text, position):
        advice = rank_advice(spot_of(source, position))
    return source.error(error.what, position, expected=error.expected, advice=advice)


def _find(source: Source, span: Span, symbol: str, side: str, count: int = 0) -> int:
    """Return where a symbol stands in a span: on the side of its = that is meant, else anywhere, else its start.

    With a count it is so many of the same behind the first.
    """
    if isinstance(symbol, Tensor) and symbol.superscript:
        symbol = symbol.name
    start, end = (span.equal + 1, span.end) if side == "value" and span.equal < span.end else (span.start, span.equal)
    if not symbol:
        return start
    text = re.sub(r"#[^\n]*", lambda comment: " " * len(comment[0]), source.text[: span.end])
    upper, lower = symbol.sides if isinstance(symbol, Derivative) else (symbol, "")
    plain = rf"(?:(?<=[Σ∑]_)|(?<![\w])){re.escape(symbol)}(?!\w)"
    derivative = rf"{re.escape(upper)}\s*+(?:\[[^\]]*+\])?+\s*+/\s*+{re.escape(lower)}"
    pattern = re.compile(derivative if lower else plain)
    subscript = re.compile(rf"(?:(?<=_)|(?<=_\{{)|(?<!\w)){re.escape(symbol)}(?=_|\W|$)")
    found = (
        next(islice(pattern.finditer(text, start, end), count, None), None)
        or pattern.search(text, span.start, span.end)
        or subscript.search(text, start, end)
        or subscript.search(text, span.start, span.end)
    )
    return found.start() if found else start
