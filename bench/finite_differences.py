"""Why backpropagation exists, in figures: the gradient of a growing network by differences and by one backward pass.

A difference needs the cost once more for each weight, a central one twice; a backward pass needs about one more
evaluation in all. Both run natively on one sample in float64. Times are medians of rounds in which the two take turns;
that of the differences is the median over weights, times their number. In large networks (~) some weights are drawn.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import chainrule as cr
from chainrule.execute.registry import executor
from chainrule.pipeline import training_step

Arrays = dict[str, npt.NDArray[np.float64]]
OUTPUTS = 10
WIDTH = 1e-6
MOST = 500
"""Weights that are moved one by one in a round."""


def network(width: int) -> str:
    """Return a network of two layers, `width` inputs and as many hidden neurons, in the notation."""
    return f"""index i = {width}
index j = {width}
index k = {OUTPUTS}
data x[i], y[k]
param W1[j,i], b1[j], W2[k,j], b2[k]
a1[j] = sigmoid(sum(i) W1[j,i]*x[i] + b1[j])
a2[k] = sigmoid(sum(j) W2[k,j]*a1[j] + b2[k])
cost C = 1/2*(sum(k) (a2[k] - y[k])^2)
"""


class Contest:
    """One network, its cost and its gradient compiled, and the two ways to the gradient."""

    def __init__(self, width: int, seed: int = 0) -> None:
        system = cr.parse(network(width))
        native = executor("native")
        self.cost = native.compile(system, dtype=np.float64)
        self.both = native.compile(training_step(system), dtype=np.float64)
        draw = np.random.default_rng(seed)
        shapes = {"W1": (width, width), "b1": (width,), "W2": (OUTPUTS, width), "b2": (OUTPUTS,)}
        self.params: Arrays = {name: draw.normal(size=s) / np.sqrt(s[-1]) for name, s in shapes.items()}
        self.data: Arrays = {"x": draw.normal(size=width), "y": draw.uniform(size=OUTPUTS)}
        self.weights = sum(p.size for p in self.params.values())
        places = [(name, n) for name, p in self.params.items() for n in range(p.size)]
        self.moved = [places[n] for n in draw.permutation(len(places))[:MOST]]

    def backward(self) -> tuple[float, Arrays]:
        """Return the seconds of one forward and backward pass, and the gradient."""
        start = time.perf_counter()
        values = self.both.evaluate({**self.data, **self.params})
        seconds = time.perf_counter() - start
        return seconds, {name: values[f"∂C/∂{name}"] for name in self.params}

    def forward(self) -> float:
        """Return the seconds of one evaluation of the cost."""
        start = time.perf_counter()
        self.cost.evaluate({**self.data, **self.params})
        return time.perf_counter() - start

    def differences(self, gradient: Arrays) -> tuple[float, float]:
        """Return the seconds of forward differences by all weights, and the largest error, relative to the gradient."""
        found, seconds = [], []
        base = float(self.cost.evaluate({**self.data, **self.params})["C"])
        for name, place in self.moved:
            flat = self.params[name].reshape(-1)
            kept = flat[place]
            start = time.perf_counter()
            flat[place] = kept + WIDTH
            found.append((float(self.cost.evaluate({**self.data, **self.params})["C"]) - base) / WIDTH)
            flat[place] = kept
            seconds.append(time.perf_counter() - start)
        scale = max(float(np.abs(g).max()) for g in gradient.values())
        exact = [gradient[name].reshape(-1)[place] for name, place in self.moved]
        return statistics.median(seconds) * (self.weights + 1), float(np.abs(np.subtract(found, exact)).max()) / scale


@dataclass(frozen=True)
class Row:
    """What was found of one network."""

    weights: int
    whole: bool
    backward: float
    forwards: float
    differences: float
    ratio: float
    error: float


def measured(width: int, rounds: int) -> Row:
    """Return the medians of the rounds; the two ways take turns."""
    contest = Contest(width)
    _, gradient = contest.backward()
    contest.forward()
    times: list[tuple[float, float, float]] = []
    error = 0.0
    for _ in range(rounds):
        backward = statistics.median(contest.backward()[0] for _ in range(20))
        forward = statistics.median(contest.forward() for _ in range(20))
        differences, error = contest.differences(gradient)
        times.append((backward, backward / forward, differences))
    middle = [statistics.median(column) for column in zip(*times, strict=True)]
    ratio = statistics.median(differences / backward for backward, _, differences in times)
    whole = len(contest.moved) == contest.weights
    return Row(contest.weights, whole, middle[0], middle[1], middle[2], ratio, error)


def clock(seconds: float) -> str:
    """Return a time in a unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def main() -> None:
    """Print the table, a row when it is known."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--widths", type=int, nargs="+", default=[4, 16, 64, 256, 1024])
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    columns = (
        "weights",
        "costs by differences",
        "by central ones",
        "by backpropagation",
        "backward pass",
        "differences",
        "ratio",
        "error",
    )
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|")
    for width in chosen.widths:
        row = measured(width, chosen.rounds)
        about = "" if row.whole else "~"
        print(
            f"| {row.weights:,} | {row.weights + 1:,} | {2 * row.weights:,} | {row.forwards:.1f} "
            f"| {clock(row.backward)} | {about}{clock(row.differences)} | {row.ratio:,.0f} | {row.error:.0e} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
