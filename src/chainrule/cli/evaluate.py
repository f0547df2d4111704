"""`chainrule evaluate`: how good a saved network is on samples whose answers are known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HELP = """Try a saved network on samples whose answers are known: cost, accuracy, and what was taken for what.

\b
  chainrule evaluate digits.safetensors digits
  chainrule evaluate net.safetensors data.npz
  chainrule evaluate mnist.safetensors mnist --data-dir DIR

DATA is digits or mnist (their samples to test with), or an .npz with x_test and y_test, x and y, or x_train and
y_train; for a network of other data an .npz with an array for each, by its name, which may end in _test. Of answers
that are no classes the mean absolute error is told.
"""


def evaluate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A saved network, FILE.safetensors.")],
    source: Annotated[str, typer.Argument(metavar="DATA", help="digits, mnist, or FILE.npz.")],
    data_dir: Annotated[Path | None, typer.Option(metavar="DIR", help="The folder of MNIST.")] = None,
) -> None:
    """Try a saved network on samples whose answers are known."""
    from chainrule.cli.console import PlainConsole
    from chainrule.cli.prediction_data import pair_of
    from chainrule.cli.systems import read_network
    from chainrule.cli.train_report import confusions
    from chainrule.errors import InputError, escaped
    from chainrule.execute.registry import executor
    from chainrule.training.scores import Scores
    from chainrule.training.shown import Shown
    from chainrule.training.training_data import checked_samples

    network = read_network(model)
    x, y, name = pair_of(source, data_dir, network)
    try:
        samples = checked_samples(network, x, y, ("x", "y"))
    except InputError as error:
        where = f"in {escaped(source)}" + (f"\n{error.where}" if error.where else "")
        raise type(error)(error.what, where=where, expected=error.expected, advice=error.advice) from None
    score = Scores(executor("reference"), network, samples, cost=True).of(network.params)
    console = PlainConsole()
    count = samples.count
    console.print(f"{escaped(model)}, tried on {escaped(name)}: {count:,} sample{'s' * (count > 1)}.\n")
    console.print(f"cost                 {score.cost:.4g}")
    if score.accuracy is not None:
        right = round(score.accuracy * count)
        console.print(f"accuracy             {100 * score.accuracy:.2f} %   ({right:,} of {count:,} right)")
    if score.error is not None:
        console.print(f"mean absolute error  {score.error:.4g}")
    if score.accuracy is not None:
        shown = Shown.of(network, samples)
        if shown.labels is not None:
            confusions(console, *shown.labels, shown.classes)
