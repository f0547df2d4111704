"""Compiled code on disk: found again, never trusted blindly, and never in the way."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.execute.native import compiler, object_files
from chainrule.execute.native.compiler import code_key, compile_text
from chainrule.execute.native.executor import Native
from chainrule.execute.native.machine import host
from chainrule.execute.native.object_files import HEADER, CodeCache, code_cache, key_of
from chainrule.notation import parse

KEY = key_of(["a program"])
PAYLOAD = bytes(range(256)) * 3
POSIX = pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")
TEXT = "define i64 @answer() {\n  ret i64 42\n}"


@pytest.fixture
def cache(tmp_path: Path) -> CodeCache:
    made = CodeCache(tmp_path / "kept" / "native")
    made.store(KEY, PAYLOAD)
    return made


def entry(cache: CodeCache, key: str = KEY) -> Path:
    return cache.directory / f"{key}.code"


def test_what_was_stored_is_found(cache: CodeCache) -> None:
    assert cache.load(KEY) == PAYLOAD
    assert cache.load(key_of(["another program"])) is None
    assert cache.sizes() == {entry(cache).name: HEADER.size + len(PAYLOAD)}


@POSIX
def test_files_and_folders_are_for_their_user_alone(cache: CodeCache) -> None:
    modes = [stat.S_IMODE(p.stat().st_mode) for p in (cache.directory.parent, cache.directory, entry(cache))]
    assert modes == [0o700, 0o700, 0o600]


@given(place=st.integers(0, HEADER.size + len(PAYLOAD) - 1), flip=st.integers(1, 255))
def test_an_entry_with_one_wrong_byte_is_not_loaded(
    tmp_path_factory: pytest.TempPathFactory, place: int, flip: int
) -> None:
    cache = CodeCache(tmp_path_factory.mktemp("cache", numbered=True))
    cache.store(KEY, PAYLOAD)
    content = bytearray(entry(cache).read_bytes())
    content[place] ^= flip
    entry(cache).write_bytes(content)
    assert cache.load(KEY) is None
    cache.store(KEY, PAYLOAD)
    assert cache.load(KEY) == PAYLOAD


def test_every_byte_of_the_header_counts(cache: CodeCache) -> None:
    content = entry(cache).read_bytes()
    for place in range(HEADER.size):
        entry(cache).write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert cache.load(KEY) is None
    entry(cache).write_bytes(content)
    assert cache.load(KEY) == PAYLOAD


@pytest.mark.parametrize("length", [0, 1, HEADER.size - 1, HEADER.size, HEADER.size + len(PAYLOAD) - 1])
def test_a_truncated_entry_is_not_loaded(cache: CodeCache, length: int) -> None:
    os.truncate(entry(cache), length)
    assert cache.load(KEY) is None


def test_an_entry_with_more_behind_it_is_not_loaded(cache: CodeCache) -> None:
    with entry(cache).open("ab") as file:
        file.write(b"\0")
    assert cache.load(KEY) is None


def test_an_entry_under_another_name_is_not_loaded(cache: CodeCache) -> None:
    other = key_of(["another program"])
    entry(cache).rename(entry(cache, other))
    assert cache.load(other) is None


def test_an_entry_of_another_format_is_not_loaded(cache: CodeCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_files, "FORMAT", object_files.FORMAT + 1)
    assert cache.load(KEY) is None


@POSIX
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_to_is_not_loaded_but_replaced(cache: CodeCache, mode: int) -> None:
    entry(cache).chmod(mode)
    assert cache.load(KEY) is None
    cache.store(KEY, PAYLOAD)
    assert cache.load(KEY) == PAYLOAD
    assert stat.S_IMODE(entry(cache).stat().st_mode) == 0o600


@POSIX
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
def test_a_folder_that_others_can_write_to_is_neither_read_nor_written(cache: CodeCache, mode: int) -> None:
    cache.directory.chmod(mode)
    assert cache.load(KEY) is None
    cache.store(key_of(["another program"]), PAYLOAD)
    assert cache.refusal() == "it is not yours, or others can write to it"
    cache.directory.chmod(0o700)
    assert list(cache.sizes()) == [entry(cache).name]
    assert cache.load(KEY) == PAYLOAD


@POSIX
def test_what_belongs_to_somebody_else_is_not_loaded(cache: CodeCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert cache.load(KEY) is None
    assert "not yours" in cache.refusal()


@POSIX
def test_no_folder_is_made_in_what_belongs_to_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.getuid() == 0:
        os.chown(tmp_path, 12345, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    CodeCache(tmp_path / "cache").store(KEY, PAYLOAD)
    assert list(tmp_path.iterdir()) == []


@POSIX
def test_links_are_refused(cache: CodeCache, tmp_path: Path) -> None:
    real = tmp_path / "real.code"
    entry(cache).rename(real)
    entry(cache).symlink_to(real)
    assert cache.load(KEY) is None
    cache.store(KEY, PAYLOAD)
    assert not entry(cache).is_symlink()
    linked = CodeCache(tmp_path / "linked")
    linked.directory.symlink_to(cache.directory)
    assert linked.load(KEY) is None
    assert linked.refusal() == "it is no folder, or a link to one"
    assert (linked.sizes(), linked.clear()) == ({}, 0)


@POSIX
def test_what_is_no_file_is_refused_at_once(cache: CodeCache) -> None:
    entry(cache).unlink()
    os.mkfifo(entry(cache))
    assert cache.load(KEY) is None
    entry(cache).unlink()
    entry(cache).mkdir()
    assert cache.load(KEY) is None
    cache.store(KEY, PAYLOAD)
    assert [path.name for path in cache.directory.iterdir()] == [entry(cache).name]


def test_a_disk_that_does_not_take_it_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    below_a_file = CodeCache(tmp_path / "file" / "native")
    below_a_file.store(KEY, PAYLOAD)
    assert below_a_file.load(KEY) is None

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    cache = CodeCache(tmp_path / "full")
    cache.store(KEY, PAYLOAD)
    assert list(cache.directory.iterdir()) == []


@POSIX
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write_is_no_error(cache: CodeCache) -> None:
    cache.directory.chmod(0o500)
    cache.store(key_of(["another program"]), PAYLOAD)
    assert cache.load(KEY) == PAYLOAD
    cache.directory.chmod(0o700)


def test_a_folder_that_windows_does_not_let_this_user_write_to_is_tried_once(
    cache: CodeCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Any] = []

    def refused(path: Any, *_: Any) -> int:
        patch.setattr(os, "name", "nt")
        tries.append(path)
        assert len(tries) == 1
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refused)
        cache.store(key_of(["another program"]), PAYLOAD)
    assert len(tries) == 1
    assert cache.load(KEY) == PAYLOAD


def test_a_file_that_cannot_be_replaced_stays_and_leaves_nothing_behind(
    cache: CodeCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows a file that another process reads cannot be replaced."""

    def used(*_: Any) -> None:
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    monkeypatch.setattr(Path, "replace", used)
    cache.store(KEY, PAYLOAD + b"!")
    assert cache.load(KEY) == PAYLOAD
    assert [path.name for path in cache.directory.iterdir()] == [entry(cache).name]


def test_the_entry_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    size = HEADER.size + len(PAYLOAD)
    cache = CodeCache(tmp_path / "cache", limit=3 * size)
    keys = [key_of([str(n)]) for n in range(4)]
    for age, key in zip((300, 200, 100), keys, strict=False):
        cache.store(key, PAYLOAD)
        os.utime(entry(cache, key), (time.time() - age,) * 2)
    assert cache.load(keys[0]) == PAYLOAD
    cache.store(keys[3], PAYLOAD)
    assert [cache.load(key) is not None for key in keys] == [True, False, True, True]
    cache.store(key_of(["large"]), bytes(3 * size))
    assert sum(cache.sizes().values()) <= 3 * size


def test_clearing_takes_entries_and_unfinished_ones_and_nothing_else(cache: CodeCache) -> None:
    (cache.directory / "half.new").write_bytes(b"half")
    (cache.directory / "mine.txt").write_text("mine")
    assert cache.clear() == 1
    assert [path.name for path in cache.directory.iterdir()] == ["mine.txt"]
    assert CodeCache(cache.directory / "nowhere").clear() == 0


def test_what_was_never_finished_is_taken_away_after_a_while(cache: CodeCache) -> None:
    old, young = cache.directory / "old.new", cache.directory / "young.new"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    cache.store(key_of(["another program"]), PAYLOAD)
    assert (old.exists(), young.exists()) == (False, True)


WRITER = """
import sys
from pathlib import Path
from chainrule.execute.native.object_files import CodeCache, key_of
cache, key, payload = CodeCache(Path(sys.argv[1]), 4_000_000), key_of(["shared"]), bytes(range(256)) * 4000
for round in range(40):
    cache.store(key, payload)
    found = cache.load(key)
    assert found is None or found == payload
    cache.store(key_of([sys.argv[2], str(round)]), payload)
print("whole or not there")
"""


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    commands = [[sys.executable, "-c", WRITER, str(tmp_path / "cache"), str(n)] for n in range(4)]
    running = [subprocess.Popen(c, stdout=subprocess.PIPE, text=True, env=environment) for c in commands]
    assert [p.communicate(timeout=120)[0] for p in running] == ["whole or not there\n"] * 4
    assert all(path.suffix == ".code" for path in (tmp_path / "cache").iterdir())


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def place(platform: str, **variables: str) -> Path | None:
        with monkeypatch.context() as patch:
            for name in ("CHAINRULE_CACHE", "CHAINRULE_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
                patch.delenv(name, raising=False)
            for name, value in variables.items():
                patch.setenv(name, value)
            patch.setattr(sys, "platform", platform)
            patch.setattr(Path, "home", lambda: tmp_path)
            found = code_cache()
            return found and found.directory

    assert place("linux") == tmp_path / ".cache/chainrule/native"
    assert place("linux", XDG_CACHE_HOME=str(tmp_path / "x")) == tmp_path / "x/chainrule/native"
    assert place("linux", XDG_CACHE_HOME="relative") == tmp_path / ".cache/chainrule/native"
    assert place("darwin") == tmp_path / "Library/Caches/chainrule/native"
    assert place("win32", LOCALAPPDATA=str(tmp_path / "L")) == tmp_path / "L/chainrule/Cache/native"
    assert place("win32") == tmp_path / "AppData/Local/chainrule/Cache/native"
    assert place("linux", CHAINRULE_CACHE_DIR=str(tmp_path / "own")) == tmp_path / "own/native"
    for word in ("0", "off", "No", " false "):
        assert place("linux", CHAINRULE_CACHE=word) is None
    assert place("linux", CHAINRULE_CACHE="1") is not None


def test_no_home_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("CHAINRULE_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    assert code_cache() is None


Change = Callable[[pytest.MonkeyPatch], None]
CHANGES: dict[str, Change] = {
    "chainrule": lambda patch: patch.setattr(compiler, "__version__", "0.0.0"),
    "llvmlite": lambda patch: patch.setattr(llvmlite, "__version__", "0.0.0"),
    "LLVM": lambda patch: patch.setattr(llvm, "llvm_version_info", (1, 0, 0)),
    "triple": lambda patch: patch.setattr(llvm, "get_default_triple", lambda: "riscv64-unknown-linux-gnu"),
    "platform": lambda patch: patch.setattr(sys, "platform", "plan9"),
    "byte order": lambda patch: patch.setattr(sys, "byteorder", "middle"),
    "level": lambda patch: patch.setattr(compiler, "LEVEL", 3),
    "pointer": lambda patch: patch.setattr(compiler.struct, "calcsize", lambda _: 4),
    "processor": lambda patch: patch.setattr(compiler.platform, "machine", lambda: "z80"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_of_anything_the_code_depends_on_changes_the_key(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_key(TEXT, host())
    CHANGES[what](monkeypatch)
    assert code_key(TEXT, host()) != before


def test_text_and_machine_are_in_the_key() -> None:
    machine = host()
    machines = [machine, replace(machine, cpu=machine.cpu + "x"), replace(machine, features=machine.features + ",-sse")]
    keys = [code_key(text, m) for text in (TEXT, TEXT + "\n") for m in machines]
    assert len(set(keys)) == len(keys)
    assert code_key(TEXT, machine) == keys[0]


def test_code_comes_from_the_cache_the_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path))
    emitted: list[str] = []
    original = compiler._emitted
    monkeypatch.setattr(compiler, "_emitted", lambda text, target: emitted.append(text) or original(text, target))
    system, inputs = parse("param v[j]\nw[j] = exp(2*v[j])"), {"v": np.linspace(-1, 1, 37)}
    results = [Native().compile(system).evaluate(inputs)["w"] for _ in range(2)]
    assert len(emitted) == 1
    assert np.array_equal(*results)
    monkeypatch.setenv("CHAINRULE_CACHE", "0")
    assert np.array_equal(Native().compile(system).evaluate(inputs)["w"], results[0])
    assert len(emitted) == 2


def test_a_spoilt_entry_is_compiled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path))
    first = compile_text(TEXT, host())
    [file] = (tmp_path / "native").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-9] + bytes(9))
    assert compile_text(TEXT, host()).address("answer") != 0
    assert file.read_bytes() == whole
    assert "answer" in first.assembly()
