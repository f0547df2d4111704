"""What happened in training, epoch by epoch, as plain data."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from chainrule.errors import OptionError
from chainrule.render.in_notebooks import ShownAsText

if TYPE_CHECKING:
    import pandas as pd

METRICS = ("metrics", "validation_metrics")
"""The fields of an epoch that hold numbers by name."""
_WIDTH = 10
"""A number of four digits takes up to so many characters."""
TOO_SHORT, TOO_LONG = 1e-3, 1e4
"""Below the one, four digits behind the point say little of a cost; from the other on it does not fit its column."""


@dataclass(frozen=True)
class Epoch:
    """One pass over the data.

    `cost` is the mean over the samples, each at the moment it was learned from; `seconds` the time of training alone.
    What else is measured, is measured after the epoch. Accuracies are fractions: `accuracy` on the test data where
    there are some, else on what was learned from (`History.accuracy_on` says which), `validation_accuracy` on the
    validation data. As the cost, `training_accuracy` is that of each sample at the moment it was learned from. They are
    None where the answers are no classes: then `error` and `validation_error` are the mean absolute errors, |a − y|
    over samples and outputs. `validation_cost` is that of the validation data. None, too, is what there are no data
    for. `metrics` are those that were asked for, by name, on the same data as `accuracy`, `validation_metrics` those on
    the validation data.
    """

    cost: float
    accuracy: float | None
    seconds: float
    validation_accuracy: float | None = None
    training_accuracy: float | None = None
    validation_cost: float | None = None
    error: float | None = None
    validation_error: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict, hash=False)
    validation_metrics: Mapping[str, float] = field(default_factory=dict, hash=False)


@dataclass
class History(ShownAsText):
    """The epochs that were finished; `interrupted` if somebody stopped the training.

    `stopped` says why it ended before the last epoch, where early stopping or a callback asked for that. `restored` is
    the number of the epoch whose params the network has, where early stopping kept those. `note` says what a user
    should know of how it was run, such as that the executor had no code for something. `accuracy_on` is "test", or
    "training" where there were no data to test on.

    >>> print(History([Epoch(0.5, 0.9, 0.25, validation_accuracy=0.925)], accuracy_on="test"))
    epoch      cost  validation accuracy  test accuracy   seconds
        1    0.5000              92.50 %        90.00 %    0.2500
    """

    epochs: list[Epoch] = field(default_factory=list)
    interrupted: bool = False
    note: str = ""
    accuracy_on: str = "training"
    stopped: str = ""
    restored: int | None = None

    @property
    def seconds(self) -> float:
        """The time of training alone, of all epochs."""
        return sum(epoch.seconds for epoch in self.epochs)

    @property
    def best(self) -> int | None:
        """The number, from 1, of the first epoch with the highest accuracy on the validation data, if there are any.

        >>> History([Epoch(0.5, 0.8, 0.1, 0.81), Epoch(0.4, 0.9, 0.1, 0.88), Epoch(0.3, 0.91, 0.1, 0.87)]).best
        2
        """
        measured = [epoch.validation_accuracy for epoch in self.epochs if epoch.validation_accuracy is not None]
        return 1 + measured.index(max(measured)) if measured else None

    def as_dict(self) -> dict[str, Any]:
        """Return the history as lists and numbers; a number that is not finite becomes None."""
        epochs = [_plain(epoch) for epoch in self.epochs]
        end = {"interrupted": self.interrupted, "stopped": self.stopped, "restored": self.restored}
        return {"epochs": epochs, "accuracy_on": self.accuracy_on, **end}

    def to_frame(self) -> pd.DataFrame:
        """Return a frame of pandas: a row for each epoch, numbered from 1, a column for all that was measured.

        Raises OptionError where pandas is not installed.
        """
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            if error.name != "pandas":
                raise
            raise OptionError(
                "to_frame needs pandas, which is not installed",
                expected="history.as_dict() and history.to_json() need nothing",
                advice="Install it: pip install 'chainrule[pandas]'",
            ) from None
        rows = [measured(epoch) for epoch in self.epochs]
        numbers = pd.RangeIndex(1, len(rows) + 1, name="epoch")
        columns = list(dict.fromkeys(name for row in rows for name in row))
        return pd.DataFrame(rows, index=numbers, columns=columns or None)

    def to_json(self) -> str:
        """Return the history as JSON: the fields of `History` and of each `Epoch` under their names."""
        return json.dumps(self.as_dict(), indent=1, allow_nan=False)

    def __str__(self) -> str:
        titles = list(dict.fromkeys(title for epoch in self.epochs for title in shown(epoch, self.accuracy_on)))
        rows = [_row(number, epoch, self.accuracy_on, titles) for number, epoch in enumerate(self.epochs, start=1)]
        return "\n".join([_heading(titles), *rows, *self.ending])

    @property
    def ending(self) -> list[str]:
        """How it ended, in words: nothing where all epochs were run and the params are those of the last."""
        said = ["interrupted"] if self.interrupted else []
        said += [f"stopped: {self.stopped}"] if self.stopped else []
        kept = self.restored is not None and self.restored != len(self.epochs)
        return [*said, *([f"the params are those of epoch {self.restored}"] if kept else [])]


def measured(epoch: Epoch) -> dict[str, float]:
    """Return the numbers of an epoch by name, metrics too, without those that there are no data for.

    >>> measured(Epoch(0.5, None, 0.25, error=2.0, metrics={"r2": 0.75}, validation_metrics={"r2": 0.5}))
    {'cost': 0.5, 'seconds': 0.25, 'error': 2.0, 'r2': 0.75, 'validation_r2': 0.5}
    """
    told = {name: value for name, value in asdict(epoch).items() if value is not None and name not in METRICS}
    metrics = {**epoch.metrics, **{f"validation_{name}": value for name, value in epoch.validation_metrics.items()}}
    return {**told, **{name: value for name, value in metrics.items() if name not in told}}


def _plain(epoch: Epoch) -> dict[str, Any]:
    """Return the numbers of an epoch by name; metrics only where there are some."""
    told = asdict(epoch)
    metrics = {name: {n: _finite(v) for n, v in told.pop(name).items()} for name in METRICS}
    return {name: _finite(value) for name, value in told.items()} | {n: found for n, found in metrics.items() if found}


def _finite(value: float | None) -> float | None:
    return value if value is None or math.isfinite(value) else None


def heading(epoch: Epoch | None, accuracy_on: str) -> str:
    """Return the heading of a table of epochs, of which this is one."""
    return _heading(shown(epoch, accuracy_on) if epoch is not None else ())


def row(number: int, epoch: Epoch, accuracy_on: str) -> str:
    """Return the line of one epoch in a table of that heading."""
    return _row(number, epoch, accuracy_on, shown(epoch, accuracy_on))


def _heading(titles: Iterable[str]) -> str:
    return f"{'epoch':>5}{'cost':>10}" + "".join(titles) + f"{'seconds':>10}"


def _row(number: int, epoch: Epoch, accuracy_on: str, titles: Iterable[str]) -> str:
    """Return the line of one epoch; what was not measured in it is left blank."""
    told = shown(epoch, accuracy_on)
    cells = [f"{told.get(title, ''):>{len(title)}}" for title in titles]
    return "".join([f"{number:>5}{_cost(epoch.cost):>10}", *cells, f"{epoch.seconds:>10.4f}"])


def shown(epoch: Epoch, accuracy_on: str) -> Mapping[str, str]:
    """Return the titles of the columns that depend on the data, with what stands there."""
    values = {
        "  validation cost": (epoch.validation_cost, _cost),
        "  validation accuracy": (epoch.validation_accuracy, "{:.2%}".format),
        "  validation error": (epoch.validation_error, "{:.4g}".format),
        f"  {accuracy_on} accuracy": (epoch.accuracy, "{:.2%}".format),
        f"  {accuracy_on} error": (epoch.error, "{:.4g}".format),
    }
    texts = {title: form(value) for title, (value, form) in values.items() if value is not None}
    measured = (("validation", epoch.validation_metrics), (accuracy_on, epoch.metrics))
    more = {f"  {f'{on} {name}':>{_WIDTH}}": f"{v:.4g}" for on, metrics in measured for name, v in metrics.items()}
    return {title: text.replace("%", " %") for title, text in texts.items()} | {
        title: text for title, text in more.items() if title not in texts
    }


def _cost(value: float) -> str:
    return f"{value:.4f}" if value == 0 or TOO_SHORT <= abs(value) < TOO_LONG else f"{value:.2e}"
