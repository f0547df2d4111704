"""What is said of all paths: the largest, their factors, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from chainrule.explanation.paths.entry_paths import EntryPath, LinkSummary
from chainrule.render.document import Cell, Group, Heading, Inline, Line, Share, Table, Words, joined, words
from chainrule.render.formula import ShownFormula, equal

FACTORS_SHOWN = 3
"""Of how many paths the factors are shown; only of one where they are many."""
_LONGEST_COUNT = 10**24
_LONGEST_CHAIN = 9
_HEADINGS = ("", "path", "product", "share", "running sum")


def title(derivative: ShownFormula, start: ShownFormula, cost: ShownFormula, count: int) -> Heading:
    """Say from where to where how many paths lead."""
    number = "1 path" if count == 1 else f"{count_text(count)} paths" if count else "no path"
    return Heading(words(number, " from ", start, " to ", cost, "; ", derivative, " is the sum of their products"))


def largest_groups(paths: tuple[EntryPath, ...], total: float) -> Iterator[Group]:
    """Yield the table of the largest paths, and the factors of the first of them."""
    products = [path.product for path in paths]
    rows: Iterator[tuple[Cell, ...]] = zip(
        range(1, len(paths) + 1),
        map(_chain, paths),
        products,
        (_share(product, total) for product in products),
        accumulate(products),
        strict=True,
    )
    yield Group((Table(_HEADINGS, tuple(rows), left=(1,)),), indent=2, apart=True)
    for path in paths[: 1 if len(paths[0].chain) > _LONGEST_CHAIN else FACTORS_SHOWN]:
        factors = [(equal(factor.derivative, factor.expression), factor.value) for factor in path.factors]
        table = Table((), (*factors, ("product", path.product)), left=(0,), unlike=True)
        yield Group((Line(_chain(path)), table), role="path", indent=2, apart=True)


def count_text(count: int) -> str:
    """Return how many there are: all digits of numbers that can be read, a power of ten for others.

    >>> count_text(12), count_text(1234567), count_text(10**30)
    ('12', '1,234,567', 'about 1.000e30')
    """
    if count < _LONGEST_COUNT:
        return f"{count:,}"
    digits = str(count)
    return f"about {digits[0]}.{digits[1:4]}e{len(digits) - 1}"


def others_sentence(shown: int, hidden: int, total: float, rest: float) -> Words:
    """Say what the paths that are shown add up to, and what the others do."""
    largest = "The largest product is " if shown == 1 else f"The {shown} largest add up to "
    those = f", the other {count_text(hidden)} to " if hidden > 1 else ", the other one to "
    return words(largest, total - rest, those, rest, ".")


def zero_lines(count: int, dead: int, links: tuple[LinkSummary, ...]) -> Iterator[Line | Group]:
    """Say how many paths have a factor 0, and why."""
    yield Line((f"{count_text(dead)} of {count_text(count)} paths {'has' if dead == 1 else 'have'} a factor 0:",))
    yield Group(tuple(Line(said) for link in links if link.zeros for said in _zeros(link)), indent=2)


def cancelling_sentence(positive: float, negative: float, total: float, magnitude: float) -> Words:
    """Say how much of the products cancels."""
    both = words("Positive products give ", positive, ", negative ones ", negative, ": ")
    return words(both, "|sum| is ", Share(abs(total) / magnitude), " of Σ|products|, the rest cancels.")


def total_sentence(derivative: ShownFormula, total: float, value: float) -> Words:
    """Say that the total is the derivative."""
    if total != total or abs(total) == float("inf"):
        return words("These products overflow at such numbers; the backward pass gives ", value, ".")
    difference = abs(total - value)
    close = ", to the last digit" if difference == 0 else f", up to a rounding of {difference:.0e}"
    same = words("The backward pass gives the same, ", derivative, " = ", value, close, ".")
    return words("Total of all paths: ", total, ". ", same)


def _zeros(link: LinkSummary) -> Iterator[Words]:
    own = str(link.expression) == str(link.derivative)
    edges = link.derivative if own else equal(link.derivative, link.expression)
    for number, why in link.causes:
        yield words(f"{count_text(number)} of {count_text(link.edges)} ", edges, ": ", why)


def _chain(path: EntryPath) -> Words:
    """Return the entries of a path; of a long one the first and the last."""
    entries: tuple[Inline, ...] = path.chain
    if len(entries) > _LONGEST_CHAIN:
        half = _LONGEST_CHAIN // 2
        entries = (*entries[:half], "…", *entries[-half:])
    return joined(entries, " → ")


def _share(product: float, total: float) -> Cell:
    """Return a path's part of the total; with products of both signs it can be above 1, or below 0."""
    share = product / total if total else float("nan")
    return "" if share != share else Share(share)
