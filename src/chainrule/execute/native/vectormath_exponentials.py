"""exp and what is made of it, as vector code: sigmoid, tanh.

All rest on one reduction, x = n·ln 2 + r with an integer n and |r| <= 0.347 (Cody and Waite: ln 2 in two parts, the first
so short that n times it is exact), and on one polynomial for e^r − 1 − r. 2^n is put into the exponent's bits. Where
e^x itself would overflow or lose bits, quotients are written so that numerator and denominator do not.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.execute.native.vectormath_builder import Builder

# (e^r − 1 − r)/r² on |r| <= 0.347, minimax in the error relative to e^r: 2^-28.2 and 2^-57.9 of e^r.
_EXP_F32 = (0.49999994, 0.166665167, 0.0416681059, 0.00836913101, 0.00138364162)
_EXP_F64 = (
    0.5000000000000011,
    0.1666666666666643,
    0.04166666666652566,
    0.008333333333479662,
    0.0013888888944924918,
    0.0001984126954655554,
    2.4801491654803097e-05,
    2.755754369030504e-06,
    2.763079645914755e-07,
    2.5015750526465824e-08,
)
# ln 2 = high + low; high has 15 (f32) and 32 (f64) bits, so that n·high is exact.
LN2_F32 = (0.693145751953125, 1.42860682030941723e-06)
LN2_F64 = (6.93147180369123816490e-01, 1.90821492927058770002e-10)


@dataclass(frozen=True)
class Split:
    """x = n·ln 2 + r: `count` has n in its lowest bits (below others), `remainder` is r."""

    count: str
    remainder: str


def split(b: Builder, x: str, scale: float = 1.0) -> Split:
    """Return n and r of scale·x = n·ln 2 + r, for a scale of ±1 or ±2 and |x| of at most a few thousand (or NaN)."""
    high, low = b.pick(LN2_F32, LN2_F64)
    log2e = 1.4426950408889634
    magic = b.constant(b.format.magic)
    shifted = b.fma(x, b.constant(scale * log2e), magic)
    n = b.sub(shifted, magic)
    scaled = x if scale == 1.0 else b.mul(x, b.constant(scale))
    remainder = b.fma(n, b.constant(-low), b.fma(n, b.constant(-high), scaled))
    return Split(b.bits(shifted), remainder)


def expm1_of_remainder(b: Builder, r: str) -> str:
    """Return e^r − 1 for |r| <= 0.347."""
    q = b.polynomial(r, b.pick(_EXP_F32, _EXP_F64))
    return b.fma(b.mul(r, r), q, r)


def exponent_bits(b: Builder, count: str) -> str:
    """Return n·2^fraction: added to the bits of a number it multiplies it by 2^n."""
    return b.integer_op("shl", count, b.integer(b.format.fraction))


def power_of_two(b: Builder, count: str, offset: int = 0) -> str:
    """Return 2^(n + offset), which must be a normal number."""
    one = b.integer(((b.format.bias + offset) << b.format.fraction))
    return b.from_bits(b.integer_op("add", exponent_bits(b, count), one))


def exp(b: Builder, x: str) -> str:
    """e^x = 2^h · (2^(n−h)·e^r) with h = ⌊n/2⌋: each factor is a normal number, the product overflows or loses bits."""
    low, high = b.pick((-104.0, 89.0), (-746.0, 710.0))
    parts = split(b, b.at_most(b.at_least(x, low), high))
    e = b.add(expm1_of_remainder(b, parts.remainder), b.constant(1.0))
    fraction = b.format.fraction
    field = b.integer(-1 << fraction)
    half = b.integer_op("and", b.integer_op("shl", parts.count, b.integer(fraction - 1)), field)
    rest = b.integer_op("sub", exponent_bits(b, parts.count), half)
    first = b.from_bits(b.integer_op("add", b.bits(e), half))
    second = b.from_bits(b.integer_op("add", rest, b.pattern(1.0)))
    return b.mul(first, second)


def sigmoid(b: Builder, x: str) -> str:
    """1/(1 + e^−x) = A/(A + B) with A = 2^(k − n) and B = 2^k·e^r, −x = n·ln 2 + r.

    A and B are normal numbers down to where the quotient vanishes; above the upper clamp it is 1.
    """
    low, high, shift = b.pick((-104.0, 20.0, 24), (-746.0, 40.0, 56))
    parts = split(b, b.at_most(b.at_least(x, low), high), -1.0)
    one = b.integer((b.format.bias + shift) << b.format.fraction)
    numerator = b.from_bits(b.integer_op("sub", one, exponent_bits(b, parts.count)))
    unit = b.constant(2.0**shift)
    e = b.fma(expm1_of_remainder(b, parts.remainder), unit, unit)
    return b.div(numerator, b.add(numerator, e))


def tanh(b: Builder, x: str) -> str:
    """tanh x = E/(E + 2) with E = e^2|x| − 1 = 2^n·(e^r − 1) + (2^n − 1), which is exact in relative terms near 0."""
    limit = b.pick(9.1, 19.1)
    parts = split(b, b.at_most(b.abs(x), limit), 2.0)
    power = power_of_two(b, parts.count)
    e = b.fma(power, expm1_of_remainder(b, parts.remainder), b.sub(power, b.constant(1.0)))
    return b.copysign(b.div(e, b.add(e, b.constant(2.0))), x)
