"""What a network is made of, as a table: a row for each equation, with its layer, its shape and the params it reads.

The equations are those of the forward pass and the cost, for one sample where a system is written for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy.typing as npt

from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import Indexed
from chainrule.expr.sizes import Literal, Size
from chainrule.render.document import Cell, Group, Line, Table
from chainrule.render.formula import ShownFormula, equation_formula, formula
from chainrule.render.shown_document import ShownDocument
from chainrule.system.model import System
from chainrule.system.printing import index_names
from chainrule.system.stages import before_backprop

Shape = tuple[int | str, ...]
"""Extents, of those that only data would tell the letters of their indices."""
_KIB = 1024
_WIDEST = 32
"""So much of what a layer is called is shown."""


@dataclass(frozen=True)
class SummaryRow:
    """A tensor, given or computed: its name, its shape and the params that its equation reads, by name.

    `layer` is the layer or the cost that it belongs to, "" where there are none; of what no equation computes, "data".
    `shared` are params that a row above reads too. `entry` and `equation` are how it is written; data have no equation.
    """

    layer: str
    output: str
    shape: Shape
    params: Mapping[str, Shape]
    shared: tuple[str, ...]
    entry: ShownFormula
    equation: ShownFormula | None

    @property
    def count(self) -> int:
        """How many numbers the params have that no row above reads."""
        return sum(map(_numbers, self.params.values()))


@dataclass(frozen=True)
class Summary(ShownDocument):
    """The rows, and how many numbers the params have in all; it displays itself as a table.

    `frozen` are the names of params that training leaves as they are. `unread` are params that no equation reads.
    """

    rows: tuple[SummaryRow, ...]
    params: Mapping[str, Shape]
    frozen: tuple[str, ...] = ()
    unread: tuple[str, ...] = field(default=())

    @property
    def count(self) -> int:
        """How many numbers all params have together."""
        return sum(map(_numbers, self.params.values()))

    @property
    def trained(self) -> int:
        """How many of them training changes."""
        return sum(_numbers(shape) for name, shape in self.params.items() if name not in self.frozen)

    def document(self) -> Group:
        """Return what is shown, as data."""
        layered = any(row.layer and row.equation for row in self.rows)
        headings = ("layer" if layered else "", "output", "shape", "params", "count", "equation")
        rows = tuple(self._cells(row) for row in self.rows)
        return Group((Table(headings, rows, left=(0, 1, 3, 5)), *map(Line, self._totals())), role="summary")

    def _cells(self, row: SummaryRow) -> tuple[Cell, ...]:
        named = [
            f"{name} {_shape_text(shape)}{' frozen' * (name in self.frozen)}" for name, shape in row.params.items()
        ]
        said = ", ".join([*named, *(f"{name} again" for name in row.shared)])
        numbers = f"{row.count:,}" if row.params else ""
        return _shortened(row.layer), row.entry, _shape_text(row.shape), said, numbers, row.equation or ""

    def _totals(self) -> Iterator[tuple[str, ...]]:
        yield (f"{self.count:,} params in {len(self.params)} tensors, {8 * self.count / _KIB:,.1f} KiB as float64",)
        begin = [name for name, shape in self.params.items() if _is_open(shape)]
        if begin:
            yield (f"not counted, for only data tell how many numbers they have: {', '.join(begin)}",)
        if self.frozen:
            names = ", ".join(self.frozen)
            yield (f"{self.trained:,} are trained, {self.count - self.trained:,} are frozen: {names}",)
        if self.unread:
            yield (f"no equation reads {', '.join(self.unread)}",)

    def __repr__(self) -> str:
        return str(self)


def summary_of(
    system: System,
    arrays: Mapping[str, npt.NDArray[Any]],
    sizes: Mapping[Size, int],
    *,
    frozen: Sequence[str],
    labels: Mapping[str, str],
) -> Summary:
    """Return the summary of a system with these params; `labels` are the layers, by their first tensors."""
    params: dict[str, Shape] = {
        name: arrays[name].shape if name in arrays else _shape(system, name, sizes) for name in system.params
    }
    forward = before_backprop(system)
    taken, declared = index_names(forward)
    rows, seen = [], set[str]()
    for name in forward.with_role("data"):
        entry = formula(Indexed(name, forward.axes(name)), taken=taken, declared=declared)
        rows.append(SummaryRow(labels.get(name, "data"), name, _shape(forward, name, sizes), {}, (), entry, None))
    for equation in forward.equations:
        read = [p for p in forward.params if p in tensors_in(equation.value)]
        whole = equation_formula(equation.target, equation.value, taken=taken, declared=declared)
        rows.append(
            SummaryRow(
                layer=labels.get(equation.name, ""),
                output=equation.name,
                shape=_shape(forward, equation.name, sizes),
                params={p: params[p] for p in read if p not in seen},
                shared=tuple(p for p in read if p in seen),
                entry=ShownFormula(whole.sides[:1]),
                equation=whole,
            )
        )
        seen.update(read)
    return Summary(tuple(rows), params, tuple(frozen), tuple(p for p in params if p not in seen))


def labels_of_layers(system: System, layers: Sequence[str], outputs: Sequence[str], cost: str) -> dict[str, str]:
    """Return the layer of the first equation of each layer, and the cost of that behind them.

    `outputs` are what the layers write, in their order; without them, nothing is known of whose an equation is.
    """
    labels: dict[str, str] = {}
    waiting = list(zip(layers, outputs, strict=True)) if len(layers) == len(outputs) else []
    ahead = cost if waiting else ""
    begins = True
    for equation in before_backprop(system).equations:
        if begins:
            labels[equation.name] = waiting[0][0] if waiting else ahead
        begins = bool(waiting) and equation.name == waiting[0][1]
        if begins:
            waiting.pop(0)
    return labels


def _shortened(layer: str) -> str:
    return layer if len(layer) <= _WIDEST else f"{layer[: _WIDEST - 1]}…"


def _shape(system: System, name: str, sizes: Mapping[Size, int]) -> Shape:
    return tuple(
        i.extent.count if isinstance(i.extent, Literal) else sizes.get(i.extent, i.preferred) for i in system.axes(name)
    )


def _shape_text(shape: Sequence[int | str]) -> str:
    return "×".join(map(str, shape)) or "number"


def _numbers(shape: Shape) -> int:
    """Return how many numbers have a shape, 0 where only data would tell."""
    return 0 if _is_open(shape) else prod(int(size) for size in shape)


def _is_open(shape: Shape) -> bool:
    return any(isinstance(size, str) for size in shape)
