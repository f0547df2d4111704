"""`chainrule cache` says where compiled code is and takes it away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chainrule.execute.native.object_files import CodeCache, key_of
from unit.cli.commands import run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path))
    for name in "ab":
        CodeCache(tmp_path / "native").store(key_of([name]), bytes(1000))
    return tmp_path / "native"


def test_where_and_how_much(folder: Path) -> None:
    size = sum(file.stat().st_size for file in folder.iterdir())
    result = run("cache")
    assert (result.exit_code, result.output) == (0, f"{folder}\n2 programs, {size:,} bytes of at most 268,435,456\n")


def test_clear(folder: Path) -> None:
    assert run("cache", "--clear").output == f"{folder}\ntook 2 programs away\n"
    assert list(folder.iterdir()) == []
    assert run("cache").output.endswith("\n0 programs, 0 bytes of at most 268,435,456\n")


def test_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_CACHE", "0")
    result = run("cache", "--clear")
    assert result.exit_code == 0
    assert result.output.startswith("off: CHAINRULE_CACHE is 0")
    assert len(list(folder.iterdir())) == 2


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_folder_that_is_not_used_is_said_to_be(folder: Path) -> None:
    folder.chmod(0o777)
    assert "not used: it is not yours, or others can write to it\n" in run("cache").output
