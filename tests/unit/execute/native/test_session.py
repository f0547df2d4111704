"""Sessions of training: what they refuse, what they keep to, in one thread and in several."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from chainrule.errors import GivenError, InputError, OptionError
from chainrule.execute.native import training
from chainrule.execute.native.training import Session
from chainrule.execute.reference.evaluation import Reference
from dense import Dense, relative

NETWORK = Dense((12, 9, 4), "tanh", "softmax", "cross-entropy", decay=True)


def session(samples: int = 23, batch_size: int = 5, network: Dense = NETWORK, **options: Any) -> Session:
    return Session(network.system(), network.values(0), network.data(samples, 0), batch_size=batch_size, **options)


def test_a_rest_that_fills_no_batch_is_learned_from_too() -> None:
    made = session(dtype="float64")
    values, data = NETWORK.values(0), NETWORK.data(23, 0)
    rows = np.arange(23)[::-1]
    seen: list[int] = []
    cost = made.run_epoch(rows, lambda done, _: seen.append(done))
    reference, expected, total = Reference().compile(made.system), dict(values), 0.0
    for start in range(0, 23, 5):
        chosen = rows[start : start + 5]
        computed, new = reference.step({**expected, **{n: d[chosen] for n, d in data.items()}})
        total += float(computed["C"].sum())
        expected |= new
    assert relative(made.params(), expected, ["W1", "b1", "W2", "b2"]) < 1e-13
    assert abs(cost - total) < 1e-12 * total
    assert seen[-1] == 23
    assert seen == sorted(seen)


def test_the_same_rows_give_the_same_bits_whatever_the_threads() -> None:
    """More threads than cores among them: they take turns."""
    wide = Dense((64, 128, 64, 10), "relu", "softmax", "cross-entropy", given=True)
    results = []
    for threads in (1, 2, 3, 4):
        made = session(200, 32, wide, threads=threads)
        assert made.threads == threads
        cost = [made.run_epoch(np.random.default_rng(e).permutation(200)) for e in range(2)]
        results.append((cost, made.params()))
    for cost, params in results[1:]:
        assert cost == results[0][0]
        assert all(np.array_equal(params[n], results[0][1][n]) for n in params)


def test_costs_have_the_same_bits_however_long_the_stretches_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def epoch(tick: float) -> tuple[float, float, int]:
        monkeypatch.setattr(training, "TICK", tick)
        made, seen = session(203, 5, dtype="float64", metrics=("C",)), []
        cost = made.run_epoch(np.arange(203), lambda done, _: seen.append(done))
        return cost, made.sums["C"], len(seen)

    results = [epoch(tick) for tick in (0.0, 1e-5, 1e-4, 1e3)]
    assert results[0][2] == 41
    assert results[3][2] < 12
    assert len({result[:2] for result in results}) == 1


def test_a_small_network_gets_one_thread() -> None:
    assert session().threads == 1


def test_params_are_copies() -> None:
    made = session()
    made.params()["W1"][...] = np.nan
    assert np.isfinite(made.params()["W1"]).all()


def test_data_are_not_written_to() -> None:
    network, data = NETWORK, NETWORK.data(23, 0)
    x, y = data["x"].astype(np.float32), data["y"].astype(np.float32)
    kept = x.copy(), y.copy()
    Session(network.system(), network.values(0), {"x": x, "y": y}, batch_size=5).run_epoch(np.arange(23))
    assert np.array_equal(x, kept[0])
    assert np.array_equal(y, kept[1])


def test_python_is_called_often_enough_to_answer_ctrl_c() -> None:
    network = Dense((784, 100, 10))
    made = session(20_000, 10, network)
    moments: list[float] = []
    made.run_epoch(np.arange(20_000), lambda *_: moments.append(time.perf_counter()))
    # the first stretches are short: the pace is found out; a busy machine may stretch some
    assert float(np.median(np.diff(moments))) < 0.1
    assert len(moments) > 3


def test_an_exception_in_progress_ends_the_epoch_and_leaves_the_params_usable() -> None:
    made = session(100, 5)

    def stop(_: int, __: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made.run_epoch(np.arange(100), stop)
    assert np.isfinite(made.run_epoch(np.arange(100)))


@pytest.mark.parametrize("rows", [[0, 23], [-1, 3], [[0, 1]]])
def test_rows_that_are_not_there_are_refused(rows: Any) -> None:
    with pytest.raises(InputError, match="the permutation names samples that are not there"):
        session().run_epoch(rows)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"b1": np.zeros(7)}, r"b1 axis 0 \(j1\) is 7"),
        ({"b1": np.zeros((9, 1))}, "b1 has 2 axes"),
        ({"b1": np.full(9, np.inf)}, r"b1\[0\] is inf"),
        ({"b3": np.zeros(9)}, "no input named 'b3'"),
    ],
)
def test_params_that_do_not_fit_are_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Session(NETWORK.system(), {**NETWORK.values(0), **changes}, NETWORK.data(23, 0), batch_size=5)


def test_missing_params_are_refused_by_name() -> None:
    values = NETWORK.values(0)
    del values["decay"]
    with pytest.raises(InputError, match="missing inputs: const decay"):
        Session(NETWORK.system(), values, NETWORK.data(23, 0), batch_size=5)


def test_data_of_different_lengths_are_refused() -> None:
    data = {**NETWORK.data(23, 0), "y": np.zeros((22, 4))}
    with pytest.raises(InputError, match=r"axis 0 \(n\) is 2"):
        Session(NETWORK.system(), NETWORK.values(0), data, batch_size=5)


def test_no_data_are_refused() -> None:
    data = {"x": np.zeros((0, 12)), "y": np.zeros((0, 4))}
    with pytest.raises(InputError, match="different numbers of samples, or none: x has 0, y has 0"):
        Session(NETWORK.system(), NETWORK.values(0), data, batch_size=5)


def test_data_that_break_a_fact_are_refused() -> None:
    network = Dense((12, 9, 4), "tanh", "softmax", "cross-entropy", given=True)
    data = network.data(23, 0)
    data["y"][7, 1] += 0.5
    with pytest.raises(GivenError, match="n = 7"):
        Session(network.system(), network.values(0), data, batch_size=5)


def test_params_can_be_put_back() -> None:
    made = session()
    before = made.params()
    made.run_epoch(np.arange(23))
    made.put(before)
    assert all(np.array_equal(before[n], value) for n, value in made.params().items())
    with pytest.raises(InputError, match=r"W1 has the shape \[2\]"):
        made.put({"W1": np.zeros(2)})


@pytest.mark.parametrize(("option", "message"), [("threads", "threads is 0"), ("batch_size", "batch_size is 0")])
def test_senseless_options_are_refused(option: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        session(**{option: 0})


def test_the_plan_tells_work_tile_and_fusion_of_every_instruction() -> None:
    plan = session().plan
    assert "FLOPs" in plan
    assert "tile" in plan
    assert "computes ∂C/∂W1, W1" in plan
