"""Verdicts on answers, and what they say.

A wrong answer gets the first entry where it differs, both values, the numbers of the terms, and the small change that
explains it; a right one the facts that it needs, and where it could not be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from chainrule.checking.agreement import NEAR_ZERO, Agreement
from chainrule.checking.diagnosis import Array, Case, change_words
from chainrule.checking.points import ROUNDING, Points
from chainrule.expr.binding import substitute_indices
from chainrule.expr.nodes import ZERO, Affine, Expr, Index, Indexed, Position, Sum
from chainrule.expr.symbols import Derivative
from chainrule.render.document import Group, Line, Words, joined, words
from chainrule.render.document_text import words_text
from chainrule.render.formula import ShownFormula, equation_formula, formula, lettered_formula
from chainrule.render.in_notebooks import ShownAsPage
from chainrule.render.letters import with_letters
from chainrule.render.valued import with_value
from chainrule.system.printing import ranks_of

NOWHERE = "it has no value at any point that was drawn"
UNEXPLAINED = "no common mistake explains the difference"


@dataclass(frozen=True)
class Verdict(ShownAsPage):
    """Whether an answer is right; it is true where it is.

    `message` says what was found; for a wrong answer `where` is the first entry that differs, `found` and `expected`
    the two values there, `change` the small change that explains it ("" if none of those known does), and `numbers` the
    terms of both sides with their values. For a right one `givens` are the facts that it needs, and `untried` the sides
    of brackets, choices and kinks at which no point was found to compare it. `said` is all of it as words and formulas.
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
    said: tuple[Words, ...] = field(default=(), repr=False, compare=False)

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        return "\n".join((self.message, *(f"  {line}" for line in self.numbers)))

    def document(self) -> Group:
        """Return what is said as lines of words and formulas."""
        return Group(tuple(map(Line, self.said)), role="verdict")


@dataclass(frozen=True)
class Difference:
    """The first entry where an answer differs, by its name, and the two values there."""

    where: ShownFormula
    found: float
    expected: float


def told(
    right: bool,
    message: Sequence[Words],
    difference: Difference | None = None,
    change: str = "",
    numbers: Sequence[Words] = (),
    givens: Sequence[ShownFormula] = (),
) -> Verdict:
    """Return a verdict that says so."""
    one = difference or Difference(ShownFormula(()), float("nan"), float("nan"))
    return Verdict(
        right,
        "\n".join(map(words_text, message)),
        str(one.where) if difference else "",
        one.found,
        one.expected,
        change,
        tuple(map(words_text, numbers)),
        tuple(map(str, givens)),
        said=(*message, *numbers),
    )


def right(case: Case, givens: tuple[str, ...] = (), untried: tuple[str, ...] = ()) -> Verdict:
    """Return the verdict on a right answer."""
    message = [words("Right: ", _line(case))]
    if _cancels(case):
        message.append(words("It is 0: the terms cancel"))
    facts = [formula(given.condition) for given in case.cotangents.system.givens]
    needed = [fact for fact in facts if str(fact) in givens]
    if needed:
        message.append(words("This uses what is given: ", joined(tuple(needed), ", ")))
    return not_compared(told(True, message, givens=needed), untried)


def with_line(verdict: Verdict, line: Words) -> Verdict:
    """Return a verdict with one more line before its numbers."""
    place = len(verdict.said) - len(verdict.numbers)
    said = (*verdict.said[:place], line, *verdict.said[place:])
    return replace(verdict, message=f"{verdict.message}\n{words_text(line)}", said=said)


def not_compared(verdict: Verdict, untried: tuple[str, ...]) -> Verdict:
    """Return a verdict on a right answer with a line on the sides at which nothing was compared, if there are any."""
    if not untried:
        return verdict
    line = f"Not compared where {' or '.join(untried)}: no such point was found"
    return replace(verdict, message=f"{verdict.message}\n{line}", untried=untried, said=(*verdict.said, words(line)))


def _cancels(case: Case) -> bool:
    """Say whether the truth is 0 though its terms are not."""
    return case.truth != ZERO and not any(np.any(known) for known in case.true_values)


def _line(case: Case) -> ShownFormula:
    """Return the derived equation."""
    return equation_formula(_target(case), case.truth, ranks=ranks_of(case.cotangents.system))


def _target(case: Case) -> Indexed:
    return Indexed(Derivative(case.cotangents.cost, case.answer.tensor), case.indices)


def wrong_words(reason: str, line: ShownFormula) -> tuple[Words, Words]:
    """Return the two lines on a wrong answer: why it is wrong, and what is right."""
    return words(f"Wrong: {reason}."), words("Correct: ", line)


def at_a_point(difference: Difference, gives: str = "") -> Words:
    """Return the line on the first entry that differs: what is right, and what the answer `gives`."""
    texts = close_numbers(difference.expected, difference.found)
    return words("at a random point ", difference.where, f" is {texts[0]}, {gives or f'the answer gives {texts[1]}'}")


def wrong_form(case: Case, reason: str) -> Verdict:
    """Return the verdict on an answer that has no values of its own to compare."""
    return told(False, wrong_words(reason, _line(case)), change=reason)


def wrong(case: Case, values: Sequence[Array], agreement: Agreement) -> Verdict:
    """Return the verdict on an answer that has other values, or none where the derivative has one."""
    if agreement.kind == "nowhere":
        return wrong_form(case, NOWHERE)
    number, entry = agreement.point, agreement.entry
    size = case.points.points[number].size(case.answer.value, case.answer.indices)[entry]
    found, expected = _rounded(float(values[number][entry]), float(size)), float(case.true_values[number][entry])
    if agreement.kind == "undefined":
        change, reason = "", "it has no value at points where the derivative has one"
    elif _cancels(case):
        change, reason = "", "the derivative is 0, because its terms cancel"
    else:
        change = change_words(case, values)
        reason = change or UNEXPLAINED
    difference = Difference(_name(case, entry), found, expected)
    numbers = (
        at_a_point(difference, "" if agreement.kind == "different" else "the answer has no value there"),
        words("right:  ", joined(_terms(case, case.truth, case.indices, entry, number), ", ")),
        words("answer: ", joined(_terms(case, case.answer.value, case.answer.indices, entry, number), ", ")),
    )
    return told(False, wrong_words(reason, _line(case)), difference, change, numbers)


def _name(case: Case, entry: tuple[int, ...]) -> ShownFormula:
    """Return the derivative's entry at a place."""
    (name,) = with_letters(_target(case))
    return lettered_formula(substitute_indices(name, _at(case.indices, entry)), ranks_of(case.cotangents.system))


def _at(indices: tuple[Index, ...], entry: tuple[int, ...]) -> dict[Index, Position]:
    return {Index(i.name, i.extent): Affine((), place) for i, place in zip(indices, entry, strict=True)}


def _terms(
    case: Case, value: Expr, indices: tuple[Index, ...], entry: tuple[int, ...], number: int
) -> tuple[ShownFormula, ...]:
    """Return the terms of a value with their numbers at an entry."""
    ranks = ranks_of(case.cotangents.system)
    (lettered,) = with_letters(value, taken=tuple(case.cotangents.graph.reads))
    shown = substitute_indices(lettered, _at(indices, entry))
    terms = shown.terms if isinstance(shown, Sum) else (shown,)
    return tuple(with_value(lettered_formula(t, ranks), _number(case.points, t, number)) for t in terms)


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
