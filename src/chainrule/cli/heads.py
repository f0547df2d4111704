"""What comes out of a saved network, as a command is asked for it: one tensor, or several heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.errors import OptionError, listed
from chainrule.network.ends import ends_of

if TYPE_CHECKING:
    from chainrule.network import Network


def names_in(text: str) -> tuple[str, ...]:
    """Return the names that an option has, with commas between.

    >>> names_in("f, o")
    ('f', 'o')
    """
    return tuple(name for part in text.split(",") if (name := part.strip()))


def choose(network: Network, named: str = "") -> None:
    """Settle what comes out: what is named, with commas between, else what the network was made for.

    Without either it is all that the cost compares with data. Raises OptionError where that is nothing.
    """
    compared = tuple(dict.fromkeys(pair.output for pair in network.ends.pairs))
    outputs = names_in(named) or network.ends.outputs or compared
    if not outputs:
        known = network.ends.candidates
        raise OptionError(
            "what comes out of the network is not one thing",
            expected=f"the name of a tensor, or several: of {listed(known)}",
            advice=f"Say which: --of {known[-1]}" if known else "",
        )
    if outputs != network.ends.outputs:
        network.ends = ends_of(network.system, outputs, network.ends.masks)
