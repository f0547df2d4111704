"""What does not fit into memory: an error that says what it was for, never a traceback and never a verdict."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import InputError, ShortageError
from chainrule.execute import scalars
from chainrule.execute.native import arena
from chainrule.execute.registry import executor

SYSTEM = cr.parse("data x[i]\nparam w[j]\nb[i,j] = maximum(x[i], w[j])\ncost C = sum(i,j) b[i,j]")
GIVEN = {"x": np.ones(3), "w": np.zeros(2)}
SAID = "there is not enough memory for b: unable to allocate 6.71 GiB\n  b[i,j] = maximum(x[i], w[j])\n"


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no memory for a maximum."""

    def fail(*_: object) -> None:
        raise MemoryError("Unable to allocate 6.71 GiB")

    monkeypatch.setattr(scalars, "SCALARS", {**scalars.SCALARS, "maximum": fail})
    monkeypatch.setattr("chainrule.execute.reference.expressions.SCALARS", {**scalars.SCALARS, "maximum": fail})


CALLS: dict[str, Callable[[], object]] = {
    "evaluate": lambda: cr.evaluate(SYSTEM, GIVEN),
    "value_and_grad": lambda: cr.value_and_grad(SYSTEM, GIVEN),
    "gradient_check": lambda: cr.gradient_check(SYSTEM, GIVEN),
    "explain": lambda: cr.explain(SYSTEM, GIVEN, of="w", at={"j": 0}),
    "check": lambda: cr.check(SYSTEM, "sum(i) [w[j] > x[i]]", wrt="w"),
    "verify": lambda: cr.backprop(SYSTEM).derivation("w").verify(),
}


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", CALLS)
def test_the_equation_is_named(name: str) -> None:
    with pytest.raises(ShortageError) as caught:
        CALLS[name]()
    assert str(caught.value).startswith(SAID)
    assert isinstance(caught.value, InputError)
    assert caught.value.expected
    assert "a smaller extent" in caught.value.advice


@pytest.mark.usefixtures("short")
def test_an_answer_that_does_not_fit_is_not_graded() -> None:
    system = cr.parse("data x[i]\nparam w[i]\ncost C = sum(i) w[i]*x[i]")
    with pytest.raises(ShortageError, match="not enough memory for the value of an expression"):
        cr.check(system, "maximum(x[i], x[i])", wrt="w")


@pytest.mark.parametrize("error", [OSError(12, "Cannot allocate memory"), OverflowError("too large")])
def test_native_memory_that_there_is_not(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(arena, "HUGE", 0)
    monkeypatch.setattr(arena.mmap, "mmap", fail)
    with pytest.raises(ShortageError, match=r"not enough memory for the values of the system: unable to allocate 0\.0"):
        executor("native").compile(SYSTEM).evaluate(GIVEN)


@pytest.mark.parametrize("name", ["native", "reference"])
def test_a_training_that_does_not_fit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network = cr.Network([nn.Linear(2, 3), nn.Dropout(0.5), nn.Linear(3, 1)], cost=nn.QuadraticCost())

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("chainrule.training.runs.Masks", fail)
    with pytest.raises(ShortageError) as caught:
        cr.train(network, np.zeros((4, 2)), np.zeros((4, 1)), executor=name)
    assert str(caught.value) == (
        "there is not enough memory for the training\n"
        "  arrays that fit into what memory is free\n"
        "  Train on fewer samples, with a smaller batch_size or with narrower layers."
    )


@pytest.mark.skipif(sys.platform != "linux", reason="limits on memory, as Linux has them")
def test_a_body_just_under_the_limit_and_params_in_a_process_with_little_memory() -> None:
    code = """
import resource
import numpy as np, chainrule as cr
from chainrule import nn
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), used + (1 << 30)))
s = cr.parse("data x[i]\\nparam w[j]\\ncost C = sum(i,j) maximum(x[i], w[j])")
for call in (
    lambda: cr.value_and_grad(s, {"x": np.ones(32000), "w": np.ones(32000)}),
    lambda: cr.Network([nn.Linear(30000, 30000)], cost=nn.QuadraticCost()),
):
    try:
        call()
    except cr.errors.InputError as error:
        print(error.what.partition(":")[0])
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    said = ["there is not enough memory for C", "there is not enough memory for the param W1"]
    assert (done.stdout.splitlines(), done.stderr) == (said, "")
