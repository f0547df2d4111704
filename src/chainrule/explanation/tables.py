"""The table of an opened sum: which rows are shown, what their cells are, and the sentences below it.

Rows are the largest terms first, with the running sum; smaller ones are one row together, those that are 0 a sentence
with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.explanation.opening import OpenedSum, Zeros
from chainrule.render.document import Among, Bar, Cell, Share, Table, Words, joined, words

PLACES_SHOWN = 6
QUARTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Extract:
    """What is shown of a long sum: the `top` largest terms, and the quantiles of these levels."""

    top: int
    levels: tuple[float, ...] = ()

    def rows(self, opened: OpenedSum) -> int:
        """Return how many terms have a row: the largest, and a single one that would be left."""
        return opened.nonzero if opened.nonzero <= max(1, self.top) + 1 else max(1, self.top)


def sum_table(opened: OpenedSum, extract: Extract) -> Table | None:
    """Return the table of the largest terms of a sum; None if all terms are 0."""
    shown = opened.largest(extract.rows(opened))
    if not len(shown):
        return None
    places = np.unravel_index(shown, opened.terms.shape) if opened.indices else ()
    terms = opened.terms.reshape(-1)[shown]
    several = len(opened.factors) > 1
    columns: list[Sequence[Cell]] = [[int(n) for n in place] for place in places]
    if several:
        for factor in opened.factors:
            values = np.broadcast_to(factor.values, opened.terms.shape).reshape(-1)
            columns.append([float(v) for v in values[shown]])
    largest = float(np.abs(terms).max()) or 1.0
    columns.append([float(v) for v in terms])
    columns.append([float(v) for v in np.cumsum(terms)])
    columns.append([Bar(float(v) / largest) for v in terms])
    headings: list[Cell] = [*opened.letters, *(f.formula for f in opened.factors)] if several else [*opened.letters]
    headings += ["product" if several else opened.factors[0].formula, "running sum", ""]
    blanks = ("",) * (len(headings) - 4)
    left = opened.nonzero - len(shown)
    rest: tuple[Cell, ...] = ("…", *blanks, opened.residual(len(shown)), opened.sum, "") if left else ()
    rows: Iterable[tuple[Cell, ...]] = zip(*columns, strict=True)
    return Table(tuple(headings), tuple(rows), rest)


def rest_sentences(opened: OpenedSum, extract: Extract) -> Iterator[Words]:
    """Say how many terms the last row holds, and the quantiles: of the levels given, else quartiles if it holds any."""
    left = opened.nonzero - extract.rows(opened)
    if left:
        yield words(f"… stands for {left} smaller terms together.")
    shown = extract.levels or (QUARTILES if left else ())
    found = opened.quantiles(shown) if shown else ()
    if found:
        each = tuple(words(f"{_level_text(level)} ", Among(found, place)) for place, level in enumerate(shown))
        terms = "terms" if opened.nonzero == opened.terms.size else "terms that are not 0"
        yield words(f"Quantiles of the {opened.nonzero} {terms}: ", joined(each, ", "), ".")


def _level_text(level: float) -> str:
    return {0.0: "smallest", 0.5: "median", 1.0: "largest"}.get(level) or f"{100 * level:.4g} %"


def zero_sentences(opened: OpenedSum, delta_reason: Words = ()) -> Iterator[Words]:
    """Say how many terms are 0, and which factor makes them so."""
    return (_zero_sentence(opened, zeros, delta_reason) for zeros in opened.zeros)


def sum_sentence(opened: OpenedSum) -> Words:
    """Say what the terms add up to, and how much of them cancels."""
    count = opened.terms.size
    if count == 0:
        return words("The sum has no terms: it is 0.")
    counted = "1 term" if count == 1 else f"{count} terms"
    said = words(f"Sum of {counted}: ", opened.sum, ".")
    terms = opened.terms
    if (terms > 0).any() and (terms < 0).any() and opened.magnitude > 0:
        above, below = float(terms[terms > 0].sum()), float(terms[terms < 0].sum())
        share = Share(abs(opened.sum) / opened.magnitude)
        both = words(" Positive ones give ", above, ", negative ones ", below, ": ")
        said = words(said, both, "|sum| is ", share, " of Σ|terms|, the rest cancels.")
    elif opened.nonzero > 1:
        said = words(said, " All have one sign, so nothing cancels.")
    return said if opened.divisor == 1 else words(said, " Their mean is ", opened.total, ".")


def _zero_sentence(opened: OpenedSum, zeros: Zeros, delta_reason: Words) -> Words:
    count, all_terms = len(zeros.places), opened.terms.size
    those = f"{count} of {all_terms} terms {'is' if count == 1 else 'are'} 0: "
    if zeros.cause is None:
        return words(those, "the product is too small for a floating-point number.")
    what = zeros.cause.what
    if zeros.cause.delta and delta_reason:
        return words(those, what, " is ", delta_reason, ".")
    if zeros.cause.delta:
        return words(those, what, f", a Kronecker delta, is 0{_where(opened, zeros)}.")
    reason = words(": ", zeros.cause.why) if zeros.cause.why else ()
    return words(those, what, f" is 0{_where(opened, zeros)}", reason, ".")


def _where(opened: OpenedSum, zeros: Zeros) -> str:
    """Return the places as text, " at k = 1, 4, 7": a few of them, none if it is everywhere."""
    if not opened.indices or len(zeros.places) == opened.terms.size:
        return ""
    found = np.unravel_index(zeros.places[:PLACES_SHOWN], opened.terms.shape)
    listed = [",".join(str(int(n)) for n in place) for place in zip(*found, strict=True)]
    letters = ",".join(opened.letters)
    more = " …" if len(zeros.places) > PLACES_SHOWN else ""
    if len(opened.letters) > 1:
        listed = [f"({place})" for place in listed]
        letters = f"({letters})"
    return f" at {letters} = {', '.join(listed)}{more}"
