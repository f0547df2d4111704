"""The tables of the grammar that chainrule comes with are those that lark makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lark import Lark
from lark.exceptions import UnexpectedInput

import chainrule.notation.syntax
from chainrule.notation.syntax import STARTS, grammar_text
from chainrule.notation.tables import grammar_of, tables_text

FILE = Path(chainrule.notation.syntax.__file__).with_name("tables.json")
TEXTS = [
    "a[k] = exp(z[k])/(sum(m) exp(z[m]))",
    "∂C/∂z[j] = a[j]·(1 − a[j])·Σ_k W[k,j]·∂C/∂z2[k] # the rest",
    "C = where(x[i] <= 3 and not (y = 2), |x[i]|^2, max_{i, j < 4} x?[i-1])",
    "a[k] = sum(",
    "a[k] = $",
    "a[k] = b[k] c[k]",
]


@pytest.fixture(scope="module")
def made() -> Lark:
    return grammar_of(grammar_text(), STARTS, None)


def test_the_tables_are_those_of_the_grammar_and_of_this_lark(rewrites: bool) -> None:
    text = tables_text(grammar_text(), STARTS)
    if rewrites:
        FILE.write_text(text, encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == text, "pytest tests/golden --rewrite-golden writes the tables anew"


def outcome(grammar: Lark, text: str) -> Any:
    try:
        return grammar.parse(text, start="equation")
    except UnexpectedInput as error:
        return type(error), error.pos_in_stream


@pytest.mark.parametrize("text", TEXTS)
def test_ready_tables_read_as_those_made_anew(text: str, made: Lark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.notation.tables._made", lambda text, starts: pytest.fail("made anew"))
    ready = grammar_of(grammar_text(), STARTS, FILE.read_bytes())
    assert outcome(ready, text) == outcome(made, text)


CHANGES: list[dict[str, Any]] = [
    {"lark": "0.0.1"},
    {"grammar": "of another"},
    {"starts": ["equation"]},
    {"memo": []},
    {"states": [{"one": 2}]},
    {"parser": 3},
    {"options": None},
]


@pytest.mark.parametrize("tables", [None, b"", b"{", b"\xff", b"[]", b"{}"])
def test_without_tables_they_are_made_anew(tables: bytes | None, made: Lark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.notation.tables._made", lambda text, starts: made)
    assert grammar_of(grammar_text(), STARTS, tables) is made


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_tables_that_do_not_fit_are_made_anew(
    change: dict[str, Any], made: Lark, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never an error, and never a parser of something else."""
    monkeypatch.setattr("chainrule.notation.tables._made", lambda text, starts: made)
    tables = json.dumps({**json.loads(FILE.read_bytes()), **change}).encode()
    assert grammar_of(grammar_text(), STARTS, tables) is made
