"""A network: a system with its params, that can be asked, saved and loaded.

The system is all there is to it: the layers it was made from are only the way to write one. What computes is the
reference executor; what trains is `training`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.data.interchange import as_array
from chainrule.errors import ChainruleError, InputError, ModelFileError, OptionError, escaped
from chainrule.execute.inputs import check_inputs
from chainrule.execute.reference.evaluation import Reference, ReferenceExecutable
from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import Number
from chainrule.expr.sizes import Size
from chainrule.network.equations import Equations
from chainrule.network.files import TENSORS, Fact, Saved, read_model, write_model
from chainrule.network.forward import Ends, ends_of, forward_system, without_masks
from chainrule.network.initial import initial_params
from chainrule.network.layer_table import Summary, labels_of_layers, summary_of
from chainrule.network.params import Params, checked_dtype
from chainrule.network.samples import are_probabilities, as_samples, as_targets, labels_of
from chainrule.network.state import Learned
from chainrule.nn.assembly import assemble
from chainrule.nn.costs import Cost
from chainrule.nn.layer import Layer
from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.render.text import equation_text
from chainrule.simplify.stability import stable
from chainrule.system.model import System
from chainrule.system.printing import system_text
from chainrule.system.stages import for_updates

Array = npt.NDArray[np.float64]
_ROWS = 4096
"""Samples that are run at once, so that memory does not grow with the data."""


class Network(Learned):
    """Layers and a cost as one system of equations, with params drawn by the seed.

    `system` is the forward pass; `params` are its params by name, float64 arrays that may be changed; `updates` are the
    lines of the optimizer that it was last trained with; `trained` is what is known of its training, for people. Raises
    OptionError where layers do not fit each other.

    >>> from chainrule import nn
    >>> network = Network([nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1), nn.Sigmoid()], cost=nn.QuadraticCost())
    >>> network.predict([[0.0, 1.0], [1.0, 1.0]]).shape
    (2, 1)
    """

    system: System
    updates: str
    layers: tuple[str, ...]
    cost: str
    trained: dict[str, Fact]
    layer_outputs: tuple[str, ...] = ()

    def __init__(self, layers: Sequence[Layer], *, cost: Cost, seed: int = 0) -> None:
        assembly = assemble(layers, cost)
        system = parse(assembly.text)
        params = initial_params(system, assembly.initial, seed)
        self._set(system, params, assembly.output, tuple(map(repr, layers)), repr(cost), assembly.masks)
        self.layer_outputs = assembly.outputs

    @classmethod
    def from_system(
        cls,
        system: System,
        params: Mapping[str, npt.ArrayLike],
        *,
        output: str,
        masks: Mapping[str, str] = MappingProxyType({}),
    ) -> Network:
        """Return a network of a system written by hand; `output` is the tensor that comes out.

        The system must have a cost, `batch`, one data vector that the output depends on, and one that only the cost
        does. `masks` are further data vectors, which the trainer draws: zeros and ones, by name, each with the name of
        the const that is the probability of a 0; outside of training they are what they are on average. Raises
        OptionError for another system, and InputError for params that do not fit it.
        """
        self = cls.__new__(cls)
        self._set(system, params, output, (), "", masks)
        return self

    def _set(
        self,
        system: System,
        params: Mapping[str, npt.ArrayLike],
        output: str,
        layers: tuple[str, ...],
        cost: str,
        masks: Mapping[str, str],
    ) -> None:
        self.ends: Ends = ends_of(system, output, masks)
        self.system = system
        self.updates = ""
        self.layers = layers
        self.cost = cost
        self.trained = {}
        self._sizes = self._check_params(params)
        copies = {name: np.array(as_array(name, params[name]), np.float64) for name in system.params}
        self._params = Params(system, copies)

    def _check_params(self, params: Mapping[str, npt.ArrayLike]) -> Mapping[Size, int]:
        """Return the extents. Raises InputError for params that are missing, misshaped or not finite."""
        declarations = tuple(d for d in self.system.declarations if d.role == "param")
        given = tuple(g for g in self.system.givens if tensors_in(g.condition) <= set(self.system.params))
        return check_inputs(replace(self.system, declarations=declarations, givens=given), params).sizes

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy what `save` writes: notation, numbers, and what is known for people."""
        return _rebuilt, (self._saved(),)

    def __repr__(self) -> str:
        count = sum(array.size for array in self.params.values())
        made = f"[{', '.join(self.layers)}], cost={self.cost}" if self.layers else f"output={self.ends.output}"
        return f"<Network({escaped(made)}): {count:,} params>"

    @cached_property
    def forward(self) -> System:
        """The equations that lead to the output, without cost and target, and with nothing dropped."""
        return forward_system(without_masks(self.system, self.ends.masks), self.ends.output)

    @property
    def dropped(self) -> Mapping[str, float]:
        """The masks that the trainer draws, each with the probability of a 0 in it."""
        values = {mask: self.system.declared[const].value for mask, const in self.ends.masks.items()}
        return {mask: float(value.value) for mask, value in values.items() if isinstance(value, Number)}

    def size_of(self, vector: str) -> int:
        """Return the number of entries of a vector of the system. Raises OptionError if only data would tell."""
        index = self.system.axes(vector)[0]
        if index.extent not in self._sizes:
            raise OptionError(
                f"nothing says how many entries {vector} has",
                advice=f"Declare the extent of its index, for example: index {index.preferred} = 10",
            )
        return self._sizes[index.extent]

    @cached_property
    def scored(self) -> System:
        """The equations that lead to the cost of samples that are not learned from, so that nothing overflows."""
        return stable(forward_system(without_masks(self.system, self.ends.masks), self.system.cost))

    @cached_property
    def predicting(self) -> System:
        """The equations that lead to the output, so that nothing overflows."""
        return stable(self.forward)

    @cached_property
    def _executable(self) -> ReferenceExecutable:
        return Reference().compile(self.predicting)

    @property
    def sizes(self) -> Mapping[Size, int]:
        """The extents that the params and the system tell."""
        return self._sizes

    @property
    def width(self) -> int | None:
        """The numbers in one sample, or None if only a sample would tell."""
        return self._sizes.get(self.system.axes(self.ends.data)[0].extent)

    @property
    def outputs(self) -> int:
        """The numbers that come out for one sample. Raises OptionError if only a target would tell."""
        return self.size_of(self.ends.target)

    def predict(self, x: npt.ArrayLike) -> Array:
        """Return what comes out: shape (samples, outputs) for samples, (outputs,) for a single one.

        Raises InputError for samples that are not of the width that the first layer takes, or not finite.
        """
        samples = self.samples(x)
        if samples.ndim == 1:
            return self._run(samples)
        parts = [self._run(samples[start : start + _ROWS]) for start in range(0, max(len(samples), 1), _ROWS)]
        return np.concatenate(parts)

    def __call__(self, x: npt.ArrayLike) -> Array:
        """Return what comes out, as `predict` does."""
        return self.predict(x)

    def _run(self, samples: Array) -> Array:
        needed = self.predicting.declared
        params = {name: array for name, array in self.params.items() if name in needed}
        values = self._executable.evaluate({**params, self.ends.data: samples})
        return np.asarray(values[self.ends.output], np.float64)

    def classify(self, x: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return the label of each sample: the place of its largest output; of one output, whether it is above ½."""
        return labels_of(self.predict(x))

    def accuracy(self, x: npt.ArrayLike, y: npt.ArrayLike) -> float:
        """Return the fraction of samples whose label is right; y is labels, or one-hot rows or other probabilities.

        Raises InputError, for targets that are no classes too.
        """
        samples, targets = self.samples(x), self.targets(y)
        if not are_probabilities(targets):
            raise InputError("y holds no classes, so nothing is right or wrong", expected="labels, or one-hot rows")
        check_lengths(samples, targets)
        return float(np.mean(self.classify(samples) == labels_of(targets)))

    def samples(self, x: npt.ArrayLike, name: str = "x") -> Array:
        """Return samples as the system takes them. Raises InputError for others."""
        return as_samples(name, x, self.width, self._reader())

    def targets(self, y: npt.ArrayLike, name: str = "y", *, single: bool = False) -> Array:
        """Return answers as the rows that the cost compares with; labels become one-hot rows. Raises InputError."""
        return as_targets(name, y, self.outputs, single=single)

    def inputs(self, x: npt.ArrayLike, y: npt.ArrayLike) -> dict[str, Array]:
        """Return all that the system is given: params, samples (or one sample) and what should come out.

        Masks are what they are on average, so that nothing is dropped.
        """
        samples = self.samples(x)
        targets = self.targets(y, single=samples.ndim == 1)
        check_lengths(samples, targets)
        rows = samples.shape[:-1]
        masks = {mask: np.full((*rows, self.size_of(mask)), 1 - p) for mask, p in self.dropped.items()}
        return {**self.params, self.ends.data: samples, self.ends.target: targets, **masks}

    def _reader(self) -> str:
        if self.layers:
            return f"layer 1, {self.layers[0]},"
        reading = next(e for e in self.system.equations if self.ends.data in tensors_in(e.value))
        return equation_text(reading.target, reading.value)

    def equations(self) -> Equations:
        """Return the forward pass, the backward pass derived from it, and the update, in textbook form."""
        return Equations(backprop(self.learning(self.with_updates(self.updates))).system)

    def summary(self) -> Summary:
        """Return a table of the network: each layer and equation, its shape, its params, and how many they are.

        It displays itself in a notebook; elsewhere print it.

        >>> from chainrule import nn
        >>> print(Network([nn.Linear(2, 3), nn.Tanh()], cost=nn.QuadraticCost()).summary())
          layer             output    shape   params        count   equation
          data              x[i]          2
          data              y[j]          3
          Linear(2, 3)      z1[j]         3   W1 3×2, b1 3      9   z1[j] = Σ_i W1[j,i]·x[i] + b1[j]
          Tanh()            a1[j]         3                         a1[j] = tanh(z1[j])
          QuadraticCost()   C        number                         C = 1/2·Σ_j (a1[j] − y[j])^2
        9 params in 2 tensors, 0.1 KiB as float64
        """
        shapes = {name: array.shape for name, array in self.params.items()}
        labels = labels_of_layers(self.system, self.layers, self.layer_outputs, self.cost)
        labels |= dict.fromkeys(self.ends.masks, "drawn")
        return summary_of(self.system, shapes, self.sizes, frozen=self.frozen, labels=labels)

    def with_updates(self, updates: str) -> System:
        """Return the system with the lines of an optimizer; see `nn.updates.updates_text`."""
        return parse(f"{system_text(self.system)}\n{updates}") if updates else self.system

    def save(self, path: str | Path, dtype: Any = "float64") -> None:
        """Write notation and params to a safetensors file, whole or not at all. Raises OptionError, InputError.

        As "float32" the file has half the size; of params that the executor native has trained nothing is lost then.
        """
        kind = checked_dtype(dtype, TENSORS)
        self._check_params(self.params)
        write_model(path, self._saved(), kind)

    @classmethod
    def load(cls, path: str | Path) -> Network:
        """Return a network from a file, as `chainrule.load` does."""
        return load(path)

    def _saved(self) -> Saved:
        about = (system_text(self.system), self.ends.output, self.updates, self.layers, self.cost)
        return Saved(*about, self.params, self.trained, self.ends.masks, self.frozen, self.layer_outputs)


def check_lengths(x: Array, y: Array, names: tuple[str, str] = ("x", "y")) -> None:
    """Raise InputError unless there is one answer for each sample."""
    if x.ndim != y.ndim:
        what = f"{names[0]} has the shape {list(x.shape)}, {names[1]} makes targets of shape {list(y.shape)}"
        raise InputError(what, expected="samples in rows, and one answer for each")
    if x.ndim == 2 and len(x) != len(y):
        raise InputError(
            f"{names[0]} has {len(x)} samples, {names[1]} has {len(y)} answers", expected="one answer for each sample"
        )


def load(path: str | Path) -> Network:
    """Return a network from a file that `Network.save` wrote. Nothing in the file is executed.

    Raises ModelFileError, which names the file, if it is damaged, was altered, or is none of chainrule's.
    """
    saved = read_model(path)
    try:
        return _rebuilt(saved)
    except ChainruleError as error:
        where = "\n".join(part for part in (f"in {escaped(path)}", error.where) if part)
        what = f"the network in the file makes no sense: {error.what}"
        raise ModelFileError(what, where=where, expected=error.expected, advice=error.advice) from None


def _rebuilt(saved: Saved) -> Network:
    """Return the network of what was saved. Raises ChainruleError where it makes no sense."""
    network = Network.from_system(parse(saved.notation), saved.params, output=saved.output, masks=saved.masks)
    network.updates = saved.updates
    network.layers, network.layer_outputs, network.cost = saved.layers, saved.layer_outputs, saved.cost
    network.trained = dict(saved.trained)
    if saved.frozen:
        network.freeze(*saved.frozen)
    _check_updates(network.system, network.with_updates(saved.updates))
    return network


def _check_updates(system: System, whole: System) -> None:
    """Raise OptionError where lines of an optimizer change what the network computes, or add what no update reads."""
    count, known = len(system.equations), set(system.declared)
    same = whole.equations[:count] == system.equations and (whole.cost, whole.batch) == (system.cost, system.batch)
    added = {e.name for e in whole.equations[count:]}
    needed = added <= {e.name for e in for_updates(whole)}
    if (
        not same
        or not needed
        or any(d.role not in ("const", "state") for d in whole.declarations if d.tensor not in known)
    ):
        raise OptionError("the lines of the optimizer define more than updates")
