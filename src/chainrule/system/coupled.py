"""Samples that are coupled: a system of one sample whose equations reduce over all of them, batch norm, InfoNCE.

What such an equation reads moves with every sample, so a derivative is none of one sample alone. It is derived in the
system that names its samples, with n an index like any other and the cost the mean over n.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import Expr, Indexed, Reduce, walk
from chainrule.expr.shared import kept
from chainrule.expr.symbols import Symbol
from chainrule.system.batching import batch, mean_over
from chainrule.system.model import Equation, System
from chainrule.system.sizes.erase import erase_sizes
from chainrule.system.typecheck import typecheck


def coupling(system: System, active: Collection[str]) -> Equation | None:
    r"""Return the first equation that reduces over the samples of a batch what is among the active tensors, or None.

    >>> from chainrule.notation import parse
    >>> system = parse("data x\nparam w\nbatch n\nz = w*x\nm = mean(n) z\ncost C = (z - m)^2")
    >>> str(coupling(system, {"w", "z", "m", "C"})), coupling(system, {"C"})
    ('m = mean(n) z', None)
    """
    return next((equation for equation, read in _reducing(system) if not read.isdisjoint(active)), None)


@kept
def _reducing(system: System) -> tuple[tuple[Equation, frozenset[Symbol]], ...]:
    """Return the equations that reduce over the samples of a batch, with what they reduce."""
    found = [(e, [*reductions_over(e.value, system.batch)]) for e in system.equations if system.batch]
    return tuple((e, frozenset[Symbol]().union(*map(tensors_in, parts))) for e, parts in found if parts)


def reductions_over(value: Expr, letter: str) -> Iterator[Reduce]:
    """Yield the reductions in an expression that go over an index of this letter."""
    for part in walk(value):
        if isinstance(part, Reduce) and any(i.preferred == letter for i in part.indices):
            yield part


@kept
def for_all_samples(system: System) -> System:
    r"""Return a system with `batch` as one without, in which all that belongs to a sample names it: z[n,j].

    Its cost is the mean over the samples, a number.

    >>> from chainrule.notation import parse
    >>> print(for_all_samples(parse("data x\nparam w\nbatch n\nz = w*x\nm = mean(n) z\ncost C = (z - m)^2")))
    data x[n]
    param w
    <BLANKLINE>
    z[n] = w·x[n]
    m = mean(n) z[n]
    cost C = mean(n) (z[n] − m)^2
    """
    whole = batch(system)
    equations = tuple(_averaged(e) if e.name == system.cost else e for e in whole.equations)
    indices = tuple(i for i in whole.indices if i.name != whole.samples or i in system.indices)
    return typecheck(erase_sizes(replace(whole, equations=equations, indices=indices, samples="")))


def _averaged(cost: Equation) -> Equation:
    """Return the equation of the mean cost."""
    if not cost.indices:
        return cost
    (sample,) = cost.indices
    return Equation(Indexed(cost.name), mean_over(sample, cost.value))
