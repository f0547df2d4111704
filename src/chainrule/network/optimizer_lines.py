"""The lines that an optimizer adds to the system of a network: they may define updates, and nothing else."""

from __future__ import annotations

from chainrule.errors import OptionError
from chainrule.system.model import System
from chainrule.system.stages import for_updates


def check_updates(system: System, whole: System) -> None:
    """Raise OptionError where lines of an optimizer change what the network computes, or add what no update reads."""
    count, known = len(system.equations), set(system.declared)
    same = whole.equations[:count] == system.equations and (whole.cost, whole.batch) == (system.cost, system.batch)
    added = {e.name for e in whole.equations[count:]}
    needed = added <= {e.name for e in for_updates(whole)}
    if (
        not same
        or not needed
        or any(d.role not in ("const", "state") for d in whole.declarations if d.tensor not in known)
    ):
        raise OptionError("the lines of the optimizer define more than updates")
