"""Files written whole or not at all."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from chainrule.errors import OptionError
from chainrule.network.atomic import check_writable, remove_leftovers, write_atomically


def test_a_file_is_written_and_replaced_and_nothing_else_stays(tmp_path: Path) -> None:
    path = tmp_path / "net.bin"
    write_atomically(path, b"one")
    write_atomically(str(path), b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["net.bin"]


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.bin"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OptionError, match=r"net\.bin cannot be written: No space left on device"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["net.bin"]


def test_an_interruption_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.bin"
    path.write_bytes(b"old")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["net.bin"]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_permissions_are_those_of_any_new_file_or_of_the_old_one(tmp_path: Path) -> None:
    path, plain = tmp_path / "net.bin", tmp_path / "plain"
    plain.write_bytes(b"")
    write_atomically(path, b"one")
    assert path.stat().st_mode == plain.stat().st_mode
    path.chmod(0o640)
    write_atomically(path, b"two")
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("check", [check_writable, lambda path: write_atomically(path, b"x")], ids=["check", "write"])
def test_places_that_cannot_be_written(tmp_path: Path, check: object) -> None:
    assert callable(check)
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path, tmp_path / "missing" / "net.bin", tmp_path / "file" / "net.bin"):
        with pytest.raises(OptionError, match=r"cannot be written: .*\n  Name a file in a folder that is there."):
            check(path)


def test_the_check_leaves_no_trace(tmp_path: Path) -> None:
    check_writable(tmp_path / "net.bin")
    assert [p.name for p in tmp_path.iterdir()] == []


def test_the_check_finds_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(OptionError, match=r"net\.bin cannot be written: Permission denied"):
        check_writable(tmp_path / "net.bin")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # interrupted before a `with` begins
@pytest.mark.skipif(os.name != "posix", reason="SIGINT is sent by the process to itself")
@pytest.mark.parametrize("write", [check_writable, lambda path: write_atomically(path, b"new")], ids=["check", "write"])
def test_an_interruption_in_any_line_leaves_no_trace(tmp_path: Path, write: object) -> None:
    """Ctrl-C after so many lines of the module, for all such numbers: the file is the old one or the new one."""
    assert callable(write)
    path, lines = tmp_path / "net.bin", 0
    while True:
        path.write_bytes(b"old")
        left = itertools.count(lines, -1)

        def trace(frame: FrameType, event: str, _: object, left: Iterator[int] = left) -> object:
            if "_settle_folder" in frame.f_code.co_name or not frame.f_code.co_filename.endswith("atomic.py"):
                return None
            if event == "line" and next(left) == 0:
                sys.settrace(None)
                signal.raise_signal(signal.SIGINT)
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            write(path)
        except KeyboardInterrupt:
            pass
        else:
            break
        finally:
            sys.settrace(before)
        assert path.read_bytes() in (b"old", b"new")
        assert [p.name for p in tmp_path.iterdir()] == ["net.bin"], f"interrupted at line {lines}"
        lines += 1
    assert lines > 5


def special_files(folder: Path) -> dict[str, Path]:
    """Return a pipe, a socket, and a device of our own where that is allowed, never one of the system's."""
    found = {"a pipe": folder / "pipe", "a socket": folder / "socket"}
    os.mkfifo(found["a pipe"])
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(found["a socket"]))
    try:
        os.mknod(folder / "null", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        return found
    return {**found, "a device": folder / "null"}


@pytest.mark.skipif(os.name != "posix", reason="files of POSIX")
@pytest.mark.parametrize("write", [check_writable, lambda path: write_atomically(path, b"x")], ids=["check", "write"])
def test_what_is_no_regular_file_is_refused_by_name_and_stays(
    tmp_path: Path, write: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(write)
    monkeypatch.chdir(tmp_path)
    for kind, path in special_files(tmp_path).items():
        link = tmp_path / f"link to {path.name}"
        link.symlink_to(path)
        before = path.stat()
        for name in (path, link):
            with pytest.raises(OptionError, match=f"{name.name} cannot be written: it is {kind}"):
                write(name)
        assert (path.stat().st_mode, path.stat().st_ino) == (before.st_mode, before.st_ino)
        assert link.is_symlink()
    assert not list(tmp_path.glob(".*"))


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_a_link_is_written_through(tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    link, second, target = tmp_path / "link", tmp_path / "second", folder / "net.bin"
    link.symlink_to(target)
    second.symlink_to("link")
    for path, content in ((link, b"new"), (second, b"newer")):
        check_writable(path)
        write_atomically(path, content)
        assert target.read_bytes() == content
    assert link.is_symlink()
    assert second.is_symlink()
    assert [p.name for p in folder.iterdir()] == ["net.bin"]
    target.chmod(0o640)
    write_atomically(link, b"newest")
    assert target.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    loop, lost = tmp_path / "loop", tmp_path / "lost"
    loop.symlink_to("loop")
    lost.symlink_to(tmp_path / "missing" / "net.bin")
    with pytest.raises(OptionError, match="loop cannot be written: Too many levels of symbolic links"):
        check_writable(loop)
    with pytest.raises(OptionError, match=r"lost cannot be written: there is no folder .*missing"):
        check_writable(lost)
    with pytest.raises(OptionError, match=r"cannot be written: .*null"):
        check_writable("a\0b")


@pytest.mark.skipif(os.name != "posix", reason="files of POSIX")
def test_a_file_that_takes_the_output_is_not_replaced(tmp_path: Path) -> None:
    """As in `chainrule train digits --json log > log`: what was printed would be lost with the old file."""
    log = tmp_path / "log"
    kept = os.dup(1)
    try:
        with log.open("w") as stream:
            os.dup2(stream.fileno(), 1)
            with pytest.raises(OptionError, match="log cannot be written: what is printed goes there"):
                check_writable(log)
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def leftover(path: Path) -> Path:
    part = path.with_name(f".{path.name}.0123456789abcdef.part")
    part.write_bytes(b"half")
    return part


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    part, other = leftover(tmp_path / "run"), leftover(tmp_path / "run2")
    remove_leftovers(tmp_path / "run")
    assert not part.exists()
    assert other.exists()


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_what_somebody_writes_now_is_no_leftover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, sync = tmp_path / "run", os.fsync
    stale = leftover(path)

    def clean(handle: int) -> None:
        remove_leftovers(path)
        sync(handle)

    monkeypatch.setattr(os, "fsync", clean)
    write_atomically(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert not stale.exists()
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_file_that_was_taken_for_a_leftover_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program without such locks may remove it."""
    path, replace, taken = tmp_path / "run", Path.replace, []

    def take(part: Path, target: Path) -> Path:
        if not taken:
            taken.append(part)
            part.unlink()
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", take)
    write_atomically(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert taken
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
