"""The check that runs after every pass: a system makes sense, and each Index carries the size it ranges over.

`naming` says who may be named where, `sizes` infers how far indices run. A system that is annotated already comes back
as the same object. Nothing here recurses over equations.
"""

from __future__ import annotations

from chainrule.expr.garbage import no_garbage
from chainrule.system.drawn import check_drawn
from chainrule.system.model import System
from chainrule.system.naming import NameTable
from chainrule.system.sizes.infer import infer_sizes
from chainrule.system.sizes.said import is_read_from_text, keeps_its_letters, say_sizes
from chainrule.system.whole import whole_comparisons


@no_garbage()
def typecheck(system: System) -> System:
    """Return the system with the size of every index inferred, and with what its text has to say of them.

    Checked are: each name means one thing, each tensor is assigned once and before its use, ranks, free indices, the
    arities of functions, what unknown functions depend on, that the cost is a scalar, and that updates are of params
    and states. A system for all samples is no text that is read, so its text has nothing more to say.
    Raises TypecheckError.
    """
    system = whole_comparisons(system)
    names = NameTable(system)
    names.check()
    inferred = infer_sizes(system, names)
    check_drawn(inferred)
    if inferred.__dict__.get("_says_sizes"):
        return inferred
    prints_as_read = is_read_from_text(system) and keeps_its_letters(inferred)
    said = inferred if inferred.samples or prints_as_read else say_sizes(inferred)
    said.__dict__["_says_sizes"] = True
    return said
