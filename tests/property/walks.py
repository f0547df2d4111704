"""All paths of a small system, listed one by one: the witness of what `paths` counts without listing.

Local derivatives are central differences of each equation, taken by itself; that an entry reads another at all is seen
by changing it at several random points. Nothing here knows a rule of calculus.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from chainrule.execute.reference.evaluation import Evaluation
from chainrule.execute.reference.expressions import evaluate_expression
from chainrule.expr.binding import tensors_in
from chainrule.system.model import Equation

Node = tuple[str, tuple[int, ...]]
STEP = 1e-5
POINTS = 12


@dataclass(frozen=True)
class Walks:
    """All paths: their entries, and the product of local derivatives along each."""

    paths: list[tuple[Node, ...]]
    products: np.ndarray

    def largest(self, top: int) -> np.ndarray:
        """Return the products of the largest paths that are not 0, by size."""
        order = np.argsort(-np.abs(self.products), kind="stable")
        return self.products[[n for n in order if self.products[n] != 0][:top]]


def all_walks(evaluation: Evaluation, start: Node, seed: int) -> Walks:
    """Return every path from an entry to the cost, by depth-first search."""
    values = {name: np.asarray(value, np.float64) for name, value in evaluation.values.items()}
    edges: dict[Node, list[tuple[Node, float]]] = {}
    for equation in evaluation.system.equations:
        for source in sorted(tensors_in(equation.value)):
            for place in np.ndindex(values[source].shape):
                slopes = _slopes(evaluation, equation, values, source, place)
                for at in _readers(evaluation, equation, values, source, place, seed):
                    edges.setdefault((source, place), []).append(((equation.name, at), float(slopes[at])))
    cost = (evaluation.system.cost, ())
    slope = {(a, b): value for a, after in edges.items() for b, value in after}
    paths = list(_from(start, cost, edges))
    return Walks(paths, np.asarray([prod(slope[pair] for pair in pairwise(path)) for path in paths]))


def _from(node: Node, cost: Node, edges: dict[Node, list[tuple[Node, float]]]) -> Iterator[tuple[Node, ...]]:
    if node == cost:
        yield (node,)
        return
    for after, _ in edges.get(node, []):
        yield from ((node, *rest) for rest in _from(after, cost, edges))


def _value(evaluation: Evaluation, equation: Equation, values: dict[str, Any]) -> np.ndarray:
    scope = evaluation.scope
    return evaluate_expression(equation.value, values, evaluation.sizes, equation.indices, functions=scope.functions)


def _changed(values: dict[str, Any], source: str, place: tuple[int, ...], by: float) -> dict[str, Any]:
    moved = np.array(values[source])
    moved[place] += by
    return values | {source: moved}


def _slopes(
    evaluation: Evaluation, equation: Equation, values: dict[str, Any], source: str, place: tuple[int, ...]
) -> np.ndarray:
    step = STEP * (abs(float(values[source][place])) or 1.0)
    up, down = (_value(evaluation, equation, _changed(values, source, place, by)) for by in (step, -step))
    return (up - down) / (2 * step)


def _readers(
    evaluation: Evaluation, equation: Equation, values: dict[str, Any], source: str, place: tuple[int, ...], seed: int
) -> list[tuple[int, ...]]:
    """Return the entries of the equation that depend on an entry of the source, at any of several points."""
    draw = np.random.default_rng(seed)
    found: np.ndarray | None = None
    for point in range(POINTS):
        drawn = {name: draw.normal(size=values[name].shape) for name in sorted(tensors_in(equation.value))}
        at = values | {name: np.abs(value) if point % 2 else value for name, value in drawn.items()}
        before, after = _value(evaluation, equation, at), _value(evaluation, equation, _changed(at, source, place, 0.7))
        differs = np.isfinite(before) & np.isfinite(after) & (before != after)
        found = differs if found is None else found | differs
    assert found is not None
    return [tuple(int(n) for n in at) for at in np.argwhere(found)]
