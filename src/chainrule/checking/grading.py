"""`check`: whether a derivative worked out by hand is right, in whatever form it is written.

The truth is what backpropagation derives; answer and truth are compared as numbers at random points. A wrong answer
gets the first entry where it differs, both values, the numbers of the terms, and the small change that explains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chainrule.checking.answer import Answer, circular, clashes, derivatives_named, read_answer, tensor_of
from chainrule.checking.circular import named_itself
from chainrule.checking.diagnosis import Array, Case, change_words, clash_words, loose_words, values_of
from chainrule.checking.forms import users_of
from chainrule.checking.points import Points, differing, points_of
from chainrule.errors import ChainruleError, DerivativeError, InputError
from chainrule.execute.reference import Evaluation
from chainrule.execute.shortage import enough_memory
from chainrule.explanation.entry import put_at
from chainrule.explanation.numbers import number_text
from chainrule.expr.binding import substitute_indices, tensors_in
from chainrule.expr.nodes import Expr, Index, Indexed, Sum
from chainrule.pipeline import Backprop, backprop
from chainrule.render.letters import with_letters
from chainrule.render.text import equation_text, expression_text, lettered_text
from chainrule.system.model import System, derivative_name
from chainrule.system.places import cost_advice
from chainrule.system.printing import ranks_of
from chainrule.system.typecheck import typecheck


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right; it is true where it is.

    `message` says what was found; for a wrong answer `where` is the first entry that differs, `found` and `expected`
    the two values there, `change` the small change that explains it ("" if none of those known does), and `numbers` the
    terms of both sides with their values. For a right one `givens` are the facts that it needs.
    """

    right: bool
    message: str
    where: str = ""
    found: float = float("nan")
    expected: float = float("nan")
    change: str = ""
    numbers: tuple[str, ...] = ()
    givens: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        return "\n".join((self.message, *(f"  {line}" for line in self.numbers)))


@enough_memory("the check")
def check(system: System, answer: str, *, wrt: str | None = None) -> Verdict:
    r"""Say whether an answer such as `∂C/∂z[j] = a[j] - y[j]` is right, in any algebraic form.

    A right side alone is an answer for ∂C/∂wrt. The answer may name ∂C/∂t of other tensors t, and ∂u/∂v of an equation
    that reads v; its indices may have any letters. Right is what agrees to nine digits at all random points, drawn so
    that the facts of the system hold, wherever both are defined. Raises NotationError, with a caret, for what cannot be
    read.

    >>> from chainrule.notation import parse
    >>> system = parse("data y[k]\nparam a[k]\ncost C = 1/2*(sum(k) (a[k] - y[k])^2)")
    >>> bool(check(system, "∂C/∂a[k] = -(y[k] - a[k])"))
    True
    >>> print(check(system, "2*(a[k] - y[k])", wrt="a").change)
    a factor 2 too much
    """
    if not system.cost:
        raise DerivativeError("the system has no cost, so there is nothing to check", advice=cost_advice(system))
    tensor = tensor_of(answer, system, wrt)
    if tensor == system.cost:
        raise DerivativeError(f"{tensor} is the cost itself; its derivative by itself is 1")
    back = backprop(system, [tensor])
    read = read_answer(answer, tensor, back.cotangents)
    truth = _truth(back, tensor)
    points = _points(back, read, truth)
    indices = back.cotangents.of(tensor).indices
    known = points.values(truth, indices)
    case = Case(read, truth, indices, points, known, back.cotangents)
    if clashes(read, back.cotangents.system):
        return _wrong_form(case, clash_words(case))
    if read.loose:
        return _wrong_form(case, loose_words(case))
    values = values_of(points, read)
    if isinstance(values, InputError):
        return _wrong_form(case, values.what)
    place = _first_difference(values, known)
    if place is None and _compared(values, known):
        return _right(system, answer, case)
    if place is None:
        return _wrong_form(case, "it has no value at any point that was drawn")
    return _wrong_value(case, values, place)


def _truth(back: Backprop, tensor: str) -> Expr:
    """Return the right side of ∂C/∂tensor, as it is shown."""
    return back.cotangents.simplifier.present(back.cotangents.of(tensor).value)


def _points(back: Backprop, answer: Answer, truth: Expr) -> Points:
    """Return the points, with the value of every ∂C/∂t that truth or answer names."""
    cotangents = back.cotangents
    named = (*derivatives_named(truth, cotangents.cost), *derivatives_named(answer.value, cotangents.cost))
    wanted = tuple(dict.fromkeys((answer.tensor, *named, *users_of(answer.tensor, cotangents))))
    forward = cotangents.system
    whole = typecheck(forward.with_equations((*forward.equations, *cotangents.equations(wanted))))
    return points_of(forward, whole)


def _compared(values: Sequence[Array], known: Sequence[Array]) -> bool:
    """Say whether there is an entry at which both have a value."""
    return any((np.isfinite(v) & np.isfinite(k)).any() for v, k in zip(values, known, strict=True))


def _first_difference(values: Sequence[Array], known: Sequence[Array]) -> tuple[int, tuple[int, ...]] | None:
    """Return the first point and the first entry there at which values differ."""
    for number, (found, expected) in enumerate(zip(values, known, strict=True)):
        places = np.argwhere(differing(found, expected))
        if len(places):
            return number, tuple(int(n) for n in places[0])
    return None


def _right(system: System, text: str, case: Case) -> Verdict:
    if derivative_name(case.cotangents.cost, case.answer.tensor) in tensors_in(case.answer.value):
        raise circular(text, named_itself(case.answer.tensor, case.cotangents))
    givens = tuple(_givens_needed(system, text, case.answer.tensor))
    message = f"Right: {_line(case)}"
    if givens:
        message += f"\nIt rests on what is given: {', '.join(givens)}"
    return Verdict(True, message, givens=givens)


def _givens_needed(system: System, text: str, tensor: str) -> list[str]:
    """Return the facts without which the answer would be wrong."""
    needed = []
    for given in system.givens:
        others = replace(system, givens=tuple(g for g in system.givens if g is not given))
        try:
            back = backprop(others, [tensor])
            answer, truth = read_answer(text, tensor, back.cotangents), _truth(back, tensor)
            points = _points(back, answer, truth)
            known = points.values(truth, back.cotangents.of(tensor).indices)
            if not points.agree(answer.value, answer.indices, known):
                needed.append(expression_text(given.condition))
        except ChainruleError:
            # Without the fact there may be no point at which anything is defined; then nothing can be said.
            continue
    return needed


def _line(case: Case) -> str:
    """Return the derived equation as text."""
    return equation_text(_target(case), case.truth, ranks=ranks_of(case.cotangents.system))


def _target(case: Case) -> Indexed:
    return Indexed(derivative_name(case.cotangents.cost, case.answer.tensor), case.indices)


def _wrong_form(case: Case, words: str) -> Verdict:
    """Return the verdict on an answer that has no values of its own to compare."""
    return Verdict(False, f"Wrong: {words}.\nRight is {_line(case)}", change=words)


def _wrong_value(case: Case, values: Sequence[Array], place: tuple[int, tuple[int, ...]]) -> Verdict:
    number, entry = place
    evaluation = case.points.evaluations[number]
    found, expected = float(values[number][entry]), float(case.true_values[number][entry])
    change = change_words(case, values)
    name, right = _terms(case, _target(case), case.truth, case.indices, entry, evaluation)
    _, mine = _terms(case, _target(case), case.answer.value, case.answer.indices, entry, evaluation)
    numbers = (
        f"at a random point {name} is {_close(expected, found)[0]}, the answer gives {_close(expected, found)[1]}",
        f"right:  {right}",
        f"answer: {mine}",
    )
    words = change or "no single small change makes it right, of those that were tried"
    return Verdict(False, f"Wrong: {words}.\nRight is {_line(case)}", name, found, expected, change, numbers)


def _terms(
    case: Case, target: Expr, value: Expr, indices: tuple[Index, ...], entry: tuple[int, ...], evaluation: Evaluation
) -> tuple[str, str]:
    """Return the name of an entry, and the terms of a value with their numbers there."""
    ranks = ranks_of(case.cotangents.system)
    places = {Index(i.name, i.extent): put for i, put in put_at(indices, entry).items()}
    own = {Index(i.name, i.extent): put for i, put in put_at(case.indices, entry).items()}
    (name,) = with_letters(target)
    (lettered,) = with_letters(value, taken=tuple(case.cotangents.graph.reads))
    shown = substitute_indices(lettered, places)
    terms = shown.terms if isinstance(shown, Sum) else (shown,)
    texts = [f"{lettered_text(t, ranks)} = {number_text(float(evaluation.value_of(t)))}" for t in terms]
    return lettered_text(substitute_indices(name, own), ranks), ", ".join(texts)


def _close(expected: float, found: float) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes to see that they differ."""
    for digits in range(5, 17):
        texts = (f"{expected:.{digits}g}".replace("-", "−"), f"{found:.{digits}g}".replace("-", "−"))
        if texts[0] != texts[1]:
            return texts
    return repr(expected), repr(found)
