"""Callbacks: what a user wants to happen after every epoch, and may stop the training.

A callback looks; what it changes in the network does not reach the training, which has its own memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias

from chainrule.errors import OptionError
from chainrule.network.network import Network
from chainrule.training.history import History


class EpochCallback(Protocol):
    """Something that is told of every epoch."""

    def on_epoch_end(self, history: History, network: Network) -> bool | None:
        """Take note of the last epoch of the history; return True to stop. The network has the params after it."""
        ...


Function: TypeAlias = Callable[[History, Network], bool | None]
Callback: TypeAlias = EpochCallback | Function
"""An object with `on_epoch_end`, or a function that is called in the same way."""


def checked_callbacks(callbacks: Iterable[Callback]) -> list[tuple[str, Function]]:
    """Return callbacks as functions, each with its name. Raises OptionError for what cannot be called."""
    if not isinstance(callbacks, Iterable):
        raise OptionError(f"callbacks is {callbacks!r}", expected="a list of callbacks")
    found: list[tuple[str, Function]] = []
    for callback in callbacks:
        function = getattr(callback, "on_epoch_end", callback)
        if not callable(function) or isinstance(callback, type):
            raise OptionError(
                f"{callback!r} is no callback",
                expected="an object with a method on_epoch_end(history, network), or a function of these two",
            )
        found.append((getattr(callback, "__name__", type(callback).__name__), function))
    return found


def asked_to_stop(callbacks: Iterable[tuple[str, Function]], history: History, network: Network) -> str:
    """Call all of them; return who asked to stop, "" if nobody did. An error gets a note of when it was raised."""
    asked = []
    for name, function in callbacks:
        try:
            if function(history, network):
                asked.append(name)
        except Exception as error:
            error.add_note(
                f"raised by the callback {name} after epoch {len(history.epochs)}; "
                "the network keeps what it had learned by then"
            )
            raise
    return f"the callback {asked[0]} asked for it" if asked else ""
