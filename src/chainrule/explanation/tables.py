"""The table of an opened sum: which rows are shown, what their cells say, and the sentences below it.

Rows are the largest terms first, with the running sum; smaller ones are one row together, those that are 0 a sentence
with the reason. Text and web page print the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.explanation.numbers import column_text, number_text, percent_text
from chainrule.explanation.opening import OpenedSum, Zeros

PLACES_SHOWN = 6
QUARTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Table:
    """Cells as text, a heading for each column; `rest` is the row of all smaller terms together, or empty.

    The first `labels` columns are indices. `sizes` are the terms of the rows, for whoever draws them.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    rest: tuple[str, ...]
    labels: int
    sizes: tuple[float, ...]


def table_of(opened: OpenedSum, top: int) -> Table:
    """Return the table of the `top` largest terms of a sum."""
    shown = opened.largest(rows_shown(opened, top))
    places = np.unravel_index(shown, opened.terms.shape) if opened.indices else ()
    terms = opened.terms.reshape(-1)
    running = np.cumsum(terms[shown])
    several = len(opened.factors) > 1
    columns = [[str(int(n)) for n in place] for place in places]
    if several:
        for factor in opened.factors:
            values = np.broadcast_to(factor.values, opened.terms.shape).reshape(-1)
            columns.append(column_text([float(v) for v in values[shown]]))
    left = opened.nonzero - len(shown)
    columns += [column_text([float(v) for v in terms[shown]]), column_text([float(v) for v in running])]
    headings = [*opened.letters, *(f.text for f in opened.factors)] if several else [*opened.letters]
    headings += ["product" if several else opened.factors[0].text, "running sum"]
    blanks = ("",) * (len(headings) - 3)
    rest = ("…", *blanks, number_text(opened.residual(len(shown))), number_text(opened.sum)) if left else ()
    return Table(
        tuple(headings), tuple(zip(*columns, strict=True)), rest, len(opened.letters), tuple(map(float, terms[shown]))
    )


def rows_shown(opened: OpenedSum, top: int) -> int:
    """Return how many terms have a row: the largest, and a single one that would be left."""
    return opened.nonzero if opened.nonzero <= max(1, top) + 1 else max(1, top)


def rest_sentences(opened: OpenedSum, top: int, levels: Sequence[float] = ()) -> list[str]:
    """Say how many terms the last row holds, and the quantiles: of the levels given, else quartiles if it holds any."""
    left = opened.nonzero - rows_shown(opened, top)
    said = [f"… stands for {left} smaller terms together."] if left else []
    shown = tuple(levels) or (QUARTILES if left else ())
    found = opened.quantiles(shown) if shown else ()
    if found:
        each = ", ".join(f"{_level_text(q)} {n}" for q, n in zip(shown, column_text(found), strict=True))
        terms = "terms" if opened.nonzero == opened.terms.size else "terms that are not 0"
        said.append(f"Quantiles of the {opened.nonzero} {terms}: {each}.")
    return said


def _level_text(level: float) -> str:
    return {0.0: "smallest", 0.5: "median", 1.0: "largest"}.get(level) or f"{100 * level:.4g} %"


def zero_sentences(opened: OpenedSum, delta_reason: str = "") -> list[str]:
    """Say how many terms are 0, and which factor makes them so."""
    return [_zero_sentence(opened, zeros, delta_reason) for zeros in opened.zeros]


def sum_sentence(opened: OpenedSum) -> str:
    """Say what the terms add up to, and how much of them cancels."""
    count = opened.terms.size
    if count == 0:
        return "The sum has no terms: it is 0."
    counted = "1 term" if count == 1 else f"{count} terms"
    text = f"Sum of {counted}: {number_text(opened.sum)}."
    terms = opened.terms
    if (terms > 0).any() and (terms < 0).any() and opened.magnitude > 0:
        above, below = float(terms[terms > 0].sum()), float(terms[terms < 0].sum())
        share = percent_text(abs(opened.sum) / opened.magnitude)
        text += (
            f" Positive ones give {number_text(above)}, negative ones {number_text(below)}: "
            f"|sum| is {share} of Σ|terms|, the rest cancels."
        )
    elif opened.nonzero > 1:
        text += " All have one sign, so nothing cancels."
    if opened.divisor != 1:
        text += f" Their mean is {number_text(opened.total)}."
    return text


def _zero_sentence(opened: OpenedSum, zeros: Zeros, delta_reason: str) -> str:
    count, all_terms = len(zeros.places), opened.terms.size
    those = f"{count} of {all_terms} terms {'is' if count == 1 else 'are'} 0"
    if zeros.cause is None:
        return f"{those}: the product is too small for a floating-point number."
    if zeros.cause.delta and delta_reason:
        return f"{those}: {zeros.cause.text} is {delta_reason}."
    if zeros.cause.delta:
        return f"{those}: {zeros.cause.text}, a Kronecker delta, is 0{_where(opened, zeros)}."
    reason = f": {zeros.cause.reason}" if zeros.cause.reason else ""
    return f"{those}: {zeros.cause.text} is 0{_where(opened, zeros)}{reason}."


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
