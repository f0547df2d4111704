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
  chainrule train digits --optimizer adam --schedule cosine --dropout 0.1
  chainrule train data.npz --layers 4,16,3 --epochs 100
  chainrule train data.npz --model net.eq --optimizer adam
  chainrule train data.npz --metric accuracy --metric 'worst = max(k) abs(a[k] - y[k])'
  chainrule train data.npz --model trained.safetensors --freeze 1 --rate-factor W2=0.1
  chainrule train digits --epochs 500 --validation-fraction 0.1 --patience 10 --plot digits.png
  chainrule train digits --epochs 500 --checkpoint digits.run            # and after a break:
  chainrule train digits --epochs 500 --checkpoint digits.run --resume

The two networks of the textbook (M. Nielsen, Neural Networks and Deep Learning), 95 % and 98 % right:

\b
  chainrule train mnist --data-dir DIR
  chainrule train mnist --data-dir DIR --layers 784,100,10 --cost binary-cross-entropy \\
                        --learning-rate 0.5 --weight-decay 0.0001

digits are 1,797 handwritten digits of 8×8 pixels that come with chainrule. mnist are 70,000 of 28×28 pixels, whose
four files, gzipped or not, lie in DIR: 50,000 to learn from, 10,000 to validate with, 10,000 to test on. The textbook's
regularization λ is a weight decay of λ/n: 5/50,000 above.

FILE.npz holds x_train of shape (samples, features) and y_train, labels 0, 1, 2, … or rows of targets, and perhaps
x_validation and y_validation, x_test and y_test:

\b
  np.savez("data.npz", x_train=x, y_train=y)

With --model the network is a system in the notation, of data of any number and shape, or a saved network that is
trained on. FILE.npz then holds an array for each of the data by its name, samples in front, such as x, mask and y, or
x_train and so on, perhaps others that end in _validation and _test, and values of params and consts:

\b
  np.savez("data.npz", x=x, mask=mask, y=y, x_test=…, mask_test=…, y_test=…)

In place of a file, more data than fit into memory lie in a FOLDER of such files, each with an array for each of the
data, or in NAME.npy for each of them; or in folders train, validation and test in it. They are read piece by piece.

Numbers are taken as they are; inputs scaled to -1 … 1 train best.

Ctrl-C ends the training with what was learned so far (exit code 130), and so does SIGTERM (143), by which containers
are stopped. A checkpoint is written after each epoch, whole or not at all: whatever kills the process, no more than one
epoch is lost. --plot needs matplotlib.

The JSON holds "epochs", a list with the cost, the accuracy and the validation accuracy as fractions, and the seconds of
training alone; "accuracy_on" says whether the accuracy is that on the samples to test on, or, without any, on those
that were learned from.
"""

_RATE = (
    "How far each step goes. Default: 0.5, for mnist with the quadratic cost and sigmoid units 3; a tenth of that with "
    "momentum or nesterov; 0.001 with rmsprop, adam and adamw. With --model 0.1 in the place of 0.5."
)
_SCHEDULE = "What becomes of the learning rate: constant, step, cosine, warm-up, warm-up-cosine or one-cycle."
_DECAY = (
    "How many epochs the learning rate takes to fall: to a tenth, again and again, with step; to 0 with cosine. "
    "Default: a third of --epochs with step, all of them with cosine."
)
_WARM_UP = "How many epochs the learning rate rises for, with warm-up. Default: a twentieth of --epochs."
_ACTIVATION = "Of the hidden layers: sigmoid, tanh, relu, leaky-relu, elu, gelu, softplus, swish or mish."
_MONITOR = (
    "What --patience watches: validation_cost, validation_accuracy, validation_error or cost, or a --metric by name: "
    "validation_r2."
)
_METRIC = (
    "What else to measure after each epoch: accuracy, top-5 accuracy, perplexity, r2, mae, mse or rmse, or an equation "
    "over what comes out, a, and what should, y: 'worst = max(k) abs(a[k] - y[k])'. Again for each."
)
_FACTOR = "By what the learning rate is multiplied for a param, W1=0.1, a pattern, W*=0.1, or a layer, 1=0.1."
_FREEZE = "A param to leave as it is: its name, W1, a pattern, W*, or the number of a layer, 1."
_OUTPUT = (
    "What comes out: softmax, linear, or one of the activations. Default: what the cost implies. With --model the "
    "name of a tensor, or several with commas between; by default what the cost compares with data."
)


def train(
    source: Annotated[str, typer.Argument(metavar="digits|mnist|FILE.npz|FOLDER", help="What to learn from.")],
    data_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The folder of MNIST. Default: the environment variable CHAINRULE_DATA."),
    ] = None,
    layers: Annotated[
        str,
        typer.Option(
            metavar="N,N,…", help="The widths, from the data to the output. Default: one layer of 30 between."
        ),
    ] = "",
    activation: Annotated[str, typer.Option(help=_ACTIVATION)] = "sigmoid",
    cost: Annotated[
        str,
        typer.Option(
            help="quadratic or binary-cross-entropy (both imply sigmoid outputs), or cross-entropy (softmax). "
            "Default: cross-entropy for classes, quadratic with linear outputs for other numbers; quadratic for mnist."
        ),
    ] = "",
    output: Annotated[str, typer.Option(help=_OUTPUT)] = "",
    model: Annotated[
        Path | None,
        typer.Option(metavar="FILE.eq", help="A system in the notation to train, or a saved network to train on."),
    ] = None,
    optimizer: Annotated[str, typer.Option(help="sgd, momentum, nesterov, rmsprop, adam or adamw.")] = "sgd",
    learning_rate: Annotated[float | None, typer.Option(help=_RATE)] = None,
    schedule: Annotated[str, typer.Option(help=_SCHEDULE)] = "constant",
    decay_epochs: Annotated[float | None, typer.Option(metavar="N", help=_DECAY)] = None,
    warm_up_epochs: Annotated[float | None, typer.Option(metavar="N", help=_WARM_UP)] = None,
    weight_decay: Annotated[
        float | None,
        typer.Option(help="How strongly weights, not biases, are pulled to 0. Default: 0, adamw 0.01."),
    ] = None,
    clip_norm: Annotated[
        float | None, typer.Option(help="The norm that all gradients together are brought down to. Default: any.")
    ] = None,
    rate_factor: Annotated[list[str] | None, typer.Option(metavar="PARAM=FACTOR", help=_FACTOR)] = None,
    freeze: Annotated[list[str] | None, typer.Option(metavar="PARAM", help=_FREEZE)] = None,
    dropout: Annotated[
        float, typer.Option(help="With what probability a hidden unit is dropped in training, from 0 to below 1.")
    ] = 0.0,
    epochs: Annotated[int, typer.Option(help="How often all samples are seen.")] = 30,
    batch_size: Annotated[
        int | None, typer.Option(help="How many samples each step learns from. Default: 16; for mnist 10.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws the first weights and the order of the samples.")] = 0,
    executor: Annotated[
        str, typer.Option(help="What runs the equations: reference (float64) or native (float32 machine code).")
    ] = "native",
    threads: Annotated[
        int | None, typer.Option(help="How many threads native runs in. Default: as many as the work is worth.")
    ] = None,
    validation_fraction: Annotated[
        float | None,
        typer.Option(metavar="0.1", help="The part of the samples to validate with, where there are none."),
    ] = None,
    metric: Annotated[list[str] | None, typer.Option(metavar="NAME|EQUATION", help=_METRIC)] = None,
    patience: Annotated[
        int | None,
        typer.Option(metavar="N", help="Stop after N epochs without a better one, and keep the best one's weights."),
    ] = None,
    monitor: Annotated[str, typer.Option(help=_MONITOR)] = "validation_cost",
    min_delta: Annotated[float, typer.Option(help="By how much an epoch must be better, for --patience.")] = 0.0,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write after each epoch all that is needed to go on.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from --checkpoint, to the same bits as without a break.")
    ] = False,
    save: Annotated[Path | None, typer.Option(metavar="FILE.safetensors", help="Where to save the network.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png|svg", help="Where to draw the learning curves and the errors.")
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write what happened, as JSON.")] = None,
    flat: Annotated[bool, typer.Option("--flat", help="Show equations layer by layer, also of equal layers.")] = False,
) -> None:
    """Train a network and show what came of it; exit with the code of `train_job.run`."""
    from chainrule.cli.train_job import run
    from chainrule.cli.train_settings import Settings

    settings = Settings(
        source=source,
        data_dir=data_dir,
        layers=layers,
        activation=activation,
        cost=cost,
        output=output,
        optimizer=optimizer,
        learning_rate=learning_rate,
        schedule=schedule,
        decay_epochs=decay_epochs,
        warm_up_epochs=warm_up_epochs,
        weight_decay=weight_decay,
        clip_norm=clip_norm,
        dropout=dropout,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        executor=executor,
        threads=threads,
        validation_fraction=validation_fraction,
        patience=patience,
        monitor=monitor,
        min_delta=min_delta,
        checkpoint=checkpoint,
        resume=resume,
        save=save,
        plot=plot,
        json=json,
        flat=flat,
        model=model,
        metrics=tuple(metric or ()),
        freeze=tuple(freeze or ()),
        rate_factors=tuple(rate_factor or ()),
    )
    raise typer.Exit(run(settings))
