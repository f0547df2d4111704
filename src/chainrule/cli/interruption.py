"""What ends a command from outside: Ctrl-C, and the signals by which a container or a closed terminal ends it.

Such a signal is told as Ctrl-C is, by a KeyboardInterrupt, so that whatever keeps its work then keeps it here, too. The
exit code says which it was: 128 and its number, as shells have it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED, GONE = 130, 141
"""The exit codes of Ctrl-C, and where nobody reads the output any more."""
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Ending(KeyboardInterrupt):
    """A signal to end has come; `code` is the exit code then."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


class Endings:
    """What has come: the exit code of the last signal, or that of Ctrl-C."""

    def __init__(self) -> None:
        self.code = INTERRUPTED

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Take a signal."""
        self.code = 128 + number
        raise Ending(self.code)


@contextmanager
def endings() -> Iterator[Endings]:
    """Have signals told as interruptions, but for those that are ignored, as nohup has it, or handled already."""
    taken = Endings()
    own = threading.current_thread() is threading.main_thread()
    numbers = [n for n in _SIGNALS if own and _is_free(signal.getsignal(n))]
    before = {number: signal.signal(number, taken) for number in numbers}
    try:
        yield taken
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_free(handler: object) -> bool:
    """Say whether nobody else handles a signal; a part of a command takes over from the command."""
    return handler is signal.SIG_DFL or isinstance(handler, Endings)
