"""Dense networks as text, for the tests of executors: any widths, activations and costs, with their updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.system.model import System

Array = npt.NDArray[Any]
HIDDEN = {"sigmoid": "sigmoid({z})", "tanh": "tanh({z})", "relu": "relu({z})", "swish": "{z}*sigmoid({z})"}
OUTPUTS = {"sigmoid": "sigmoid({z})", "softmax": "exp({z})/(sum(m) exp({zm}))", "linear": "{z}"}
COSTS = {
    "quadratic": "1/2*(sum(k) ({a}[k] - y[k])^2)",
    "cross-entropy": "-sum(k) y[k]*log({a}[k])",
    "binary-cross-entropy": "-sum(k) (y[k]*log({a}[k]) + (1 - y[k])*log(1 - {a}[k]))",
}


@dataclass(frozen=True)
class Dense:
    """A network: its widths, its functions, which weights are declared [in][out], and the decay of its weights."""

    widths: tuple[int, ...]
    hidden: str = "sigmoid"
    output: str = "sigmoid"
    cost: str = "quadratic"
    turned: tuple[bool, ...] = ()
    decay: bool = False
    given: bool = False

    def text(self) -> str:
        """Return the notation."""
        layers = len(self.widths) - 1
        lines = ["data x[i], y[k]", "batch n", "const eta", "const decay" if self.decay else ""]
        if self.given:
            lines.append("given sum(k) y[k] = 1")
        equations, updates = [], []
        a, i = "x", "i"
        for l in range(1, layers + 1):
            j = f"j{l}" if l < layers else "k"
            w = f"W{l}[{i},{j}]" if l <= len(self.turned) and self.turned[l - 1] else f"W{l}[{j},{i}]"
            lines.append(f"param {w}, b{l}[{j}]")
            z = f"z{l}[{j}]"
            equations.append(f"{z} = (sum({i}) {w}*{a}[{i}]) + b{l}[{j}]")
            shape = HIDDEN[self.hidden] if l < layers else OUTPUTS[self.output]
            equations.append(f"a{l}[{j}] = {shape.format(z=z, zm=f'z{l}[m]')}")
            shrunk = f" - eta*decay*{w}" if self.decay else ""
            updates += [f"update {w} = {w} - eta*∂C/∂{w}{shrunk}", f"update b{l}[{j}] = b{l}[{j}] - eta*∂C/∂b{l}[{j}]"]
            a, i = f"a{l}", j
        return "\n".join([*lines, *equations, "cost C = " + COSTS[self.cost].format(a=a), *updates])

    def system(self) -> System:
        """Return one step of training: forward, backward and updates."""
        return backprop(parse(self.text())).system

    def values(self, seed: int) -> dict[str, Array]:
        """Return params and consts, exact in float32."""
        generator = np.random.default_rng(seed)
        values: dict[str, Array] = {"eta": np.asarray(0.125), **({"decay": np.asarray(0.25)} if self.decay else {})}
        for l in range(1, len(self.widths)):
            inside, outside = self.widths[l - 1], self.widths[l]
            weight = generator.normal(size=(outside, inside)) / np.sqrt(inside)
            turned = l <= len(self.turned) and self.turned[l - 1]
            values[f"W{l}"] = (weight.T if turned else weight).astype(np.float32).astype(np.float64)
            values[f"b{l}"] = (generator.normal(size=outside) / 8).astype(np.float32).astype(np.float64)
        return values

    def data(self, samples: int, seed: int) -> dict[str, Array]:
        """Return samples and one-hot answers, exact in float32."""
        generator = np.random.default_rng(seed + 1)
        x = generator.random((samples, self.widths[0])).astype(np.float32).astype(np.float64)
        return {"x": x, "y": np.eye(self.widths[-1])[generator.integers(0, self.widths[-1], samples)]}


def relative(actual: Mapping[str, Array], expected: Mapping[str, Array], names: Sequence[str]) -> float:
    """Return the largest |actual − expected| / |expected| of the tensors, as norms."""
    return max(
        float(np.linalg.norm(actual[n] - expected[n]) / max(float(np.linalg.norm(expected[n])), 1e-6)) for n in names
    )


EXTENTS = st.sampled_from([1, 2, 3, 7, 16, 17, 31, 33, 65])


@st.composite
def networks(draw: st.DrawFn) -> tuple[Dense, int, int]:
    """Return a network of any widths, a number of samples in a batch, and one of samples in all."""
    widths = tuple(draw(st.lists(EXTENTS, min_size=2, max_size=4)))
    output, cost = draw(
        st.sampled_from(
            [("sigmoid", "quadratic"), ("linear", "quadratic"), ("softmax", "cross-entropy"),
             ("softmax", "quadratic"), ("sigmoid", "binary-cross-entropy")]
        )
    )  # fmt: skip
    network = Dense(
        widths,
        draw(st.sampled_from(["sigmoid", "tanh", "relu", "swish"])),
        output,
        cost,
        tuple(draw(st.lists(st.booleans(), min_size=3, max_size=3))),
        draw(st.booleans()),
        cost == "cross-entropy" and draw(st.booleans()),
    )
    size = draw(st.sampled_from([1, 2, 5, 10, 17, 32]))
    return network, size, draw(st.integers(size, 2 * size + 3))
