"""Advice for text that cannot be read: what people write who come from elsewhere, and what is not there yet.

Each entry is a pattern around the place of the error and a sentence; the first that fits is shown. Nothing is repaired.
"""

from __future__ import annotations

import re

from chainrule.errors import NotationError
from chainrule.notation.source import KEYWORDS, Source, Statement
from chainrule.system.places import did_you_mean

RESERVED = frozenset(
    (
        *KEYWORDS,
        "sum",
        "mean",
        "max",
        "min",
        "prod",
        "onehot",
        "where",
        "extent",
        "and",
        "or",
        "not",
        "pi",
        "det",
        "inv",
    )
)
"""Words of the notation; nothing else can have them as its name."""

_REDUCTION = r"\b(?:sum|mean|max|min|prod)\s*"
_LARGER = "The larger of two numbers is maximum(a, b); max(i) x[i] reduces over i."
_TABLE: tuple[tuple[str, str, str], ...] = (
    (r"\w$", r"[₀-₉]", "Names have plain digits: z1"),
    (r"\*\s*$", r"\*", "A power is written x^2."),
    (r"=\s*$", r"=", "Equality is written with one =."),
    (r"", r"@", "Write the sum out: sum(j) W[i,j]*x[j]"),
    (
        r"",
        r"&|\||(?:and|or|not)\b",
        "In brackets conditions are joined, [i < j and j < k]; two facts are two given lines.",
    ),
    (r"", r"!|~", "The opposite of a condition is written [not i = j], or [i != j]."),
    (r"\b(?:max|min)\s*\([^()]*,[^()]*\)\s*$|\b(?:max|min)\s*\([^()]*$|\b(?:max|min)\s*$", r"", _LARGER),
    (rf"{_REDUCTION}\([^()]*\)\s*$|[Σ∑]\S*\s*$", r"", "What is reduced stands behind: sum(i) x[i]"),
    (rf"{_REDUCTION}\([^()]*\w\s*$", r"<=|≤", "A range is bounded by the number it stays below: sum(u<3) x[u]"),
    (rf"{_REDUCTION}\([^()]*<\s*$", r"=", "A range is bounded by the number it stays below: sum(u<3) x[u]"),
    (rf"{_REDUCTION}(?:\([^()]*)?$", r"", "A reduction names its indices: sum(i) x[i]"),
    (r"\bwhere\s*\(.*$", r"\)", "A choice has a condition and two values: where(x > 0, a, b)"),
    (
        r"\bwhere\s*\([^,]*$",
        r",",
        "A choice begins with a condition, without brackets: where(t > 0, a, b)",
    ),
    (r"\b(?:sum|mean|max|min|prod)_\w+\s*$", r"", "A reduction names its indices in parentheses: sum(i) x[i]"),
    (r"\[.*$", r"\]", "Brackets that follow no name hold a condition: [x > 0], [i = j]."),
    (r"\[[^\[\]]*$", r":", "There are no slices: an index stands for all of its values."),
    (r"\S\s*$", r"[<>≤≥≠]", "A condition stands in brackets, [x > 0]: 1 where it is true, else 0."),
    (r"\S\s*$", r"=", "An equation has one =, after what it defines; a condition stands in brackets, [i = j]."),
    (r"[\w)\]½']\s*$", r"(?![⁰¹²³⁴-⁹])[^\W\d_]|[(√Σ∑∂½0-9]", "Between factors stands a *: 2*x, a*(b + c)"),
)
"""What stands before the place of an error, what stands there, and what to say."""


def syntax_advice(before: str, after: str) -> str:
    """Return a sentence for a statement that cannot be read at a place, or "".

    >>> syntax_advice("z[j] = 2", "x[j]")
    'Between factors stands a *: 2*x, a*(b + c)'
    >>> syntax_advice("params ", "x[i]")
    'Did you mean param?'
    """
    first_word = re.fullmatch(r"\s*([^\W\d_]+)\s+", before)
    keyword = did_you_mean(first_word[1], KEYWORDS) if first_word else ""
    if keyword:
        return keyword
    for left, right, advice in _TABLE:
        if re.match(right, after) and re.search(left, before):
            return advice
    return ""


def refused_words(source: Source, statement: Statement) -> NotationError:
    """Return the error for a statement that the notation does not have yet."""
    position = statement.offset - len(statement.keyword)
    return not_yet(source, "families of equations, 'for l = 1..L:',", position)


def not_yet(source: Source, construct: str, position: int, advice: str = "") -> NotationError:
    """Return the error for a construct that has its place in the notation but is not there yet."""
    verb = "are" if construct.startswith(("families", "integer", "bounded", "typed")) else "is"
    return source.error(f"{construct} {verb} not part of the notation yet", position, advice=advice)
