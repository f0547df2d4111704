"""`chainrule train --metric`, `--freeze` and `--rate-factor`: what the options say is what `train` is given."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.network import load
from unit.cli.commands import run

WORST = "worst = max(k) abs(a[k] - y[k])"
MODEL = """data x[i], y[k]
param W[k,i], b[k]
const rate = 1/10
batch n
p[k] = (sum(i) W[k,i]*x[i]) + b[k]
cost C = sum(k) (p[k] - y[k])^2
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Numbers to learn, and a model for them."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(40, 3))
    np.savez(tmp_path / "numbers.npz", x_train=x, y_train=x @ draw.normal(size=(3, 2)))
    (tmp_path / "net.eq").write_text(MODEL, encoding="utf-8")
    (tmp_path / "own.eq").write_text(MODEL + "update W[k,i] = W[k,i] - rate*∂C/∂W[k,i]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return "numbers.npz"


def output(*arguments: object) -> str:
    result = run("train", *arguments)
    assert result.exit_code == 0, result.output
    return result.output


def read(file: str) -> dict[str, Any]:
    with np.load(file) as arrays:
        return dict(arrays)


def refusal(*arguments: object) -> str:
    result = run("train", *arguments)
    assert result.exit_code == 2, result.output
    return result.stderr


def test_metrics_are_shown_for_each_epoch_and_in_the_end_and_written(file: str) -> None:
    options = ["--layers", "3,2", "--metric", "R²", "--metric", WORST, "--validation-fraction", 0.2, "--epochs", 2]
    shown = output(file, *options, "--json", "h.json")
    heading = next(line for line in shown.splitlines() if line.startswith("  epoch"))
    assert re.findall(r"(?:validation|training) (?:r2|worst)", heading) == [
        f"{on} {name}" for on in ("validation", "training") for name in ("r2", "worst")
    ]
    history = json.loads(Path("h.json").read_text(encoding="utf-8"))
    last = history["epochs"][-1]
    assert f"On the training data: r2 {last['metrics']['r2']:.4g}, worst {last['metrics']['worst']:.4g}.\n" in shown
    assert f"On the validation data: r2 {last['validation_metrics']['r2']:.4g}, worst " in shown
    assert history["settings"]["metrics"] == ["R²", WORST]


def test_a_metric_is_what_it_is_in_python(file: str) -> None:
    output(file, "--model", "net.eq", "--metric", WORST, "--json", "h.json", "--save", "net", "--epochs", 2)
    arrays = read(file)
    found = cr.measure(load("net"), arrays["x_train"], arrays["y_train"], metrics=[WORST])["worst"]
    told = json.loads(Path("h.json").read_text(encoding="utf-8"))["epochs"][-1]["metrics"]["worst"]
    assert abs(found - told) < 1e-5 * found


def test_a_metric_by_name_can_be_watched(file: str) -> None:
    watched = ["--layers", "3,2", "--validation-fraction", 0.2, "--patience", 3]
    assert "It stops earlier where the validation r2" in output(
        file, *watched, "--metric", "r2", "--monitor", "validation_r2"
    )
    assert "--monitor is 'validation_r2'" in refusal(file, *watched, "--monitor", "validation_r2")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--metric", "r3"], "'r3' is no metric"),
        (["--metric", "accuracy"], "accuracy is a metric of classes"),
        (["--freeze", "W9"], "there is no param W9"),
        (["--freeze", "*"], "all params are frozen"),
        (["--rate-factor", "W1"], "--rate-factor is 'W1'"),
        (["--rate-factor", "W1=0"], "--freeze W1"),
        (["--rate-factor", "W1=nan"], "a positive factor"),
        (["--rate-factor", "W9=0.1"], "there is no param W9"),
    ],
)
def test_options_that_make_no_sense_are_refused(file: str, options: list[str], said: str) -> None:
    assert said in refusal(file, *options, "--epochs", 1)


def test_a_rate_for_some_params_needs_an_optimizer(file: str) -> None:
    said = refusal(file, "--model", "own.eq", "--rate-factor", "W=0.5")
    assert "the system has updates of its own" in said


@pytest.mark.parametrize("model", [[], ["--model", "net.eq"]], ids=["layers", "model"])
def test_frozen_params_and_factors_are_those_of_python(file: str, model: list[str]) -> None:
    w, b = ("W", "b") if model else ("W1", "b1")
    made: list[Any] = model or ["--layers", "3,2"]
    steps = ["--epochs", 2, "--learning-rate", 0.05, "--batch-size", 8, "--executor", "reference"]
    shown = output(file, *made, *steps, "--freeze", b, "--rate-factor", f"{w}=0.5", "--save", "net")
    assert f"learning rate 0.05, 0.5 times that for {w}, " in shown
    assert f"Frozen: {b}.\n" in shown
    network = (
        cr.Network.from_system(cr.parse(MODEL)) if model else cr.Network([nn.Linear(3, 2)], cost=nn.QuadraticCost())
    )
    network.freeze(b)
    arrays = read(file)
    sgd = nn.SGD(0.05, rate_factors={w: 0.5})
    cr.train(network, arrays["x_train"], arrays["y_train"], epochs=2, batch_size=8, optimizer=sgd, executor="reference")
    for name, array in load("net").params.items():
        assert (array == network.params[name]).all(), name
    assert load("net").frozen == (b,)
