"""Networks from files: what a file says must make a network, or is refused with the name of the file."""

from __future__ import annotations

from pathlib import Path

from chainrule.errors import ChainruleError, ModelFileError, escaped
from chainrule.network.files import read_model
from chainrule.network.network import Network, rebuilt


def load(path: str | Path) -> Network:
    """Return a network from a file that `Network.save` wrote. Nothing in the file is executed.

    Raises ModelFileError, which names the file, if it is damaged, was altered, or is none of chainrule's.
    """
    saved = read_model(path)
    try:
        return rebuilt(saved)
    except ChainruleError as error:
        where = "\n".join(part for part in (f"in {escaped(path)}", error.where) if part)
        what = f"the network in the file makes no sense: {error.what}"
        raise ModelFileError(what, where=where, expected=error.expected, advice=error.advice) from None
