"""Compiled code kept on disk, so that the same program on the same machine is compiled once.

Whatever is loaded is run, so nothing is loaded that fails a check: an entry is a regular file of this user that nobody
else can write to, in such a folder, and its header names the key and the SHA-256 of what follows. What fails is
compiled anew and replaced. No trouble with the disk is an error: then there is no cache. What the machine code depends
on is in the key, so an entry never has to be declared stale.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chainrule.keywords import answers

FORMAT = 1
HEADER = struct.Struct("<16sI32sQ32s")
MAGIC = b"chainrule code\r\n"
"""With a line's end in it: a transfer as text breaks the header, not the code."""
LIMIT = 256 << 20
"""The bytes that all entries may have together."""
ENTRY, UNFINISHED = ".code", ".new"
ABANDONED = 3600.0
"""The seconds after which a file that was never finished is taken away."""
OFF = ("0", "off", "no", "false")


@dataclass(frozen=True)
class CodeCache:
    """Compiled code in a folder, under at most `limit` bytes: the entry that was not used for longest goes first.

    Processes may share it: an entry appears whole or not at all.
    """

    directory: Path
    limit: int = LIMIT

    def load(self, key: str) -> bytes | None:
        """Return what was stored under a key; None where there is nothing, or nothing that can be trusted."""
        path = self._path(key)
        flags = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
        try:
            if self.refusal() or path.is_symlink():
                return None
            with os.fdopen(os.open(path, os.O_RDONLY | flags), "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode) or not _is_ours(status) or status.st_size > self.limit:
                    return None
                payload = _unpacked(file.read(), key)
        except OSError:
            return None
        if payload is not None:
            with contextlib.suppress(OSError):
                os.utime(path)
        return payload

    def store(self, key: str, payload: bytes) -> None:
        """Keep what belongs to a key, if the disk allows."""
        content = _packed(key, payload)
        if len(content) > self.limit:
            return
        with contextlib.suppress(OSError):
            self._create()
            if not self.refusal():
                _replace(self._path(key), content)
                self._shrink()

    def refusal(self) -> str:
        """Say why the folder is not used, or "": it is somebody else's, or others can write to it."""
        try:
            status = os.lstat(self.directory)
        except FileNotFoundError:
            return ""
        except OSError as error:
            return f"it cannot be read: {error.strerror}"
        if not stat.S_ISDIR(status.st_mode):
            return "it is no folder, or a link to one"
        return "" if _is_ours(status) else "it is not yours, or others can write to it"

    def sizes(self) -> dict[str, int]:
        """Return the bytes of every entry by its file name."""
        return {name: status.st_size for name, status in self._files() if name.endswith(ENTRY)}

    def clear(self) -> int:
        """Take all entries away, those half written too, and nothing else; return how many entries there were."""
        count = 0
        for name, _ in list(self._files()):
            with contextlib.suppress(OSError):
                (self.directory / name).unlink()
                count += name.endswith(ENTRY)
        return count

    def _path(self, key: str) -> Path:
        return self.directory / (key + ENTRY)

    def _create(self) -> None:
        """Make the folder and those above it that are missing, for this user alone.

        Not among what belongs to somebody else: what sudo makes in a user's home is of no use to the user.
        """
        missing = [folder for folder in (self.directory, *self.directory.parents) if not os.path.lexists(folder)]
        if missing and hasattr(os, "geteuid") and missing[-1].parent.stat().st_uid not in (0, os.geteuid()):
            return
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the files of the cache, by their names: those of a link to a folder are not."""
        found: list[os.DirEntry[str]] = []
        with contextlib.suppress(OSError):
            found = [] if self.directory.is_symlink() else sorted(os.scandir(self.directory), key=lambda f: f.name)
        for file in found:
            if file.name.endswith((ENTRY, UNFINISHED)):
                with contextlib.suppress(OSError):
                    yield file.name, file.stat(follow_symlinks=False)

    def _shrink(self) -> None:
        """Take away what was not used for longest until the rest keeps the limit, and what was never finished."""
        files = list(self._files())
        total = sum(status.st_size for _, status in files)
        for name, status in sorted(files, key=lambda f: f[1].st_mtime):
            forgotten = name.endswith(UNFINISHED) and status.st_mtime < time.time() - ABANDONED
            if forgotten or (total > self.limit and name.endswith(ENTRY)):
                with contextlib.suppress(OSError):
                    (self.directory / name).unlink()
                    total -= status.st_size


@answers
def code_cache() -> CodeCache | None:
    """Return the cache of compiled code, None where it is off.

    It is in the folder `CHAINRULE_CACHE_DIR` if that is set, else where the system keeps such files of a user;
    `CHAINRULE_CACHE=0` turns it off.

    >>> cache = code_cache()
    >>> cache is None or cache.directory.name
    'native'
    """
    if os.environ.get("CHAINRULE_CACHE", "").strip().lower() in OFF:
        return None
    try:
        return CodeCache(_base().absolute() / "native")
    except RuntimeError:  # nobody knows where this user's home is
        return None


def _base() -> Path:
    """Return the folder for caches of chainrule. Raises RuntimeError where the user has no home."""
    chosen = os.environ.get("CHAINRULE_CACHE_DIR", "")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "chainrule" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "chainrule"
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # the specification: a relative path is to be ignored
    return (given if given.is_absolute() else Path.home() / ".cache") / "chainrule"


def key_of(parts: Sequence[str]) -> str:
    """Return the key of all that an entry depends on; the parts are told apart, not only strung together.

    >>> key_of(["ab", "c"]) == key_of(["a", "bc"])
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(struct.pack("<Q", len(data)))
        digest.update(data)
    return digest.hexdigest()


def _packed(key: str, payload: bytes) -> bytes:
    return HEADER.pack(MAGIC, FORMAT, bytes.fromhex(key), len(payload), hashlib.sha256(payload).digest()) + payload


def _unpacked(content: bytes, key: str) -> bytes | None:
    """Return the payload of an entry, None unless all of the header is as it must be."""
    payload = content[HEADER.size :]
    return payload if content == _packed(key, payload) else None


def _is_ours(status: os.stat_result) -> bool:
    """Say whether a file or folder is this user's and nobody else can write to it; elsewhere than on POSIX, yes."""
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _replace(path: Path, content: bytes) -> None:
    """Write a file that others see whole or not at all."""
    # not tempfile: it tries for hours where Windows does not let this user write into the folder
    new = path.with_name(secrets.token_hex(16) + UNFINISHED)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
