"""Params picked out as people name them: W1, all of layer 2, or those of a pattern such as W*.

The number of a layer is the one that its tensors have in the equations: W1 and b1 are those of layer 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from numbers import Integral
from typing import Any

from chainrule.errors import OptionError, listed
from chainrule.expr.symbols import Symbol
from chainrule.system.locations import did_you_mean
from chainrule.system.model import System

_NUMBERED = re.compile(r".*?(\d+)")
_SECOND = re.compile(r"(.+)_\d+")
"""What a name becomes that another tensor of the layer has: b1_2."""


def selected(system: System, names: Iterable[object]) -> tuple[Symbol, ...]:
    r"""Return the params that are meant, in order of declaration, each once.

    A name is that of a param, a pattern with `*`, `?` or `[…]`, or the number of a layer. Raises OptionError for one
    that no param has.

    >>> from chainrule.notation import parse
    >>> system = parse("data x[i]\nparam W1[j,i], b1[j], W2[j]\ncost C = sum(j) W2[j]*(sum(i) W1[j,i]*x[i] + b1[j])")
    >>> selected(system, ["W*"]), selected(system, [1]), selected(system, ["W2", "b1"])
    (('W1', 'W2'), ('W1', 'b1'), ('b1', 'W2'))
    """
    meant = {param for name in names for param in _meant(system, name)}
    return tuple(param for param in system.params if param in meant)


def _meant(system: System, name: object) -> list[Symbol]:
    if isinstance(name, Integral) and not isinstance(name, bool):
        found = [param for param in system.params if layer_of(system, param) == int(name)]
        if not found:
            raise _unknown(system, f"no param is one of layer {int(name)}")
        return found
    if not isinstance(name, str):
        raise _unknown(system, f"{name!r} names no param", advice=_unpacked(name))
    if name in system.params:
        return [system.symbol(name)]
    found = [param for param in system.params if fnmatchcase(param, name)]
    if not found:
        pattern = any(sign in name for sign in "*?[")
        what = f"no param has a name like {name}" if pattern else f"there is no param {name}"
        raise _unknown(system, what, advice=did_you_mean(name, system.params))
    return found


def layer_of(system: System, param: str) -> int | None:
    """Return the number in a name, which is that of a layer: 1 for W1. None for a name without one."""
    second = _SECOND.fullmatch(param)
    first = second[1] if second and second[1] in tuple(system.names()) else param
    numbered = _NUMBERED.fullmatch(first)
    return int(numbered[1]) if numbered else None


def _unpacked(name: Any) -> str:
    """Return what to write for a list of names in the place of one."""
    if isinstance(name, list | tuple) and name and all(isinstance(one, str) for one in name):
        return "Give the names one by one: " + ", ".join(map(repr, name))
    return ""


def _unknown(system: System, what: str, *, advice: str = "") -> OptionError:
    expected = f"one of the params {listed(system.params)}, a pattern such as 'W*', or the number of a layer"
    return OptionError(what, expected=expected, advice=advice)
