"""Verdicts on answers, and what they say.

A wrong answer gets the first entry where it differs, both values, the numbers of the terms, and the small change that
explains it; a right one the facts that it needs, and where it could not be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chainrule.checking.agreement import NEAR_ZERO, Agreement
from chainrule.checking.between import AS_TOTAL, Between
from chainrule.checking.diagnosis import Array, Case, change_words
from chainrule.checking.points import ROUNDING, Points
from chainrule.expr.binding import substitute_indices
from chainrule.expr.nodes import ZERO, Affine, Expr, Index, Indexed, Position, Sum
from chainrule.expr.symbols import Derivative
from chainrule.render.in_notebooks import ShownAsText
from chainrule.render.letters import with_letters
from chainrule.render.numbers import number_text
from chainrule.render.text import equation_text, lettered_text, whole_text
from chainrule.system.printing import ranks_of

NOWHERE = "it has no value at any point that was drawn"
UNEXPLAINED = "no single small change makes it right, of those that were tried"


@dataclass(frozen=True)
class Verdict(ShownAsText):
    """Whether an answer is right; it is true where it is.

    `message` says what was found; for a wrong answer `where` is the first entry that differs, `found` and `expected`
    the two values there, `change` the small change that explains it ("" if none of those known does), and `numbers` the
    terms of both sides with their values. For a right one `givens` are the facts that it needs, and `untried` the sides
    of brackets, choices and kinks at which no point was found to compare it.
    """

    right: bool
    message: str
    where: str = ""
    found: float = float("nan")
    expected: float = float("nan")
    change: str = ""
    numbers: tuple[str, ...] = ()
    givens: tuple[str, ...] = ()
    untried: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        return "\n".join((self.message, *(f"  {line}" for line in self.numbers)))


def right(case: Case, givens: tuple[str, ...] = (), untried: tuple[str, ...] = ()) -> Verdict:
    """Return the verdict on a right answer."""
    message = f"Right: {_line(case)}"
    if _cancels(case):
        message += "\nIt is 0: the terms cancel"
    if givens:
        message += f"\nIt rests on what is given: {', '.join(givens)}"
    if untried:
        message += f"\n{not_compared(untried)}"
    return Verdict(True, message, givens=givens, untried=untried)


def in_two_ways(direct: Verdict, total: Verdict, between: Sequence[Between]) -> Verdict:
    """Return the verdict on an answer in which each ∂u/∂v was read with all else held fixed, and as the total one.

    Right in one reading is right, and says in which; wrong in both says what it is in either.
    """
    if direct and total:
        return direct
    as_direct = "; ".join(f"{whole_text(one.name)} is read {one.held}" for one in between)
    as_total = "; ".join(f"{whole_text(one.name)} is read {AS_TOTAL}" for one in between)
    if direct or total:
        right, said = (direct, as_direct) if direct else (total, as_total)
        return replace(right, message=f"{right.message}\n{said}")
    first, other, said, elsewhere = direct, total, as_direct, AS_TOTAL
    if total.change and not direct.change:
        first, other, said, elsewhere = total, direct, as_total, between[0].held
    why = f": {other.change}" if other.change else ""
    return replace(first, message=f"{first.message}\n{said}; {elsewhere}, the answer is wrong too{why}")


def not_compared(untried: Sequence[str]) -> str:
    """Return the line of a verdict on the sides at which nothing was compared."""
    return f"Not compared where {' or '.join(untried)}: no such point was found"


def _cancels(case: Case) -> bool:
    """Say whether the truth is 0 though its terms are not."""
    return case.truth != ZERO and not any(np.any(known) for known in case.true_values)


def _line(case: Case) -> str:
    """Return the derived equation as text."""
    return equation_text(_target(case), case.truth, ranks=ranks_of(case.cotangents.system))


def _target(case: Case) -> Indexed:
    return Indexed(Derivative(case.cotangents.cost, case.answer.tensor), case.indices)


def wrong_form(case: Case, words: str) -> Verdict:
    """Return the verdict on an answer that has no values of its own to compare."""
    return Verdict(False, f"Wrong: {words}.\nRight is {_line(case)}", change=words)


def wrong(case: Case, values: Sequence[Array], agreement: Agreement) -> Verdict:
    """Return the verdict on an answer that has other values, or none where the derivative has one."""
    if agreement.kind == "nowhere":
        return wrong_form(case, NOWHERE)
    number, entry = agreement.point, agreement.entry
    size = case.points.points[number].size(case.answer.value, case.answer.indices)[entry]
    found, expected = _rounded(float(values[number][entry]), float(size)), float(case.true_values[number][entry])
    if agreement.kind == "undefined":
        change, words = "", "it has no value at points where the derivative has one"
    elif _cancels(case):
        change, words = "", "the derivative is 0, because its terms cancel"
    else:
        change = change_words(case, values)
        words = change or UNEXPLAINED
    name, right = _terms(case, case.truth, case.indices, entry, number)
    _, mine = _terms(case, case.answer.value, case.answer.indices, entry, number)
    texts = close_numbers(expected, found)
    gives = f"the answer gives {texts[1]}" if agreement.kind == "different" else "the answer has no value there"
    numbers = (f"at a random point {name} is {texts[0]}, {gives}", f"right:  {right}", f"answer: {mine}")
    return Verdict(False, f"Wrong: {words}.\nRight is {_line(case)}", name, found, expected, change, numbers)


def _terms(case: Case, value: Expr, indices: tuple[Index, ...], entry: tuple[int, ...], number: int) -> tuple[str, str]:
    """Return the name of an entry, and the terms of a value with their numbers there."""
    ranks = ranks_of(case.cotangents.system)
    numbers = [Affine((), place) for place in entry]
    places: dict[Index, Position] = {Index(i.name, i.extent): n for i, n in zip(indices, numbers, strict=True)}
    own: dict[Index, Position] = {Index(i.name, i.extent): n for i, n in zip(case.indices, numbers, strict=True)}
    (name,) = with_letters(_target(case))
    (lettered,) = with_letters(value, taken=tuple(case.cotangents.graph.reads))
    shown = substitute_indices(lettered, places)
    terms = shown.terms if isinstance(shown, Sum) else (shown,)
    texts = [f"{lettered_text(t, ranks)} = {number_text(_number(case.points, t, number))}" for t in terms]
    return lettered_text(substitute_indices(name, own), ranks), ", ".join(texts)


def _number(points: Points, term: Expr, number: int) -> float:
    """Return the value of a term at a point: 0 where it is no more than the rounding of what it adds up."""
    value = float(points.points[number].evaluation.value_of(term))
    if not 0 < abs(value) <= NEAR_ZERO:
        return value
    return _rounded(value, float(points.points[number].size(term, ())))


def _rounded(value: float, size: float) -> float:
    """Return a value, 0 where it is no more than the rounding of what has this size."""
    return 0.0 if abs(value) <= ROUNDING * size else value


def close_numbers(expected: float, found: float) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes to see that they differ."""
    expected, found = expected + 0.0, found + 0.0  # −0 is 0
    for digits in range(5, 17):
        texts = (f"{expected:.{digits}g}".replace("-", "−"), f"{found:.{digits}g}".replace("-", "−"))
        if texts[0] != texts[1]:
            return texts
    return repr(expected), repr(found)
