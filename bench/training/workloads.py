"""The networks that are timed, the data they learn from and the weights they start with.

Everything here is NumPy: each peer gets the same float32 arrays and turns them into its own.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Workload:
    """A network, its cost and how it is trained: plain stochastic gradient descent on the mean cost of a batch."""

    key: str
    widths: tuple[int, ...]
    activation: str
    cost: str
    batch: int
    rate: float
    steps: int
    """Steps in one timing."""
    against_best: float
    """How many times faster than the best peer chainrule wants to be."""
    against_eager: float
    compared: int = 100
    """Steps after which the weights of all must agree to `agree`, in relative norm."""
    agree: float = 1e-3

    @property
    def title(self) -> str:
        """The network in words."""
        return f"{'-'.join(map(str, self.widths))} {self.activation}, {self.cost}, batch {self.batch}"

    @property
    def useful_flops(self) -> int:
        """The multiplications and additions of the matrix products that a step cannot do without.

        Forward, the weights' gradient, and the inputs' gradient of all layers but the first: 2·batch·in·out each.
        """
        pairs = list(zip(self.widths, self.widths[1:], strict=False))
        return sum(2 * self.batch * a * b * (2 if number == 0 else 3) for number, (a, b) in enumerate(pairs))

    @property
    def weight_bytes(self) -> int:
        """The bytes of all weights and biases."""
        return sum(4 * (a + 1) * b for a, b in zip(self.widths, self.widths[1:], strict=False))

    @property
    def least_bytes(self) -> int:
        """The bytes that a step moves at least: weights read forward, then read and written anew; the batch once."""
        return 3 * self.weight_bytes + 4 * self.batch * (self.widths[0] + self.widths[-1])


QUADRATIC, BINARY, SOFTMAX = "quadratic", "binary cross-entropy", "softmax cross-entropy"
WORKLOADS = (
    Workload("a", (784, 30, 10), "sigmoid", QUADRATIC, 10, 3.0, 5000, 4, 25),
    Workload("b", (784, 100, 10), "sigmoid", BINARY, 10, 0.5, 5000, 3, 10),
    Workload("c", (64, 32, 10), "relu", SOFTMAX, 32, 0.1, 880, 4, 40),
    Workload("d", (784, 256, 128, 10), "relu", SOFTMAX, 64, 0.01, 780, 1.8, 4),
    Workload("e", (784, 1024, 1024, 10), "relu", SOFTMAX, 256, 0.01, 20, 1.1, 2),
)


@dataclass(frozen=True)
class Problem:
    """A workload with its data, x of shape (samples, features), y one-hot, and weights, shapes (in, out) and (out)."""

    workload: Workload
    x: Array
    y: Array
    weights: list[tuple[Array, Array]]
    source: str

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The class of each sample."""
        return self.y.argmax(axis=1)

    def order(self, seed: int, steps: int) -> npt.NDArray[np.int64]:
        """Return the samples of that many batches: permutations of all samples, one after the other."""
        generator, wanted, rows = np.random.default_rng(seed), steps * self.workload.batch, len(self.x)
        whole = rows - rows % self.workload.batch
        parts = [generator.permutation(rows)[:whole] for _ in range(-(-wanted // whole))]
        return np.concatenate(parts)[:wanted]


def problem(workload: Workload) -> Problem:
    """Return the workload's data, MNIST or the embedded digits where they fit, and its first weights."""
    x, y, source = _data(workload)
    generator = np.random.default_rng(2)
    weights = [
        (
            (generator.standard_normal((a, b)) / np.sqrt(a)).astype(np.float32),
            (0.1 * generator.standard_normal(b)).astype(np.float32),
        )
        for a, b in zip(workload.widths, workload.widths[1:], strict=False)
    ]
    return Problem(workload, x, np.eye(workload.widths[-1], dtype=np.float32)[y], weights, source)


def _data(workload: Workload) -> tuple[Array, npt.NDArray[np.int64], str]:
    if workload.widths[0] == 64:
        from chainrule.data import digits

        x, y = digits()
        return x.astype(np.float32), y.astype(np.int64), "the embedded digits"
    if folder := os.environ.get("CHAINRULE_DATA", ""):
        from chainrule.data import mnist
        from chainrule.errors import DataFileError

        with contextlib.suppress(DataFileError):
            found = mnist(folder)
            return found.x_train.astype(np.float32), found.y_train.astype(np.int64), "MNIST"
    generator = np.random.default_rng(1)
    x = generator.random((50_000, workload.widths[0]), np.float32)
    return x, generator.integers(0, workload.widths[-1], 50_000), "random numbers (MNIST is not in CHAINRULE_DATA)"
