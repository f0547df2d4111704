"""What is shown of a result, as data: seven kinds of node, and a writer each for terminal, web page and JSON.

A result returns a document and knows no writer. Formulas stay layouts and numbers stay numbers in it: which characters,
how many digits and how wide is the writer's matter. What a document says, all writers say.
"""

from __future__ import annotations

from typing import TypeAlias

from chainrule.expr.frozen import frozen
from chainrule.render.formula import ShownFormula


@frozen
class Share:
    """A part of a whole: 0.31 is 31 %."""

    value: float


@frozen
class Among:
    """One of several numbers that share their decimals: the one at a place."""

    numbers: tuple[float, ...]
    place: int

    @property
    def value(self) -> float:
        """The number."""
        return self.numbers[self.place]


@frozen
class Added:
    """A number that is added to what stands before it: + 0.5, or − 0.5 where it is negative."""

    value: float


Inline: TypeAlias = str | int | float | Added | Among | Share | ShownFormula
"""A piece of a line. A float is a value, written with about five digits; an int is a count or an index."""
Words: TypeAlias = tuple[Inline, ...]


@frozen
class Heading:
    """A line that stands out: what this is about, or what came of it."""

    words: Words


@frozen
class Line:
    """A line or a sentence; one that is kept `whole` is not broken, however long it is."""

    words: Words
    whole: bool = False


@frozen
class Note:
    """A sentence on what stands above it."""

    words: Words


@frozen
class Bar:
    """The size of a row's number relative to the largest one of its table, from −1 to 1; only drawn, never written."""

    share: float


Cell: TypeAlias = Inline | Words | Bar


@frozen
class Table:
    """Rows of cells below headings, which may be missing; `rest` is one row for all that have none of their own.

    The numbers of a column share their decimals, unless they are `unlike`. Columns are aligned to the right, those in
    `left` to the left.
    """

    headings: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    rest: tuple[Cell, ...] = ()
    left: tuple[int, ...] = ()
    unlike: bool = False


@frozen
class Group:
    """Nodes that belong together. `role` says to programs what they are: "step", "paths".

    `label` is the number of an item. In text the nodes stand further in by `indent`, with a blank line before and after
    the group where it is set `apart`.
    """

    nodes: tuple[Node, ...]
    role: str = ""
    label: str = ""
    indent: int = 0
    apart: bool = False


Node: TypeAlias = Heading | Line | ShownFormula | Table | Note | Bar | Group


def words(*parts: Inline | Words) -> Words:
    """Return pieces and words as one line of words.

    >>> words("Sum of ", 3, (" terms: ", 0.25), ".")
    ('Sum of ', 3, ' terms: ', 0.25, '.')
    """
    return tuple(piece for part in parts for piece in (part if isinstance(part, tuple) else (part,)))


def joined(parts: tuple[Inline | Words, ...], separator: str) -> Words:
    """Return the parts with a separator between them."""
    return words(*(piece for n, part in enumerate(parts) for piece in ((separator, part) if n else (part,))))


def added_numbers(values: tuple[float, ...]) -> Words:
    """Return numbers as a sum: 0.5 − 0.25.

    >>> added_numbers((0.5, -0.25, 2.0))
    (0.5, Added(value=-0.25), Added(value=2.0))
    """
    first, *others = values
    return (first, *map(Added, others))


def multiplied_numbers(values: tuple[float, ...]) -> Words:
    """Return numbers as a product, negative ones in parentheses: 0.5·(−2)."""
    return joined(tuple(value if value >= 0 else ("(", value, ")") for value in values), "·")


def sentences(*said: Words) -> tuple[Line, ...]:
    """Return a line for each of what is said."""
    return tuple(Line(one) for one in said if one)
