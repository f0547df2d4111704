"""Ctrl-C within a step that takes long: answered at once, and the params are those of whole steps."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from chainrule.errors import OptionError
from chainrule.execute.native import control, nest
from chainrule.execute.native.compiled import compile_program
from chainrule.execute.native.control import DONE, LEFT, SIZE, STOP, cells_at
from chainrule.execute.native.executor import Native
from chainrule.execute.native.machine import host
from chainrule.execute.native.rollback import SHARE, Rollback
from chainrule.execute.native.threads import MOST, Team
from chainrule.execute.native.training import Session
from chainrule.expr.sizes import Axis
from chainrule.lower.lowering import lower
from chainrule.notation import parse
from dense import Dense

POSIX = pytest.mark.skipif(os.name != "posix", reason="SIGINT is sent to a process")
NETWORK = Dense((70, 130, 10), "relu", "softmax", "cross-entropy", given=True)

# One step takes seconds: the narrowest vectors are slow without needing much memory.
# A shell that runs the tests in the background has its children ignore SIGINT, so they ask for it.
CHILD = """
import signal
import sys
import numpy as np
from chainrule.execute.native.machine import host, lowered
from chainrule.execute.native.training import Session
from dense import Dense
from chainrule.expr.sizes import Axis

signal.signal(signal.SIGINT, signal.default_int_handler)
network, size = Dense((256, 2048, 2048, 10), "tanh", "softmax", "cross-entropy"), 4000
data = network.data(size + 3, 0)

def session():
    machine = lowered(host(), "sse")
    options = dict(batch_size=size, threads=int(sys.argv[1]), machine=machine)
    return Session(network.system(), network.values(0), data, **options)

def same(left, right):
    left, right = left.params(), right.params()
    return all(np.array_equal(left[name], right[name]) for name in left)

few, steps, whole = np.arange(3), int(sys.argv[2]), np.arange(size)
made, fresh = session(), session()
for one in (made, fresh):
    one.run_epoch(few)
try:
    if not steps:
        print("running", flush=True)
    made.run_epoch(np.concatenate([whole] * (steps + 1)), lambda *_: print("running", flush=True))
except KeyboardInterrupt:
    print("answered", flush=True)
for _ in range(steps):
    fresh.run_epoch(whole)
print("whole", same(made, fresh), flush=True)
costs = [one.run_epoch(few) for one in (made, fresh)]
print("usable", costs[0] == costs[1] and same(made, fresh), flush=True)
"""


@POSIX
@pytest.mark.parametrize(
    ("threads", "steps"),
    [(1, 0), pytest.param(2, 0, marks=pytest.mark.slow), pytest.param(1, 1, marks=pytest.mark.slow)],
)
def test_a_long_step_is_broken_off_and_undone(threads: int, steps: int) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", CHILD, str(threads), str(steps)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "running\n"
        time.sleep(0.4)
        began = time.perf_counter()
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "answered\n"
        assert time.perf_counter() - began < 1
        assert child.stdout.read() == "whole True\nusable True\n"


@pytest.fixture
def all_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every program can be stopped, in every loop."""
    monkeypatch.setattr(control, "LONG_STEP", 0.0)
    monkeypatch.setattr(nest, "PATIENCE", 0.0)


def session(threads: int = 1) -> Session:
    return Session(NETWORK.system(), NETWORK.values(0), NETWORK.data(101, 0), batch_size=32, threads=threads)


def trained(threads: int = 1) -> tuple[float, dict[str, np.ndarray]]:
    made = session(threads)
    return made.run_epoch(np.arange(101)), made.params()


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_code_that_can_be_stopped_gives_the_same_bits(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    cost, params = trained()
    monkeypatch.setattr(control, "LONG_STEP", 0.0)
    monkeypatch.setattr(nest, "PATIENCE", 0.0)
    assert session().compiled.module.long
    same, others = trained(threads)
    assert same == cost
    assert all(np.array_equal(params[name], others[name]) for name in params)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.usefixtures("all_long")
def test_code_that_is_asked_to_stop_leaves_with_all_its_threads(threads: int) -> None:
    made, before = session(threads), session().params()
    compiled, cells = made.compiled, made.compiled.arena.cells
    sources = (ctypes.c_void_p * 2)(*(array.ctypes.data for array in made.data.values()))
    rows, total = np.arange(96), ctypes.c_double(0.0)
    given = (compiled.arena.address, ctypes.addressof(sources), rows.ctypes.data, 3, ctypes.addressof(total))
    cells[STOP] = 1
    made._team.run(compiled.code, given, threads, cells, stops=True, steps=1)
    assert cells[LEFT] == 1
    assert all(np.array_equal(before[name], compiled.arena.take(name)) for name in before)


@pytest.mark.usefixtures("all_long")
def test_a_step_broken_off_is_undone_when_the_params_are_next_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made, whole = session(), session()
    whole.run_epoch(np.arange(101))
    made.run_epoch(np.arange(101))
    original = Team.run

    def torn(self: Team, *given: object, **options: object) -> None:
        original(self, *given, **options)  # type: ignore[arg-type]
        made.compiled.arena.cells[LEFT] = 1
        made.compiled.arena.view("W1")[...] = 7
        raise KeyboardInterrupt

    monkeypatch.setattr(Team, "run", torn)
    with pytest.raises(KeyboardInterrupt):
        made.run_epoch(np.arange(101))
    monkeypatch.undo()
    assert all(np.array_equal(array, made.params()[name]) for name, array in whole.params().items())
    assert made.run_epoch(np.arange(50)) == whole.run_epoch(np.arange(50))
    assert all(np.array_equal(array, made.params()[name]) for name, array in whole.params().items())


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_that_wait_too_long_for_each_other_end_after_a_step_and_lose_nothing(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Team, "patience", lambda *_: 0.0)
    made, calls = session(threads), []
    original = Team.run

    def counted(self: Team, *given: object, **options: object) -> None:
        original(self, *given, **options)  # type: ignore[arg-type]
        calls.append((options["steps"], int(made.compiled.arena.cells[DONE])))

    monkeypatch.setattr(Team, "run", counted)
    monkeypatch.setattr(made, "_pace", 1000)
    cost = made.run_epoch(np.tile(np.arange(96), 50))
    assert any(done < asked for asked, done in calls)
    reference = session()
    assert cost == pytest.approx(reference.run_epoch(np.tile(np.arange(96), 50)), rel=1e-6)
    assert all(np.array_equal(array, made.params()[name]) for name, array in reference.params().items())


def test_small_programs_have_nothing_to_stop_them_in_their_code() -> None:
    module = session().compiled.module
    assert not module.long
    assert "load atomic i64, ptr %m" not in module.text
    assert "atomicrmw" not in module.text


@pytest.mark.usefixtures("all_long")
def test_a_single_step_of_the_executor_can_be_stopped_too() -> None:
    executable = Native().compile(parse("param v[j]\nw[j] = 2*v[j]"))
    assert np.array_equal(executable.evaluate({"v": np.arange(400.0)})["w"], 2 * np.arange(400.0))


def test_copies_are_made_when_due_and_put_back_whole() -> None:
    machine = host()
    program = lower(parse("param v[j]\nw[j] = 2*v[j]"), {Axis("v", 0): 100}, ("w",), lanes=machine.lanes("f32"))
    arena = compile_program(program, machine, "float32").arena
    assert (len(arena.cells) * 8, cells_at(program, 4) % SIZE) == (SIZE, 0)
    rollback = Rollback(arena, ("v",))
    arena.put({"v": np.zeros(100)})
    rollback.begin()
    assert (rollback.due(), rollback.finite(), rollback.latest) == (False, True, (rollback.first, 0))
    arena.put({"v": np.ones(100)})
    rollback.keep(3)
    arena.put({"v": np.full(100, np.nan)})
    assert not rollback.finite()
    copies, stretches = rollback.latest
    rollback.restore(copies)
    assert stretches == 3
    assert np.array_equal(arena.take("v"), np.ones(100))
    rollback.restore(rollback.first)
    assert np.array_equal(arena.take("v"), np.zeros(100))
    assert SHARE <= 0.01


@pytest.mark.parametrize("threads", [0, -1, MOST + 1])
def test_a_senseless_number_of_threads_is_refused(threads: int) -> None:
    with pytest.raises(OptionError, match=f"threads is {threads}\n  1 to 256"):
        session(threads)
