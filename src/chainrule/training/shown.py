"""What a network makes of samples, beside what it should: one label for each, or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.execute.reference.evaluation import Reference
from chainrule.network.network import Network
from chainrule.simplify.stability import stable
from chainrule.training.training_data import Samples

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Shown:
    """`labels` are what is right and what the network says, `numbers` targets and outputs; None where there are none.

    `classes` is how many labels there are.
    """

    labels: tuple[Array, Array] | None = None
    classes: int = 0
    numbers: tuple[Array, Array] | None = None

    @classmethod
    def of(cls, network: Network, samples: Samples) -> Shown:
        """Return what the network makes of samples, of the first of its outputs that is compared with something."""
        for one in (samples.classes + samples.numbers)[:1]:
            executable = Reference().compile(stable(network.leading_to([one.pair.output])))
            found = network.computed(samples.data, executable)[one.pair.output]
            target = samples.data[one.pair.target]
            if one in samples.classes:
                width = found.shape[one.axis] if one.axis is not None else 1
                return cls((one.labels(target), one.said(found)), max(width, 2))
            return cls(numbers=(target, found))
        return cls()

    def wrong(self, count: int) -> npt.NDArray[np.bool_]:
        """Say of each of so many samples whether a label of it is wrong."""
        if self.labels is None:
            return np.zeros(count, bool)
        right, said = self.labels
        return np.asarray((right != said).reshape(count, -1).any(axis=1))

    def caption(self, place: int) -> str:
        """Return what is said of one sample."""
        if self.labels is not None and self.labels[0].ndim == 1:
            right, said = (int(labels[place]) for labels in self.labels)
            taken = "right" if right == said else f"taken for {said}"
            return f"sample {place}: is {right}, {taken}"
        if self.numbers is not None:
            y, a = (np.reshape(numbers[place], -1) for numbers in self.numbers)
            return f"sample {place}: target {y[0]:.3g}, output {a[0]:.3g}" + (" …" if len(y) > 1 else "")
        return f"sample {place}"
