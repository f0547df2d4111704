"""What an explanation says: the equation, one table for each sum, what they add up to, and the same over the paths.

Told is why there is a sum, or why none is left. The words of tables are in `tables`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from chainrule.explanation.opening import OpenedSum, Part, PathSum
from chainrule.explanation.tables import Extract, rest_sentences, sum_sentence, sum_table, zero_sentences
from chainrule.render.document import (
    Group,
    Heading,
    Line,
    Node,
    Table,
    Words,
    added_numbers,
    joined,
    multiplied_numbers,
    words,
)
from chainrule.render.formula import ShownFormula, added, equal
from chainrule.render.numbers import number_text

EACH = "Each product is one contribution, not the whole derivative; the contributions differ and add up."


def part_group(part: Part, extract: Extract, *, alone: bool) -> Group:
    """Return one term of the equation with its sums opened; beside others it is named."""
    inner: list[Node] = []
    for opened in part.sums:
        if len(part.sums) > 1 or not opened.direct:
            inner.append(Line(words(opened.formula, ":")))
        inner += _sum_nodes(opened, extract)
    inner += map(Line, _closing(part))
    named = [Line(words(part.formula, ":"))] if part.sums and not alone else []
    return Group((*named, Group(tuple(inner), indent=2)), role="term", apart=bool(part.sums))


def result_heading(derivative: ShownFormula, parts: tuple[Part, ...], value: float) -> Heading:
    """Say what the whole comes to: the sum of its parts where there are several."""
    steps = [added_numbers(tuple(part.value for part in parts))] if len(parts) > 1 else []
    return Heading(joined((derivative, *steps, value), " = "))


def paths_group(
    derivative: ShownFormula,
    ends: tuple[ShownFormula, ShownFormula],
    paths: tuple[PathSum, ...],
    total: float,
    extract: Extract,
) -> Group:
    """Return the sum over all paths before anything is simplified; `ends` are what it is a derivative of and by."""
    shares = equal(derivative, added(*(path.opened.formula for path in paths)))
    each = (_path_group(path, extract) for path in paths)
    closing = map(Line, _paths_closing(paths, total))
    return Group((Line(_why_a_sum(ends, paths)), Line((shares,)), *each, *closing), role="next paths", apart=True)


def _closing(part: Part) -> Iterator[Words]:
    """Say what becomes of the sums of a part: the factors before them, and its value."""
    if not part.direct:
        if str(part.formula) != number_text(part.value):
            steps = [multiplied_numbers(part.factors)] if len(part.factors) > 1 else []
            yield joined((part.formula, *steps, part.value), " = ")
        return
    zero = [cause.what for cause in part.causes if cause.values.size and not cause.values.any()]
    if zero:
        yield words("Before the sum stands ", zero[0], ", which is 0: so the product is 0, whatever the sum is.")
        return
    times: list[Words] = []
    if part.before is not None:
        bare = str(part.before) == number_text(part.before_value)
        times.append((part.before_value,) if bare else words(part.before, " = ", part.before_value))
    times += (words(other.formula, " = ", other.total) for other in part.direct[1:])
    if times:
        yield words("Times ", joined(tuple(times), " and "), " gives ", part.value, ".")


def _why_a_sum(ends: tuple[ShownFormula, ShownFormula], paths: tuple[PathSum, ...]) -> Words:
    """Say what the sum over all paths is, before anything is simplified."""
    cost, own = ends
    between = tuple(path.between for path in paths if path.between)
    itself = words(", and reads ", own, " itself") if len(between) < len(paths) else ()
    through = words(cost, " depends on ", own, " through ", joined(between, " and "), itself)
    several = "; the contributions add up:" if len(paths) > 1 or paths[0].opened.indices else ":"
    return words("By the chain rule: ", through, several)


def _path_group(path: PathSum, extract: Extract) -> Group:
    named = [path.equation] if path.equation else []
    if _one_is_left(path):
        shown: list[Node] = [Line(_left_alone(path))]
    elif path.opened.indices:
        shown = _sum_nodes(path.opened, extract, path.why)
    else:
        shown = [Line(_single(path.opened))]
    return Group((*named, *shown), role="path", indent=2, apart=True)


def _one_is_left(path: PathSum) -> bool:
    """Say whether a Kronecker delta leaves a single term of a sum, of which no table need be made."""
    return bool(path.why) and bool(path.opened.indices) and path.opened.nonzero == 1


def _left_alone(path: PathSum) -> Words:
    """Return the reason why one term is left, without the word for it, and the term in numbers."""
    opened = path.opened
    (place,) = opened.largest(1)
    shape = opened.terms.shape
    numbers = tuple(float(np.broadcast_to(factor.values, shape).reshape(-1)[place]) for factor in opened.factors)
    return words(path.why[1:], ", so one term is left: ", multiplied_numbers(numbers), " = ", opened.total)


def _paths_closing(paths: tuple[PathSum, ...], total: float) -> Iterator[Words]:
    """Say that the paths give the same number, and what each product is."""
    if len(paths) > 1:
        shares = added_numbers(tuple(path.opened.total for path in paths))
        yield words("All contributions together: ", shares, " = ", total, ".")
    if not math.isfinite(total):
        yield words("These products overflow at such numbers; the simplified equation does not.")
    elif any(path.opened.terms.size > 1 and not _one_is_left(path) for path in paths):
        yield words(f"{EACH} They give the same number, ", total, ".")


def _single(opened: OpenedSum) -> Words:
    """Return the product of a single path as one line of numbers."""
    if len(opened.factors) == 1:
        return words(opened.formula, " = ", opened.total)
    numbers = multiplied_numbers(tuple(float(factor.values) for factor in opened.factors))
    return words(opened.formula, " = ", numbers, " = ", opened.total)


def _sum_nodes(opened: OpenedSum, extract: Extract, delta_reason: Words = ()) -> list[Node]:
    table = sum_table(opened, extract)
    tables: list[Table] = [] if table is None else [table]
    said = (*zero_sentences(opened, delta_reason), *rest_sentences(opened, extract), sum_sentence(opened))
    return [*tables, *map(Line, said)]
