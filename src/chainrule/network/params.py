"""The params of a network by name: a dict that takes only what fits.

What is set is checked and becomes float64; arrays that are changed in place are checked when the network is saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, Self

import numpy as np
import numpy.typing as npt

from chainrule.data.interchange import as_array
from chainrule.errors import InputError, OptionError, listed
from chainrule.execute.finite import all_finite
from chainrule.render.text import entry_text, place_text
from chainrule.system.locations import did_you_mean
from chainrule.system.model import System

Array = npt.NDArray[np.float64]


class Loaded(NamedTuple):
    """What `load_state_dict` found no array for, and what it found no param for."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]


class Params(dict[str, Array]):
    """Params by name. To set one checks its name, its shape and that all numbers are finite; none can be removed.

    An array of float64 is kept as it is, anything else becomes one. Copies, pickled ones too, are plain dicts.
    """

    def __init__(self, system: System, arrays: Mapping[Any, npt.ArrayLike]) -> None:
        super().__init__({name: _float64(name, arrays[name]) for name in system.params if name in arrays})
        self._system = system

    def __setitem__(self, name: str, value: npt.ArrayLike) -> None:
        if name in self._system.params and name not in self:
            raise OptionError(
                f"the param {name} has not begun: only data tell how many entries it has",
                expected="a network that was trained, or all params at once",
                advice="Give it when the network is made, or all of them: network.load_state_dict({…})",
            )
        super().__setitem__(name, fitting(self._system, self, name, value))

    def setdefault(self, name: str, default: npt.ArrayLike | None = None) -> Array:
        """Return a param. Raises InputError for a name that no param has."""
        check_names(self._system, [name])
        return self[name]

    def update(self, *given: Any, **named: npt.ArrayLike) -> None:
        """Set several params, all of them or none. Raises InputError for what does not fit."""
        found = {name: fitting(self._system, self, name, value) for name, value in dict(*given, **named).items()}
        super().update(found)

    def __ior__(self, given: Any) -> Self:  # type: ignore[override, misc]
        self.update(given)
        return self

    def __delitem__(self, name: str) -> NoReturn:
        self._keep(name)

    def pop(self, name: str, *default: Any) -> NoReturn:
        """Raise OptionError: a network has all its params."""
        self._keep(name)

    def popitem(self) -> NoReturn:
        """Raise OptionError: a network has all its params."""
        self._keep("a param")

    def clear(self) -> NoReturn:
        """Raise OptionError: a network has all its params."""
        self._keep("all params")

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)

    def _keep(self, name: str) -> NoReturn:
        raise OptionError(
            f"{name} cannot be taken from the network: its equations read it",
            advice="Set it, or take it from a copy: dict(network.params)",
        )


def replaced(system: System, old: Mapping[str, Array], new: Mapping[str, npt.ArrayLike]) -> Params:
    """Return params that take the place of others. Raises InputError for what is missing, not there or misshaped."""
    check_names(system, new)
    missing = [name for name in old if name not in new]
    if missing:
        raise InputError(f"nothing is given for {listed(missing)}", expected=_all(system))
    return Params(system, {name: fitting(system, old, name, value) for name, value in new.items()})


def fitting(system: System, params: Mapping[str, Array], name: str, value: npt.ArrayLike) -> Array:
    """Return an array for a param as float64. Raises InputError by name for what does not fit.

    Of a param that has not begun only the number of axes is known.
    """
    check_names(system, [name])
    array = _float64(name, value)
    shape = params[name].shape if name in params else (*array.shape, *system.axes(name))[: len(system.axes(name))]
    if array.shape != shape:
        raise InputError(
            f"{name} is given with the shape {list(array.shape)}",
            where=_declared(system, name),
            expected=f"the shape {list(shape)}" if name in params else f"{len(shape)} axes",
            advice=f"Its transpose has that shape: {name}.T" if array.T.shape == shape else "",
        )
    if not all_finite(array):
        at = tuple(int(n) for n in np.argwhere(~np.isfinite(array))[0])
        what = f"{place_text(name, at)} is {array[at]}"
        raise InputError(what, where=_declared(system, name), expected="finite numbers")
    return array


def loaded(
    system: System, params: Mapping[str, Array], given: Mapping[str, npt.ArrayLike], *, strict: bool
) -> tuple[dict[str, Array], Loaded]:
    """Return the params with what is given in its place, as copies. Raises InputError, for all names at once."""
    if not isinstance(given, Mapping):
        raise InputError(
            f"the state is a {type(given).__name__}", expected="a dict of arrays by name, such as network.state_dict()"
        )
    missing = tuple(str(name) for name in system.params if name not in given)
    unexpected = tuple(str(name) for name in given if name not in system.params)
    if strict and (missing or unexpected):
        said = [f"it lacks {listed(missing)}"] * bool(missing)
        said += [f"it has {listed(unexpected)}, which the network has not"] * bool(unexpected)
        raise InputError(
            "the state does not fit the network: " + ", and ".join(said),
            expected=_all(system),
            advice=_renaming(params, given) or "With strict=False what fits is taken, and the rest left alone.",
        )
    fits: dict[str, Array] = {
        name: np.array(fitting(system, params, name, given[name])) for name in system.params if name in given
    }
    return {**params, **fits}, Loaded(missing, unexpected)


def _renaming(params: Mapping[str, Array], given: Mapping[str, Any]) -> str:
    """Return what to write where the arrays fit in their order, under other names: those of another library."""
    shapes = [tuple(getattr(value, "shape", ())) for value in given.values()]
    if shapes != [array.shape for array in params.values()]:
        return ""
    return "In their order they fit: network.load_state_dict(dict(zip(network.params, state.values())))"


def check_names(system: System, names: Iterable[str]) -> None:
    """Raise InputError for a name that no param has."""
    for name in names:
        if name not in system.params:
            known: Sequence[str] = system.params
            what = f"the network has no param {name}"
            raise InputError(what, expected=_all(system), advice=did_you_mean(str(name), known))


def as_type(name: str, array: Array, dtype: Any) -> npt.NDArray[Any]:
    """Return a copy of an array in a type of floats. Raises InputError where a number is too large for it."""
    with np.errstate(over="ignore"):
        made = array.astype(dtype)
    too_large = np.isfinite(array) & ~np.isfinite(made)
    if too_large.any():
        at = tuple(int(n) for n in np.argwhere(too_large)[0])
        most = f"numbers up to {np.finfo(dtype).max:.2g}"
        raise InputError(f"{place_text(name, at)} is {array[at]:g}, too large for {dtype}", expected=most)
    return made


def checked_dtype(dtype: Any, among: Sequence[str]) -> np.dtype[Any]:
    """Return a type of floats by its name. Raises OptionError for another."""
    try:
        found: np.dtype[Any] = np.dtype(dtype)
    except TypeError:
        found = np.dtype(object)
    if found.name not in among:
        raise OptionError(f"dtype is {dtype!r}", expected=f"one of {listed(among)}")
    return found


def _float64(name: str, value: npt.ArrayLike) -> Array:
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        return value
    return np.array(as_array(name, value), np.float64)


def _declared(system: System, name: str) -> str:
    return f"param {entry_text(name, system.declared[name].indices)}"


def _all(system: System) -> str:
    return f"arrays for the params {listed(system.params)}"
