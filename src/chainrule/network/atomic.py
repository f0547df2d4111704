"""Files written whole or not at all: beside their place first, on the disk, then moved there.

Whoever reads the file, or is interrupted while writing it, sees the old content or the new, never half of one.
"""

from __future__ import annotations

import glob
import os
import secrets
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
    part = _part(path)
    try:
        _create(part, b"")
        part.unlink()
    except BaseException as error:
        _discard(part)
        if isinstance(error, OSError):
            raise _unwritable(path, error.strerror or str(error)) from None
        raise


def remove_leftovers(path: str | Path) -> None:
    """Remove what a process that was killed left beside a file that it was writing."""
    path = Path(path)
    for part in path.parent.glob(f".{glob.escape(path.name)}.*{_PART}"):
        _discard(part)


def _write(path: Path, content: bytes) -> None:
    part = _part(path)
    try:
        _create(part, content)
        if path.exists():
            part.chmod(path.stat().st_mode & 0o777)
        part.replace(path)
    except BaseException:
        _discard(part)
        raise
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


def _unwritable(path: Path, why: str) -> OptionError:
    return OptionError(f"{path} cannot be written: {why}", advice="Name a file in a folder that is there.")
