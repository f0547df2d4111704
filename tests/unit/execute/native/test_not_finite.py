"""Where numbers stop being finite in machine code: the step and the equation, told as the reference would tell them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import InputError
from chainrule.execute.finite import NotFinite
from chainrule.execute.native import rollback
from chainrule.execute.native.training import Session
from chainrule.execute.reference.evaluation import Reference
from chainrule.notation import parse
from chainrule.pipeline import backprop
from dense import Dense

LINEAR = """data x, y
param w, v
batch n
a = w*x
cost C = 1/2*(a - y)^2
update w = w - 1/8*∂C/∂w
"""
ROOT = LINEAR + "update v = sqrt(v - 1)\n"


def session(text: str, values: dict[str, Any], samples: int = 40, batch_size: int = 4, **options: Any) -> Session:
    generator = np.random.default_rng(0)
    data = {"x": generator.random(samples), "y": generator.random(samples)}
    return Session(backprop(parse(text)).system, values, data, batch_size=batch_size, **options)


def failure(made: Session, rows: Any) -> NotFinite:
    with pytest.raises(NotFinite) as caught:
        made.run_epoch(rows)
    return caught.value


def steps_by_reference(network: Dense, rate: float, data: dict[str, Any], size: int, dtype: str) -> int:
    """Return the number of the first step whose cost or params are not finite."""
    values = {**network.values(0), "eta": np.asarray(rate)}
    reference = Reference().compile(network.system(), dtype=dtype)
    for step in range(10_000):
        rows = slice(step * size, (step + 1) * size)
        computed, new = reference.step({**values, **{n: array[rows] for n, array in data.items()}})
        with np.errstate(over="ignore", invalid="ignore"):
            cost = computed["C"].sum(dtype=dtype)
        if not all(np.isfinite(array).all() for array in (cost, *new.values())):
            return step + 1
        values |= new
    raise AssertionError("everything stays finite")


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [3e3, 30.0, 6.0])
def test_a_learning_rate_too_high_is_told_with_step_and_equation(rate: float, dtype: str, threads: int) -> None:
    network = Dense((5, 4, 3), "relu", "linear", "quadratic")
    system, data = network.system(), network.data(4003, 0)
    values = {**network.values(0), "eta": np.asarray(rate)}
    made = Session(system, values, data, batch_size=10, dtype=dtype, threads=threads)
    lost = failure(made, np.arange(4003))
    assert lost.step == steps_by_reference(network, rate, data, 10, dtype)
    assert "is the first equation with a number that is not finite: " in lost.where
    assert lost.what.endswith(("not finite any more", "is inf", "is nan"))
    before = made.params()
    assert all(np.isfinite(array).all() for array in before.values())
    fresh = Session(system, values, data, batch_size=10, dtype=dtype, threads=1)
    fresh.run_epoch(np.arange(10 * (lost.step - 1)))
    assert all(np.array_equal(array, before[name]) for name, array in fresh.params().items())


def test_a_logarithm_of_zero_is_told() -> None:
    text = "data x[i], y[k]\nparam W[k,i]\nbatch n\na[k] = relu(sum(i) W[k,i]*x[i])\n"
    text += "cost C = -sum(k) y[k]*log(a[k])\nupdate W[k,i] = W[k,i] - 1/2*∂C/∂W[k,i]\n"
    x = np.ones((6, 2))
    x[4] = [-1, 0]
    data = {"x": x, "y": np.eye(2)[[0, 1, 0, 1, 0, 1]]}
    made = Session(backprop(parse(text)).system, {"W": np.ones((2, 2))}, data, batch_size=2)
    lost = failure(made, np.arange(6))
    assert (lost.step, lost.what) == (3, "the cost is nan")
    expected = "C[n] = −Σ_k y[n,k]·log(a[n,k])\nis the first equation with a number that is not finite: C[0] is nan"
    assert lost.where == expected


@pytest.mark.parametrize("share", [1e-9, 1e9])
def test_a_number_lost_in_an_update_is_told_though_the_cost_stays_finite(
    share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With copies after every step all but the first hold it; with none there is only the first."""
    monkeypatch.setattr(rollback, "SHARE", share)
    made = session(ROOT, {"w": 1.0, "v": 3.0})
    lost = failure(made, np.arange(40))
    assert (lost.step, lost.what) == (3, "v is not finite any more")
    assert lost.where == ("update v = sqrt(v − 1)\nis the first equation with a number that is not finite: v is nan")
    assert float(made.params()["v"]) == pytest.approx((2**0.5 - 1) ** 0.5)


def test_a_number_lost_in_the_last_batch_is_told() -> None:
    made = session(ROOT, {"w": 1.0, "v": 3.0}, samples=11)
    assert failure(made, np.arange(11)).step == 3
    assert failure(made, np.arange(11)[::-1]).step == 1


def test_a_number_lost_before_ctrl_c_is_told_when_training_goes_on() -> None:
    made = session(ROOT, {"w": 1.0, "v": 3.0})

    def stop(done: int, _: float) -> None:
        if done >= 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made.run_epoch(np.arange(40), stop)
    assert failure(made, np.arange(40)).step == 3


def test_a_session_goes_on_after_what_it_told() -> None:
    made, other = (session(LINEAR, {"w": 1.0, "v": 3.0}) for _ in range(2))
    with pytest.raises(InputError, match="w holds numbers that are not finite\n  finite numbers"):
        made.put({"w": np.inf})
    made.put({"w": 3e38})
    assert failure(made, np.arange(40)).step == 1
    made.put({"w": 1.0})
    assert made.run_epoch(np.arange(40)) == other.run_epoch(np.arange(40))


def test_a_fact_that_breaks_leaves_the_equation_unsaid() -> None:
    text = LINEAR + "given a < 100\n"
    made = session(text, {"w": 1.0, "v": 3.0})
    made.put({"w": 3e38})
    lost = failure(made, np.arange(40))
    assert (lost.step, lost.what, lost.where) == (1, "the cost is inf", "")
