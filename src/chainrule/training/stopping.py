"""Early stopping: when training goes on for nothing, and the params of the best epoch, which are kept.

What is best is told by one number of each epoch. The state is plain data, so that a checkpoint can hold it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import OptionError
from chainrule.keywords import answering_class
from chainrule.training.history import Epoch
from chainrule.training.metric_names import named

Array = npt.NDArray[np.float64]
MONITORS: Mapping[str, int] = {
    "validation_cost": -1,
    "validation_accuracy": 1,
    "validation_error": -1,
    "cost": -1,
}
"""The numbers of an epoch that can be watched, and whether they are to rise or to fall."""
VALIDATION = "validation_"
WAYS: Mapping[str, int] = {"lower": -1, "higher": 1}


@answering_class
@dataclass(frozen=True)
class EarlyStopping:
    """Stop when a number has not become better for `patience` epochs; the network keeps the params of its best epoch.

    Better is what is so by more than `min_delta`. `monitor` is a field of `Epoch`: "validation_cost",
    "validation_accuracy", "validation_error" or "cost", or a metric on the validation data, "validation_r2". Of one
    that is an equation `better` says what is: "lower" or "higher". Raises OptionError for values that make no sense.

    >>> EarlyStopping(patience=5, monitor="validation_accuracy").min_delta
    0.0
    """

    patience: int = 10
    min_delta: float = 0.0
    monitor: str = "validation_cost"
    better: str = ""

    def __post_init__(self) -> None:
        patience: Any = self.patience
        if isinstance(patience, bool) or not isinstance(patience, int | np.integer) or patience < 1:
            raise OptionError(f"patience is {patience!r}", expected="a number of epochs, 1 or more")
        least: Any = self.min_delta
        if isinstance(least, bool) or not isinstance(least, int | float | np.number) or not 0 <= least < np.inf:
            raise OptionError(f"min_delta is {least!r}", expected="a number, 0 or more")
        if self.monitor not in MONITORS and not str(self.monitor).startswith(VALIDATION):
            raise OptionError(f"monitor is {self.monitor!r}", expected="one of " + ", ".join(MONITORS))
        if self.better not in ("", *WAYS):
            raise OptionError(f"better is {self.better!r}", expected='"lower" or "higher"')
        object.__setattr__(self, "patience", int(self.patience))
        object.__setattr__(self, "min_delta", float(self.min_delta))

    @property
    def way(self) -> int:
        """1 where higher numbers are better, −1 where lower ones are, 0 where nobody said it."""
        if self.better:
            return WAYS[self.better]
        known = named(self.monitor.removeprefix(VALIDATION).partition(" of ")[0])
        return MONITORS.get(self.monitor, known[1].better if known else 0)

    def value(self, epoch: Epoch) -> float | None:
        """Return the number of an epoch that is watched, None where it has none."""
        name = self.monitor.removeprefix(VALIDATION)
        found: float | None = getattr(epoch, self.monitor) if self.monitor in MONITORS else None
        return epoch.validation_metrics.get(name) if found is None else found


@dataclass
class Best:
    """The best epoch so far: its number, its value and its params; none yet where the number is 0."""

    number: int = 0
    value: float = 0.0
    params: Mapping[str, Array] | None = None

    def saw(self, early: EarlyStopping, number: int, epoch: Epoch, params: Mapping[str, Array]) -> str:
        """Take note of an epoch; return why training should stop, "" where it should not.

        Raises OptionError where the epoch has no such number.
        """
        value = early.value(epoch)
        if value is None:
            raise _nothing_to_watch(early.monitor)
        gained = early.way * (value - self.value)
        if not self.number or gained > early.min_delta or np.isnan(self.value):
            self.number, self.value = number, float(value)
            self.params = {name: array.copy() for name, array in params.items()}
        return self.waited(early, number)

    def waited(self, early: EarlyStopping, number: int) -> str:
        """Return why training should not go on after that many epochs, "" where it should."""
        waited = number - self.number
        if not self.number or waited < early.patience:
            return ""
        better = "higher" if early.way > 0 else "lower"
        least = f" by more than {early.min_delta:g}" if early.min_delta else ""
        return f"{early.monitor} has not been {better}{least} for {waited} epoch{'s' * (waited > 1)}"


def check_monitor(
    early: EarlyStopping | None, validated: bool, *, accuracy: bool, error: bool, metrics: Collection[str] = ()
) -> None:
    """Raise OptionError where the data and `metrics` cannot tell what is watched, or nothing says what is better."""
    if early is None:
        return
    if not isinstance(early, EarlyStopping):
        raise OptionError(f"early_stopping is {early!r}", expected="for example EarlyStopping(patience=10)")
    if early.way == 0:
        raise OptionError(
            f"early stopping watches {early.monitor}, and nothing says whether it is to fall or to rise",
            expected=f'EarlyStopping(monitor="{early.monitor}", better="lower"), or "higher"',
        )
    measured = early.monitor.removeprefix(VALIDATION) in metrics
    told = {"cost": True, "validation_cost": True, "validation_accuracy": accuracy, "validation_error": error}
    missing = not measured and not told.get(early.monitor, False)
    if missing or (early.monitor != "cost" and not validated):
        raise _nothing_to_watch(early.monitor)


def _nothing_to_watch(monitor: str) -> OptionError:
    return OptionError(
        f"early stopping watches {monitor}, which nothing tells",
        expected="validation data, with classes for an accuracy and other targets for an error",
        advice="Give x_validation and y_validation or validation_fraction=0.1, or watch another: "
        + ", ".join(name for name in MONITORS if name != monitor),
    )
