"""Answers in the letters of a family: ∂C/∂z[l; k] is graded in the window of that case, then among other steps.

The window has no more than the derivative needs. What is not right there is graded once more where all that the answer
names is to be had, so that it may name any step, and is told which of them is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from chainrule.checking.shares import of_one_share, share_in, summed_letters, without_ranges, written_out_sums
from chainrule.checking.step_edits import OTHER_STEP
from chainrule.checking.verdicts import UNEXPLAINED, Verdict, told, wrong_words
from chainrule.checking.written_steps import (
    WrittenSteps,
    derivatives_in_text,
    raised_in_text,
    superscript_of,
    with_raised_positions,
    written_steps,
)
from chainrule.errors import ChainruleError, DerivativeError, NotationError, listed
from chainrule.expr.nodes import walk
from chainrule.expr.symbols import Derivative, Steps, Tensor, steps_text
from chainrule.families.definitions import enough
from chainrule.families.families import Families
from chainrule.families.family_backprop import FamilyBackprop, StepWindowOf
from chainrule.families.rewriting import step_at, tensor_at
from chainrule.families.subjects import StepCase
from chainrule.families.templates import Step, entries_in, letter_summed
from chainrule.families.windows import APART
from chainrule.family_derivations import window_at
from chainrule.pipeline import family_backprop
from chainrule.render.document import Words, words
from chainrule.render.document_text import words_text
from chainrule.render.formula import ShownFormula
from chainrule.system.model import System

_LEFT = re.compile(r"∂\s*(?P<of>\w+)\s*/\s*∂\s*(?P<name>[^\W\d]\w*)\s*(?:\[(?P<steps>[^;\]]*);)?[^=]*=")
_ERROR = re.compile(r"(?:δ|delta)\s*\[(?P<steps>[^;\]]*);[^=]*=")
_UNKNOWN = re.compile(r"no tensor is named (?P<name>\w+)(?:\[(?P<steps>[^;\]]*);\])?")
_NAME = re.compile(r"\s*(?:∂\s*\w+\s*/\s*∂\s*)?(?P<name>[^\W\d]\w*)\s*(?:\[(?P<steps>[^;\]]*);?[^\]]*\])?\s*")


class Graded(Protocol):
    """What grades an answer in an ordinary system; see `grading.graded`."""

    def __call__(self, system: System, answer: str, wrt: str | None, *, of_steps: bool = False) -> Verdict:
        """Return the verdict."""


def verdict_in_family(families: Families, answer: str, wrt: str | None, graded: Graded) -> Verdict:
    """Return the verdict on an answer for one case of a derivative.

    Raises NotationError where nothing says of which, and DerivativeError for what is no case.
    """
    answer, target = with_raised_positions(families, without_ranges(answer)), target_of(answer, wrt)
    asked = _Asked(family_backprop(families, [target.name]), target, answer, graded)
    found = asked.in_window()
    if isinstance(found, Verdict) and found:
        return found
    among = asked.among_steps()
    told = isinstance(found, Verdict) and bool(found.change) and _is_of_the_family(found.change)
    if isinstance(among, Verdict) and (among or not told or OTHER_STEP in among.change):
        return among
    if isinstance(found, Verdict):
        return found
    assert not isinstance(among, Verdict), "what has a verdict is no error"
    beyond = asked.beyond_the_steps(among)
    if beyond is not None:
        return beyond
    raise _with_advice(among if found is None else found, families)


def _is_of_the_family(words: str) -> bool:
    """Say whether words about a window hold in its family, which has no copies and has lengths that windows lack."""
    return APART not in words and "may differ in extent" not in words


def _with_advice(error: ChainruleError, families: Families) -> ChainruleError:
    """Return an error about a name of a family without its step with how it is written."""
    found = _UNKNOWN.fullmatch(error.what)
    name = found["name"] if found and not found["steps"] else ""
    like = [t for t in families.tensors() if t.name == name and t.superscript]
    if not like or not isinstance(error, NotationError):
        return error
    advice = f"It is a family, with a step in front of the semicolon: {like[0][:-1]} …]"
    return NotationError(
        error.what, where=error.where, expected=error.expected, advice=advice, line=error.line, column=error.column
    )


def target_of(answer: str, wrt: str | None) -> Tensor:
    """Return what an answer is the derivative by. Raises NotationError where neither it nor `wrt` says so."""
    found = _NAME.fullmatch(wrt) if wrt else _LEFT.match(answer.strip())
    error = _ERROR.match(answer.strip())
    if found is None and error is not None and not wrt:
        return Tensor("z", superscript_of(error["steps"]))
    if found is None:
        raise NotationError(
            "nothing says what the answer is the derivative by",
            expected="a left side, ∂C/∂z[l; k] = …, or wrt='z[l]'",
        )
    return Tensor(found["name"], superscript_of(found["steps"] or ""))


@dataclass(frozen=True)
class _Asked:
    """An answer for ∂C/∂target, and what grades it."""

    back: FamilyBackprop
    target: Tensor
    answer: str
    graded: Graded

    @cached_property
    def shares(self) -> StepWindowOf | None:
        """The window of a share, where the derivative is a sum of such over the steps of one letter."""
        try:
            window = window_at(self.back, self.target)
        except DerivativeError:
            return None
        return window if len(window.over) == 1 and len(window.case.windows) == 1 else None

    def in_window(self) -> Verdict | ChainruleError | None:
        """Return the verdict on an answer in the window of its case, why there is none, or None without a window."""
        try:
            window = window_at(self.back, self.target)
            if not _moved(window) >= set(derivatives_in_text(self.answer)):
                return None
            if self.shares is not None:
                return self._of_shares(self.shares, window.system, of_steps=False)
            if len(window.case.windows) > 1 or window.over or window.beyond in window.system.names():
                return None
            return self.graded(window.system, self.answer, str(window.tensor))
        except ChainruleError as error:
            return error

    def among_steps(self) -> Verdict | ChainruleError:
        """Return the verdict on an answer where other steps are to be had too, or why there is none."""
        in_all = self._among_members()
        if isinstance(in_all, Verdict) and in_all:
            return in_all
        of_shares = self._among_shares() if self.shares is not None else None
        return in_all if of_shares is None or of_shares else of_shares

    def beyond_the_steps(self, error: ChainruleError) -> Verdict | None:
        """Return the verdict on an answer that names a step which a family has not; None for other errors."""
        known = {tensor.name for tensor in self.back.forward.tensors() if tensor.superscript}
        found = _UNKNOWN.fullmatch(error.what)
        case = self._case_at()
        if found is None or not found["steps"] or found["name"] not in known or case is None:
            return None
        if self._is_there(Tensor(found["name"], superscript_of(found["steps"])), case):
            return None
        return _wrong(f"there is no {found['name']}[{found['steps']};] at this step", self.back.formula(case))

    def _is_there(self, tensor: Tensor, case: StepCase) -> bool:
        """Say whether a family has a member at the first and the last step of a case, by whatever letter."""
        forward = self.back.forward
        numbers = dict.fromkeys(forward.letters, enough(forward))
        ends = [{letter: step_at(end[n], numbers)[1] for letter, end in case.box.items()} for n in (0, 1)]
        names = set(forward.members(**numbers).names())
        return all(tensor_at(tensor, {**numbers, **steps}) in names for steps in ends)

    def _case_at(self) -> StepCase | None:
        """Return the case that the answer is for, whatever the answer names."""
        written = written_steps(self.back.forward, self.target, "")
        return None if written is None else self._case(written)

    def _of_shares(self, window: StepWindowOf, system: System, *, of_steps: bool) -> Verdict:
        """Return the verdict on an answer as a sum over the shares of all steps, in a system that one is derived in."""
        whole, letter = self.back.formula(window.case), window.over[0].letter
        share = share_in(self.answer, letter)
        found = self.graded(system, share or self.answer, str(window.tensor), of_steps=of_steps)
        if share:
            return _told_of_shares(found, whole, letter)
        share_too = f"; in one share {found.change}" if not found and found.change else ""
        return _wrong(_lost(letter) + share_too, whole)

    def _among_shares(self) -> Verdict | None:
        """Return the verdict on a sum over shares, or on one of these alone, where other steps are to be had too."""
        window = self.shares
        assert window is not None
        letter = window.over[0].letter
        share = share_in(self.answer, letter)
        named = any(letter in _letters(tensor) for tensor in raised_in_text(self.answer))
        written = written_steps(self.back.forward, self.target, share or self.answer) if share or named else None
        if written is None or letter not in written.steps:
            return None
        system = of_one_share(written, self.target, window.readers)
        try:
            found = None if system is None else self._of_shares(window, system, of_steps=True)
        except ChainruleError:
            return None
        for end in (window.over[0].low, window.over[0].high) if found is not None and found else ():
            missing = written.missing(list(raised_in_text(share)), {letter: step_at(end, written.numbers)[1]})
            if missing is not None:
                reason = f"for {letter} = {steps_text((end,))} there is no {missing}"
                return _wrong(reason, self.back.formula(window.case))
        return found

    def _among_members(self) -> Verdict | ChainruleError:
        """Return the verdict on an answer in the family written out."""
        families = self.back.forward
        over = summed_letters(self.answer, {steps.letter for steps in families.ranges})
        written = written_steps(families, self.target, self.answer, over - _letters(self.target))
        if written is None:
            return DerivativeError(
                f"this answer for {self._derivative} is checked for a known number of steps only",
                advice=f"Say how many: families.at({families.letters[0]}=3), or --size {families.letters[0]}=3",
            )
        if str(written.at(self.target)) not in written.names:
            return DerivativeError(f"there is no {self._derivative}", expected=f"known are {listed(self._positions)}")
        try:
            answer = written_out_sums(self.answer, written)
            verdict = self.graded(written.system, answer, str(self.target), of_steps=True)
        except ChainruleError as error:
            return error
        case = self._case(written)
        if case is None:
            return verdict
        summed = {letter_summed(part) for part in walk(case.equation.value)} - {""}
        if summed:
            verdict = self._told_in_sums(verdict, case, summed - over, written)
        return self._at_the_ends(verdict, case, written) if verdict else verdict

    def _told_in_sums(self, verdict: Verdict, case: StepCase, lost: set[str], written: WrittenSteps) -> Verdict:
        """Return a verdict on what adds up over steps in words that hold for any number of them."""
        whole = self.back.formula(case)
        if not verdict.numbers:
            return _told_as(verdict, whole)
        known = {*raised_in_text(self.answer), *raised_in_text(str(whole))}
        change = verdict.change if set(raised_in_text(verdict.change)) <= known else ""
        if lost:
            change = _lost(min(lost))
        sizes = ", ".join(f"{letter} = {number}" for letter, number in written.numbers.items())
        first = words(f"with {sizes}, ", verdict.said[len(verdict.message.splitlines())])
        return _relined(replace(verdict, change=change), wrong_words(change or UNEXPLAINED, whole), (first,))

    @property
    def _derivative(self) -> Derivative:
        return Derivative(self.back.forward.head.cost, self.target)

    @property
    def _positions(self) -> list[str]:
        return list(dict.fromkeys(str(one.position) for one in self.back.windows(self.target.name)))

    def _case(self, written: WrittenSteps) -> StepCase | None:
        """Return the case that the answer is for."""
        at = written.at(self.target).superscript
        for case in self.back.cases.get(self.target.name, ()):
            if all(_holds(own, number, case, written) for own, (_, number) in zip(_own(case), at, strict=False)):
                return case
        return None

    def _at_the_ends(self, verdict: Verdict, case: StepCase, written: WrittenSteps) -> Verdict:
        """Return the verdict on an answer that is right in the middle of its case, after trying its ends.

        Where it names there what is not there, it says nothing of that step.
        """
        named, said = list(raised_in_text(self.answer)), list[Words]()
        for own, step in zip(_own(case), self.target.superscript, strict=False):
            if step[0] not in written.steps or own[0] not in case.box:
                continue
            for end in dict.fromkeys(case.box[own[0]]):
                number = step_at(end, written.numbers)[1] - step[1]
                where = f"{steps_text((step,))} = {steps_text((end,))}"
                missing = written.missing(named, {step[0]: number})
                if missing is not None:
                    said.append(words(f"It says nothing for {where}, where there is no {missing}"))
                    continue
                there = self._graded_at(replace(written, steps={**written.steps, step[0]: number}))
                if there is not None and not there:
                    reason = f"it is right in the middle, and not for {where}"
                    _, right = _lines(there)[0]
                    lines = (words(f"Wrong: {reason}."), right)
                    return _relined(replace(there, change=reason), lines, _lines(there)[1])
        message, numbers = _lines(verdict)
        return _relined(verdict, (*message, *said), numbers) if said else verdict

    def _graded_at(self, written: WrittenSteps) -> Verdict | None:
        try:
            return self.graded(written.system, self.answer, str(self.target), of_steps=True)
        except ChainruleError:
            return None


def _moved(window: StepWindowOf) -> set[str]:
    """Return what changes in a window with the tensor derived by: derivatives by anything else are not whole there."""
    found = {str(window.tensor)}
    reads = [(str(e.name), set(map(str, entries_in(e.value)))) for e in window.system.equations]
    for name, read in reads:
        if read & found:
            found.add(name)
    return found


def _own(case: StepCase) -> Steps:
    return case.subject.tensor.superscript


def _holds(own: Step, number: int, case: StepCase, written: WrittenSteps) -> bool:
    """Say whether a case is for a step with this number."""
    low, high = (step_at(end, written.numbers)[1] for end in case.box.get(own[0], (own, own)))
    return low <= number <= high


def _letters(tensor: Tensor) -> set[str]:
    return {letter for letter, _ in tensor.superscript}


def _lost(letter: str) -> str:
    return f"the sum over {letter} is missing: the shares of all steps add up"


def _wrong(reason: str, whole: ShownFormula) -> Verdict:
    return told(False, wrong_words(reason, whole), change=reason)


def _lines(verdict: Verdict) -> tuple[tuple[Words, ...], tuple[Words, ...]]:
    """Return the lines of a verdict and those of its numbers."""
    count = len(verdict.message.splitlines())
    return verdict.said[:count], verdict.said[count:]


def _relined(verdict: Verdict, message: Sequence[Words], numbers: Sequence[Words]) -> Verdict:
    """Return a verdict with other lines."""
    texts = "\n".join(map(words_text, message)), tuple(map(words_text, numbers))
    return replace(verdict, message=texts[0], numbers=texts[1], said=(*message, *numbers))


def _told_as(verdict: Verdict, whole: ShownFormula) -> Verdict:
    """Return a verdict with the derivative as it stands for any number of steps."""
    message, numbers = _lines(verdict)
    lines = [words(line[0], whole) if line[0] in ("Correct: ", "Right: ") else line for line in message]
    return _relined(verdict, lines, numbers)


def _told_of_shares(verdict: Verdict, whole: ShownFormula, letter: str) -> Verdict:
    """Return a verdict on the share of one step as one on the sum over all."""
    message, numbers = _lines(_told_as(verdict, whole))
    if not numbers:
        return _relined(verdict, message, ())
    (start, *rest), *others = numbers
    first = words(str(start).replace("at a random point ", f"at a random point the share of step {letter} in "), *rest)
    return _relined(verdict, message, (first, *others))
