"""What happened in training, epoch by epoch, as plain data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Epoch:
    """One pass over the data.

    `cost` is the mean over the samples, each at the moment it was learned from; `accuracy` a fraction, measured after
    the epoch, or None where the answers are no classes; `seconds` the time of training alone.
    """

    cost: float
    accuracy: float | None
    seconds: float


@dataclass
class History:
    """The epochs that were finished; `interrupted` if somebody stopped the training.

    `note` says what a user should know of how it was run, such as that the executor had no code for something.

    >>> print(History([Epoch(0.5, 0.9, 0.25)]))
    epoch      cost  accuracy   seconds
        1    0.5000   90.00 %    0.2500
    """

    epochs: list[Epoch] = field(default_factory=list)
    interrupted: bool = False
    note: str = ""

    @property
    def seconds(self) -> float:
        """The time of training alone, of all epochs."""
        return sum(epoch.seconds for epoch in self.epochs)

    def as_dict(self) -> dict[str, Any]:
        """Return the history as lists and numbers."""
        return {"epochs": [asdict(epoch) for epoch in self.epochs], "interrupted": self.interrupted}

    def to_json(self) -> str:
        """Return the history as JSON: {"epochs": [{"cost": …, "accuracy": …, "seconds": …}, …], "interrupted": …}."""
        return json.dumps(self.as_dict(), indent=1, allow_nan=False)

    def __str__(self) -> str:
        lines = [f"{'epoch':>5}{'cost':>10}{'accuracy':>10}{'seconds':>10}"]
        for number, epoch in enumerate(self.epochs, start=1):
            accuracy = "" if epoch.accuracy is None else f"{100 * epoch.accuracy:.2f} %"
            lines.append(f"{number:>5}{epoch.cost:>10.4f}{accuracy:>10}{epoch.seconds:>10.4f}")
        return "\n".join([*lines, "interrupted"] if self.interrupted else lines)
