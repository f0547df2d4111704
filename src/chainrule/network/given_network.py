"""The check of what is given where a network is expected."""

from __future__ import annotations

from chainrule.errors import OptionError
from chainrule.families.families import Families
from chainrule.network.network import Network
from chainrule.system.model import System


def check_network(value: object, done: str) -> None:
    """Raise OptionError unless this is a network; `done` says what is to be done with it, such as "trained"."""
    if isinstance(value, Network):
        return
    advice = ""
    if isinstance(value, System | Families):
        advice = "Make one of the system: cr.Network.from_system(system)"
    elif isinstance(value, str):
        advice = "Make one of text: cr.Network.from_system(cr.parse(text)). One from a file: cr.load(path)"
    raise OptionError(f"a {type(value).__name__} is to be {done}", expected="a network", advice=advice)
