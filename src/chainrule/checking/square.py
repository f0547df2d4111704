"""Points at which axes have one extent that need not have it.

There an answer can be evaluated in which a letter labels both. That W[h,k] stands for W[k,h], or one path for all, can
be found out there; that an answer is right cannot.
"""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.checking.points import Points
from chainrule.errors import InputError, VerificationError
from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.expr.sizes import Literal, Size
from chainrule.system.model import System
from chainrule.verify.sampling import random_inputs
from chainrule.verify.unknowns import RandomUnknowns

_SIZES = (3, 4, 5)


def square_points(forward: System, whole: System) -> Points | None:
    """Return points at which all extents that are not declared are equal; None where there are none."""
    extents, declared = _extents(forward), set(forward.size.values())
    found = []
    for seed, size in enumerate([*declared] * len(_SIZES) if len(declared) == 1 else _SIZES):
        unknowns = RandomUnknowns(seed)
        sizes = dict.fromkeys(extents, size)
        try:
            inputs = random_inputs(forward, seed, sizes, unknowns=unknowns)
            found.append(evaluate_all(whole, inputs, unknowns=unknowns, sizes=sizes))
        except (InputError, VerificationError):
            return None
    return Points.of(found)


def _extents(system: System) -> Iterable[Size]:
    derived = {one.extent for one in system.derived}
    extents = (index.extent for name in system.names() for index in system.axes(name))
    return dict.fromkeys(e for e in extents if e not in system.size and e not in derived and not isinstance(e, Literal))
