"""log as vector code.

x = 2^k·m with m between √½ and √2, found in the bits; with f = m − 1 and s = f/(2 + f), log m = 2·atanh s, a polynomial
in s². The sum is arranged as in fdlibm's e_log.c, so that the largest term is rounded last.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.execute.native.vectormath_builder import Builder
from chainrule.execute.native.vectormath_exponentials import LN2_F32, LN2_F64

# (2·atanh(s)/s − 2)/s² in s², 0 <= s² <= 0.02947, minimax relative to log: 2^-30.2 and 2^-59.5.
_LOG_F32 = (0.666667759, 0.399775684, 0.298714608)
_LOG_F64 = (
    0.6666666666666735,
    0.3999999999940935,
    0.28571428743686816,
    0.22222198428904666,
    0.18183572360979455,
    0.15313831947588066,
    0.14798261645586078,
)


@dataclass(frozen=True)
class Binade:
    """x = 2^k·m: `exponent` is k as a number, `biased` k + bias in integers, `mantissa` is m in [√½, √2)."""

    exponent: str
    biased: str
    mantissa: str


def split_binade(b: Builder, x: str) -> Binade:
    """Return k and m of a positive normal x = 2^k·m; of other values something, without undefined behaviour."""
    fmt = b.format
    root = fmt.pattern(math.sqrt(0.5))
    moved = b.integer_op("add", b.bits(x), b.integer(fmt.pattern(1.0) - root))
    biased = b.integer_op("lshr", moved, b.integer(fmt.fraction))
    fraction = b.integer_op("and", moved, b.integer((1 << fmt.fraction) - 1))
    mantissa = b.from_bits(b.integer_op("add", fraction, b.integer(root)))
    # The integer k + bias becomes a number by standing in the lowest bits of 2^fraction.
    shifted = b.from_bits(b.integer_op("or", biased, b.pattern(2.0**fmt.fraction)))
    exponent = b.sub(shifted, b.constant(2.0**fmt.fraction + fmt.bias))
    return Binade(exponent, biased, mantissa)


def log_sum(b: Builder, k: str, f: str) -> str:
    """Return k·ln 2 + log(1 + f) for 1 + f in [√½, √2)."""
    high, low = b.pick(LN2_F32, LN2_F64)
    s = b.div(f, b.add(f, b.constant(2.0)))
    z = b.mul(s, s)
    r = b.mul(z, b.polynomial(z, b.pick(_LOG_F32, _LOG_F64)))
    half_square = b.mul(b.mul(f, b.constant(0.5)), f)
    small = b.fma(s, b.add(half_square, r), b.mul(k, b.constant(low)))
    return b.fma(k, b.constant(high), b.sub(f, b.sub(half_square, small)))


def log(b: Builder, x: str) -> str:
    """Natural logarithm; −∞ at 0, NaN below, ∞ at ∞."""
    fmt = b.format
    tiny = b.compare("olt", x, b.constant(fmt.smallest_normal))
    lift = fmt.fraction + 1
    normal = b.select(tiny, b.mul(x, b.constant(2.0**lift)), x)
    parts = split_binade(b, normal)
    k = b.sub(parts.exponent, b.select(tiny, b.constant(float(lift)), b.constant(0.0)))
    return log_special(b, x, log_sum(b, k, b.sub(parts.mantissa, b.constant(1.0))), 0.0)


def log_special(b: Builder, x: str, value: str, pole: float) -> str:
    """Return −∞ where x is the pole, NaN below it or where x is NaN, ∞ where x is ∞, else the value."""
    at = b.constant(pole)
    value = b.select(b.compare("ueq", x, b.constant(math.inf)), x, value)
    value = b.select(b.compare("oeq", x, at), b.constant(-math.inf), value)
    return b.select(b.compare("olt", x, at), b.constant(math.nan), value)
