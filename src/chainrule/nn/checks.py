"""The numbers that layers, costs and optimizers are given, checked when they are made.

NumPy's numbers, and those of any library that registers its own as numbers, are as good as Python's. They are turned
into Python's, which the notation is written with.
"""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

from chainrule.errors import OptionError


def check_number(name: str, value: Any, *, zero: bool = False) -> float:
    """Return a finite number greater than 0, or 0 where that is allowed. Raises OptionError for anything else."""
    number = _plain(value)
    if not math.isfinite(number) or number < 0 or (number == 0 and not zero):
        raise OptionError(f"{name} is {value!r}", expected="a number, 0 or more" if zero else "a number greater than 0")
    return number


def check_fraction(name: str, value: Any) -> float:
    """Return a number from 0 on that is less than 1. Raises OptionError for anything else."""
    number = _plain(value)
    if not 0 <= number < 1:
        raise OptionError(f"{name} is {value!r}", expected="a number from 0 on, less than 1")
    return number


def check_count(name: str, value: Any, *, advice: str = "") -> int:
    """Return a whole number, 1 or more. Raises OptionError for anything else."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise OptionError(f"{name} is {value!r}", expected="a whole number, 1 or more", advice=advice)
    return int(value)


def check_seed(name: str, value: Any) -> int:
    """Return a whole number, 0 or more and below 2^32. Raises OptionError for anything else."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not 0 <= int(value) < 1 << 32:
        raise OptionError(f"{name} is {value!r}", expected="a whole number from 0 to 4294967295")
    return int(value)


def check_choice(name: str, value: Any) -> None:
    """Raise OptionError unless a value is True or False."""
    if not isinstance(value, bool):
        raise OptionError(f"{name} is {value!r}", expected="True or False")


def settle(owner: object, **values: object) -> None:
    """Set fields of a frozen dataclass while it is made."""
    for name, value in values.items():
        object.__setattr__(owner, name, value)


def _plain(value: Any) -> float:
    """Return a number as Python's int or float, NaN for what is none or has no float."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    try:
        number = float(value)
    except OverflowError:
        return math.nan
    return int(value) if isinstance(value, Integral) else number
