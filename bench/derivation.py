"""How the time to derive a backward pass grows with depth: sigmoid networks of 10, 100 and 1,000 layers.

Each network is parsed, derived and simplified several times, the sizes taken in turn; medians are printed, with the
seconds per equation of the resulting system and the exponent p of time ~ equations^p between neighbouring sizes.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time

import chainrule as cr
from chainrule.pipeline import backprop


def deep_network(layers: int) -> str:
    """Return a sigmoid network of that many layers, with quadratic cost, in the notation."""
    letters = ["i", "j"]
    lines = ["data x[i], y[k]"]
    before = "x"
    for layer in range(1, layers + 1):
        inner, outer = letters[(layer + 1) % 2], "k" if layer == layers else letters[layer % 2]
        lines += [
            f"param W{layer}[{outer},{inner}], b{layer}[{outer}]",
            f"z{layer}[{outer}] = sum({inner}) W{layer}[{outer},{inner}]*{before}[{inner}] + b{layer}[{outer}]",
            f"a{layer}[{outer}] = sigmoid(z{layer}[{outer}])",
        ]
        before = f"a{layer}"
    return "\n".join([*lines, f"cost C = 1/2*(sum(k) ({before}[k] - y[k])^2)", ""])


def measured(layers: int) -> tuple[int, float, float]:
    """Return (equations of the derived system, seconds to parse, seconds to derive)."""
    text = deep_network(layers)
    start = time.perf_counter()
    system = cr.parse(text)
    parsed = time.perf_counter()
    equations = len(backprop(system).system.equations)
    return equations, parsed - start, time.perf_counter() - parsed


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--layers", type=int, nargs="+", default=[10, 100, 200, 1000])
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    measured(2)
    rounds = [[measured(layers) for layers in chosen.layers] for _ in range(chosen.rounds)]
    print("layers  equations  parse s  derive s  ms per equation  exponent")
    last: tuple[int, float] | None = None
    for place, layers in enumerate(chosen.layers):
        equations = rounds[0][place][0]
        parse = statistics.median(r[place][1] for r in rounds)
        derive = statistics.median(r[place][2] for r in rounds)
        growth = f"{math.log(derive / last[1]) / math.log(equations / last[0]):8.2f}" if last else ""
        print(f"{layers:6}  {equations:9}  {parse:7.2f}  {derive:8.2f}  {1000 * derive / equations:15.2f}  {growth}")
        last = (equations, derive)


if __name__ == "__main__":
    main()
