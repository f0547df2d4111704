"""The values that a network begins with: what is given, params and consts by name, and params drawn by rule.

A param begins as soon as its extents are known: from other values and the text at once, from the data when it is
trained first. What neither could tell is refused before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.data.interchange import as_array
from chainrule.errors import InputError, OptionError, listed
from chainrule.execute.inputs import check_inputs
from chainrule.execute.shortage import enough_memory
from chainrule.expr.binding import tensors_in
from chainrule.expr.sizes import Axis, Literal, Size
from chainrule.network.beginning import beginnings
from chainrule.network.initial import drawn, seeded
from chainrule.render.text import entry_text, equation_text
from chainrule.system.locations import did_you_mean
from chainrule.system.model import Declaration, System
from chainrule.system.sizes.constraints import constraints_of

Array = npt.NDArray[np.float64]


def united(*given: Mapping[str, npt.ArrayLike] | None) -> dict[str, npt.ArrayLike]:
    """Return values that were given under two words, params and values. Raises InputError, OptionError."""
    values: dict[str, npt.ArrayLike] = {}
    for part in given:
        if part is None:
            continue
        if not isinstance(part, Mapping):
            raise InputError(
                f"the values are a {type(part).__name__}",
                expected="a dict of numbers and arrays, by the names of params and consts",
            )
        twice = [name for name in part if name in values]
        if twice:
            raise OptionError(f"{twice[0]} is among the values and among the params", expected="it in one of them")
        values |= part
    return values


def checked_values(system: System, values: Mapping[str, npt.ArrayLike]) -> tuple[dict[str, Array], dict[Size, int]]:
    """Return what was given of params and consts, as float64 copies, and the extents that follow.

    Raises InputError for names that the system has not, for what is misshaped or not finite, and for a const without a
    value.
    """
    declared = [d for d in system.declarations if d.role in ("param", "const")]
    _refuse_others(system, values, declared)
    missing = [d for d in declared if d.role == "const" and d.value is None and d.tensor not in values]
    if missing:
        first = missing[0]
        text = entry_text(first.tensor, first.indices)
        raise InputError(
            f"const {text} has no value",
            expected=f'it among the values: {{"{first.tensor}": …}}',
            advice="" if first.indices else f"Or write one: const {first.tensor} = 0.1",
        )
    given = tuple(d for d in declared if d.tensor in values or d.value is not None)
    names = {d.tensor for d in given}
    facts = tuple(g for g in system.givens if tensors_in(g.condition) <= names)
    sizes = _with_looked_up(system, check_inputs(replace(system, declarations=given, givens=facts), values).sizes)
    return {d.tensor: _copied(d.tensor, values[d.tensor]) for d in declared if d.tensor in values}, sizes


def _with_looked_up(system: System, sizes: Mapping[Size, int]) -> dict[Size, int]:
    """Return the extents with those that declarations of whole numbers tell: of E[tok[t]] with tok : int(5) it is 5.

    Raises InputError where the axis that is looked up on is shorter; entries that nothing looks up do no harm.
    """
    found = dict(sizes)
    for equation in system.equations:
        for lookup in constraints_of(equation).lookups:
            declared = system.declared[lookup.entry.tensor].values
            if declared is None or not isinstance(declared.extent, Literal) or not isinstance(lookup.extent, Axis):
                continue
            count, tensor = declared.extent.count, lookup.entry.tensor
            if found.setdefault(lookup.extent, count) < count:
                axis, text = lookup.extent, equation_text(equation.target, equation.value)
                letter = system.axes(axis.tensor)[axis.number].preferred
                raise InputError(
                    f"{tensor} holds numbers up to {count - 1}, and index {letter} of {axis.tensor}, "
                    f"on which it is looked up, has {found[axis]} values",
                    where=text,
                    expected=f"{count} values, or more",
                    advice=f"Declare {tensor} : int({letter}), or correct one of the two.",
                )
    return found


def _copied(name: str, value: npt.ArrayLike) -> Array:
    return np.array(as_array(name, value), np.float64)


def _refuse_others(system: System, values: Mapping[str, npt.ArrayLike], declared: Iterable[Declaration]) -> None:
    """Raise InputError for values of anything but params and consts."""
    # The letter of the samples is a const where drawn numbers count by it: it has no value to give.
    known = [d.tensor for d in declared if d.tensor != system.batch]
    for name in values:
        if name in known:
            continue
        if name == system.batch:
            raise InputError(
                f"{name} is the index of the samples: it has no value", advice="Leave it out: the data tell how many."
            )
        role = system.declared[name].role if name in system.declared else ""
        if role == "data":
            raise InputError(
                f"{name} is data: it has no value that is kept",
                expected="params and consts: " + listed(known),
                advice="Give data to train and predict; what never changes can be declared as const.",
            )
        raise InputError(
            f"the system has no param or const named {str(name)!r}",
            expected="one of " + listed(known),
            advice=did_you_mean(str(name), known) or "Leave it out.",
        )


def waiting(system: System, params: Mapping[str, Any], sizes: Mapping[Size, int], data: Iterable[str]) -> list[str]:
    """Return the params that have not begun, for their extents are those of the data.

    Raises OptionError for an extent that the data do not tell either.
    """
    told = {i.extent for name in data for i in system.axes(name)} | set(sizes)
    for one in system.derived:
        if all(size in told for limit in one.limits for size in limit.linear.terms):
            told.add(one.extent)
    found: list[str] = [name for name in system.params if name not in params]
    for name in found:
        for index in system.axes(name):
            if index.extent not in told:
                text = entry_text(name, system.axes(name))
                raise OptionError(
                    f"nothing says how many values {index.preferred} has, of the param {text}",
                    expected="an extent that the text, the values or the data tell",
                    advice=f"Declare it, for example: index {index.preferred} = 10; or give a value of {name}.",
                )
    return found


def begun(system: System, names: Iterable[str], sizes: Mapping[Size, int], seed: Any) -> dict[str, Array]:
    """Return those of the params whose extents are all known, as they begin; see `beginnings`.

    Each is drawn by a generator of its own, so that it does not depend on which others are given.
    """
    seeded(seed)
    shapes = {
        name: tuple(sizes[i.extent] for i in system.axes(name))
        for name in names
        if all(i.extent in sizes for i in system.axes(name))
    }
    rules = beginnings(system, shapes) if shapes else {}
    place: dict[str, int] = {name: number for number, name in enumerate(system.params)}
    params: dict[str, Array] = {}
    for name, shape in shapes.items():
        with enough_memory(f"the param {name}", advice="Make its extents smaller."):
            params[name] = drawn(rules[name], shape, np.random.default_rng([int(seed), place[name]]))
    return params


def check_begun(waiting: Sequence[str]) -> None:
    """Raise OptionError where a param waits for data to tell its extents."""
    if waiting:
        raise OptionError(
            f"the param {waiting[0]} has not begun: only data tell how many entries it has",
            expected="a network that was trained, or all extents",
            advice="Train it first, or declare the extents: index i = 64",
        )
