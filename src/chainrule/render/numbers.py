"""Measured numbers as a reader wants them in a table: a column shares its decimals, nothing that is not 0 looks like 0.

Four decimals for numbers around 1, fewer for larger and more for smaller ones, powers of ten for what is far from 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

LARGEST = 1e7
SMALLEST = 1e-4


def number_text(value: float) -> str:
    """Return one number, about five digits of it.

    >>> number_text(0.0371296), number_text(-12.25), number_text(3.2e-9), number_text(0.0)
    ('0.03713', '−12.250', '3.200e−9', '0')
    """
    return column_text([value])[0]


def column_text(values: Sequence[float]) -> list[str]:
    """Return the numbers of one column, with as many decimals as the largest needs.

    >>> column_text([1.20412, -0.823, 0.0, 2e-9])
    ['1.2041', '−0.8230', '0', '2.0e−9']
    >>> column_text([1.0, 0.0, -12.0])
    ['1', '0', '−12']
    """
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    whole = largest < LARGEST and all(float(v).is_integer() for v in values if math.isfinite(v))
    decimals = 0 if whole else _decimals(largest)
    return [_cell(float(v), decimals) for v in values]


def percent_text(share: float) -> str:
    """Return a share of a whole in percent, whole numbers unless it is small.

    >>> percent_text(0.314), percent_text(0.0042), percent_text(0.0), percent_text(2e-7)
    ('31 %', '0.42 %', '0 %', 'less than 0.01 %')
    """
    if 0 < share < 1e-4:
        return "less than 0.01 %"
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def share_text(share: float) -> str:
    """Return a share in percent, with its sign; one above 1 is possible where others are below 0.

    >>> share_text(0.314), share_text(-1.5)
    ('31 %', '−150 %')
    """
    return ("−" if share <= -1e-4 else "") + percent_text(abs(share))


def _decimals(largest: float) -> int | None:
    """Return how many decimals a column has; None if its numbers need powers of ten."""
    if not SMALLEST <= largest < LARGEST:
        return None
    magnitude = math.floor(math.log10(largest))
    return max(0, 4 - magnitude) if magnitude > 0 else 4 if magnitude >= -1 else 3 - magnitude


def _cell(value: float, decimals: int | None) -> str:
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return str(value).replace("-", "−")
    text = f"{value:.3e}" if decimals is None else f"{value:.{decimals}f}"
    if decimals is not None and float(text) == 0:
        text = f"{value:.1e}"
    return _short_exponent(text).replace("-", "−")


def _short_exponent(text: str) -> str:
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if mark else text
