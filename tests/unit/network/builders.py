"""Small networks and data that several tests of networks and training share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chainrule import nn
from chainrule.network import Network
from chainrule.network.answers import answers_of
from chainrule.network.compared import Compared
from chainrule.training.training_data import Samples

Array = npt.NDArray[np.float64]


def classifier(seed: int = 0) -> Network:
    """4 features, 3 sigmoid units, 3 classes."""
    layers = [nn.Linear(4, 3), nn.Sigmoid(), nn.Linear(3, 3), nn.Softmax()]
    return Network(layers, cost=nn.CrossEntropy(), seed=seed)


def samples_of(x: Array, y: Array, output: str = "a2") -> Samples:
    """Samples in rows and their targets, which are compared with the output."""
    data = {"x": x, "y": y}
    classes, numbers = answers_of((Compared(output, "y", 0),), 1, data)
    return Samples(data, len(x), {}, True, tuple(classes), tuple(numbers))


def clusters(count: int = 60, seed: int = 0) -> tuple[Array, npt.NDArray[np.int64]]:
    """Samples of 3 classes in 4 dimensions, well apart, with their labels."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    return np.eye(4)[labels] + generator.normal(0, 0.1, (count, 4)), labels
