"""A network: a system with its params, that can be asked, saved and loaded.

The system is all there is to it: the layers it was made from are only the way to write one. What computes is the
reference executor; what trains is `training`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.diff.coupled_samples import uncoupled
from chainrule.errors import ChainruleError, InputError, ModelFileError, OptionError, escaped, listed
from chainrule.execute.family_inputs import system_for
from chainrule.execute.reference.evaluation import Reference, ReferenceExecutable
from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import Number
from chainrule.expr.sizes import Axis, Size
from chainrule.families.families import Families
from chainrule.keywords import answering_class, answers
from chainrule.network.answers import Answers, fraction_right, no_single_label, right_or_wrong
from chainrule.network.ends import Ends, ends_of
from chainrule.network.files import TENSORS, Fact, Saved, read_model, write_model
from chainrule.network.forward import forward_system, leading_to, told_by_others
from chainrule.network.initial import initial_params
from chainrule.network.mapped_parts import mapped_blocks, mean_of_each, of_each
from chainrule.network.named_data import Data, GivenData, Reader, by_name
from chainrule.network.optimizer_lines import check_updates
from chainrule.network.params import Params, checked_dtype
from chainrule.network.parts import in_parts, together
from chainrule.network.start import begun, check_begun, checked_values, united, waiting
from chainrule.network.state import Learned
from chainrule.nn.assembly import assemble
from chainrule.nn.costs import Cost
from chainrule.nn.layer import Layer
from chainrule.notation import parse_system
from chainrule.render.text import equation_text
from chainrule.simplify.stability import stable
from chainrule.system.given_system import check_system
from chainrule.system.model import System
from chainrule.system.printing import system_text

Array = npt.NDArray[np.float64]


@answering_class
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

    trained: dict[str, Fact]

    def __init__(self, layers: Sequence[Layer], *, cost: Cost | None = None, seed: int = 0) -> None:
        assembly = assemble(layers, cost)
        system = parse_system(assembly.text)
        params = initial_params(system, assembly.initial, seed)
        self._set(system, params, ends_of(system, assembly.output, assembly.masks), seed)
        self.layers, self.cost = tuple(map(repr, layers)), repr(cost)
        self.layer_outputs = assembly.outputs

    @classmethod
    @answers
    def from_system(
        cls,
        system: System | Families,
        values: Mapping[str, npt.ArrayLike] | None = None,
        *,
        output: str | Sequence[str] | None = None,
        masks: Mapping[str, str] = MappingProxyType({}),
        seed: int = 0,
        params: Mapping[str, npt.ArrayLike] | None = None,
    ) -> Network:
        r"""Return a network of a system written by hand, with any data: it needs a cost and params, nothing else.

        `values` are params and consts by name (`params` is another word for them). A const without a value in the text
        needs one here; it is kept and saved with the network. Params that are not given begin by what the equations do
        with them, see `network.beginning`, drawn by the seed: at once, or in the first training where only the data
        tell their extents. `output` is what comes out, a name or several; without it, the tensor that the cost compares
        with data. `masks` are data that the trainer draws: zeros and ones, by name, each with the name of the const
        that is the probability of a 0; outside of training they are what they are on average. Raises OptionError for a
        system that cannot be trained, and InputError for values that do not fit it.

        >>> from chainrule.notation import parse
        >>> text = "data x[t,i], y : int(k)\nparam W[k,t,i]\nindex k = 3\nbatch n\nz[k] = sum(t,i) W[k,t,i]*x[t,i]\n"
        >>> network = Network.from_system(parse(text + "cost C = log(sum(m) exp(z[m])) - z[y]"))
        >>> network
        <Network(x → z, compared with y): W begins with the first training>
        """
        check_system(system, Families)
        self = cls.__new__(cls)
        system, given = system_for(system, united(values, params))
        system = uncoupled(system)
        self._set(system, given, ends_of(system, output, masks), seed)
        return self

    def _set(self, system: System, values: Mapping[str, npt.ArrayLike], ends: Ends, seed: int) -> None:
        self.ends = ends
        self.system = system
        self.updates = ""
        self.layers, self.cost = (), ""
        self.trained = {}
        self.seed = seed
        self.told: dict[Size, int] = {}
        given, self._sizes = checked_values(system, values)
        self.consts = {name: given[name] for name in given if name not in system.params}
        missing = waiting(system, given, self._sizes, (*ends.data, *ends.masks))
        given |= begun(system, missing, self._sizes, seed)
        self._params = Params(system, {name: given[name] for name in system.params if name in given})
        if missing:
            self._settle_sizes()

    def begin(self, sizes: Mapping[Size, int]) -> None:
        """Begin the params that wait for the data to tell these extents, and keep those that nothing else will tell.

        Raises OptionError where a param still waits.
        """
        part = forward_system(self.system, *self.ends.outputs, *(pair.output for pair in self.ends.pairs))
        self.keep_told({size: sizes[size] for size in told_by_others(self.system, part) if size in sizes})
        if not self.waiting:
            return
        made = begun(self.system, self.waiting, sizes, self.seed)
        params = {**self.params, **made}
        left = [name for name in self.system.params if name not in params]
        if left:
            raise OptionError(f"nothing says how many entries the param {left[0]} has", expected="data that tell it")
        self.params = params

    def keep_told(self, told: Mapping[Size, int]) -> None:
        """Keep extents that only the targets of the training told."""
        if dict(told) != self.told:
            for name in ("forward", "predicting", "scored", "_executable"):
                self.__dict__.pop(name, None)
        self.told = dict(told)
        self._sizes = self._sizes | self.told

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy what `save` writes: notation, numbers, and what is known for people."""
        return rebuilt, (self._saved(),)

    def __repr__(self) -> str:
        count = sum(array.size for array in self.params.values())
        ends = self.ends
        targets = f", compared with {listed(ends.targets)}" if ends.targets else ""
        data = f"{', '.join(ends.inputs) or 'no data'} → {', '.join(ends.outputs) or '?'}{targets}"
        made = f"[{', '.join(self.layers)}], cost={self.cost}" if self.layers else data
        begins = f"{listed(self.waiting)} begin{'s' * (len(self.waiting) == 1)} with the first training"
        return f"<Network({escaped(made)}): {begins if self.waiting else f'{count:,} params'}>"

    @cached_property
    def forward(self) -> System:
        """The equations that lead to the output, without cost and target, and with nothing dropped."""
        return self.leading_to(self._outputs())

    def leading_to(self, outputs: Sequence[str]) -> System:
        """Return the equations that lead to some tensors, with nothing dropped.

        Extents that only the targets tell are those of the first training. Raises OptionError before that.
        """
        return leading_to(self.system, self.ends.masks, self._sizes, outputs)

    def _outputs(self) -> tuple[str, ...]:
        """Return what comes out. Raises OptionError where nobody said it, and it is not one thing."""
        return self.ends.named_outputs()

    @property
    def dropped(self) -> Mapping[str, float]:
        """The masks that the trainer draws, each with the probability of a 0 in it."""
        values = {mask: self.system.declared[const].value for mask, const in self.ends.masks.items()}
        return {mask: float(value.value) for mask, value in values.items() if isinstance(value, Number)}

    @cached_property
    def scored(self) -> System:
        """The equations that lead to the cost of samples that are not learned from, so that nothing overflows."""
        return stable(self.leading_to([self.system.cost]))

    @cached_property
    def predicting(self) -> System:
        """The equations that lead to the output, so that nothing overflows."""
        return stable(self.forward)

    @cached_property
    def _executable(self) -> ReferenceExecutable:
        return Reference().compile(self.predicting)

    @property
    def width(self) -> int | None:
        """The numbers in one sample, or None if only a sample would tell."""
        sizes = [self._sizes.get(i.extent) for name in self.ends.inputs for i in self.system.axes(name)]
        return prod(n for n in sizes if n) if len(self.ends.inputs) == 1 and None not in sizes else None

    @property
    def outputs(self) -> int:
        """The numbers that come out for one sample. Raises OptionError if only a target would tell."""
        known = self.ends.targets if self.layers else self._outputs()
        return sum(self.size_of(name) for name in known)

    @answers
    def predict(self, x: Data) -> Any:
        """Return what comes out: shape (samples, …) for samples, with the axes of the output, (…,) for a single one.

        x is an array, or arrays by name where the output depends on several data; of several outputs a dict comes back.
        Where the equations couple the samples, all of them are run at once. Raises InputError for samples of another
        shape, or not finite.
        """
        found = self.computed(x, self._executable)
        if len(self.ends.outputs) == 1:
            return found[self.ends.outputs[0]]
        return {name: found[name] for name in self.ends.outputs}

    def __call__(self, x: Data) -> Any:
        """Return what comes out, as `predict` does."""
        return self.predict(x)

    def computed(self, x: Data, executable: ReferenceExecutable) -> dict[str, Array]:
        """Return what a system that needs no targets computes of samples, in parts so that memory does not grow."""
        check_begun(self.waiting)
        blocks = mapped_blocks(self.system, self.ends, x)
        if blocks is not None:
            return together(of_each(blocks, lambda x: self.computed(x, executable)), executable.system)
        declared = executable.system.declared
        needed = [name for name in self.ends.data if name in declared]
        kept = {name: array for name, array in self.values.items() if name in declared}
        given = self.given(x, None, needed=needed)
        data = {name: array for name, array in given.values.items() if name in declared}
        sizes = {**self._sizes, **given.sizes}
        rows = None if given.single or not self.ends.samples.in_front else (given.count, sizes)
        return in_parts(executable, {**kept, **data}, tuple(data), rows)

    @answers
    def classify(self, x: Data) -> npt.NDArray[np.int64]:
        """Return the label of each sample: the place of its largest output; of one output, whether it is above ½."""
        name = self._outputs()[0]
        pair = next((pair for pair in self.ends.pairs if pair.output == name), None)
        if len(self.ends.outputs) > 1 or pair is None:
            raise no_single_label(self.system, self.ends)
        found = self.predict(x)
        front = found.ndim - len(self.system.axes(name))
        return Answers(pair, front).said(found)

    @answers
    def accuracy(self, x: Data, y: Data | None = None) -> float:
        """Return the fraction of samples whose label is right; y is labels, or one-hot rows or other probabilities.

        Where a sample has several labels each counts, and of zeros and ones for several outputs each number. Raises
        InputError, for targets that are no classes too.
        """
        blocks = mapped_blocks(self.system, self.ends, x, y)
        if blocks is not None:
            return mean_of_each(blocks, self.accuracy)
        pairs = self.ends.pairs
        executable = Reference().compile(stable(self.leading_to([pair.output for pair in pairs])))
        given = self.given(x, y)
        front = 0 if given.single else self.ends.samples.in_front
        inputs = {name: given.values[name] for name in self.ends.data if name in executable.system.declared}
        found = right_or_wrong(pairs, front, given.values)
        return fraction_right(found, given.values, self.computed(inputs, executable))

    def given(
        self,
        x: Data | None,
        y: Data | None = None,
        names: tuple[str, str] = ("x", "y"),
        *,
        needed: Sequence[str] | None = None,
        many: bool = False,
        narrow: bool = False,
    ) -> GivenData:
        """Return data as the system takes them, by name: all of them, or those that are needed; `many`: no single one.

        With `narrow` inputs stay float32 where that loses nothing. Raises InputError.
        """
        wanted = self.ends.data if needed is None else needed
        named = by_name(self.system, self.ends, x, y, names, needed=wanted)
        reader = Reader(self.system, self.ends, self._sizes, self._reader(), narrow)
        return reader.read({name: value for name, value in named.items() if name in wanted}, many=many)

    def samples(self, x: npt.ArrayLike, name: str = "x") -> Array:
        """Return samples as the system takes them, of a network with one input. Raises InputError for others."""
        (only,) = self.ends.inputs
        return Reader(self.system, self.ends, self._sizes, self._reader()).entries(only, name, x)

    def targets(self, y: npt.ArrayLike, name: str = "y", *, single: bool = False) -> Array:
        """Return answers as the cost compares with them, labels as one-hot rows, of a network with one target.

        Raises InputError for others.
        """
        (only,) = self.ends.targets
        return Reader(self.system, self.ends, self._sizes, "").target(only, name, y, single=single)

    def inputs(self, x: Data | None, y: Data | None = None) -> dict[str, Array]:
        """Return all that the system is given: params, consts, samples (or one sample) and what should come out.

        Masks are what they are on average, so that nothing is dropped.
        """
        given = self.given(x, y)
        rows = () if given.single or not self.ends.samples.in_front else (given.count,)
        masks = {mask: np.full((*rows, *self.shape_of(mask, given.sizes)), 1 - p) for mask, p in self.dropped.items()}
        return {**self.values, **given.values, **masks}

    def _reader(self) -> str:
        if self.layers:
            return f"layer 1, {self.layers[0]},"
        data = set(self.ends.inputs)
        reading = next((e for e in self.system.equations if tensors_in(e.value) & data), self.system.equations[0])
        return equation_text(reading.target, reading.value)

    @answers
    def save(self, path: str | Path, dtype: Any = "float64") -> None:
        """Write notation and values to a safetensors file, whole or not at all. Raises OptionError, InputError.

        As "float32" the file has half the size; of params that the executor native has trained nothing is lost then.
        """
        kind = checked_dtype(dtype, TENSORS)
        checked_values(self.system, self.values)
        write_model(path, self._saved(), kind)

    @classmethod
    @answers
    def load(cls, path: str | Path) -> Network:
        """Return a network from a file that `save` wrote, as `chainrule.load` does."""
        return load(path)

    def _saved(self) -> Saved:
        return Saved(
            system_text(self.system),
            self.ends.outputs,
            self.updates,
            self.layers,
            self.cost,
            self.values,
            self.trained,
            self.ends.masks,
            self.seed if self.waiting else None,
            tuple((s.tensor, s.number, count) for s, count in self.told.items() if isinstance(s, Axis)),
            self.frozen,
            self.layer_outputs,
        )


def rebuilt(saved: Saved) -> Network:
    """Return the network of what was saved. Raises ChainruleError where it makes no sense."""
    system = parse_system(saved.notation)
    output = saved.outputs or None
    if saved.seed is None:
        missing = [name for name in system.params if name not in saved.values]
        if missing:
            raise InputError(f"missing inputs: param {missing[0]}", expected="a value for each param")
    network = Network.from_system(system, saved.values, output=output, masks=saved.masks, seed=saved.seed or 0)
    network.updates = saved.updates
    network.layers, network.layer_outputs, network.cost = saved.layers, saved.layer_outputs, saved.cost
    network.trained = dict(saved.trained)
    network.keep_told({Axis(tensor, number): count for tensor, number, count in saved.told})
    if saved.frozen:
        network.freeze(*saved.frozen)
    check_updates(network.system, network.with_updates(saved.updates))
    return network


@answers
def load(path: str | Path) -> Network:
    """Return a network from a file that `Network.save` wrote. Nothing in the file is executed.

    Raises ModelFileError, which names the file, if it is damaged, was altered, or is none of chainrule's.
    """
    saved = read_model(path)
    try:
        return rebuilt(saved)
    except ChainruleError as error:
        where = "\n".join(part for part in (f"in {escaped(path)}", error.where) if part)
        what = f"the network in the file makes no sense: {error.what}"
        raise ModelFileError(what, where=where, expected=error.expected, advice=error.advice) from None
