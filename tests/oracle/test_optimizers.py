"""Optimizers, schedules and clipping against PyTorch's, step by step in float64."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.execute.native.executor import Native
from chainrule.execute.protocol import Executor
from chainrule.execute.reference.evaluation import Reference
from chainrule.network import Network
from chainrule.nn.optimizers import Optimizer
from chainrule.nn.schedules import Schedule, Timing
from chainrule.nn.updates import updates_text
from chainrule.notation import parse
from chainrule.pipeline import training_step
from support import assert_close

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch: Any = pytest.importorskip("torch")

pytestmark = pytest.mark.oracle
optim = torch.optim
schedulers = torch.optim.lr_scheduler
STEPS = 25
PAIRS: list[tuple[Optimizer, Callable[[Any], Any]]] = [
    (nn.SGD(0.3), lambda p: optim.SGD(p, 0.3)),
    (nn.SGD(0.3, weight_decay=0.1), lambda p: optim.SGD(p, 0.3, weight_decay=0.1)),
    (nn.SGD(0.1, momentum=0.9), lambda p: optim.SGD(p, 0.1, momentum=0.9)),
    (
        nn.SGD(0.1, momentum=0.8, nesterov=True, weight_decay=0.1),
        lambda p: optim.SGD(p, 0.1, momentum=0.8, nesterov=True, weight_decay=0.1),
    ),
    (nn.RMSProp(), optim.RMSprop),
    (
        nn.RMSProp(0.02, alpha=0.9, epsilon=1e-3, weight_decay=0.1),
        lambda p: optim.RMSprop(p, 0.02, alpha=0.9, eps=1e-3, weight_decay=0.1),
    ),
    (nn.Adam(), optim.Adam),
    (
        nn.Adam(0.03, beta1=0.8, beta2=0.95, epsilon=1e-4, weight_decay=0.1),
        lambda p: optim.Adam(p, 0.03, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1),
    ),
    (nn.AdamW(), lambda p: optim.AdamW(p, weight_decay=0.01)),
    (nn.AdamW(0.03, weight_decay=0.3), lambda p: optim.AdamW(p, 0.03, weight_decay=0.3)),
]
NAMES = [repr(ours) for ours, _ in PAIRS]
CLIPPED: list[tuple[Optimizer, Callable[[Any], Any], Callable[[Any], Any]]] = [
    (
        nn.SGD(0.3, momentum=0.9, weight_decay=0.1, clip_norm=0.2),
        lambda p: optim.SGD(p, 0.3, momentum=0.9, weight_decay=0.1),
        lambda p: torch.nn.utils.clip_grad_norm_(p, 0.2),
    ),
    (nn.Adam(0.03, clip_norm=1e3), lambda p: optim.Adam(p, 0.03), lambda p: torch.nn.utils.clip_grad_norm_(p, 1e3)),
    (
        nn.RMSProp(0.03, clip_value=0.05),
        lambda p: optim.RMSprop(p, 0.03),
        lambda p: torch.nn.utils.clip_grad_value_(p, 0.05),
    ),
]
GENERATOR = np.random.default_rng(3)
BATCHES = [(GENERATOR.normal(size=(4, 5)), GENERATOR.normal(size=(4, 2))) for _ in range(STEPS)]


def network() -> Network:
    return Network([nn.Linear(5, 3), nn.Tanh(), nn.Linear(3, 2)], cost=nn.QuadraticCost(), seed=2)


def ours_after(optimizer: Optimizer, engine: Executor) -> list[dict[str, Any]]:
    """Return the params after each step."""
    made = network()
    system = training_step(made.with_updates(updates_text(optimizer, made.system)))
    executable, kept, seen = engine.compile(system, dtype=np.float64), dict(made.params), []
    for x, y in BATCHES:
        kept |= executable.step({**kept, "x": x, "y": y})[1]
        seen.append(dict(kept))
    return seen


def theirs_after(optimizer: Callable[[Any], Any], clip: Callable[[Any], Any] = lambda p: None) -> list[dict[str, Any]]:
    """Return the params after each step; only weights decay."""
    params = {n: torch.tensor(v, dtype=torch.float64, requires_grad=True) for n, v in network().params.items()}
    stepping = optimizer([{"params": [params["W1"], params["W2"]]}, {"params": [params["b1"], params["b2"]]}])
    stepping.param_groups[1]["weight_decay"] = 0.0
    seen = []
    for x, y in BATCHES:
        stepping.zero_grad()
        hidden = torch.tanh(torch.tensor(x) @ params["W1"].T + params["b1"])
        out = hidden @ params["W2"].T + params["b2"]
        (0.5 * ((out - torch.tensor(y)) ** 2).sum(axis=1)).mean().backward()
        clip(list(params.values()))
        stepping.step()
        seen.append({name: value.detach().numpy().copy() for name, value in params.items()})
    return seen


@pytest.mark.parametrize("engine", [Reference(), Native()], ids=["reference", "native"])
@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=NAMES)
def test_every_step_is_pytorchs(ours: Optimizer, theirs: Callable[[Any], Any], engine: Executor) -> None:
    for found, wanted in zip(ours_after(ours, engine), theirs_after(theirs), strict=True):
        for name, value in wanted.items():
            assert_close(found[name], value, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("engine", [Reference(), Native()], ids=["reference", "native"])
@pytest.mark.parametrize(("ours", "theirs", "clip"), CLIPPED, ids=[repr(ours) for ours, _, _ in CLIPPED])
def test_clipped_steps_are_pytorchs(
    ours: Optimizer, theirs: Callable[[Any], Any], clip: Callable[[Any], Any], engine: Executor
) -> None:
    for found, wanted in zip(ours_after(ours, engine), theirs_after(theirs, clip), strict=True):
        for name, value in wanted.items():
            assert_close(found[name], value, rtol=1e-9, atol=1e-12)


def rates(schedule: Schedule, steps: int, timing: Timing | None = None) -> list[float]:
    """Return the learning rate of each step: how far a param with the gradient 1 goes."""
    system = parse("param w\ncost C = w\ng = 1")
    system = training_step(parse(f"{system}\n{updates_text(nn.SGD(schedule), system, timing)}"))
    executable, kept, seen = Reference().compile(system), {"w": np.zeros(())}, []
    for _ in range(steps):
        values, updated = executable.step(kept)
        seen.append(float(values["learning_rate"]))
        assert_close(updated["w"], kept["w"] - seen[-1])
        kept = {**kept, **updated}
    return seen


def theirs(make: Callable[[Any], Any], rate: float, steps: int) -> list[float]:
    stepping = optim.SGD([torch.zeros(1, requires_grad=True)], rate)
    scheduler, seen = make(stepping), []
    for _ in range(steps):
        seen.append(stepping.param_groups[0]["lr"])
        stepping.step()
        scheduler.step()
    return seen


SCHEDULES: list[tuple[Schedule, Callable[[Any], Any], float]] = [
    (nn.StepDecay(0.5, 0.3, steps=7), lambda o: schedulers.StepLR(o, 7, 0.3), 0.5),
    (nn.StepDecay(0.5, 0.9, steps=1), lambda o: schedulers.StepLR(o, 1, 0.9), 0.5),
    (nn.Cosine(0.5, minimum=0.1, steps=30), lambda o: schedulers.CosineAnnealingLR(o, 30, 0.1), 0.5),
    (nn.WarmUp(0.5, steps=8, start=0.25), lambda o: schedulers.LinearLR(o, 0.25, total_iters=8), 0.5),
    (nn.OneCycle(0.5, steps=31), lambda o: schedulers.OneCycleLR(o, 0.5, total_steps=31, cycle_momentum=False), 0.02),
    (
        nn.OneCycle(0.5, steps=31, warm_up=0.4, div_factor=5, final_div_factor=50),
        lambda o: schedulers.OneCycleLR(
            o, 0.5, total_steps=31, pct_start=0.4, div_factor=5, final_div_factor=50, cycle_momentum=False
        ),
        0.1,
    ),
    (
        nn.WarmUp(nn.Cosine(0.5, steps=20), steps=5, start=0.1),
        lambda o: schedulers.SequentialLR(
            o, [schedulers.LinearLR(o, 0.1, total_iters=5), schedulers.CosineAnnealingLR(o, 20)], [5]
        ),
        0.5,
    ),
    (
        nn.WarmUp(nn.StepDecay(0.5, 0.5, steps=1), steps=5, start=0.1),
        lambda o: schedulers.SequentialLR(
            o, [schedulers.LinearLR(o, 0.1, total_iters=5), schedulers.StepLR(o, 1, 0.5)], [5]
        ),
        0.5,
    ),
]


@pytest.mark.parametrize(("schedule", "make", "rate"), SCHEDULES, ids=[repr(s) for s, _, _ in SCHEDULES])
@pytest.mark.filterwarnings("ignore")
def test_learning_rates_are_pytorchs(schedule: Schedule, make: Callable[[Any], Any], rate: float) -> None:
    assert_close(rates(schedule, STEPS), theirs(make, rate, STEPS), rtol=1e-9, atol=1e-12)


def test_epochs_are_so_many_steps() -> None:
    timing = Timing(steps_per_epoch=4, steps=20)
    assert_close(rates(nn.StepDecay(0.5, epochs=2), 20, timing), rates(nn.StepDecay(0.5, steps=8), 20))
    assert_close(rates(nn.Cosine(0.5), 20, timing), rates(nn.Cosine(0.5, steps=20), 20))
    assert_close(rates(nn.OneCycle(0.5), 20, timing), rates(nn.OneCycle(0.5, steps=20), 20))
    warmed = nn.WarmUp(nn.Cosine(0.5), epochs=1.5)
    assert_close(rates(warmed, 20, timing), rates(nn.WarmUp(nn.Cosine(0.5, steps=14), steps=6), 20))
