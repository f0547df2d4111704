"""What a data set is: samples and answers for training, perhaps others for validation and testing, as plain arrays.

Samples are always rows of a matrix; the shape that they had before is kept beside them, for whoever shows them. This
module is data only: whether the arrays make sense is settled by whoever read them (see `arrays`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float64]
"""Shape (samples, features)."""

Answers: TypeAlias = NDArray[np.int64] | NDArray[np.float64]
"""Labels 0 … K-1 as integers of shape (samples,), or targets as float64 of shape (samples, outputs)."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples and answers to train on, and perhaps some to validate with and to test on: x and y both, or None.

    Those to validate with are for whoever chooses settings, such as a learning rate, so that those to test on remain
    unseen. `sample_shape` is the shape of one sample before it was made a row: (8, 8) for the digits. `classes` is how
    many labels there are, where more is known than the highest in y_train. `note` says what a user should know of the
    files, a remark on each line.

    >>> data = Dataset("two points", np.array([[0.0, 0.5], [1.0, 0.25]]), np.array([0, 1]))
    >>> data.features, data.outputs, data.labelled, data.sample_shape
    (2, 2, True, (2,))
    """

    name: str
    x_train: Samples
    y_train: Answers
    x_test: Samples | None = None
    y_test: Answers | None = None
    sample_shape: tuple[int, ...] = ()
    x_validation: Samples | None = None
    y_validation: Answers | None = None
    classes: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        if not self.sample_shape:
            object.__setattr__(self, "sample_shape", (self.features,))

    @property
    def features(self) -> int:
        """The numbers in one sample: the width of the network's input."""
        return int(self.x_train.shape[1])

    @property
    def shown(self) -> tuple[Samples, Answers]:
        """What a network is shown on: samples and answers to test on, where there are any, else to train on."""
        if self.x_test is not None and self.y_test is not None:
            return self.x_test, self.y_test
        return self.x_train, self.y_train

    @property
    def labelled(self) -> bool:
        """Whether the answers are labels, one integer for each sample, and not rows of targets."""
        return self.y_train.ndim == 1

    @property
    def outputs(self) -> int:
        """The width of the network's output: one for each class, or one for each target."""
        if not self.labelled:
            return int(self.y_train.shape[1])
        return self.classes or int(self.y_train.max()) + 1
