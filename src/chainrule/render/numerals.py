"""How an exact number is written: as an integer, a small fraction, a short decimal, else as a fraction of any size.

Every form is read back exactly; no float is involved.
"""

from __future__ import annotations

from fractions import Fraction

from chainrule.render.layout import Numeral, Ratio

SMALL_DENOMINATOR = 12
"""Fractions up to this denominator are written p/q even where a decimal is short."""

SIGNIFICANT_DIGITS = 12
"""A decimal longer than this is written as a fraction instead."""


def decimal_digits(value: Fraction) -> tuple[str, int] | None:
    """Return (digits, exponent) with value = digits·10^exponent if that is short, else None.

    >>> decimal_digits(Fraction(1, 40)), decimal_digits(Fraction(3, 7)), decimal_digits(Fraction(1200))
    (('25', -3), None, ('12', 2))
    """
    exponent, rest = 0, value.denominator
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest //= prime
            power += 1
        exponent = max(exponent, power)
    if rest != 1:
        return None
    written = str(value.numerator * 10**exponent // value.denominator)
    digits = written.rstrip("0") or "0"
    return (digits, len(written) - len(digits) - exponent) if len(digits) <= SIGNIFICANT_DIGITS else None


def numeral(value: Fraction) -> Numeral | Ratio:
    """Return how a number that is not negative is written: integer, small fraction, short decimal, else fraction."""
    if value.denominator == 1 or (value.denominator > SMALL_DENOMINATOR and decimal_digits(value)):
        return Numeral(value)
    return Ratio(value)


def numeral_parts(value: Fraction) -> tuple[str, int]:
    """Return (mantissa, exponent) as written: exponent 0 is a plain number, else mantissa·10^exponent."""
    short = decimal_digits(value)
    if short is None:
        return str(value.numerator), 0
    digits, exponent = short
    magnitude = len(digits) + exponent - 1
    if value and (magnitude < -4 or magnitude > 15):
        return (digits[0] + ("." + digits[1:] if digits[1:] else ""), magnitude)
    if exponent >= 0:
        return digits + "0" * exponent, 0
    padded = digits.rjust(1 - exponent, "0")
    return f"{padded[:exponent]}.{padded[exponent:]}", 0
