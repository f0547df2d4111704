"""Samples that are coupled: a system of one sample whose equations reduce over all of them, batch norm, InfoNCE.

What such an equation reads moves with every sample, so a derivative is none of one sample alone. It is derived in the
system that names its samples, with n an index like any other and the cost the mean over n.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import Indexed, Reduce, walk
from chainrule.expr.shared import kept
from chainrule.system.batching import batch, mean_over
from chainrule.system.model import Equation, System
from chainrule.system.sizes.erase import erase_sizes
from chainrule.system.typecheck import typecheck


def uncoupled(system: System, wrt: Iterable[str] = ()) -> System:
    """Return the system for derivatives by params and by `wrt`: that of all samples where they are coupled."""
    if not system.batch or system.cost in system.declared:
        return system
    moving = {*system.params, *wrt}
    for tensor, arguments in ((d.tensor, {a.tensor for a in d.arguments}) for d in system.declarations):
        moving |= set() if arguments.isdisjoint(moving) else {tensor}
    for equation in system.equations:
        moving |= set() if tensors_in(equation.value).isdisjoint(moving) else {equation.name}
    return system if coupling(system, moving) is None else for_all_samples(system)


def coupling(system: System, active: Collection[str]) -> Equation | None:
    r"""Return the first equation that reduces over the samples of a batch what is among the active tensors, or None.

    >>> from chainrule.notation import parse
    >>> system = parse("data x\nparam w\nbatch n\nz = w*x\nm = mean(n) z\ncost C = (z - m)^2")
    >>> str(coupling(system, {"w", "z", "m", "C"})), coupling(system, {"C"})
    ('m = mean(n) z', None)
    """
    for equation in system.equations if system.batch else ():
        for part in walk(equation.value):
            over_samples = isinstance(part, Reduce) and any(i.preferred == system.batch for i in part.indices)
            if over_samples and not tensors_in(part).isdisjoint(active):
                return equation
    return None


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
