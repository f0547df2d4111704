"""The ends of a network: the data that go in, what comes out, and the data that it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chainrule.errors import OptionError, listed
from chainrule.expr.nodes import Number
from chainrule.network.compared import Compared, met, pair_of, reads
from chainrule.network.forward import forward_system
from chainrule.network.on_average import on_average
from chainrule.network.sample_axis import SampleAxis, sample_axis
from chainrule.network.step_names import steps_named
from chainrule.system.locations import did_you_mean
from chainrule.system.model import System
from chainrule.system.stages import before_backprop


@dataclass(frozen=True)
class Ends:
    """The tensors at the ends of a network, by name, in order of declaration.

    `inputs` are the data that what comes out depends on, `targets` the other data, which only the cost reads. `outputs`
    come out: one, several, or none where nobody said which of the `candidates` it is. `pairs` says what is compared
    with what. `masks` are data that the trainer draws, each with the const that is the probability of a 0 in it.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    targets: tuple[str, ...]
    masks: Mapping[str, str] = field(default_factory=dict)
    pairs: tuple[Compared, ...] = ()
    candidates: tuple[str, ...] = ()
    samples: SampleAxis = field(default_factory=lambda: SampleAxis(""))

    def named_outputs(self) -> tuple[str, ...]:
        """Return what comes out. Raises OptionError where nobody said it, and it is not one thing."""
        if self.outputs:
            return self.outputs
        found = self.candidates
        several = tuple(dict.fromkeys(pair.output for pair in self.pairs))
        whole = next((stem for stem, ms in steps_named(several).items() if len(ms) == len(several)), "")
        named = repr(whole or several if len(several) > 1 else found[-1] if found else "a").replace("'", '"')
        raise OptionError(
            "what comes out of the network is not one thing",
            expected=f"the name of a tensor, or several: one of {listed(found)}" if found else "an equation for it",
            advice=f"Say which: cr.Network.from_system(…, output={named})",
        )

    @property
    def data(self) -> tuple[str, ...]:
        """All data that are given, in the order in which they are handed on."""
        return self.inputs + self.targets


def ends_of(system: System, output: str | Sequence[str] | None, masks: Mapping[str, str]) -> Ends:
    """Return the ends of a system that can be trained as a network. Raises OptionError for one that cannot."""
    _check_trainable(system)
    samples = sample_axis(system)
    _check_masks(system, masks, samples)
    costing = before_backprop(on_average(system))
    outputs = _named(system, output)
    known = reads(costing)
    compared = met(forward_system(costing, system.cost), masks)
    last = tuple(dict.fromkeys(name for name, _ in compared))
    chosen = outputs or (last if len(last) == 1 else ())
    _check_states(system, chosen, known)
    beside = [name for name in last if known[name].isdisjoint(chosen)]
    reached = frozenset[str]().union(*(known[name] for name in (*chosen, *beside)))
    data = [tensor for tensor in system.with_role("data") if tensor not in masks]
    read = frozenset[str]() if last else known.get(system.cost, frozenset())
    inputs = tuple(d for d in data if d in reached or d in read)
    targets = tuple(d for d in data if d not in inputs)
    pairs = _pairs(system, outputs, compared, targets, samples)
    candidates = last or tuple(e.name for e in costing.equations if e.name != system.cost)
    return Ends(inputs, chosen, targets, dict(masks), pairs, candidates, samples)


def _pairs(
    system: System,
    outputs: Sequence[str],
    compared: Mapping[tuple[str, str], bool],
    targets: Sequence[str],
    samples: SampleAxis,
) -> tuple[Compared, ...]:
    """Return what is measured: what was named beside the only target it may be beside, else what the cost compares."""
    extent = samples.extent if samples.coupled else None
    if len(outputs) == 1 and len(targets) == 1:
        direct = compared.get((outputs[0], targets[0]), True)
        named = pair_of(system, outputs[0], targets[0], extent, direct=direct)
        if named is not None:
            return (named,)
    chosen = [pair for pair in compared if not outputs or pair[0] in outputs]
    found = (pair_of(system, *pair, extent, direct=compared[pair]) for pair in chosen or compared)
    return tuple(pair for pair in found if pair is not None)


def _named(system: System, output: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the names that somebody gave of what comes out, those of all steps for p. Raises OptionError.

    It does for what no equation defines.
    """
    given = () if output is None else (output,) if isinstance(output, str) else tuple(output)
    steps = steps_named(e.name for e in system.equations) if given else {}
    names = [tensor for name in given for _, tensor in steps.get(name, (((), name),))]
    for name in names:
        if name not in system.defined:
            known = [e.name for e in system.equations]
            what = f"no equation defines the output {name}"
            raise OptionError(what, expected=f"one of {listed(known)}", advice=did_you_mean(str(name), known))
    return tuple(names)


def _check_states(system: System, outputs: Sequence[str], known: Mapping[str, frozenset[str]]) -> None:
    for output in outputs:
        kept = [state for state in system.states if state in known.get(output, ())]
        if kept:
            raise OptionError(
                f"the output {output} depends on the state {kept[0]}",
                expected="an output that params and data determine: a network that is trained keeps its params only",
            )


def _check_masks(system: System, masks: Mapping[str, str], samples: SampleAxis) -> None:
    for mask, probability in masks.items():
        declared, const = system.declared.get(mask), system.declared.get(probability)
        if declared is None or declared.role != "data" or not declared.indices or not samples.letter:
            raise OptionError(
                f"the mask {mask} is no data of the system", expected="data for each sample: data mask[j]"
            )
        value = const.value if const is not None and const.role == "const" else None
        if not isinstance(value, Number) or not 0 <= value.value < 1:
            raise OptionError(
                f"{probability} is no probability that the mask {mask} is 0", expected="a const from 0 on, less than 1"
            )


def _check_trainable(system: System) -> None:
    unknown = (*system.with_role("abstract"), *(f.name for f in system.functions if f.body is None))
    if unknown:
        raise OptionError(f"{unknown[0]} is an unknown function, which cannot be run", advice="Give its equation.")
    if not system.cost:
        raise OptionError("the system has no cost", advice="Write, for example: cost C = 1/2*(sum(k) (a[k] - y[k])^2)")
    if not system.params:
        raise OptionError("the system has no params: there is nothing to learn", advice="Declare some: param w[i]")
