"""`chainrule train … --model FILE.eq`: a system of one's own, trained on arrays by the names of its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from chainrule.cli import train_report as report
from chainrule.cli.heads import choose, names_in
from chainrule.cli.named_arrays import Parts, read_parts, values_in
from chainrule.cli.systems import is_saved, read_network, read_system
from chainrule.cli.train_optimizer import OPTIMIZERS
from chainrule.cli.train_settings import DEFAULTS, Defaults, Settings, descent_for
from chainrule.data.data_folders import open_folder
from chainrule.errors import OptionError, escaped, listed
from chainrule.network import Network
from chainrule.render.text import entry_text
from chainrule.system.model import System
from chainrule.training import History
from chainrule.training.shown import Shown
from chainrule.training.training_data import checked_samples, marks_of

RATE = 0.1
"""The learning rate of sgd where nothing is asked for."""


@dataclass(frozen=True)
class ModelPlan:
    """The options settled for a system of one's own."""

    model: str
    outputs: tuple[str, ...]
    learning_rate: float
    weight_decay: float
    batch_size: int


def check_model_options(settings: Settings) -> None:
    """Raise OptionError for options that make layers, where a system says what the network is."""
    given = {
        "--layers": settings.layers,
        "--cost": settings.cost,
        "--dropout": settings.dropout,
        "--activation": settings.activation != "sigmoid",
    }
    wrong = [option for option, value in given.items() if value]
    if wrong:
        raise OptionError(
            f"{wrong[0]} and --model are given: the system says what the network is",
            advice=f"Leave out {wrong[0]}, or write it in {settings.model}.",
        )


def network_of(settings: Settings) -> tuple[Network, Parts, ModelPlan]:
    """Return the network that a file describes, or a saved one that is trained on, its data, and the plan."""
    model = settings.model
    assert model is not None
    if is_saved(str(model)):
        network = read_network(str(model))
        if settings.output:
            choose(network, settings.output)
    else:
        system = read_system(str(model))
        names = [d.tensor for d in system.declarations if d.role in ("param", "const")]
        values = values_in(Path(settings.source), names, [*system.names()])
        _check_consts(system, values, settings)
        output = names_in(settings.output) or None
        network = Network.from_system(system, values, output=output, seed=settings.seed)
    data = read_parts(settings.source, network, settings.data_dir)
    if settings.plot is not None and isinstance(data.shown, Path):
        raise OptionError(
            f"--plot shows samples, and {settings.source} is a folder, which is read piece by piece",
            advice="Leave out --plot.",
        )
    kind = OPTIMIZERS[settings.optimizer]
    decay = kind.decay if settings.weight_decay is None else settings.weight_decay
    batch_size = settings.batch_size or DEFAULTS.get(settings.source, Defaults()).batch_size
    plan = ModelPlan(str(model), network.ends.outputs, settings.learning_rate or kind.rate(RATE), decay, batch_size)
    _check_validation(settings, network, data)
    return network, data, plan


def _check_consts(system: System, values: Mapping[str, object], settings: Settings) -> None:
    """Raise OptionError for a const that neither the system nor the file gives a value."""
    declared = (d for d in system.declarations if d.role == "const" and d.value is None and not d.implied)
    for const in (d for d in declared if d.tensor not in values):
        in_file = Path(settings.source).suffix == ".npz"
        written = "" if const.indices else f"a value in {escaped(settings.model)}: const {const.tensor} = 0.1"
        raise OptionError(
            f"const {entry_text(const.tensor, const.indices)} has no value",
            where=f"in {escaped(settings.model)}",
            expected=" or ".join(
                filter(None, (f"an array {const.tensor} in {escaped(settings.source)}" * in_file, written))
            )
            or f"data in an .npz that has an array {const.tensor} too",
        )


def _check_validation(settings: Settings, network: Network, data: Parts) -> None:
    if settings.validation_fraction is None:
        return
    if data.validation is not None:
        raise OptionError(
            f"--validation-fraction is given, and {settings.source} has validation samples of its own",
            advice="Leave out --validation-fraction.",
        )
    if network.ends.samples.letter and not isinstance(data.train, Path):
        marks_of("--validation-fraction", settings.validation_fraction, len(next(iter(data.train.values()))))


def introduction(console: Console, data: Parts, plan: ModelPlan, network: Network, settings: Settings) -> None:
    """Say what is trained, on what."""
    counted = bool(network.ends.samples.letter)
    parts = {"for training": data.train, "for validation": data.validation, "for testing": data.test}
    counts = {what: _count(network, part) for what, part in parts.items() if part and counted}
    said = [f"{count:,} {'others' if n else 'samples'} {what}" for n, (what, count) in enumerate(counts.items())]
    console.print(f"{escaped(data.name)}: {', '.join(said) or 'each step learns from all of it'}.")
    report.unread(console, data.unread)
    named = [entry_text(name, network.system.axes(name)) for name in network.ends.inputs]
    outputs = [entry_text(name, network.system.axes(name)) for name in network.ends.outputs]
    targets = f", compared with {listed(network.ends.targets)}" if network.ends.targets else ""
    count = sum(p.size for p in network.params.values())
    params = f"{count:,} params" if not network.waiting else f"params {listed(network.system.params)}"
    console.print(
        f"Network {escaped(plan.model)}: {', '.join(named)} → {', '.join(outputs) or '?'}{targets}, {params}, "
        f"seed {settings.seed}."
    )
    steps = f"batches of {plan.batch_size}, " if counted else ""
    epochs = f"{settings.epochs} epoch{'s' * (settings.epochs > 1)}"
    made = "Updates of its own" if network.system.updates else str(descent_for(settings, plan))
    console.print(f"{made}, {steps}{epochs}.")
    report.frozen(console, network)
    console.print()


def _count(network: Network, part: Mapping[str, Any] | Path) -> int:
    if isinstance(part, Path):
        return open_folder(part, network.ends.data).count or 0
    return len(next(iter(part.values())))


def conclusion(console: Console, data: Parts, network: Network, history: History, settings: Settings) -> None:
    """Show what came of it."""
    console.print()
    report.result(console, history, settings, tested=data.test is not None)
    report.heading(
        console, "The equations that were derived and used" + ", for one sample" * bool(network.system.batch)
    )
    console.print(str(network.equations(flat=settings.flat)))
    if not history.epochs or isinstance(data.shown, Path):
        return
    shown = Shown.of(network, checked_samples(network, data.shown, None, ("x", "y")))
    if shown.labels is not None and shown.classes:
        report.confusions(console, *shown.labels, shown.classes)
