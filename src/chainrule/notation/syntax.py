"""One statement as a tree: the LALR grammar, read once per process, and syntax errors in plain words.

Which words open which statement is decided here; what the trees mean, in `convert` and `statements`.
"""

from __future__ import annotations

import re
from functools import cache
from pkgutil import get_data

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from chainrule.errors import NotationError
from chainrule.notation.advice import syntax_advice
from chainrule.notation.fields import spot_of
from chainrule.notation.source import Source, Statement
from chainrule.notation.tables import grammar_of

RULES = {
    "": "equation",
    "data": "declarations",
    "param": "declarations",
    "const": "constants",
    "index": "indices",
    "given": "given",
    "batch": "batch",
    "abstract": "abstract",
    "cost": "cost",
    "def": "definition",
    "update": "equation",
    "state": "constants",
}
"""The rule of the grammar for each word that opens a statement; an equation has none."""

STARTS = (*dict.fromkeys(RULES.values()), "expression")
"""What a text may be read as."""

SHAPES = {
    "": "z[j] = sum(i) W[j,i]*x[i]",
    "data": "data x[i], y[k]",
    "param": "param W[j,i], b[j]",
    "const": "const eps = 1e-5",
    "index": "index i = 784",
    "given": "given sum(k) y[k] = 1",
    "batch": "batch n",
    "abstract": "abstract a[k](z[j])",
    "cost": "cost C = sum(k) y[k]^2",
    "def": "def swish(t) = t*sigmoid(t)",
    "update": "update W[j,i] = W[j,i] - eta*∂C/∂W[j,i]",
    "state": "state v[j,i] = 0",
}
"""What a statement of each kind looks like."""


@cache
def _grammar() -> Lark:
    return grammar_of(grammar_text(), STARTS, _file("tables.json"))


def grammar_text() -> str:
    """Return the grammar of the notation."""
    return (_file("grammar.lark") or b"").decode("utf-8")


def _file(name: str) -> bytes | None:
    try:
        return get_data("chainrule.notation", name)
    except OSError:
        return None


def parse_statement(source: Source, statement: Statement, rule: str = "") -> Tree[Token]:
    """Return the tree of a statement. Raises NotationError that points at what cannot be read."""
    try:
        return _grammar().parse(statement.body, start=rule or RULES[statement.keyword])
    except UnexpectedInput as error:
        raise _syntax_error(source, statement, error, bool(rule)) from None


_ENTRY = r"∂\s*[^\W\d]\w*(?:\[[^\[\]]*\])?"
_TWO_DERIVATIVES = re.compile(rf"(?P<first>{_ENTRY}\s*/\s*{_ENTRY})\s*(?P<second>{_ENTRY}\s*/\s*{_ENTRY})")
"""∂h/∂g[k] ∂g[k]/∂x[j], of which the grammar reads the first three as one derivative of second order."""


def _syntax_error(source: Source, statement: Statement, error: UnexpectedInput, expression: bool) -> NotationError:
    body = re.sub(r"#[^\n]*", lambda comment: " " * len(comment[0]), statement.body).rstrip()
    position: int | None = getattr(error, "pos_in_stream", None)
    ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    place = len(body) if ended or position is None else position
    beside = _TWO_DERIVATIVES.search(body)
    if beside and beside.end("first") <= place:
        start, advice = beside.start("second"), f"Between factors stands a *: {beside['first']}*{beside['second']}"
        return source.error("'∂' cannot stand here", statement.offset + start, advice=advice)
    if ended:
        what = "the statement ends too early"
    elif isinstance(error, UnexpectedToken):
        what = f"'{error.token}' cannot stand here"
    else:
        what = f"'{body[place]}' cannot stand here"
    advice = syntax_advice(spot_of(source, statement.offset + place, statement.keyword))
    if not advice and not expression:
        advice = f"Such a statement reads, for example: {SHAPES[statement.keyword]}"
    return source.error(what, statement.offset + place, advice=advice)
