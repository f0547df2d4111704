"""Data as people give them, by name or as single arrays, checked and brought to the form that a system takes.

Every refusal names what was given, the shape that was expected in letters and numbers, and what to do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.data.interchange import as_array
from chainrule.errors import InputError, OptionError, listed
from chainrule.execute.inputs import settled_sizes, whole_numbers
from chainrule.expr.sizes import Literal, Size
from chainrule.network.compared import Compared
from chainrule.network.ends import Ends
from chainrule.network.samples import as_numbers, as_samples, as_targets, one_hot_rows
from chainrule.network.shape_advice import labels_advice, shape_advice
from chainrule.network.stacked import step_by_step
from chainrule.network.step_names import steps_named
from chainrule.render.text import entry_text
from chainrule.system.locations import did_you_mean
from chainrule.system.model import Declaration, System

Array = npt.NDArray[Any]
Data = npt.ArrayLike | Mapping[str, npt.ArrayLike]
"""An array where there is one tensor of a kind, else arrays by name."""


@dataclass(frozen=True)
class GivenData:
    """Data by name, as steps read them: `single` is one sample, without the axis of samples; `count` says how many.

    `sizes` are all extents that are known with them.
    """

    values: Mapping[str, Array]
    single: bool
    count: int
    sizes: Mapping[Size, int]


@dataclass(frozen=True)
class Reader:
    """What takes data: a system with its ends, the extents that are known, and who reads a vector, in words.

    `narrow`: inputs that float32 holds exactly, by their type, are read as such; others, and targets, as float64.
    """

    system: System
    ends: Ends
    sizes: Mapping[Size, int]
    who: str
    narrow: bool = False

    def read(self, named: Mapping[str, tuple[str, Any]], *, many: bool = False) -> GivenData:
        """Return data given by name, each with what it is called in errors: samples, or, unless `many`, a single one.

        Raises InputError for others.
        """
        ordered = [name for name in self.ends.data if name in named]
        values: dict[str, Array] = {}
        single = False
        for name in ordered:
            label, value = named[name]
            if name in self.ends.targets:
                values[name] = self.target(name, label, value, single=single)
            else:
                values[name] = self.entries(name, label, value)
            if name == ordered[0]:
                single = self._is_single(name, values[name])
                if many and (single or not values[name].size):
                    self._refuse_few(name, label, values[name])
        labels = {name: named[name][0] for name in ordered}
        count = self._count(values, labels, single=single)
        front = 0 if single else self.ends.samples.in_front
        shapes = {name: array.shape[front:] for name, array in values.items()}
        sizes = settled_sizes(self.system, shapes, self.sizes, labels)
        for name in ordered:
            declared = self.system.declared[name]
            if declared.values is not None:
                values[name] = self._whole(declared, labels[name], values[name], sizes)
        return GivenData(values, single, count, sizes)

    def entries(self, name: str, label: str, value: npt.ArrayLike) -> Array:
        """Return numbers of the shape that the data have, for samples or, with `batch`, a single one."""
        declared, front = self.system.declared[name], self.ends.samples.in_front
        if front and len(declared.indices) == 1 and declared.values is None:
            width = self.sizes.get(declared.indices[0].extent)
            return as_samples(label, value, width, self.who, narrow=self.narrow)
        whole = declared.values is not None
        array = as_array(label, value) if whole else as_numbers(label, value, narrow=self.narrow)
        self._check_shape(declared, label, array, (0, front))
        return array

    def target(self, name: str, label: str, value: npt.ArrayLike, *, single: bool) -> Array:
        """Return targets of the shape that the data have, for samples or a single one; labels become one-hot rows."""
        declared, front = self.system.declared[name], self.ends.samples.in_front
        pair = next((pair for pair in self.ends.pairs if pair.target == name), None)
        if declared.values is None and pair is not None and pair.axis is not None:
            found = as_array(label, value)
            rank = len(declared.indices) - int(single) + front
            if front and len(declared.indices) == 1:
                width = self._width(declared, pair.axis, label, found, rank)
                return as_targets(label, found, width, single=single)
            if found.ndim == rank - 1 and found.dtype.kind in "iub":
                width = self._width(declared, pair.axis, label, found, rank)
                value = self._one_hot(label, found, pair, width, front - int(single))
        array = as_array(label, value) if declared.values is not None else as_numbers(label, value)
        self._check_shape(declared, label, array, (0,) if single else (front,))
        return array

    def _one_hot(self, label: str, found: Array, pair: Compared, width: int, front: int) -> Array:
        rows = one_hot_rows(label, found, width)
        assert pair.axis is not None
        return np.moveaxis(rows, -1, pair.axis + front)

    def _width(self, declared: Declaration, axis: int, label: str, found: Array, rank: int) -> int:
        """Return how many classes there are, as targets in rows, of that rank, tell it where nothing else does."""
        index = declared.indices[axis]
        known = self.sizes.get(index.extent)
        if known is None and found.ndim == rank:
            known = found.shape[-1]
        if known is None:
            raise self._without_width(declared, index.preferred, axis, label, found)
        return known

    def _without_width(self, declared: Declaration, letter: str, axis: int, label: str, found: Array) -> InputError:
        """Return the error for numbers without the axis that would tell how many there are: labels, or one column."""
        place = axis + self.ends.samples.in_front
        column = f"{label}.reshape(-1, 1)" if found.ndim == 1 else f"np.expand_dims({label}, {place})"
        one = f"One number for each sample: {column if found.ndim else f'[{label}]'}"
        labels = found.dtype.kind in "iub" and found.size and found.min() >= 0
        return InputError(
            f"{label} has the shape {list(found.shape)}, and nothing says how many entries {declared.tensor} has",
            where=f"data {entry_text(declared.tensor, declared.indices)}",
            expected=f"an axis for {letter}" + (f", or labels and a line such as index {letter} = 10" * bool(labels)),
            advice=one + (f". Labels: index {letter} = {int(found.max()) + 1}" if labels else ""),
        )

    def _is_single(self, name: str, array: Array) -> bool:
        return bool(self.ends.samples.in_front) and array.ndim == len(self.system.declared[name].indices)

    def _refuse_few(self, name: str, label: str, array: Array) -> None:
        """Raise InputError for what is no set of samples, or an empty one."""
        letters = [i.preferred for i in self.system.axes(name)]
        front = self.ends.samples.in_front
        parts = ["samples", "features"] if front and len(letters) == 1 else ["samples"] * front + letters
        raise InputError(
            f"{label} has the shape {list(array.shape)}", expected=f"the shape {_shape(parts)}, one sample or more"
        )

    def _check_shape(self, declared: Declaration, label: str, array: Array, fronts: Iterable[int]) -> None:
        """Raise InputError unless an array has the axes that are declared, behind as many others as one of `fronts`."""
        known = [self.sizes.get(i.extent) for i in declared.indices]
        for front in fronts:
            shape = array.shape[front:]
            if len(shape) == len(known) and all(k in (None, s) for k, s in zip(known, shape, strict=True)):
                return
        letter = self.ends.samples.letter
        advise = shape_advice if declared.values is None else labels_advice
        inner = [i.preferred if k is None else str(k) for i, k in zip(declared.indices, known, strict=True)]
        if self.ends.samples.coupled and inner:
            inner[0] = "samples"
        possible = [["samples"] * front + inner for front in sorted(set(fronts), reverse=True)]
        axes = [letter] * max(fronts) + [i.preferred for i in declared.indices]
        letters = ",".join(axes)
        said = ", or ".join(_shape(one) + " for one sample" * (n > 0) for n, one in enumerate(possible))
        whole = f" of whole numbers below {declared.values.name}" if declared.values is not None else ""
        raise InputError(
            f"{label} has the shape {list(array.shape)}",
            where=f"data {entry_text(declared.tensor, declared.indices)}"
            + (f", {letter} the samples" if letter else ""),
            expected=f"{declared.tensor}[{letters}]: {said}{whole}" if letters else f"a single number{whole}",
            advice=advise(label, array, known, axes),
        )

    def _count(self, values: Mapping[str, Array], labels: Mapping[str, str], *, single: bool) -> int:
        """Return how many samples there are: 1 where the data have no axis of them. Raises InputError."""
        if not self.ends.samples.letter or single or not values:
            self._check_all_single(values, labels, single=single)
            return 1
        for name, array in values.items():
            if self._is_single(name, array):
                first = next(iter(values))
                raise InputError(
                    f"{labels[first]} has the shape {list(values[first].shape)}, "
                    f"{labels[name]} has the shape {list(array.shape)}",
                    expected="as many samples of each",
                )
        counts = {labels[name]: len(array) for name, array in values.items()}
        if len(set(counts.values())) > 1:
            (first, many), *others = counts.items()
            other, few = next((label, count) for label, count in others if count != many)
            answers = len(counts) == 2 and [*values][-1] in self.ends.targets
            raise InputError(
                f"{first} has {many} samples, {other} has {few} {'answers' if answers else 'samples'}",
                expected="one answer for each sample" if answers else "as many samples of each",
            )
        return next(iter(counts.values()))

    def _check_all_single(self, values: Mapping[str, Array], labels: Mapping[str, str], *, single: bool) -> None:
        for name, array in values.items():
            if single and not self._is_single(name, array):
                first = next(iter(values))
                kind = "makes targets of shape" if name in self.ends.targets else "has the shape"
                raise InputError(
                    f"{labels[first]} has the shape {list(values[first].shape)}, "
                    f"{labels[name]} {kind} {list(array.shape)}",
                    expected="samples in rows, and one answer for each",
                )

    def _whole(self, declared: Declaration, label: str, array: Array, sizes: Mapping[Size, int]) -> Array:
        assert declared.values is not None
        if not isinstance(declared.values.extent, Literal) and declared.values.extent not in sizes:
            letter = declared.values.name
            raise OptionError(
                f"nothing says what the whole numbers of {declared.tensor} are below",
                expected=f"the extent of {letter}",
                advice=f"Declare it, for example: index {letter} = 10",
            )
        return whole_numbers(declared, array, sizes, label)


def _shape(parts: Iterable[str]) -> str:
    inner = list(parts)
    return f"({', '.join(inner)}{',' * (len(inner) == 1)})" if inner else "one number"


def by_name(
    system: System,
    ends: Ends,
    x: Data | None,
    y: Data | None,
    names: tuple[str, str] = ("x", "y"),
    *,
    needed: Collection[str],
) -> dict[str, tuple[str, Any]]:
    """Return what was given as x and y by the names of the data, each with what it is called in errors.

    Names may stand in either. What is given for all steps, x for x1, x2, x3, is taken apart. Raises InputError for
    names that the data do not have, for an array where there are several data, and for data that are `needed` and not
    given.
    """
    found: dict[str, tuple[str, Any]] = {}
    stacked = steps_named(ends.data)
    for value, all_of, name in ((x, ends.inputs, names[0]), (y, ends.targets, names[1])):
        if value is None:
            continue
        kind = tuple(tensor for tensor in all_of if tensor in needed) or all_of
        if isinstance(value, Mapping):
            for tensor in value:
                label = tensor if name in ("x", "y") else f'{name}["{tensor}"]'
                if tensor in stacked:
                    found |= step_by_step(system, ends, label, value[tensor], stacked[tensor])
                    continue
                _check_name(ends, tensor, name, found)
                found[tensor] = (label, value[tensor])
            continue
        members = next((m for m in stacked.values() if {*kind} == {tensor for _, tensor in m}), None)
        if members is not None:
            found |= step_by_step(system, ends, name, value, members)
        else:
            found[_only(kind, name, value)] = (name, value)
    missing = [name for name in needed if name not in found]
    if missing:
        needs = listed(needed)
        raise InputError(
            f"missing data: {listed(missing)}",
            expected=f"an array for each of {needs}",
            advice=_how_to_give(ends, missing, x, names),
        )
    return found


def _how_to_give(ends: Ends, missing: Sequence[str], x: Data | None, names: tuple[str, str]) -> str:
    """Return the advice to give what is missing: as y where x is an array too and there is one target."""
    if not isinstance(x, Mapping) and [*missing] == [*ends.targets] and len(missing) == 1:
        return f"Give {names[1]}, what {listed(dict.fromkeys(p.output for p in ends.pairs)) or 'it'} is compared with."
    return "Give them by name: " + _example(missing)


def _check_name(ends: Ends, tensor: Any, name: str, found: Mapping[str, object]) -> None:
    if tensor in found:
        raise InputError(f"{tensor} is given twice", expected="each of the data once, in x or in y")
    if tensor in ends.data:
        return
    if tensor in ends.masks:
        raise InputError(f"{tensor} is a mask, which the training draws", advice="Leave it out.")
    raise InputError(
        f"{name} names {str(tensor)!r}, which is no data of the system",
        expected="one of " + (listed(ends.data) or "none: the system has no data"),
        advice=_meant(str(tensor), ends.data) or "Leave it out.",
    )


def _meant(name: str, known: Collection[str]) -> str:
    same = [one for one in known if one.casefold() == name.casefold()]
    return f"Did you mean {same[0]}?" if same else did_you_mean(name, known)


def _only(kind: tuple[str, ...], name: str, value: Any) -> str:
    """Return the tensor that a single array is meant for. Raises InputError where there is not one."""
    if len(kind) == 1:
        return kind[0]
    if not kind:
        raise InputError(
            f"{name} is given, and the system has no data for it",
            expected="nothing: the cost compares with none" if name.startswith("y") else "nothing",
            advice=f"Leave out {name}.",
        )
    held = f"a {type(value).__name__} of {len(value)}" if isinstance(value, list | tuple) else "one array"
    raise InputError(
        f"{name} is {held}, and there are {len(kind)} data for it: {listed(kind)}",
        expected="arrays by name",
        advice=f"Give {name}={_example(kind)}",
    )


def _example(names: Iterable[str]) -> str:
    return "{" + ", ".join(f'"{name}": …' for name in names) + "}"
