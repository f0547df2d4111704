"""Which number is asked for: the tensor, the entry of it, and the sample of the data.

Whatever does not name exactly one number is refused with what could have been meant; nothing is evaluated here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import index as as_integer
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chainrule.data.interchange import as_array
from chainrule.diff.coupled_samples import uncoupled
from chainrule.errors import InputError, listed
from chainrule.execute.inputs import is_batched
from chainrule.expr.nodes import Affine, Index, Position
from chainrule.network import Network
from chainrule.network.on_average import on_average
from chainrule.notation.symbol_names import asked_tensor
from chainrule.render.text import entry_text
from chainrule.system.given_system import check_system
from chainrule.system.locations import cost_advice, did_you_mean
from chainrule.system.model import System

At: TypeAlias = Mapping[str, int] | Sequence[int] | int
"""An entry: the value of each index by its letter, or all of them in order."""


def asked_of(network_or_system: Network | System, of: str) -> tuple[System, str]:
    """Return the system that is asked, and the tensor that it is asked of.

    Raises OptionError for what is neither a network nor a system, InputError for what is no name of a tensor.
    """
    check_system(network_or_system, Network, expected="a network, or a system")
    if not isinstance(of, str):
        raise InputError(
            f"of is a {type(of).__name__}",
            expected="the name of the tensor whose derivative is explained",
            advice=_together(network_or_system),
        )
    whole = network_or_system if isinstance(network_or_system, System) else on_average(network_or_system.system)
    return uncoupled(whole, (of,)), tensor_named(whole, of)


def _together(network_or_system: Network | System) -> str:
    """Return how all data are given together, before the name of a tensor."""
    if isinstance(network_or_system, System):
        known = network_or_system
        what, needed = "system", [str(d.tensor) for d in known.declarations if d.role != "abstract" and d.value is None]
    else:
        what, needed, known = "network", [*network_or_system.ends.data], network_or_system.system
    data = ", ".join(f'"{name}": …' for name in needed)
    return f'Give all data by name: cr.explain({what}, {{{data}}}, of="{next(iter(known.params), "w")}")'


def tensor_named(system: System, name: str) -> str:
    """Return the tensor that an explanation is asked of: `z1`, which may be written ∂C/∂z1.

    Raises InputError for a tensor that the system does not have, and for the cost itself.
    """
    tensor = asked_tensor(name, system)
    known = list(system.names())
    if tensor not in known:
        raise InputError(
            f"no tensor is named {tensor}", expected=f"one of {listed(known)}", advice=did_you_mean(tensor, known)
        )
    if not system.cost:
        what = "the system has no cost, so there is no derivative to explain"
        raise InputError(what, advice=cost_advice(system))
    if tensor == system.cost:
        raise InputError(
            f"{tensor} is the cost itself; its derivative by itself is 1",
            expected="a tensor that the cost is computed from: " + listed(n for n in known if n != tensor),
        )
    return tensor


def one_sample(system: System, inputs: Mapping[str, npt.ArrayLike], sample: int | None) -> dict[str, npt.ArrayLike]:
    """Return the inputs with the data of one sample, which a system with `batch` is written for.

    Raises InputError for a sample that is not there, or that is not named where there are several.
    """
    chosen = dict(inputs)
    if not is_batched(system, inputs):
        if sample is not None:
            letter = f" {system.batch}" if system.batch else ""
            raise InputError(
                f"sample {sample} was asked for, but the data have no axis of samples{letter}",
                expected="data with the samples in front" if system.batch else "a system with a line such as: batch n",
                advice="Leave sample out: the data are one sample.",
            )
        return chosen
    counts = {name: len(as_array(name, inputs[name])) for name in system.with_role("data") if name in inputs}
    if len(set(counts.values())) > 1:
        found = listed(f"{name} has {count}" for name, count in counts.items())
        raise InputError(f"the data differ in the number of samples: {found}", expected="one number of samples")
    count = next(iter(counts.values()))
    number = 0 if sample is None and count == 1 else sample
    if number is None:
        raise InputError(
            f"there are {count} samples, and an explanation is of one",
            expected=f"sample = 0 … {count - 1}",
            advice="Say which, for example sample=0.",
        )
    place = _integer(number, "sample")
    if not 0 <= place < count:
        raise InputError(f"there is no sample {place}", expected=_range(count, "sample"))
    return chosen | {name: as_array(name, inputs[name])[place] for name in counts}


def with_params(network: Network | System, inputs: object) -> dict[str, npt.ArrayLike]:
    """Return the inputs; those of a network with its params and consts, labels made one-hot rows.

    Raises InputError where they are not given by name.
    """
    if inputs is None and isinstance(network, Network):
        raise InputError("a network is explained on a sample", expected="inputs: an array for each of its data")
    if not isinstance(inputs, Mapping):
        kind = "missing" if inputs is None else f"a {type(inputs).__name__}"
        raise InputError(f"the inputs are {kind}", expected="a dict of numbers and arrays", advice=_together(network))
    if isinstance(network, System):
        return dict(inputs)
    ends = network.ends
    given: dict[str, npt.ArrayLike] = {**network.values, **inputs}
    if all(name in inputs for name in ends.data):
        made = network.inputs({name: inputs[name] for name in ends.data})
        given = {**made, **inputs, **{name: made[name] for name in ends.data}}
    return given


def entry_at(name: str, indices: tuple[Index, ...], shape: Sequence[int], at: At | None) -> tuple[int, ...]:
    """Return the place of an entry of `name`, a derivative or a tensor, whose axes have these indices and this shape.

    Raises InputError for an index that is missing, unknown, no whole number or out of range.
    """
    letters = [i.name for i in indices]
    whole = entry_text(name, indices)
    values = _by_letter(whole, letters, shape, at)
    places = []
    for letter, size in zip(letters, shape, strict=True):
        place = _integer(values[letter], letter)
        if not 0 <= place < size:
            raise InputError(f"{letter} = {place} is no entry of {whole}", expected=_range(size, letter))
        places.append(place)
    return tuple(places)


def put_at(indices: tuple[Index, ...], places: tuple[int, ...]) -> dict[Index, Position]:
    """Return the substitution that puts numbers in the place of indices."""
    return {index: Affine((), place) for index, place in zip(indices, places, strict=True)}


def _by_letter(whole: str, letters: list[str], shape: Sequence[int], at: At | None) -> dict[str, Any]:
    example = " and ".join(f"{letter} = {max(0, size // 2)}" for letter, size in zip(letters, shape, strict=True))
    advice = f"Say which, for example {example}." if letters else "Leave it out: this is one number."
    expected = listed(_range(size, letter) for letter, size in zip(letters, shape, strict=True))
    if isinstance(at, Mapping):
        strange = [str(letter) for letter in at if letter not in letters]
        if strange:
            raise InputError(f"{whole} has no index {listed(strange)}", expected=expected, advice=advice)
        missing = [letter for letter in letters if letter not in at]
        if missing:
            what = f"{whole} has a value for each {' and '.join(letters)}: which one is meant?"
            raise InputError(what, expected=expected, advice=advice)
        return dict(at)
    if at is None:
        return _by_letter(whole, letters, shape, {})
    places = list(at) if isinstance(at, Sequence) and not isinstance(at, str) else [at]
    if len(places) != len(letters):
        count = f"{len(places)} {'number' if len(places) == 1 else 'numbers'}"
        raise InputError(f"{count} given for the indices of {whole}", expected=expected, advice=advice)
    return dict(zip(letters, places, strict=True))


def _integer(value: Any, name: str) -> int:
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        return as_integer(value)
    except TypeError:
        raise InputError(f"{name} = {value!r} is no whole number", expected="a whole number, counted from 0") from None


def _range(size: int, letter: str) -> str:
    return f"{letter} = 0 … {size - 1}" if size > 1 else f"{letter} = 0" if size == 1 else f"no {letter}: there is none"
