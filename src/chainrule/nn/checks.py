"""The numbers that layers, costs and optimizers are given, checked when they are made."""

from __future__ import annotations

import math
from typing import Any

from chainrule.errors import OptionError


def check_number(name: str, value: Any, *, zero: bool = False) -> None:
    """Raise OptionError unless a value is a finite number greater than 0, or 0 where that is allowed."""
    real = isinstance(value, int | float) and not isinstance(value, bool)
    number = float(value) if real else math.nan
    if not math.isfinite(number) or number < 0 or (number == 0 and not zero):
        raise OptionError(f"{name} is {value!r}", expected="a number, 0 or more" if zero else "a number greater than 0")


def check_fraction(name: str, value: Any) -> None:
    """Raise OptionError unless a value is a number from 0 on that is less than 1."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1:
        raise OptionError(f"{name} is {value!r}", expected="a number from 0 on, less than 1")


def check_choice(name: str, value: Any) -> None:
    """Raise OptionError unless a value is True or False."""
    if not isinstance(value, bool):
        raise OptionError(f"{name} is {value!r}", expected="True or False")
