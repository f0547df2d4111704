"""`chainrule train`: its arguments and options; what it does with them is in `train_job`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HELP = """Train a network with the equations derived from it, and show them.

\b
  chainrule train digits
  chainrule train digits --activation relu --learning-rate 0.1 --save digits.safetensors
  chainrule train digits --cost quadratic --learning-rate 3 --json history.json
  chainrule train data.npz --layers 4,16,3 --epochs 100

digits are 1,797 handwritten digits of 8×8 pixels that come with chainrule. FILE.npz holds x_train of shape
(samples, features) and y_train, labels 0, 1, 2, … or rows of targets, and perhaps x_test and y_test:

\b
  np.savez("data.npz", x_train=x, y_train=y)

Inputs are taken as they are; scaled to -1 … 1 they train best.

Ctrl-C ends the training with what was learned so far (exit code 130). The JSON holds "epochs", a list with
the cost, the accuracy as a fraction, and the seconds of training alone.
"""

_OUTPUT = "What comes out: sigmoid, softmax, tanh, relu or linear. Default: what the cost implies."


def train(
    source: Annotated[str, typer.Argument(metavar="digits|FILE.npz", help="What to learn from.")],
    layers: Annotated[
        str,
        typer.Option(
            metavar="N,N,…", help="The widths, from the data to the output. Default: one layer of 30 between."
        ),
    ] = "",
    activation: Annotated[str, typer.Option(help="Of the hidden layers: sigmoid, tanh or relu.")] = "sigmoid",
    cost: Annotated[
        str,
        typer.Option(
            help="quadratic or binary-cross-entropy (both imply sigmoid outputs), or cross-entropy (softmax). "
            "Default: cross-entropy for classes, quadratic with linear outputs for other numbers."
        ),
    ] = "",
    output: Annotated[str, typer.Option(help=_OUTPUT)] = "",
    optimizer: Annotated[str, typer.Option(help="sgd: stochastic gradient descent.")] = "sgd",
    learning_rate: Annotated[float, typer.Option(help="How far each step goes.")] = 0.5,
    weight_decay: Annotated[float, typer.Option(help="How strongly weights, not biases, are pulled to 0.")] = 0.0,
    epochs: Annotated[int, typer.Option(help="How often all samples are seen.")] = 30,
    batch_size: Annotated[int, typer.Option(help="How many samples each step learns from.")] = 16,
    seed: Annotated[int, typer.Option(help="Draws the first weights and the order of the samples.")] = 0,
    executor: Annotated[
        str, typer.Option(help="What runs the equations: reference (float64) or native (float32 machine code).")
    ] = "native",
    save: Annotated[Path | None, typer.Option(metavar="FILE.safetensors", help="Where to save the network.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write what happened, as JSON.")] = None,
) -> None:
    """Train a network and show what came of it; exit with the code of `train_job.run`."""
    from chainrule.cli.train_job import run
    from chainrule.cli.train_settings import Settings

    settings = Settings(
        source=source,
        layers=layers,
        activation=activation,
        cost=cost,
        output=output,
        optimizer=optimizer,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        executor=executor,
        save=save,
        json=json,
    )
    raise typer.Exit(run(settings))
