"""Derivatives that equations read by name, as equations of their own: ∂L/∂W, ∂²u/∂x∂x, ∂a/∂x[k,i].

One order is derived after the other, each from a system in which those before have plain names: nothing then tells a
derivative from any other tensor. That of a scalar is found by backprop, all others by walking forward.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from chainrule.diff.coupled_samples import refuse_coupled_samples
from chainrule.diff.graph import graph_of
from chainrule.diff.prepare import plain_names, with_names
from chainrule.expr.binding import tensors_in
from chainrule.expr.symbols import NO_TENSOR, Derivative, Symbol, derivative_by, unused
from chainrule.jacobians import jacobian
from chainrule.pipeline import backprop
from chainrule.system.model import Equation, Given, System
from chainrule.system.typecheck import typecheck


def derived(system: System, derivative: Derivative, givens: Sequence[Given]) -> System:
    """Return the system with the equation of a derivative, and of every name it needs, at its end.

    The system has no cost. What is derived may use those of the givens that speak of its tensors. Raises
    DerivativeError.
    """
    if derivative in system.defined:
        return system
    *earlier, by = derivative.wrt
    of: Symbol = derivative.of
    if earlier:
        of = first = Derivative(derivative.of, *earlier)
        system = derived(system, first, givens)
    names = plain_names(system, (e.name for e in system.equations if isinstance(e.name, Derivative)))
    plain = with_names(system, names)
    found = _walked(_with_facts(plain, givens), names.get(of, of), names.get(by, by), first=not earlier)
    return replace(system, equations=_once(with_names(found, _names_back(found, names)).equations))


def _walked(system: System, of: Symbol, by: Symbol, *, first: bool) -> System:
    """Return the system with the equation of ∂of/∂by: the first of a scalar goes backward, all others forward.

    Backward, the second derivative of u would go through derivatives by ∂u/∂z, which have no name in the notation.
    """
    refuse_coupled_samples(system, graph_of(system).depending_on((*system.params, by)))
    if system.axes(of) or not first:
        return jacobian(system, of, by)
    return replace(backprop(replace(system, cost=of), (by,)).system, cost=NO_TENSOR)


def _with_facts(system: System, givens: Iterable[Given]) -> System:
    known = frozenset(system.names())
    facts = tuple(g for g in givens if tensors_in(g.condition.left) | tensors_in(g.condition.right) <= known)
    return typecheck(replace(system, givens=facts))


def _names_back(found: System, names: Mapping[Symbol, Symbol]) -> dict[Symbol, Symbol]:
    """Return what tensors are called where derivatives have plain names no longer: ∂u_x/∂x is ∂²u/∂x∂x.

    One by what has a plain name itself keeps such a name, since ∂L/∂(∂u/∂x) is none of the notation.
    """
    back = {name: tensor for tensor, name in names.items()}
    taken = set(found.names())
    for tensor in [e.name for e in found.equations if isinstance(e.name, Derivative)]:
        of, (by,) = tensor.of, tensor.wrt
        nameless = isinstance(back.get(by, by), Derivative)
        back[tensor] = unused(tensor, taken) if nameless else derivative_by(back.get(of, of), by)
        taken.add(back[tensor])
    return back


def _once(equations: Iterable[Equation]) -> tuple[Equation, ...]:
    """Return the equations without those of a derivative that was derived before."""
    first: dict[Symbol, Equation] = {}
    for equation in equations:
        first.setdefault(equation.name, equation)
    return tuple(first.values())
