"""Files written whole or not at all: beside their place first, on the disk, then moved there.

Whoever reads the file, or is interrupted while writing it, sees the old content or the new, never half of one.
"""

from __future__ import annotations

import glob
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from chainrule.errors import OptionError

_PART = ".part"


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write a file, replacing what was there. Raises OptionError where it cannot be written."""
    path = Path(path)
    try:
        _write(path, content)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from None


def check_writable(path: str | Path) -> None:
    """Raise OptionError where a file could not be written, before somebody works for it."""
    path = Path(path)
    if path.is_dir():
        raise _unwritable(path, "it is a folder")
    if not path.parent.is_dir():
        raise _unwritable(path, f"there is no folder {path.parent}")
    try:
        handle, name = _temporary(path)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from None
    os.close(handle)
    Path(name).unlink()


def remove_leftovers(path: str | Path) -> None:
    """Remove what a process that was killed left beside a file that it was writing."""
    path = Path(path)
    for part in path.parent.glob(f".{glob.escape(path.name)}.*{_PART}"):
        with suppress(OSError):
            part.unlink()


def _write(path: Path, content: bytes) -> None:
    handle, name = _temporary(path)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        _take_mode(Path(name), path)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _settle_folder(path.parent)


def _temporary(path: Path) -> tuple[int, str]:
    return tempfile.mkstemp(prefix=f".{path.name}.", suffix=_PART, dir=path.parent)


def _take_mode(new: Path, old: Path) -> None:
    """Give the new file the permissions of the old one, or those of any new file instead of the owner's only."""
    if old.exists():
        new.chmod(old.stat().st_mode & 0o777)
        return
    mask = os.umask(0)
    os.umask(mask)
    new.chmod(0o666 & ~mask)


def _settle_folder(folder: Path) -> None:
    """Make the new name durable, where the system lets a folder be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _unwritable(path: Path, why: str) -> OptionError:
    return OptionError(f"{path} cannot be written: {why}", advice="Name a file in a folder that is there.")
