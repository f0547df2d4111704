"""Derivatives where samples are coupled: in which system they are taken, and where there is no rule for them."""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.diff.graph import graph_of
from chainrule.errors import DerivativeError
from chainrule.system.coupled import coupling, for_all_samples
from chainrule.system.model import System
from chainrule.system.recurrences import recurrence_of


def uncoupled(system: System, wrt: Iterable[str] = ()) -> System:
    """Return the system for derivatives by params and by `wrt`: that of all samples where they are coupled.

    Where an unknown cost or a recurrence stands in the way it is the same system, and is refused.
    """
    if system.cost in system.declared or coupling(system, frozenset(system.names())) is None:
        return system
    found = coupling(system, graph_of(system).depending_on((*system.params, *wrt)))
    return system if found is None or recurrence_of(system, found.name) else for_all_samples(system)


def refuse_coupled_samples(system: System, active: frozenset[str]) -> None:
    """Raise DerivativeError where an equation sums over the samples of a batch what is differentiated."""
    equation = coupling(system, active)
    if equation is not None:
        raise DerivativeError(
            f"no rule for an equation that couples the samples of a batch: {equation.name} reduces over "
            f"{system.batch} what depends on a param",
            where=str(equation),
            expected="samples that are coupled through data only",
            advice=f"Write the system without batch {system.batch}, with the index {system.batch} on all data.",
        )
