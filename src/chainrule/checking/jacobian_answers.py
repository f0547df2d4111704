"""Answers for a derivative between two tensors, ∂u[k]/∂v[j] = …, where u is no cost.

Such an answer is graded as one for the derivative of Σ_k g[k]·u[k] by v with random g, whose derivative is Σ_k
g[k]·∂u[k]/∂v[j]: both are right together, and what is wrong with the one is wrong with the other. Only in words about
g or the sum over k the two differ, and these are not told.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from chainrule.checking.answer import Answer, between_target, read_between, sides_of
from chainrule.checking.between import AS_TOTAL, Between, between
from chainrule.checking.points import differing, drawn_points
from chainrule.checking.two_readings import read_as, wrong_too
from chainrule.checking.verdicts import (
    UNEXPLAINED,
    Difference,
    Verdict,
    at_a_point,
    not_compared,
    told,
    with_line,
    wrong_words,
)
from chainrule.checking.written_steps import written_steps
from chainrule.diff.backprop import Cotangents
from chainrule.errors import ChainruleError, DerivativeError, InputError
from chainrule.expr.binding import reduce_over, rename_indices
from chainrule.expr.nodes import Affine, Expr, Index, Indexed, times
from chainrule.expr.symbols import Derivative, Symbol, Tensor, unused
from chainrule.families.families import Families
from chainrule.family_derivations import held_fixed, window_between
from chainrule.jacobians import jacobian
from chainrule.notation import named_symbol
from chainrule.pipeline import cotangents_for, family_backprop
from chainrule.render.document import joined, words
from chainrule.render.formula import ShownFormula, equation_formula, formula, whole
from chainrule.system.model import Declaration, Equation, System
from chainrule.system.printing import ranks_of
from chainrule.system.sizes.erase import erase_sizes
from chainrule.system.typecheck import typecheck

Grade = Callable[[System, str, Answer, Cotangents], Verdict]
_POINTS = 3


def verdict_of_steps(families: Families, text: str, grade: Grade) -> Verdict | None:
    """Return the verdict on an answer for ∂z[l+1; k]/∂z[l; j] between neighbouring steps of a family; see below."""
    (_, left), *others = sides_of(text)
    named = named_symbol(left) if others else None
    if not isinstance(named, Derivative) or len(named.wrt) != 1 or named.of == families.head.cost:
        return None
    of, wrt = named.of, named.wrt[0]
    back = family_backprop(families, [wrt.partition("[")[0]])
    held = held_fixed(back, of, wrt)
    among = _among_steps(families, wrt, text, grade) if held else None
    if among is not None:
        return among
    verdict = verdict_between(window_between(back, of, wrt), text, grade)
    if verdict is None or not held:
        return verdict
    return with_line(
        verdict, words(whole(named), " is read with ", joined(tuple(map(whole, held)), " and "), " held fixed")
    )


def _among_steps(families: Families, wrt: Symbol, text: str, grade: Grade) -> Verdict | None:
    """Return the verdict where all that lies between two steps is there, None where the answer cannot be read so."""
    written = written_steps(families, wrt, text) if isinstance(wrt, Tensor) else None
    try:
        return None if written is None else verdict_between(written.system, text, grade)
    except ChainruleError:
        return None


def verdict_between(system: System, text: str, grade: Grade) -> Verdict | None:
    """Return the verdict on an answer for ∂u/∂v, None for one whose left side is something else.

    Raises NotationError for what cannot be read, and DerivativeError where u does not depend on v.
    """
    target = between_target(text, system)
    if target is None:
        return None
    seeded = _seeded(system, target.of)
    cotangents = cotangents_for(seeded.system, target.wrt[0])
    known = between(target, cotangents)
    if known is None:
        jacobian(system, target.of, target.wrt[0])
        raise DerivativeError(f"{target.of} does not depend on {target.wrt[0]}", expected="a derivative that is not 0")
    read = read_between(text, target, cotangents)
    answer = replace(read, indices=read.indices[seeded.count :], value=seeded.sum_of(read.value, read.indices))
    return _told(seeded, known, read, grade(seeded.system, text, answer, cotangents))


@dataclass(frozen=True)
class _Seeded:
    """A system with the cost Σ_k g[k]·u[k]; `count` is the number of u's axes."""

    system: System
    seed: Symbol
    count: int

    def sum_of(self, value: Expr, indices: tuple[Index, ...]) -> Expr:
        """Return Σ_k g[k]·value; `indices` are those of the answer, u's first."""
        own = indices[: self.count]
        product = times(Indexed(self.seed, own), value)
        return reduce_over("sum", own, product) if own else product

    def is_named(self, words: str, own: tuple[Index, ...]) -> bool:
        """Say whether words are about the sum that was added here, or what stands in it."""
        names = {str(self.seed), str(self.system.cost)}
        sums = any(f"sum over {index.preferred}" in words or f"Σ_{index.preferred}" in words for index in own)
        return sums or not names.isdisjoint(re.findall(r"\w+", words))


def _seeded(system: System, of: Symbol) -> _Seeded:
    axes, taken = system.axes(of), {*system.names(), *system.function}
    seed = unused("g", taken)
    cost = unused("Q", {*taken, seed})
    product = times(Indexed(seed, axes), Indexed(of, axes))
    equation = Equation(Indexed(cost), reduce_over("sum", axes, product) if axes else product)
    made = replace(
        system,
        declarations=(*system.declarations, Declaration("data", seed, axes)),
        equations=(*system.equations, equation),
        cost=cost,
        updates=(),
    )
    return _Seeded(typecheck(erase_sizes(made)), seed, len(axes))


def _told(seeded: _Seeded, known: Between, read: Answer, verdict: Verdict) -> Verdict:
    """Return a verdict on the sum in the words of ∂u/∂v itself."""
    system, own = seeded.system, read.indices[: seeded.count]
    as_total = read_as([(known, AS_TOTAL)])
    if verdict:
        lines = [words("Right: ", _line(system, known, known.total, read)), *([as_total] if known.two_ways else [])]
        return not_compared(told(True, lines), verdict.untried)
    if known.two_ways and known.direct is not None and _first_difference(system, known, known.direct, read) is None:
        line = words("Right: ", _line(system, known, known.direct, read))
        return told(True, [line, read_as([(known, known.held)])])
    change = "" if seeded.is_named(verdict.change, own) else verdict.change
    message = [*wrong_words(change or UNEXPLAINED, _line(system, known, known.total, read))]
    if known.two_ways:
        message.append(words(as_total, wrong_too(known.held)))
    found = None if read.loose else _first_difference(system, known, known.total, read)
    if found is None:
        return told(False, message, change=change)
    gives = "the answer has no value there" if np.isnan(found.found) else ""
    return told(False, message, found, change, [at_a_point(found, gives)])


def _line(system: System, known: Between, value: Expr, read: Answer) -> ShownFormula:
    """Return ∂u[k]/∂v[j] = value, in the letters of the answer."""
    target = Indexed(known.name, read.indices)
    own = rename_indices(value, dict(zip(known.indices, read.indices, strict=True)))
    return equation_formula(target, own, taken=tuple(system.names()), ranks=ranks_of(system))


def _first_difference(system: System, known: Between, truth: Expr, read: Answer) -> Difference | None:
    """Return the first entry in which an answer differs from the truth at random points."""
    for evaluation in drawn_points(system, range(_POINTS)):
        expected = evaluation.value_of(truth, known.indices)
        try:
            found = evaluation.value_of(read.value, read.indices)
        except InputError:
            found = np.full_like(expected, np.nan)
        for place in np.ndindex(expected.shape):
            if not np.isfinite(found[place]) or differing(expected, found)[place]:
                numbers = tuple(Affine((), number) for number in place)
                name = formula(Indexed(known.name, numbers), ranks=ranks_of(system))
                return Difference(name, float(found[place]), float(expected[place]))
    return None
