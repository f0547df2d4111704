"""Gradients of families: by loops over the backward pass that holds for every number of steps, or written out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from chainrule.errors import ChainruleError
from chainrule.execute.family_inputs import FamilyInputs, Gathered, family_inputs
from chainrule.execute.family_values import computed, numbers_of, symbol_at
from chainrule.expr.shared import memory_of
from chainrule.expr.symbols import Derivative
from chainrule.families.families import Families
from chainrule.families.family_backprop import FamilyBackprop
from chainrule.families.step_bodies import plain_symbol
from chainrule.system.model import System

CostAndGradients: TypeAlias = "tuple[float, dict[str, Gathered]]"
Deriving: TypeAlias = Callable[[Families, Sequence[str]], FamilyBackprop]


def family_gradients(
    families: Families | FamilyBackprop,
    inputs: Mapping[str, Any],
    wrt: Sequence[str] | None,
    derive: Deriving,
    prepare: Callable[[System], System],
    written_out: Callable[[System, Mapping[str, Any], Sequence[str]], tuple[float, dict[str, Any]]],
) -> CostAndGradients:
    """Return the cost and its derivatives by families, each of the form in which it was given.

    `derive` derives families, `prepare` rewrites a system before it is run, and `written_out` gives cost and gradients
    of a system: where there are fewer steps than the derived cases hold for, or nothing could be derived of all steps
    at once.
    """
    forward = families.forward if isinstance(families, FamilyBackprop) else families
    asked = tuple(wrt if wrt is not None else families.wrt if isinstance(families, FamilyBackprop) else forward.params)
    given = family_inputs(forward, inputs)
    derived = families if isinstance(families, FamilyBackprop) and {*asked} <= {*families.wrt} else None
    derived = derived or _derived(forward, asked, derive)
    if derived is not None and all(given.numbers[letter] >= least for letter, least in derived.least.items()):
        found = looped_gradients(derived.system, given, asked, prepare)
        if found is not None:
            return found
    members = {name: given.named(name) for name in asked}
    cost, gradients = written_out(given.system, given.inputs, [m for found in members.values() for m in found])
    return cost, {name: given.gathered(name, [gradients[m] for m in found]) for name, found in members.items()}


def _derived(families: Families, wrt: tuple[str, ...], derive: Deriving) -> FamilyBackprop | None:
    """Return the backward pass of families, kept with them; None where it is derived of the system written out only."""
    kept: dict[tuple[str, ...], FamilyBackprop | None] = memory_of(families, "backward passes")
    if wrt not in kept:
        try:
            kept[wrt] = derive(families, wrt)
        except ChainruleError:
            kept[wrt] = None
    return kept[wrt]


def looped_gradients(
    derived: Families, given: FamilyInputs, asked: Sequence[str], prepare: Callable[[System], System]
) -> CostAndGradients | None:
    """Return the cost and its derivatives by what is asked for, given the backward pass of families as a family.

    None is returned where no body of a loop can be made of them. Raises as `evaluate` does.
    """
    members = computed(derived, given, prepare)
    if members is None:
        return None
    cost = symbol_at(derived.head.cost, given.numbers)
    value = members.get(plain_symbol(cost), numbers_of(cost))
    gradients: dict[str, Gathered] = {}
    for name in asked:
        family = plain_symbol(Derivative(derived.head.cost, name))
        steps = [steps for steps, _ in given.members(name)] if name in given.family_names else [()]
        values = [found for at in steps if (found := members.get(family, at)) is not None]
        if len(values) < len(steps):
            return None
        gradients[name] = given.gathered(name, values)
    assert value is not None
    return float(value.mean()), gradients
