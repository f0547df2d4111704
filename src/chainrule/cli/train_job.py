"""What `chainrule train` does, from the data to the report."""

from __future__ import annotations

import gc
import json
from dataclasses import asdict
from pathlib import Path

from chainrule.cli import train_model
from chainrule.cli import train_report as report
from chainrule.cli.console import PlainConsole
from chainrule.cli.interruption import endings
from chainrule.cli.train_call import prepare, trained
from chainrule.cli.train_model import ModelPlan
from chainrule.cli.train_progress import watching
from chainrule.cli.train_settings import (
    COSTS,
    Plan,
    Settings,
    check_files,
    check_options,
    descent_for,
    plan_for,
    read_data,
)
from chainrule.network import Network
from chainrule.network.atomic import write_atomically
from chainrule.training import History
from chainrule.training.plotting import check_plot, plot


def run(settings: Settings) -> int:
    """Train as the settings say, show what came of it, and return the exit code. Raises ChainruleError."""
    gc.enable()
    console = PlainConsole()
    check_options(settings)
    check_files(settings)
    if settings.plot is not None:
        check_plot(settings.plot)
    if settings.model is not None:
        return run_model(console, settings)
    data = read_data(settings)
    plan = plan_for(settings, data)
    network = Network(plan.layers, cost=COSTS[plan.cost](), seed=settings.seed)
    prepare(network, settings)
    report.introduction(console, data, plan, network, settings)
    console.outlet.check()
    accuracy_on = "training" if data.x_test is None else "test"
    descent = descent_for(settings, plan)
    given = {"x": data.x_train, "y": data.y_train, "x_validation": data.x_validation, "y_validation": data.y_validation}
    given |= {"x_test": data.x_test, "y_test": data.y_test}
    with endings() as ending, watching(console, accuracy_on=accuracy_on) as watcher:
        history = trained(network, given, settings, descent=descent, batch_size=plan.batch_size, progress=watcher)
    _write(settings, plan, network, history, data.name)
    if settings.plot is not None:
        plot(settings.plot, history, network, *data.shown, sample_shape=data.sample_shape, on=accuracy_on)
    report.conclusion(console, data, network, history, settings)
    console.outlet.check()
    return ending.code if history.interrupted else 0


def run_model(console: PlainConsole, settings: Settings) -> int:
    """Train a system of one's own, show what came of it, and return the exit code. Raises ChainruleError."""
    train_model.check_model_options(settings)
    network, data, plan = train_model.network_of(settings)
    prepare(network, settings)
    train_model.introduction(console, data, plan, network, settings)
    console.outlet.check()
    accuracy_on = "training" if data.test is None else "test"
    descent = descent_for(settings, plan)
    given = {"x": data.train, "x_validation": data.validation, "x_test": data.test}
    with endings() as ending, watching(console, accuracy_on=accuracy_on) as watcher:
        history = trained(network, given, settings, descent=descent, batch_size=plan.batch_size, progress=watcher)
    _write(settings, plan, network, history, data.name)
    if settings.plot is not None and not isinstance(data.shown, Path):
        plot(settings.plot, history, network, data.shown, on=accuracy_on)
    train_model.conclusion(console, data, network, history, settings)
    console.outlet.check()
    return ending.code if history.interrupted else 0


def _write(settings: Settings, plan: Plan | ModelPlan, network: Network, history: History, name: str) -> None:
    """Write the network and the history, where they shall be."""
    network.trained = {"data": name, **network.trained}
    if settings.save is not None:
        network.save(settings.save)
    if settings.json is not None:
        write_atomically(settings.json, history_json(settings, plan, history).encode())


def history_json(settings: Settings, plan: Plan | ModelPlan, history: History) -> str:
    """Return the history and the settings as JSON."""
    given = {key: str(value) for key, value in asdict(settings).items() if key in ("source", "optimizer", "executor")}
    keys = ("schedule", "decay_epochs", "warm_up_epochs", "clip_norm", "epochs", "seed", "threads")
    watched = ("validation_fraction", "patience", "monitor", "min_delta", "metrics", "freeze", "rate_factors")
    numbers = {key: getattr(settings, key) for key in (*keys, *watched)}
    return (
        json.dumps({**history.as_dict(), "settings": {**given, **asdict(plan), **numbers}}, indent=1, allow_nan=False)
        + "\n"
    )
