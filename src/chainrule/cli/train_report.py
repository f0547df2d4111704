"""What `chainrule train` says before and after.

Before: the data and the network. After: the equations that were derived, one error of a hidden unit opened into its
sum, and what was taken for what.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chainrule.cli.sources import unread_in
from chainrule.cli.terminal import columns
from chainrule.cli.train_settings import Plan, Settings, descent_for
from chainrule.data import Dataset
from chainrule.errors import escaped, listed
from chainrule.explanation import explain
from chainrule.expr.symbols import Derivative
from chainrule.network import Network
from chainrule.network.samples import is_one_hot, labels_of
from chainrule.pipeline import backprop, evaluate
from chainrule.training import Epoch, History

Array = npt.NDArray[np.float64]
MANY_CLASSES = 20
"""Above this the confusion matrix is too wide to be read."""


def unread(console: Console, names: Sequence[str]) -> None:
    """Say which arrays of a file nothing is done with, where there are any."""
    if names:
        console.print(f"Note: nothing reads {listed(names)} in the file.")


def introduction(console: Console, data: Dataset, plan: Plan, network: Network, settings: Settings) -> None:
    """Say what is trained, on what."""
    validating = "" if data.x_validation is None else f", {len(data.x_validation):,} for validation"
    tested = "" if data.x_test is None else f", {len(data.x_test):,} others for testing"
    shape = "×".join(map(str, data.sample_shape))
    known = {"digits": f"handwritten {shape} digits", "mnist": f"handwritten {shape} digits"}
    what = known.get(settings.source, f"samples of {shape} numbers") if not data.note else f"images of {shape} pixels"
    console.print(f"{escaped(data.name)}: {len(data.x_train):,} {what} for training{validating}{tested}.")
    unread(console, unread_in(settings.source))
    for remark in data.note.splitlines():
        console.print(f"Note: {remark}.")
    dropped = f" with dropout {plan.dropout:g}" if plan.dropout else ""
    hidden = f"{plan.activation} units{dropped}, " if len(plan.widths) > 2 else ""
    console.print(
        f"Network {'-'.join(map(str, plan.widths))}: {hidden}{plan.output} outputs, cost {plan.cost}, "
        f"{sum(p.size for p in network.params.values()):,} params, seed {settings.seed}."
    )
    console.print(
        f"{descent_for(settings, plan)}, batches of {plan.batch_size}, "
        f"{settings.epochs} epoch{'s' * (settings.epochs > 1)}."
    )
    frozen(console, network)
    if settings.early_stopping is not None:
        watched = settings.monitor.replace("_", " ")
        epochs = f"{settings.patience} epoch{'s' * (settings.early_stopping.patience > 1)}"
        console.print(f"It stops earlier where the {watched} has not been better for {epochs}.")
    if settings.resume and settings.checkpoint is not None:
        there = settings.checkpoint.exists()
        said = "Goes on from" if there else "Begins with the first epoch, for there is no checkpoint yet:"
        console.print(f"{said} {escaped(settings.checkpoint)}{'.' * there}")
    derived = (
        "Nobody wrote its backward pass: chainrule derives it from the equations of the forward pass, by the chain "
        "rule, and trains with exactly the equations shown at the end."
    )
    console.print(f"{textwrap.fill(derived, columns())}\n")


def frozen(console: Console, network: Network) -> None:
    """Say which params training leaves as they are, if any."""
    if network.frozen:
        console.print(f"Frozen: {listed(network.frozen)}.")


def conclusion(console: Console, data: Dataset, network: Network, history: History, settings: Settings) -> None:
    """Show what came of it."""
    console.print()
    result(console, history, settings, tested=data.x_test is not None)
    heading(console, "The equations that were derived and used, for one sample")
    console.print(str(network.equations(flat=settings.flat)))
    if not history.epochs:
        return
    x, y = (data.x_train, data.y_train) if data.x_test is None or data.y_test is None else (data.x_test, data.y_test)
    targets = network.targets(y)
    one_error(console, network, x, targets)
    if is_one_hot(targets) and targets.shape[1] > 1:
        confusions(console, labels_of(targets), network.classify(x), targets.shape[1])


def heading(console: Console, text: str) -> None:
    """Put a heading."""
    console.print(f"\n{text}\n", style="bold")


def result(console: Console, history: History, settings: Settings, *, tested: bool) -> None:
    """Say how the training ended, how good the network is, and what was written."""
    if history.note:
        console.print(f"Note: {history.note}.")
    if history.interrupted:
        console.print("Interrupted; the network keeps what it has learned so far.")
    if history.stopped:
        console.print(f"Stopped after epoch {len(history.epochs)}: {history.stopped}.")
    if history.restored not in (None, len(history.epochs)):
        console.print(f"The network has the weights of epoch {history.restored}, the best.")
    if history.epochs:
        count = history.restored or len(history.epochs)
        last = history.epochs[count - 1]
        after = f"after {count} epoch{'s' * (count > 1)}, {history.seconds:.2g} s of training"
        if last.accuracy is None:
            where = "test" if tested else "training"
            error = "" if last.error is None else f", mean absolute error on the {where} data {last.error:.4g}"
            console.print(f"Cost {last.cost:.4g}{error}, {after}.", style="bold")
        else:
            where = "on samples it has never seen" if tested else "on the samples it learned from"
            console.print(f"{percent(last.accuracy)} right {where}, {after}.", style="bold")
        validation(console, history)
        metrics(console, last, "test" if tested else "training")
    for what, path in (
        ("The network is", settings.save),
        ("The history is", settings.json),
        ("The plot is", settings.plot),
    ):
        if path is not None:
            console.print(f"{what} saved in {escaped(path)}.")


def validation(console: Console, history: History) -> None:
    """Say how the validation went: what a user looks at who chooses settings, or when to stop."""
    if history.best is None:
        return
    last, best = history.epochs[(history.restored or 0) - 1], history.epochs[history.best - 1]
    said = f"{percent(last.validation_accuracy)} right on the validation samples"
    if last.validation_accuracy == best.validation_accuracy:
        console.print(f"{said}, the best of all epochs.")
    else:
        console.print(f"{said}; the best was {percent(best.validation_accuracy)}, after epoch {history.best}.")


def metrics(console: Console, epoch: Epoch, measured_on: str) -> None:
    """Say what was asked to be measured, of the epoch whose weights the network has."""
    for on, found in ((measured_on, epoch.metrics), ("validation", epoch.validation_metrics)):
        if found:
            said = ", ".join(f"{name} {value:.4g}" for name, value in found.items())
            console.print(f"On the {on} data: {said}.")


def percent(accuracy: float | None) -> str:
    """Return a fraction in percent."""
    return "" if accuracy is None else f"{100 * accuracy:.2f} %"


def one_error(console: Console, network: Network, x: Array, targets: Array) -> None:
    """Open one error of a hidden unit into its sum: of the sample with the highest cost, the unit it reaches most."""
    system = network.system
    if "z2" not in system.defined:
        return
    values = evaluate(backprop(system, wrt=["z1"]).system, network.inputs(x, targets))
    sample = int(np.argmax(values[system.cost]))
    unit = int(np.argmax(np.abs(values[Derivative(system.cost, "z1")][sample])))
    letter = system.axes("z1")[0].preferred
    heading(console, f"One error of a hidden unit, opened: why δ1[{unit}] = ∂C/∂z1[{unit}] is a sum")
    said = f"The cost of sample {sample} is the highest of all, {values[system.cost][sample]:.2f}"
    if is_one_hot(targets) and targets.shape[1] > 1:
        right, found = labels_of(targets[sample : sample + 1])[0], network.classify(x[sample : sample + 1])[0]
        said += f": its class is {right}" + (f", and the network predicts {found}" if right != found else "")
    console.print(
        f"{said}.\n"
        f"Hidden unit {unit} reaches the cost through every unit of the next layer; the contributions add up.\n"
        "Each product is the contribution through one unit, not the whole derivative.\n"
    )
    inputs = network.inputs(x[sample], targets[sample])
    console.print(str(explain(network, inputs, of="z1", at={letter: unit})))


def confusions(console: Console, right: npt.NDArray[np.int64], found: npt.NDArray[np.int64], classes: int) -> None:
    """Show how often each class was taken for each other."""
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (right.reshape(-1), found.reshape(-1)), 1)
    heading(console, "True class (rows) and predicted class (columns)")
    if classes > MANY_CLASSES:
        worst = np.argsort(-np.where(np.eye(classes, dtype=bool), 0, counts), axis=None, kind="stable")[:10]
        for place in worst:
            row, column = (int(n) for n in np.unravel_index(place, counts.shape))
            if row != column and counts[row, column]:
                console.print(f"  {row} taken for {column}: {counts[row, column]}")
        return
    table = Table(box=box.SIMPLE, show_edge=False, collapse_padding=True, pad_edge=False)
    for title in ("", *map(str, range(classes)), "right"):
        table.add_column(title, justify="right")
    for row in range(classes):
        total = int(counts[row].sum())
        texts = (str(n) if n else "·" for n in counts[row])
        cells = [Text(text, style="bold" if column == row else "") for column, text in enumerate(texts)]
        table.add_row(str(row), *cells, f"{100 * counts[row, row] / total:.1f}\N{NO-BREAK SPACE}%" if total else "")
    console.print(table)
