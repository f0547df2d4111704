"""How the time of a recurrence grows with its steps: values and gradients in the reference, in loops over the steps.

    python bench/step_loops.py

Each number of steps has a round with all others, so that a busy machine slows all alike; seconds are those of the
processor, medians over `--rounds`, after a first run in which the bodies of the loops are compiled. Beside them stands
how many times as long twice the steps take, which is 2 for time that is linear, and the memory that the two smallest
numbers of steps need at most, for each step. A table in Markdown goes to the screen.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
STEPS = (250, 500, 1000, 2000)
WIDTH = 32
INPUTS = 16
WAYS: Mapping[str, Callable[..., Any]] = {"value": cr.evaluate, "gradient": cr.value_and_grad}

RNN = """data x[t; i], y[t; m]
param U[k,j], V[k,i], b[k], h0[k], R[m,k]
h[0; k] = h0[k]
for t = 1..T:
    z[t; k] = sum(j) U[k,j]*h[t-1; j] + sum(i) V[k,i]*x[t; i] + b[k]
    h[t; k] = tanh(z[t; k])
    o[t; m] = sum(k) R[m,k]*h[t; k]
cost C = 1/2*sum(t) (sum(m) (o[t; m] - y[t; m])^2)
"""


def families() -> dict[str, str]:
    """Return the recurrences that are run, by what they are called."""
    return {"RNN": RNN, "LSTM": (EXAMPLES / "lstm.eq").read_text(encoding="utf-8")}


def inputs(name: str, steps: int) -> dict[str, Any]:
    """Return random inputs of a recurrence for so many steps."""
    draw = np.random.default_rng(0)
    matrices = {"U": WIDTH, "V": INPUTS} if name == "RNN" else {}
    if name == "LSTM":
        matrices = {f"{letter}{gate}": size for gate in "figo" for letter, size in (("W", WIDTH), ("V", INPUTS))}
    found = {tensor: draw.normal(size=(WIDTH, size)) / size for tensor, size in matrices.items()}
    vectors = ["b", "h0"] if name == "RNN" else ["bf", "bi", "bg", "bo", "h0", "c0"]
    found |= {tensor: np.zeros(WIDTH) for tensor in vectors}
    found["x"] = draw.normal(size=(steps, INPUTS))
    if name == "RNN":
        return {**found, "R": draw.normal(size=(8, WIDTH)) / WIDTH, "y": draw.normal(size=(steps, 8))}
    return {**found, "y": draw.normal(size=WIDTH)}


def measured(name: str, way: str, steps: Sequence[int], rounds: int) -> tuple[list[float], list[float]]:
    """Return the seconds that each number of steps takes, and the bytes that a step of the first two needs at most."""
    recurrence, run = cr.parse(families()[name]), WAYS[way]
    given = [inputs(name, number) for number in steps]
    run(recurrence, given[0])
    seconds: list[list[float]] = [[] for _ in steps]
    for _ in range(rounds):
        for found, one in zip(seconds, given, strict=True):
            start = time.process_time()
            run(recurrence, one)
            found.append(time.process_time() - start)
    sizes = [_largest(run, recurrence, one) / number for one, number in zip(given[:2], steps[:2], strict=True)]
    return [statistics.median(found) for found in seconds], sizes


def _largest(run: Callable[..., Any], recurrence: Any, given: Any) -> float:
    tracemalloc.start()
    try:
        run(recurrence, given)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def table(found: Mapping[tuple[str, str], tuple[list[float], list[float]]], steps: Sequence[int]) -> str:
    """Return what was measured as a table."""
    lines = ["| | " + " | ".join(f"T = {number:,}" for number in steps) + " | twice the steps | kB a step |"]
    lines.append("|---|" + "---|" * (len(steps) + 2))
    for (name, way), (seconds, sizes) in found.items():
        ratios = ", ".join(f"{after / before:.2f}" for before, after in pairwise(seconds))
        memory = ", ".join(f"{size / 1000:.1f}" for size in sizes)
        lines.append(f"| {name}, {way} | " + " | ".join(f"{s:.2f} s" for s in seconds) + f" | {ratios} | {memory} |")
    return "\n".join(lines)


def main() -> None:
    """Measure all and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run")
    parser.add_argument("--steps", type=int, nargs="+", default=STEPS, help="numbers of steps, each twice the last")
    chosen = parser.parse_args()
    found = {(name, way): measured(name, way, chosen.steps, chosen.rounds) for name in families() for way in WAYS}
    print(table(found, chosen.steps))


if __name__ == "__main__":
    main()
