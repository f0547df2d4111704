"""Errors in the body of a loop, told of the step that they are at: z[17; k] and not z[t; k]."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from chainrule.errors import InputError
from chainrule.execute.inputs import settled_sizes
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.facts import check_facts
from chainrule.execute.reference.scope import Scope
from chainrule.execute.reference.step_by_step import values_step_by_step
from chainrule.execute.scalars import Array
from chainrule.expr.symbols import of_one_sample, symbol
from chainrule.families.families_text import as_reductions
from chainrule.families.rewriting import Renaming, at_steps, everywhere, tensor_at, with_tensors
from chainrule.families.step_bodies import StepBody
from chainrule.render.text import equation_text
from chainrule.system.model import Declaration, Equation, Given, System
from chainrule.system.recurrence_order import Recurrence


def at_numbers(numbers: Mapping[str, int]) -> Renaming:
    """Return what names tensors at some steps by these: z[t-1;] is z[16;] at t = 17."""
    return everywhere(lambda tensor: tensor_at(tensor, numbers))


def error_in_equation(
    body: StepBody, one: Equation | Recurrence, scope: Scope, numbers: Mapping[str, int]
) -> InputError:
    """Return the error that an equation ends in, by the names that its tensors have at this step."""
    change = at_numbers(numbers)
    equation = one.equations[0] if isinstance(one, Recurrence) else one
    told = next((e for e in body.told if e.name == of_one_sample(equation.name)), equation)
    at = at_steps(told, {letter: ("", number) for letter, number in numbers.items()})
    where = equation_text(at.target, as_reductions(at.value))
    try:
        if isinstance(one, Recurrence):
            values_step_by_step(one, scope)
        evaluate_in(_named(scope, change), with_tensors(equation.value, change), equation.indices)
    except InputError as error:
        return type(error)(error.what, where=where, expected=error.expected, advice=error.advice)
    raise AssertionError("the same equation ends in the same error")


def check_facts_at(system: System, scope: Scope, given: Collection[str], numbers: Mapping[str, int]) -> None:
    """Check the facts of a system by the names that tensors have at this step. Raises GivenError.

    `given` are the tensors that nothing computes.
    """
    change = at_numbers(numbers)
    givens = tuple(Given(with_tensors(fact.condition, change)) for fact in system.givens)
    declared = {name: one for name, one in scope.declarations.items() if name in given}
    check_facts(replace(system, givens=givens), _named(replace(scope, declarations=declared), change))


def error_in_sizes(
    error: InputError, system: System, values: Mapping[str, Array], numbers: Mapping[str, int]
) -> InputError:
    """Return the error for extents that disagree, by the names that tensors have at this step."""
    change = at_numbers(numbers)
    declarations = [d for d in system.declarations if d.tensor in values]
    equations = tuple(Equation(with_tensors(e.target, change), with_tensors(e.value, change)) for e in system.equations)
    declared = tuple(replace(d, tensor=change(d.tensor)) for d in declarations)
    shapes: dict[str, tuple[int, ...]] = {change(d.tensor): values[d.tensor].shape for d in declarations}
    try:
        settled_sizes(replace(system, declarations=declared, equations=equations), shapes, {}, {})
    except InputError as told:
        return told
    return error  # one tensor under two names


def _named(scope: Scope, change: Renaming) -> Scope:
    values: dict[str, Array] = {change(symbol(name)): value for name, value in scope.values.items()}
    declared: dict[str, Declaration] = {change(symbol(name)): one for name, one in scope.declarations.items()}
    return replace(scope, values=values, declarations=declared)
