"""What happened in training, epoch by epoch, as plain data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Epoch:
    """One pass over the data.

    `cost` is the mean over the samples, each at the moment it was learned from; `seconds` the time of training alone.
    Accuracies are fractions, measured after the epoch: `accuracy` on the test data where there are some, else on what
    was learned from (`History.accuracy_on` says which), `validation_accuracy` on the validation data. As the cost,
    `training_accuracy` is that of each sample at the moment it was learned from. They are None where the answers are no
    classes, or there are no such data.
    """

    cost: float
    accuracy: float | None
    seconds: float
    validation_accuracy: float | None = None
    training_accuracy: float | None = None


@dataclass
class History:
    """The epochs that were finished; `interrupted` if somebody stopped the training.

    `note` says what a user should know of how it was run, such as that the executor had no code for something.
    `accuracy_on` is "test", or "training" where there were no data to test on.

    >>> print(History([Epoch(0.5, 0.9, 0.25, validation_accuracy=0.925)], accuracy_on="test"))
    epoch      cost  validation accuracy  test accuracy   seconds
        1    0.5000              92.50 %        90.00 %    0.2500
    """

    epochs: list[Epoch] = field(default_factory=list)
    interrupted: bool = False
    note: str = ""
    accuracy_on: str = "training"

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
        """Return the history as lists and numbers."""
        epochs = [asdict(epoch) for epoch in self.epochs]
        return {"epochs": epochs, "accuracy_on": self.accuracy_on, "interrupted": self.interrupted}

    def to_json(self) -> str:
        """Return the history as JSON: the fields of `History` and of each `Epoch` under their names."""
        return json.dumps(self.as_dict(), indent=1, allow_nan=False)

    def __str__(self) -> str:
        validated = any(epoch.validation_accuracy is not None for epoch in self.epochs)
        table = [heading(validated, self.accuracy_on)]
        table += [row(number, epoch, validated, self.accuracy_on) for number, epoch in enumerate(self.epochs, start=1)]
        return "\n".join([*table, "interrupted"] if self.interrupted else table)


def heading(validated: bool, accuracy_on: str) -> str:
    """Return the heading of a table of epochs; `validated` if there are validation data."""
    columns = [f"{'epoch':>5}", f"{'cost':>10}", *_columns(validated, accuracy_on), f"{'seconds':>10}"]
    return "".join(columns)


def row(number: int, epoch: Epoch, validated: bool, accuracy_on: str) -> str:
    """Return the line of one epoch in a table of that heading."""
    shown = [epoch.validation_accuracy] * validated + [epoch.accuracy]
    texts = ["" if accuracy is None else f"{100 * accuracy:.2f} %" for accuracy in shown]
    widths = map(len, _columns(validated, accuracy_on))
    accuracies = [f"{text:>{width}}" for text, width in zip(texts, widths, strict=True)]
    return "".join([f"{number:>5}{epoch.cost:>10.4f}", *accuracies, f"{epoch.seconds:>10.4f}"])


def _columns(validated: bool, accuracy_on: str) -> list[str]:
    return [f"  {name} accuracy" for name in ["validation"] * validated + [accuracy_on]]
