"""The memory of programs: where it begins, and whose it is."""

from __future__ import annotations

import mmap
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chainrule.execute.native.arena import ALIGNED, HUGE, Arena
from chainrule.lower.program import Buffer, Program

FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")

CHILD = """
import os
import signal
import sys
import numpy as np
from chainrule.execute.native.training import Session
from dense import Dense

network, rows = Dense((784, 700, 10), "relu", "softmax", "cross-entropy"), np.arange(64)
options = dict(batch_size=32, threads=int(sys.argv[1]))
session, other = (Session(network.system(), network.values(0), network.data(64, 0), **options) for _ in range(2))
session.run_epoch(rows)
before = session.params()
child = os.fork()
if child == 0:
    signal.alarm(60)
    cost = session.run_epoch(rows)
    other.run_epoch(rows)
    os._exit(cost != other.run_epoch(rows))
print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print("untouched", all(np.array_equal(before[name], value) for name, value in session.params().items()))
other.run_epoch(rows)
print("same", session.run_epoch(rows) == other.run_epoch(rows))
"""


def arena(count: int) -> Arena:
    """Return the memory of a program with one buffer of so many numbers."""
    return Arena(Program({"v": Buffer("v", "param", (count,), (1,), count)}, (), count, 1), np.float32)


@pytest.mark.parametrize("count", [1, 1000, HUGE // 4, HUGE])
def test_memory_is_aligned_and_zero_and_ends_with_the_cells(count: int) -> None:
    made = arena(count)
    assert made.address.value
    assert made.address.value % (HUGE if 4 * count >= HUGE and hasattr(mmap, "MADV_HUGEPAGE") else ALIGNED) == 0
    assert not made.view("v").any()
    assert not made.cells.any()
    assert made.view("v").shape == (count,)
    assert 0 <= made.cells.ctypes.data - (made.address.value + 4 * count) < 64


@pytest.mark.skipif(not Path("/sys/kernel/mm/transparent_hugepage").exists(), reason="there are no large pages")
def test_large_memory_is_not_shared_and_asks_for_large_pages() -> None:
    made = arena(4 * HUGE)
    for mapping in re.split(r"\n(?=[0-9a-f]+-[0-9a-f]+ )", Path("/proc/self/smaps").read_text("utf-8")):
        low, high, rights = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", mapping).groups()  # type: ignore[union-attr]
        if int(low, 16) <= made.cells.ctypes.data < int(high, 16):
            assert rights == "rw-p"
            assert " hg" in mapping.partition("VmFlags:")[2]
            return
    pytest.fail("the memory is not there")


@FORKS
@pytest.mark.parametrize("threads", [1, 2])
def test_a_forked_process_trains_for_itself(threads: int) -> None:
    """It has memory of its own, and threads of its own, for its parent's are not there."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", CHILD, str(threads)]
    said = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert said.stdout == "child 0\nuntouched True\nsame True\n", said.stderr
