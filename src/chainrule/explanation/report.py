"""An explanation as text for a terminal: the equation, one table for each sum, and what they add up to.

Columns are aligned to the right; all words come from `tables`. Told is why there is a sum, or why none is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from chainrule.explanation.numbers import number_text, product_text
from chainrule.explanation.opening import OpenedSum, Part
from chainrule.explanation.tables import (
    Table,
    rest_sentences,
    sum_sentence,
    table_of,
    zero_sentences,
)

if TYPE_CHECKING:
    from chainrule.explanation.result import Explanation

SHARE = "Each product is the share of one path, not the whole derivative: different shares are added up."


def explanation_text(explanation: Explanation) -> str:
    """Return the explanation as lines of text."""
    lines = [explanation.equation, ""]
    for part in explanation.parts:
        lines += _part_lines(part, explanation)
    if len(explanation.parts) > 1:
        added = " + ".join(number_text(part.value) for part in explanation.parts).replace("+ −", "− ")
        lines += [f"{explanation.name} = {added} = {number_text(explanation.value)}"]
    elif explanation.has_sum:
        lines += [f"{explanation.name} = {number_text(explanation.value)}"]
    if not explanation.has_sum and explanation.paths:
        lines += ["", "No sum is left in this equation; the chain rule begins with one."]
    if not explanation.paths and explanation.value == 0 and not explanation.has_sum:
        lines += [f"No path leads to the cost: {explanation.name} is 0 whatever the numbers are."]
    if explanation.paths and (explanation.shows_paths or not explanation.has_sum):
        lines += ["", *_path_lines(explanation)]
    if explanation.routes is not None:
        lines += ["", *str(explanation.routes).splitlines()]
    return "\n".join(line for n, line in enumerate(lines) if line or (n and lines[n - 1]))


def closing_sentences(part: Part) -> list[str]:
    """Say what becomes of the sums of a part: the factors before them, and its value."""
    if not part.direct:
        value = number_text(part.value)
        steps = [product_text(part.factors)] if len(part.factors) > 1 else []
        return [] if part.text == value else [" = ".join((part.text, *steps, value))]
    zero = [cause.text for cause in part.causes if cause.values.size and not cause.values.any()]
    if zero:
        return [f"Before the sum stands {zero[0]}, which is 0: so the product is 0, whatever the sum is."]
    number = number_text(part.before_value)
    texts = [number if part.before == number else f"{part.before} = {number}"] if part.before else []
    texts += [f"{other.text} = {number_text(other.total)}" for other in part.direct[1:]]
    return [f"Times {' and '.join(texts)} gives {number_text(part.value)}."] if texts else []


def paths_heading(explanation: Explanation) -> list[str]:
    """Say what the sum over all paths is, before anything is simplified."""
    shares = " + ".join(path.opened.text for path in explanation.paths).replace("+ −", "− ")
    cost = explanation.name.removeprefix("∂").partition("/")[0]
    own = explanation.name.partition("/∂")[2]
    ways = [path.through for path in explanation.paths if path.through]
    itself = f", and reads {own} itself" if len(ways) < len(explanation.paths) else ""
    why = f"{cost} depends on {own} through {' and '.join(ways)}{itself}, one product a path:"
    return [f"Before anything is simplified: {why}", f"{explanation.name} = {shares}"]


def paths_closing(explanation: Explanation) -> list[str]:
    """Say that the paths give the same number, and what each product is."""
    total = explanation.paths_total
    lines = []
    if len(explanation.paths) > 1:
        added = " + ".join(number_text(path.opened.total) for path in explanation.paths).replace("+ −", "− ")
        lines.append(f"All paths together: {added} = {number_text(total)}.")
    if total != total or total in {float("inf"), float("-inf")}:
        lines.append("These products overflow at such numbers; the simplified equation does not.")
    elif any(path.opened.terms.size > 1 for path in explanation.paths):
        lines.append(f"{SHARE} They give the same number, {number_text(total)}.")
    return lines


def _part_lines(part: Part, explanation: Explanation) -> Iterator[str]:
    if len(explanation.parts) > 1 and part.sums:
        yield from ("", f"{part.text}:")
    for opened in part.sums:
        if len(part.sums) > 1 or not opened.direct:
            yield f"  {opened.text}:"
        yield from _table_lines(opened, explanation.top, explanation.quantiles)
    yield from (f"  {line}" for line in closing_sentences(part))
    if part.sums:
        yield ""


def _path_lines(explanation: Explanation) -> Iterator[str]:
    yield from paths_heading(explanation)
    for path in explanation.paths:
        yield from ("", *([f"  {path.local}"] if path.local else []))
        if path.opened.indices:
            yield from _table_lines(path.opened, explanation.top, explanation.quantiles, path.reason)
        else:
            yield f"  {_single(path.opened)}"
    yield ""
    yield from paths_closing(explanation)


def _single(opened: OpenedSum) -> str:
    """Return the product of a single path as one line of numbers."""
    if len(opened.factors) == 1:
        return f"{opened.text} = {number_text(opened.total)}"
    numbers = product_text([float(factor.values) for factor in opened.factors])
    return f"{opened.text} = {numbers} = {number_text(opened.total)}"


def _table_lines(opened: OpenedSum, top: int, levels: Sequence[float], delta_reason: str = "") -> Iterator[str]:
    table = table_of(opened, top)
    if table.rows:
        yield from _aligned(table)
    sentences = [*zero_sentences(opened, delta_reason), *rest_sentences(opened, top, levels), sum_sentence(opened)]
    yield from (f"  {sentence}" for sentence in sentences if sentence)


def _aligned(table: Table) -> Iterator[str]:
    lines = [table.headings, *table.rows, *([table.rest] if table.rest else [])]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.headings))]
    for line in lines:
        yield "    " + "   ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
