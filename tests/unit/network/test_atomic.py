"""Files written whole or not at all."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from chainrule.errors import OptionError
from chainrule.network.atomic import check_writable, write_atomically


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
