"""All paths as text for a terminal and as a piece of a web page: the largest, their factors, and what they add up to.

Text and page say the same sentences; nothing is calculated here but running sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import accumulate
from typing import TYPE_CHECKING

from chainrule.explanation.numbers import column_text, number_text, percent_text

if TYPE_CHECKING:
    from chainrule.explanation.paths.summary import EntryPath, LinkSummary, Paths

FACTORS_SHOWN = 3
"""Of how many paths the factors are shown; only of one where they are many."""
_LONGEST_COUNT = 10**24
_LONGEST_CHAIN = 9
_HEADINGS = ("", "path", "product", "share", "running sum")


def routes_text(found: Paths) -> str:
    """Return the paths as lines of text."""
    lines = [_title(found)]
    if found.top:
        lines += ["", *_aligned(_rows(found), left=1), ""]
        for path in _detailed(found):
            lines += [f"  {_chain(path)}", *_aligned(_factor_rows(path), left=0), ""]
    lines += [f"  {sentence}" for sentence in sentences(found)]
    return "\n".join(lines)


def routes_html(found: Paths) -> str:
    """Return the paths as HTML: plain tables, all text escaped."""
    pieces = [f"<p><b>{escape(_title(found))}</b></p>"]
    if found.top:
        pieces.append(_html_table(_rows(found)))
        for path in _detailed(found):
            pieces += [f"<p>{escape(_chain(path))}</p>", _html_table(_factor_rows(path))]
    pieces += [f"<p>{escape(sentence)}</p>" for sentence in sentences(found)]
    return f"<div>{''.join(pieces)}</div>"


def count_text(count: int) -> str:
    """Return how many there are: all digits of numbers that can be read, a power of ten for others.

    >>> count_text(12), count_text(1234567), count_text(10**30)
    ('12', '1,234,567', 'about 1.000e30')
    """
    if count < _LONGEST_COUNT:
        return f"{count:,}"
    digits = str(count)
    return f"about {digits[0]}.{digits[1:4]}e{len(digits) - 1}"


def sentences(found: Paths) -> Iterator[str]:
    """Say how many paths there are, what they add up to, what cancels, and which factors are 0."""
    if not found.count:
        yield f"No path leads to {found.cost}: {found.name} is 0 whatever the numbers are."
        return
    hidden = found.nonzero - len(found.top)
    if found.top and hidden > 0:
        shown = "The largest product is" if len(found.top) == 1 else f"The {len(found.top)} largest add up to"
        those = f"the other {count_text(hidden)}" if hidden > 1 else "the other one"
        yield f"{shown} {number_text(found.total - found.rest)}, {those} to {number_text(found.rest)}."
    dead = found.count - found.nonzero
    if dead:
        yield f"{count_text(dead)} of {count_text(found.count)} paths {'has' if dead == 1 else 'have'} a factor 0:"
        yield from (f"  {text}" for link in found.links if link.zeros for text in _zero_texts(link))
    if found.positive > 0 and found.negative < 0:
        yield (
            f"Positive products give {number_text(found.positive)}, negative ones {number_text(found.negative)}: |sum| "
            f"is {percent_text(abs(found.total) / found.magnitude)} of Σ|products|, the rest cancels."
        )
    if found.total != found.total or abs(found.total) == float("inf"):
        yield f"These products overflow at such numbers; the backward pass gives {number_text(found.value)}."
    else:
        yield f"Total of all paths: {number_text(found.total)}. The backward pass gives {_given(found)}."


def _given(found: Paths) -> str:
    difference = abs(found.total - found.value)
    same = f"the same, {found.name} = {number_text(found.value)}"
    return f"{same}, to the last digit" if difference == 0 else f"{same}, up to a rounding of {difference:.0e}"


def _title(found: Paths) -> str:
    number = "1 path" if found.count == 1 else f"{count_text(found.count)} paths" if found.count else "no path"
    return f"{number} from {found.start} to {found.cost}; {found.name} is the sum of their products"


def _zero_texts(link: LinkSummary) -> Iterator[str]:
    edges = f"{link.name} = {link.formula}" if link.formula != link.name else link.name
    for number, reason in link.reasons:
        yield f"{count_text(number)} of {count_text(link.edges)} {edges}: {reason}"


def _rows(found: Paths) -> list[tuple[str, ...]]:
    products = [path.product for path in found.top]
    running = column_text(list(accumulate(products)))
    shares = [share_text(found.share(path)) for path in found.top]
    chains = [_chain(path) for path in found.top]
    numbers = [str(n) for n in range(1, len(chains) + 1)]
    rows = zip(numbers, chains, column_text(products), shares, running, strict=True)
    return [_HEADINGS, *rows]


def _factor_rows(path: EntryPath) -> list[tuple[str, ...]]:
    rows = [(f"{factor.name} = {factor.formula}", number_text(factor.value)) for factor in path.factors]
    return [*rows, ("product", number_text(path.product))]


def _detailed(found: Paths) -> tuple[EntryPath, ...]:
    return found.top[: 1 if len(found.top[0].entries) > _LONGEST_CHAIN else FACTORS_SHOWN]


def _chain(path: EntryPath) -> str:
    """Return the entries of a path; of a long one the first and the last."""
    entries: Sequence[str] = path.entries
    if len(entries) > _LONGEST_CHAIN:
        half = _LONGEST_CHAIN // 2
        entries = (*entries[:half], "…", *entries[-half:])
    return " → ".join(entries)


def share_text(share: float) -> str:
    """Return a share of the total in percent, with its sign.

    >>> share_text(0.314), share_text(-1.5), share_text(float("nan"))
    ('31 %', '−150 %', '')
    """
    if share != share:
        return ""
    return ("−" if share <= -1e-4 else "") + percent_text(abs(share))


def _aligned(rows: Sequence[tuple[str, ...]], left: int) -> Iterator[str]:
    """Yield rows with their columns aligned to the right, but for the column `left`."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            f"{cell:<{width}}" if column == left else f"{cell:>{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "    " + "   ".join(cells).rstrip()


def _html_table(rows: Iterable[tuple[str, ...]]) -> str:
    cells = ("".join(f'<td style="padding:0 0.8em">{escape(cell)}</td>' for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
