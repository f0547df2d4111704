"""Whether numbers obey the facts that a system states as `given`.

A fact is checked for every value of its free indices, so for every sample of a batch, as soon as all that it mentions
has a value. Equality holds within a relative 1e-6; the tolerance is never wider than that of numbers around 1, and
shrinks with the entries, so that a sum that should be 0 is judged by what was added up.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.errors import GivenError
from chainrule.execute.reference.expressions import condition_in, evaluate_in
from chainrule.execute.reference.scope import Scope
from chainrule.execute.scalars import Array
from chainrule.expr.binding import free_in_order, tensors_in
from chainrule.expr.nodes import Comparison, Index
from chainrule.render.text import expression_text
from chainrule.system.model import Given, System

TOLERANCE = 1e-6
MOST_SHOWN = 12
"""Entries of a vector that an error shows."""


def check_facts(system: System, scope: Scope, *, known_before: frozenset[str] | None = None) -> None:
    """Raise GivenError for the first fact that the values of a scope break.

    Facts that mention a tensor without a value are left out, and so are those whose tensors were all in
    `known_before`: they have been checked.
    """
    for given in system.givens:
        mentioned = tensors_in(given.condition)
        if not mentioned <= scope.values.keys() or (known_before is not None and mentioned <= known_before):
            continue
        indices = free_in_order(given.condition)
        broken = ~holds(given, scope, indices)
        if broken.any():
            raise _broken(given, scope, indices, broken)


def holds(given: Given, scope: Scope, indices: tuple[Index, ...]) -> Array:
    """Return where a fact holds, with one axis for each of its free indices."""
    condition = given.condition
    if condition.relation in {"<", ">", "!="}:
        return condition_in(scope, condition, indices)
    left, right = sides(condition, scope, indices)
    entries = [float(np.max(np.abs(scope.values[t]), initial=0)) for t in sorted(tensors_in(condition))]
    scale = np.maximum(np.maximum(np.abs(left), np.abs(right)), min(1.0, max(entries, default=1.0)))
    with np.errstate(invalid="ignore"):
        difference = left - right
        excess = {"=": np.abs(difference), "<=": difference, ">=": -difference}[condition.relation]
        return np.asarray(excess <= TOLERANCE * scale)


def sides(condition: Comparison, scope: Scope, indices: tuple[Index, ...]) -> Iterator[Array]:
    """Return the values of the left and the right side, with one axis for each of the indices."""
    return (evaluate_in(scope, side, indices) for side in (condition.left, condition.right))


def _broken(given: Given, scope: Scope, indices: tuple[Index, ...], broken: Array) -> GivenError:
    at = tuple(int(n) for n in np.argwhere(broken)[0])
    place = ", ".join(f"{i.preferred} = {n}" for i, n in zip(indices, at, strict=True))
    whose = _whose(given, scope)
    return GivenError(
        f"the {whose} break the fact given {expression_text(given.condition)}" + (f" at {place}" if place else ""),
        where=_found(given, scope, indices, at),
        expected=f"{whose} of which all that is given holds, since derivations use it",
        advice=f"It fails at {int(broken.sum())} of {broken.size} places. Correct the {whose}, or remove the given.",
    )


def _whose(given: Given, scope: Scope) -> str:
    """Return what a fact is about: the data or the params, or values where it is about both or what is computed."""
    declared = [scope.declarations.get(tensor) for tensor in tensors_in(given.condition)]
    roles = {d.role if d else "" for d in declared}
    return {frozenset(["data"]): "data", frozenset(["param"]): "params"}.get(frozenset(roles), "values")


def _found(given: Given, scope: Scope, indices: tuple[Index, ...], at: tuple[int, ...]) -> str:
    """Say what the numbers at a place are."""
    hot = given.hot
    if hot is None:
        left, right = (side[at] for side in sides(given.condition, scope, indices))
        return f"the left side is {left:.6g}, the right side {right:.6g}"
    entries = evaluate_in(scope, hot.body, (*indices, *hot.indices))[at]
    shown = [f"{entry:.6g}" for entry in entries[:MOST_SHOWN]]
    return f"the entries are {', '.join([*shown, '…'] if len(entries) > MOST_SHOWN else shown)}"
