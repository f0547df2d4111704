"""The check of everything that is given to a system, by name, before anything runs.

Each input is converted to an array of floats once, and the extents of all axes are settled from them; whatever does not
fit is refused with the tensor, the axis, the index and the equation where the index stands. Facts (`given`) are checked
in `facts`; nothing is evaluated here.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.data.interchange import as_array
from chainrule.errors import InputError, listed
from chainrule.execute.scalars import Array
from chainrule.expr.binding import free_indices, tensors_in
from chainrule.expr.nodes import Index, Reduce, walk
from chainrule.expr.sizes import Literal, Size, source_of
from chainrule.render.text import entry_text, equation_text, place_text
from chainrule.system.derived import solve
from chainrule.system.drawn import counting
from chainrule.system.lookalikes import difference, twin_of
from chainrule.system.model import Declaration, Equation, System


@dataclass(frozen=True)
class Inputs:
    """What a system was given: an array of floats by tensor, and the extents that follow from them."""

    values: Mapping[str, Array]
    sizes: Mapping[Size, int]


def check_inputs(
    system: System,
    inputs: Mapping[str, npt.ArrayLike],
    *,
    dtype: Any = np.float64,
    sizes: Mapping[Size, int] | None = None,
) -> Inputs:
    """Return the inputs as arrays of `dtype`, and all extents known from them, from declarations and from `sizes`.

    Given must be all data, params and consts without a value; a const with a value may be. Booleans and integers are
    converted. Raises InputError by name for an input that is missing, not of the system, of the wrong type or rank, not
    finite, no whole number where an `int(V)` is declared, or whose extents disagree with another's, and where an index
    that positions determine has no value left.
    """
    _refuse_unnamed(inputs)
    _refuse_unknown(system, inputs)
    _refuse_missing(system, inputs)
    given = [d.tensor for d in system.declarations if d.tensor in inputs]
    values: dict[str, Array] = {tensor: _array(tensor, inputs[tensor], dtype) for tensor in given}
    for tensor, array in values.items():
        _check_rank(system.declared[tensor], array)
    shapes = {tensor: array.shape for tensor, array in values.items()}
    settled = _settle(system, shapes, sizes or {})
    for tensor, array in values.items():
        if system.declared[tensor].values is None:
            _check_finite(system.declared[tensor], array, inputs[tensor])
            if tensor in counting(system):
                _check_counting(tensor, array, inputs[tensor])
    solved = solve(system.derived, settled)
    for declaration in system.declarations:
        if declaration.values is not None and declaration.tensor in values:
            values[declaration.tensor] = whole_numbers(declaration, inputs[declaration.tensor], solved)
    return Inputs(values, solved)


def is_batched(system: System, inputs: Mapping[str, npt.ArrayLike]) -> bool:
    """Say whether the data have the sample axis in front that a system with `batch` may be given.

    Raises InputError if some data have it and others do not.
    """
    if not system.batch:
        return False
    ranks: dict[bool, str] = {}
    for declaration in system.declarations:
        if declaration.role == "data" and declaration.tensor in inputs:
            extra = as_array(declaration.tensor, inputs[declaration.tensor]).ndim - len(declaration.indices)
            if extra in {0, 1}:
                ranks.setdefault(bool(extra), declaration.tensor)
    if len(ranks) == 2:
        raise InputError(
            f"{ranks[True]} has an axis of samples ({system.batch}) in front, {ranks[False]} has none",
            expected=f"the axis {system.batch} in front of all data, or of none for a single sample",
            advice=f"Give {ranks[False]} for every sample too.",
        )
    return True in ranks


def _refuse_unknown(system: System, inputs: Mapping[str, npt.ArrayLike]) -> None:
    possible = [d.tensor for d in system.declarations if d.role != "abstract"]
    for name in inputs:
        if name in possible:
            continue
        expected = "inputs named " + (listed(possible) or "nothing: the system has none")
        if name in system.defined:
            equation = system.defined[name]
            raise InputError(
                f"{name} is not an input: the system computes it",
                where=equation_text(equation.target, equation.value),
                expected=expected,
                advice=f"Leave {name} out.",
            )
        if name in system.declared:
            raise InputError(
                f"{name} is not an input: it is an unknown function",
                expected=expected,
                advice=f"Write what {name} is in place of its abstract declaration.",
            )
        twin = twin_of(str(name), possible)
        if twin:
            advice = f"It looks like {twin}, but {difference(str(name), twin)}."
            raise InputError(f"the system has no input named {str(name)!r}", expected=expected, advice=advice)
        spelled = {tensor.casefold(): tensor for tensor in possible}
        near = [spelled[match] for match in difflib.get_close_matches(str(name).casefold(), spelled, 1)]
        raise InputError(
            f"the system has no input named {str(name)!r}",
            expected=expected,
            advice=f"Did you mean {near[0]}?" if near else "Leave it out.",
        )


def _refuse_unnamed(inputs: object) -> None:
    if not isinstance(inputs, Mapping):
        raise InputError(
            f"the inputs are a {type(inputs).__name__}",
            expected="a dict of numbers and arrays",
            advice="Give them by name.",
        )


def _refuse_missing(system: System, inputs: Mapping[str, npt.ArrayLike]) -> None:
    required = [d for d in system.declarations if d.role != "abstract" and d.value is None]
    missing = [d for d in required if d.tensor not in inputs]
    if missing:
        raise InputError(
            "missing inputs: " + listed(f"{d.role} {entry_text(d.tensor, d.indices)}" for d in missing),
            expected="a number or an array for each of " + listed(d.tensor for d in required),
            advice="Give them by name.",
        )


def _array(tensor: str, value: npt.ArrayLike, dtype: Any) -> Array:
    with np.errstate(over="ignore"):
        return as_array(tensor, value).astype(dtype, copy=False)


def _check_rank(declaration: Declaration, array: Array) -> None:
    rank = len(declaration.indices)
    if array.ndim == rank:
        return
    axes = "axis" if array.ndim == 1 else "axes"
    letters = ", ".join(i.preferred for i in declaration.indices)
    raise InputError(
        f"{declaration.tensor} has {array.ndim} {axes}, shape {list(array.shape)}",
        where=f"{declaration.role} {entry_text(declaration.tensor, declaration.indices)}",
        expected=f"{rank}: {letters}" if rank else "a single number",
        advice=f"Give {declaration.tensor} one axis for each of its indices." if rank else "Give one number.",
    )


def whole_numbers(declaration: Declaration, value: npt.ArrayLike, sizes: Mapping[Size, int], name: str = "") -> Array:
    """Return the entries of an integer tensor as integers, whatever type they came in; errors call it by `name`.

    Raises InputError naming the first entry that is no whole number from 0 to V - 1.
    """
    array = as_array(declaration.tensor, value)
    assert declaration.values is not None
    extent = declaration.values.extent
    count = extent.count if isinstance(extent, Literal) else sizes[extent]
    wrong = ~((array >= 0) & (array < count) & (array == np.floor(array)))
    if not wrong.any():
        return array.astype(np.int64)
    at = tuple(int(n) for n in np.argwhere(wrong)[0])
    values = ", ".join(f"{i.preferred} = {n}" for i, n in zip(declaration.indices, at, strict=False))
    raise InputError(
        f"{place_text(name or declaration.tensor, at)} is {array[at]}" + (f", at {values}" if values else ""),
        where=f"data {entry_text(declaration.tensor, declaration.indices)} : int({declaration.values.name})",
        expected=f"whole numbers from 0 to {count - 1}",
        advice=f"{int(wrong.sum())} of its {array.size} entries are something else.",
    )


def _check_finite(declaration: Declaration, array: Array, given: npt.ArrayLike) -> None:
    wrong = ~np.isfinite(array)
    if not wrong.any():
        return
    at = tuple(int(n) for n in np.argwhere(wrong)[0])
    place = place_text(declaration.tensor, at)
    entry = as_array(declaration.tensor, given)[at]
    if np.isfinite(entry):
        raise InputError(
            f"{place} is {entry:g}, too large for {array.dtype}",
            expected=f"numbers up to {np.finfo(array.dtype).max:.2g}",
            advice="Scale the data, or use the executor reference, which takes float64.",
        )
    raise InputError(
        f"{place} is {array[at]}",
        where=f"{declaration.role} {entry_text(declaration.tensor, declaration.indices)}",
        expected="finite numbers",
        advice=f"{int(wrong.sum())} of its {array.size} entries are not finite.",
    )


def _check_counting(tensor: str, array: Array, given: npt.ArrayLike) -> None:
    """Check that what counts drawn numbers are whole numbers, which the type of numbers holds exactly."""
    exact = as_array(tensor, given).astype(np.float64)
    largest = 2 ** (np.finfo(array.dtype).nmant + 1)
    wrong = (exact != np.floor(exact)) | (np.abs(exact) > largest)
    if not wrong.any():
        return
    at = tuple(int(n) for n in np.argwhere(wrong)[0])
    raise InputError(
        f"{place_text(tensor, at)} is {exact[at]:.17g}, and counts what is drawn",
        expected=f"a whole number up to {largest}" + (f", as {array.dtype} counts" if array.itemsize < 8 else ""),
        advice="A larger one can stand in the system: const seed = 123456789.",
    )


@dataclass(frozen=True)
class _Axis:
    """Where an extent was seen first, and what the tensor is called; axis -1: a declared index or the caller's word."""

    tensor: str
    axis: int
    index: Index | None
    size: int
    called: str

    def __str__(self) -> str:
        if self.axis < 0:
            return f"{self.called} is {self.size}"
        letter = self.index.preferred if self.index else ""
        return f"{self.called} axis {self.axis} ({letter}) is {self.size}"


def settled_sizes(
    system: System, shapes: Mapping[str, tuple[int, ...]], sizes: Mapping[Size, int], names: Mapping[str, str]
) -> Mapping[Size, int]:
    """Return all extents that follow from the shapes of tensors, of declared rank, and from what is known before.

    `names` are what errors call the tensors. Raises InputError where two places give one differently, and where an
    index has no value left.
    """
    return solve(system.derived, _settle(system, shapes, sizes, names))


def _settle(
    system: System,
    shapes: Mapping[str, tuple[int, ...]],
    sizes: Mapping[Size, int],
    names: Mapping[str, str] = MappingProxyType({}),
) -> dict[Size, int]:
    """Return all extents; one that two places give differently is an error."""
    first: dict[Size, _Axis] = {}
    for index in system.indices:
        if index.extent in system.size:
            said = f"index {index.preferred}"
            first[index.extent] = _Axis(said, -1, index, system.size[index.extent], said)
    for extent, size in (*system.sizes, *sizes.items()):
        said = f"the extent of {source_of(extent)}"
        first.setdefault(extent, _Axis(said, -1, None, size, said))
    for tensor, shape in shapes.items():
        for axis, index in enumerate(system.declared[tensor].indices):
            found = _Axis(tensor, axis, index, shape[axis], names.get(tensor, tensor))
            known = first.setdefault(index.extent, found)
            if known.size != found.size:
                raise _disagreement(system, found, known)
    return {extent: seen.size for extent, seen in first.items()}


def _disagreement(system: System, found: _Axis, known: _Axis) -> InputError:
    index = found.index
    assert index is not None
    equation = _where(system, index.extent, (found.tensor, known.tensor))
    where = equation_text(equation.target, equation.value) if equation else ""
    if not where:
        tensors = dict.fromkeys((known.tensor, found.tensor))
        where = ", ".join(entry_text(t, system.declared[t].indices) for t in tensors if t in system.declared)
    if known.axis < 0:
        advice = f"Give {found.called} {known.size} entries there."
    elif found.tensor == known.tensor:
        advice = f"Give {found.called} as many entries along axis {found.axis} as along axis {known.axis}."
    else:
        advice = f"Give {found.called} and {known.called} the same number of entries there."
    return InputError(
        f"{found} but {known}", where=where, expected=f"one extent for index {index.preferred}", advice=advice
    )


def _where(system: System, extent: Size, tensors: tuple[str, ...]) -> Equation | None:
    """Return the first equation in which an index of that extent stands, best one that reads both tensors."""
    standing = [e for e in system.equations if _stands_in(extent, e)]
    for wanted in (all, any):
        for equation in standing:
            if wanted(t in tensors_in(equation.value) for t in tensors):
                return equation
    return None


def _stands_in(extent: Size, equation: Equation) -> bool:
    bound = (i for part in walk(equation.value) if isinstance(part, Reduce) for i in part.indices)
    return any(i.extent == extent for i in (*equation.indices, *free_indices(equation.value), *bound))
