"""A fact that an answer rests on and the system does not state: Σ_k y[k] = 1, however far from z it is used.

That is no mistake in the derivation, so it is asked before any is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chainrule.checking.answer import Answer
from chainrule.checking.search import same
from chainrule.diff.backprop import Cotangents
from chainrule.errors import InputError, VerificationError
from chainrule.execute.reference.evaluation import Evaluation, evaluate_all
from chainrule.expr.nodes import ONE, Comparison, Expr, Index, Indexed, Reduce, walk
from chainrule.expr.symbols import Derivative
from chainrule.render.text import expression_text
from chainrule.system.model import Given, System
from chainrule.verify.sampling import random_inputs
from chainrule.verify.unknowns import RandomUnknowns

_MOST_FACTS = 2
_POINTS = 3


def missing_fact(answer: Answer, truth: Expr, indices: tuple[Index, ...], whole: System, cotangents: Cotangents) -> str:
    """Say so if the answer is right as soon as some sum of inputs is 1; `whole` has the derived equations."""
    for number, fact in enumerate(_facts(whole)):
        if number == _MOST_FACTS:
            break
        points = [_at(whole, cotangents.system, fact, seed) for seed in range(_POINTS)]
        if all(point is not None and _agree(point, answer, truth, indices) for point in points):
            text = expression_text(fact.condition)
            return f"it is right where {text}, which the system does not say; if it is always so, it can: given {text}"
    return ""


def _facts(whole: System) -> Iterator[Given]:
    """Yield that a sum of inputs is 1, for each that the derived equations multiply with."""
    stated = {given.condition for given in whole.givens}
    seen = set()
    for equation in whole.equations:
        for part in walk(equation.value) if isinstance(equation.name, Derivative) else ():
            if isinstance(part, Reduce) and part.op == "sum" and isinstance(part.body, Indexed):
                fact = Comparison("=", part, ONE)
                if part.body.tensor in whole.declared and fact not in stated and fact not in seen:
                    seen.add(fact)
                    yield Given(fact)


def _at(whole: System, forward: System, fact: Given, seed: int) -> Evaluation | None:
    """Return a random point at which the fact holds too."""
    unknowns = RandomUnknowns(seed)
    try:
        inputs = random_inputs(replace(forward, givens=(*forward.givens, fact)), seed, unknowns=unknowns)
        return evaluate_all(whole, inputs, unknowns=unknowns)
    except (InputError, VerificationError):
        return None


def _agree(point: Evaluation, answer: Answer, truth: Expr, indices: tuple[Index, ...]) -> bool:
    try:
        return same(point.value_of(answer.value, answer.indices), point.value_of(truth, indices))
    except InputError:
        return False
