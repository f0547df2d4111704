"""Locks on files that last as long as the process that holds them, however it ends.

A lock belongs to a file that was opened, not to a process or a name. So threads exclude each other, too, numbers of
processes that are used again deceive nobody, and nothing that is left behind is taken for a lock. Where the system, or
the place of the file, has no such locks, nothing is locked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from chainrule.errors import OptionError

try:
    import fcntl
except ImportError:  # on Windows
    _PRESENT = False
else:
    _PRESENT = True


def lock(stream: IO[bytes]) -> bool:
    """Lock a file until it is closed; say False where somebody else holds it."""
    if not _PRESENT:
        return True
    try:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # such as: no locks on this file system
        return True
    return True


@contextmanager
def owned(path: Path, what: str) -> Iterator[None]:
    """Be the only one who writes a file for some time. Raises OptionError, which says what it is, for anybody else."""
    target = Path(os.path.realpath(path))
    mark = target.with_name(f".{target.name}.lock")
    stream = _marked(mark) if _PRESENT else None
    if _PRESENT and stream is None:
        raise OptionError(
            f"another training writes the {what} {path}",
            expected=f"one training at a time for each {what}",
            advice="Wait until it has ended, or name another file.",
        )
    try:
        yield
    finally:
        if stream is not None:
            with suppress(OSError):
                mark.unlink(missing_ok=True)
            stream.close()


def _marked(mark: Path) -> IO[bytes] | None:
    """Return a file that was made and locked, None where somebody else holds it.

    Whoever held it last may have removed it since it was opened: then it is no mark for others any more.
    """
    while True:
        stream = mark.open("ab")
        if not lock(stream):
            stream.close()
            return None
        with suppress(OSError):
            if os.path.samestat(os.fstat(stream.fileno()), mark.stat()):
                return stream
        stream.close()
