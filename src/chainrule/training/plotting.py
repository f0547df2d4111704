"""A training as a picture: its learning curves, what was taken for what, and the samples that were classified worst.

Drawn by matplotlib, the extra `plot`, which is imported when somebody asks; without its global state, so that a plot
changes nothing of the user's own. Written whole or not at all.
"""

from __future__ import annotations

import io
import math
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import OptionError
from chainrule.network.atomic import check_writable, write_atomically
from chainrule.network.named_data import Data
from chainrule.network.network import Network
from chainrule.training.history import Epoch, History
from chainrule.training.shown import Shown
from chainrule.training.training_data import Samples, checked_samples
from chainrule.training.worst import sample_costs, worst_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = npt.NDArray[np.float64]
FORMATS = (".png", ".svg")
TRAINING, VALIDATION, TEST = "#1f77b4", "#d95f02", "#1b9e77"
_WORST = 10
_MANY_CLASSES = 20
"""Above this a matrix of numbers is too dense to be read."""
_MANY_POINTS = 5000
_VALUES, _ACROSS = 14, 3
"""So many numbers of a sample that is no image are written out, so many on a line."""


def check_plot(path: str | Path) -> None:
    """Raise OptionError where a plot could not be drawn, before somebody works for it."""
    if Path(path).suffix.lower() not in FORMATS:
        raise OptionError(f"{path} has no format that a plot can have", expected="a name that ends in .png or .svg")
    if find_spec("matplotlib") is None:
        raise OptionError(
            "a plot needs matplotlib, which is not installed", advice="Install it: pip install 'chainrule[plot]'"
        )
    check_writable(path)


def plot(
    path: str | Path,
    history: History,
    network: Network,
    x: Data,
    y: Data | None = None,
    *,
    sample_shape: Sequence[int] = (),
    on: str = "",
) -> None:
    """Draw what happened in training, and what the network makes of samples, as a .png or .svg.

    Samples are shown as images where `sample_shape` has two axes, or where their numbers form a square; `on` is what
    they are called, such as "test". Raises
    OptionError where matplotlib is missing or the file cannot be written, and InputError for samples that do not fit.
    """
    check_plot(path)
    figure = figure_of(history, network, checked_samples(network, x, y, ("x", "y")), tuple(sample_shape), on)
    stream = io.BytesIO()
    kind = Path(path).suffix.lower().removeprefix(".")
    from matplotlib import rc_context

    with rc_context({"svg.hashsalt": "chainrule", "svg.fonttype": "path"}):
        figure.savefig(stream, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)
    write_atomically(path, stream.getvalue())


def figure_of(history: History, network: Network, samples: Samples, sample_shape: tuple[int, ...], on: str) -> Figure:
    """Return the picture as a figure of matplotlib."""
    from matplotlib.figure import Figure

    shown = Shown.of(network, samples)
    classes = bool(samples.classes)
    figure = Figure(figsize=(14, 9), facecolor="white")
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.1)
    above, below = np.ravel(np.asarray(figure.subfigures(2, 1, height_ratios=(1.25, 1))))
    cost, measured, confused = above.subplots(1, 3, width_ratios=(1, 1, 1.1))
    _curves(cost, history, "cost", {"training": (TRAINING, "cost"), "validation": (VALIDATION, "validation_cost")})
    if classes:
        named = {"training": (TRAINING, "training_accuracy"), "validation": (VALIDATION, "validation_accuracy")}
        tested = {"test": (TEST, "accuracy")} if history.accuracy_on == "test" else {}
        _curves(measured, history, "accuracy", {**named, **tested})
    else:
        error = (TEST, "error") if history.accuracy_on == "test" else (TRAINING, "error")
        _curves(
            measured,
            history,
            "mean absolute error",
            {history.accuracy_on: error, "validation": (VALIDATION, "validation_error")},
        )
    if shown.labels is not None:
        _confusions(confused, *shown.labels, shown.classes, on)
    elif shown.numbers is not None:
        _outputs(confused, *shown.numbers, on)
    else:
        confused.set_axis_off()
    _worst(below, network, samples, shown, sample_shape)
    return figure


def _curves(axes: Axes, history: History, name: str, lines: dict[str, tuple[str, str]]) -> None:
    """Draw one number of each epoch, a line for each kind of data that has it."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    epochs = np.arange(1, len(history.epochs) + 1)
    for label, (color, field) in lines.items():
        values = [_value(epoch, field) for epoch in history.epochs]
        if not np.isnan(values).all():
            few = "o" if len(values) < 25 else None
            axes.plot(epochs, values, color=color, label=label, marker=few, markersize=3.5, linewidth=1.6)
    if history.restored is not None:
        axes.axvline(
            history.restored, color="0.45", linewidth=1, linestyle=":", label=f"best, epoch {history.restored}"
        )
    axes.set_title(f"{name[0].upper()}{name[1:]}", fontweight="bold")
    axes.set_xlabel("epoch")
    axes.set_ylabel(name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(epochs) == 1:
        axes.set_xlim(0, 2)
    if name == "accuracy":
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    else:
        low, high = axes.get_ylim()
        axes.set_ylim(0 if low >= 0 else None, high + 0.03 * (high - min(low, 0)))
    _quiet(axes)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False)


def _value(epoch: Epoch, field: str) -> float:
    value = getattr(epoch, field)
    return math.nan if value is None or not math.isfinite(value) else float(value)


def _confusions(axes: Axes, right: Any, found: Any, classes: int, on: str) -> None:
    """Draw how often each class was taken for each other."""
    from matplotlib.colors import PowerNorm

    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (right.reshape(-1), found.reshape(-1)), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", norm=PowerNorm(0.5, 0.0, 1.0))
    axes.set_title("What was taken for what" + (f" ({on} data)" if on else ""), fontweight="bold")
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    if classes > _MANY_CLASSES:
        return
    axes.set_xticks(range(classes))
    axes.set_yticks(range(classes))
    size = min(10.0, 380 / (classes * max(2, len(str(counts.max())))))
    for row, column in np.argwhere(counts):
        color = "white" if shares[row, column] > 0.3 else "black"
        text = str(counts[row, column])
        axes.text(column, row, text, ha="center", va="center", color=color, fontsize=size)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _outputs(axes: Axes, y: Array, found: Array, on: str) -> None:
    """Draw what comes out beside what should."""
    step = max(1, y.size // _MANY_POINTS)
    targets, outputs = y.ravel()[::step], found.ravel()[::step]
    low, high = min(targets.min(), outputs.min()), max(targets.max(), outputs.max())
    axes.plot([low, high], [low, high], color="0.6", linewidth=1)
    color = TEST if on == "test" else TRAINING
    axes.plot(targets, outputs, "o", color=color, markersize=3, alpha=0.5, markeredgewidth=0)
    axes.set_title("What comes out" + (f" ({on} data)" if on else ""), fontweight="bold")
    axes.set_xlabel("target")
    axes.set_ylabel("output")
    _quiet(axes)


def _quiet(axes: Axes) -> None:
    axes.grid(color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _worst(figure: Any, network: Network, samples: Samples, shown: Shown, sample_shape: tuple[int, ...]) -> None:
    """Draw the samples with the highest cost, those classified wrong first."""
    costs = sample_costs(network, samples)
    missed = shown.wrong(samples.count)
    places = worst_of(costs, missed, _WORST)
    wrong = int(np.count_nonzero(missed))
    said = f"{wrong:,} of {samples.count:,} wrong" if samples.classes else "the highest cost"
    figure.suptitle(f"The worst samples ({said})", fontweight="bold", fontsize=12)
    x = next(iter(samples.data.values()))
    x = x.reshape(len(x), -1) if samples.counted else x.reshape(1, -1)
    shape = image_shape(x.shape[1], sample_shape)
    columns = 5
    grid = figure.subplots(-(-len(places) // columns), columns, squeeze=False)
    for axes in grid.ravel():
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_color("0.85")
    for axes in grid.ravel()[len(places) :]:
        axes.set_axis_off()
    for axes, place in zip(grid.ravel(), places, strict=False):
        axes.set_title(shown.caption(int(place)), fontsize=9)
        if shape is not None:
            axes.imshow(x[place].reshape(shape), cmap="gray_r", interpolation="nearest")
        else:
            text = values_text(x[place])
            axes.text(0.5, 0.5, text, ha="center", va="center", multialignment="left", fontsize=10, family="monospace")


def image_shape(width: int, sample_shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Return the shape of a sample as an image, None if it is none.

    >>> image_shape(784, ()), image_shape(12, (3, 4)), image_shape(4, ())
    ((28, 28), (3, 4), None)
    """
    if len(sample_shape) == 2 and math.prod(sample_shape) == width:
        return sample_shape[0], sample_shape[1]
    side = math.isqrt(width)
    return (side, side) if side * side == width and side > 3 and len(sample_shape) != 2 else None


def values_text(values: Array) -> str:
    """Return the numbers of a sample, some on each line, no more than can be read.

    >>> print(values_text(np.array([5.1, 3.5, 1.4, 0.2])))
    5.1  3.5  1.4
    0.2
    """
    texts = [f"{value:.3g}" for value in values[:_VALUES]] + ["…"] * (len(values) > _VALUES)
    width = max(map(len, texts))
    return "\n".join(
        "  ".join(f"{text:<{width}}" for text in texts[n : n + 2]).rstrip() for n in range(0, len(texts), 2)
    )
