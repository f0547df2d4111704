"""Files written whole or not at all: beside their place first, on the disk, then moved there.

Whoever reads the file, or is interrupted while writing it, sees the old content or the new, never half of one. A link
is written through. What is no regular file, such as a device or a pipe, cannot be replaced by one, and is refused.
"""

from __future__ import annotations

import glob
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from chainrule.errors import OptionError
from chainrule.network.locks import lock

_PART = ".part"
_TRIES = 3
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_STREAMS = (1, 2)
"""The standard output and that for errors."""


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write a file, replacing what was there. Raises OptionError where it cannot be written."""
    path = Path(path)
    try:
        _check_kind(path)
        _write(_target(path), content)
    except OptionError:
        raise
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None


def check_writable(path: str | Path) -> None:
    """Raise OptionError where a file could not be written, before somebody works for it."""
    path = Path(path)
    try:
        _check_kind(path)
        target = _target(path)
        if not target.parent.is_dir():
            raise _refused(path, f"there is no folder {target.parent}")
        part = _part(target)
        try:
            _create(part, b"")
            _discard(part)
        except BaseException:
            _discard(part)
            raise
    except OptionError:
        raise
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None


def remove_leftovers(path: str | Path) -> None:
    """Remove what a process that was killed left beside a file that it was writing; what somebody writes now stays."""
    path = _target(Path(path))
    for part in path.parent.glob(f".{glob.escape(path.name)}.*{_PART}"):
        with suppress(OSError), part.open("r+b") as stream:
            if lock(stream):
                _discard(part)


def _target(path: Path) -> Path:
    """Return the file that a link, or a link to a link, leads to; another file is itself."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _check_kind(path: Path) -> None:
    """Raise OptionError for what is there and no regular file, or is where this process prints to."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return
    kind = next((name for is_kind, name in _KINDS if is_kind(there.st_mode)), "")
    if kind:
        raise _refused(path, f"it is {kind}")
    for stream in _STREAMS:
        with suppress(OSError):
            if os.path.samestat(os.fstat(stream), there):
                raise _refused(path, "what is printed goes there")


def _write(path: Path, content: bytes) -> None:
    """Write beside a file and move that there; once more where somebody took the new file for a leftover."""
    for tries in range(1, _TRIES + 1):
        part = _part(path)
        try:
            _create(part, content)
            if path.exists():
                part.chmod(path.stat().st_mode & 0o777)
            part.replace(path)
        except FileNotFoundError:
            _discard(part)
            if tries == _TRIES or not path.parent.is_dir():
                raise
        except BaseException:
            _discard(part)
            raise
        else:
            break
    _settle_folder(path.parent)


def _part(path: Path) -> Path:
    """Return a new name beside a file, known before the file is: so whoever is interrupted can remove it.

    Not that of tempfile, which on Windows tries for hours where the folder may not be written.
    """
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}{_PART}")


def _discard(part: Path) -> None:
    with suppress(OSError):
        part.unlink(missing_ok=True)


def _create(path: Path, content: bytes) -> None:
    with path.open("xb") as stream:
        lock(stream)
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _settle_folder(folder: Path) -> None:
    """Make the new name durable, where the system lets a folder be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _unwritable(path: Path, error: OSError | ValueError) -> OptionError:
    return _refused(path, (error.strerror if isinstance(error, OSError) else None) or str(error))


def _refused(path: Path, why: str) -> OptionError:
    return OptionError(f"{path} cannot be written: {why}", advice="Name a file in a folder that is there.")
