"""Locks that end with their process: one writer for each checkpoint."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chainrule.errors import OptionError
from chainrule.network.locks import owned

pytestmark = pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")


def test_a_file_has_one_owner_at_a_time(tmp_path: Path) -> None:
    path, link = tmp_path / "run", tmp_path / "link"
    link.symlink_to(path)
    with owned(path, "checkpoint"):
        for name in (path, link):
            with (
                pytest.raises(OptionError, match=f"another training writes the checkpoint .*{name.name}\n"),
                owned(name, "checkpoint"),
            ):
                pass
        with owned(tmp_path / "run2", "checkpoint"):
            pass
    with owned(path, "checkpoint"):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["link"]


def test_the_mark_of_a_dead_process_keeps_nobody_out(tmp_path: Path) -> None:
    path = tmp_path / "run"
    code = (
        "import os, sys; from pathlib import Path; from chainrule.network.locks import owned\n"
        "with owned(Path(sys.argv[1]), 'checkpoint'): os._exit(9)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code, str(path)], env=environment, check=False).returncode == 9
    assert [p.name for p in tmp_path.iterdir()] == [".run.lock"]
    with owned(path, "checkpoint"):
        pass
    assert not list(tmp_path.iterdir())


def test_an_error_gives_the_file_back(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), owned(tmp_path / "run", "checkpoint"):
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())
