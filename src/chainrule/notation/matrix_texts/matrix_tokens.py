"""Words and signs of matrix notation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.notation.source import Source

RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀ"
_TOKENS = re.compile(
    rf"""
    (?P<skip>\s+|;\s*$|\#[^\n]*)
  | (?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+(?!\w))?)
  | (?P<name>[^\W\d_{RAISED}][^\W{RAISED}]*)
  | (?P<raised>⁻?(?:[ᵀ⊤]|[⁰¹²³⁴⁵⁶⁷⁸⁹]+)|⁻|\.T(?![^\W{RAISED}])|\.?['’′]|\^\s*(?:
      -?\s*[T⊤](?![^\W{RAISED}])|\{{\s*-?\s*(?:[T⊤]|\d{{1,4}})\s*\}}|\(\s*-?\s*[T⊤]\s*\)))
  | (?P<sign>\.\*|\./|\.\^|\*\*|[-−+*·/^@⊙∘⊘(),=])
  | (?P<other>.)
    """,
    re.VERBOSE,
)
_SAME = {"·": "*", "@": "*", "⊙": ".*", "∘": ".*", "⊘": "./", "−": "-"}
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


@dataclass(frozen=True)
class MatrixToken:
    """A word or sign: `kind` is number, name, sign, raised or end, `text` says which, `start` where it stands."""

    kind: str
    text: str
    start: int


def tokens_of(source: Source, body: str, offset: int) -> Iterator[MatrixToken]:
    """Yield the words and signs of a statement, last of all its end. Raises NotationError for others.

    >>> [token.text for token in tokens_of(Source("2 Aᵀ.*B^T"), "2 Aᵀ.*B^T", 0)]
    ['2', 'A', 'T', '.*', 'B', 'T', '']
    """
    end = offset
    for found in _TOKENS.finditer(body):
        kind, text, start = found.lastgroup or "", found[0], offset + found.start()
        if kind == "other" or (kind == "name" and not text.isidentifier()):
            raise _unknown(source, text, start)
        if kind == "skip":
            continue
        end = offset + found.end()
        if kind == "raised":
            text = _raised(text)
            if text == "?":
                raise source.error(f"'{found[0]}' is no power", start, expected="ᵀ, ⁻¹, ⁻ᵀ or a whole number such as ²")
        if kind == "number" and text[0] == ".":
            text = "0" + text
        yield MatrixToken(kind, _SAME.get(text, text), start)
    yield MatrixToken("end", "", end)


def _raised(text: str) -> str:
    """Return which power is meant: T, -1, -T or a number; '?' for none."""
    bare = re.sub(r"[\s^{}().'’′]", "", text) if text[0] in "^." else text
    bare = bare.replace("⊤", "T").replace("ᵀ", "T").translate(_DIGITS)
    if bare in ("", "'", "’", "′"):
        return "T"
    return bare if re.fullmatch(r"T|-T|-?\d+", bare) else "?"


def _unknown(source: Source, text: str, start: int) -> Exception:
    if text == "[":
        return source.error(
            "matrix notation has no entries in brackets",
            start,
            expected="whole vectors and matrices: A*x",
            advice="A text with entries, A[i,j], declares them without the words vector and matrix: param A[i,j]",
        )
    return source.error(f"'{text}' cannot stand here", start, expected="names, numbers, + - * / .* ./ .^ ^ ' ( )")
