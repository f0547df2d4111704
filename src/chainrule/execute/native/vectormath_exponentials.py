"""The exponential and what is made of it, as vector code: exp, expm1, sigmoid, tanh, sinh, cosh.

All rest on one reduction, x = n·ln 2 + r with an integer n and |r| <= 0.347 (Cody and Waite 1980: ln 2 in two parts,
the first so short that n times it is exact), and on one polynomial for e^r − 1. 2^n is put into the exponent's bits.
Where e^x itself would overflow or lose bits, formulas are scaled by a power of two so that they do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.execute.native.vectormath_builder import Builder

# (e^r − 1 − r)/r² on |r| <= 0.347, minimax (Remez), its error 2^-28.2 and 2^-57.9 of e^r.
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
# ln 2 = high + low; high has 15 and 32 bits, so that n·high is exact.
LN2_F32 = (0.693145751953125, 1.42860682030941723e-06)
LN2_F64 = (6.93147180369123816490e-01, 1.90821492927058770002e-10)


@dataclass(frozen=True)
class Split:
    """scale·x = n·ln 2 + scale·r: `count` has n in its lowest bits, below others; `rest` is r.

    `curve` is that of e^(scale·r) = 1 + scale·(r + r²·curve).
    """

    count: str
    rest: str
    curve: str

    def growth(self, b: Builder) -> str:
        """Return (e^(scale·r) − 1)/scale = r + r²·curve, in which a small r comes back as it is."""
        return b.fma(b.mul(self.rest, self.rest), self.curve, self.rest)

    def above(self, b: Builder, base: str, unit: str) -> str:
        """Return base + unit·(e^(scale·r) − 1)/scale for a unit that is a power of two.

        A fused multiply-add loses least as base + (unit·r)·(1 + r·curve); without one, unit·growth is exact.
        """
        if not b.has_fma:
            return b.add(b.mul(self.growth(b), unit), base)
        slope = b.fma(self.rest, self.curve, b.constant(1.0))
        return b.fma(slope, b.mul(self.rest, unit), base)


def split(b: Builder, x: str, scale: float = 1.0) -> Split:
    """Return the parts of scale·x, the scale ±1 or 2, |x| at most a few thousand (or NaN).

    The scale is put into the constants, exactly: it costs nothing.
    """
    high, low = b.pick(LN2_F32, LN2_F64)
    magic = b.constant(b.format.magic)
    shifted = b.fma(x, b.constant(scale / math.log(2.0)), magic)
    n = b.sub(shifted, magic)
    r = b.fma(n, b.constant(-low / scale), b.fma(n, b.constant(-high / scale), x))
    coefficients = [c * scale ** (k + 1) for k, c in enumerate(b.pick(_EXP_F32, _EXP_F64))]
    return Split(b.bits(shifted), r, b.polynomial(r, coefficients))


def exponent_bits(b: Builder, count: str) -> str:
    """Return n·2^fraction: added to the bits of a number it multiplies it by 2^n."""
    return b.integer_op("shl", count, b.integer(b.format.fraction))


def power_of_two(b: Builder, count: str, offset: int = 0) -> str:
    """Return 2^(n + offset), which must be a normal number."""
    one = b.integer((b.format.bias + offset) << b.format.fraction)
    return b.from_bits(b.integer_op("add", exponent_bits(b, count), one))


def exp(b: Builder, x: str) -> str:
    """e^x = 2^(n−h)·(2^h·e^r) with h = ⌊n/2⌋: both factors are normal, the product overflows or loses bits.

    The powers are multiplied, not added into the bits of e^r: a NaN would not survive that.
    """
    parts = split(b, b.clamp(x, *b.pick((-104.0, 89.0), (-746.0, 710.0))))
    fraction = b.format.fraction
    one = b.pattern(1.0)
    halved = b.integer_op("shl", parts.count, b.integer(fraction - 1))
    half = b.integer_op("and", halved, b.integer(-1 << fraction))
    rest = b.integer_op("sub", exponent_bits(b, parts.count), half)
    first = b.from_bits(b.integer_op("add", half, one))
    second = b.from_bits(b.integer_op("add", rest, one))
    return b.mul(parts.above(b, first, first), second)


def decay(b: Builder, x: str) -> str:
    """e^x for x <= 0: as n <= 0, one power of two keeps 2^n·e^r normal until it is taken away again."""
    parts = split(b, b.at_least(x, b.pick(-104.0, -746.0)))
    lift = b.pick(64, 128)
    power = power_of_two(b, parts.count, lift)
    return b.mul(parts.above(b, power, power), b.constant(2.0**-lift))


def sigmoid(b: Builder, x: str) -> str:
    """1/(1 + e^−x) = A/(A + B) with −x = n·ln 2 + r, A = 2^(k − n) and B = 2^k·e^r.

    A and B are normal numbers down to where the quotient vanishes; above the upper clamp it is 1.
    """
    low, high, lift = b.pick((-104.0, 20.0, 24), (-746.0, 40.0, 56))
    parts = split(b, b.clamp(x, low, high), -1.0)
    one = b.integer((b.format.bias + lift) << b.format.fraction)
    numerator = b.from_bits(b.integer_op("sub", one, exponent_bits(b, parts.count)))
    unit = 2.0**lift
    both = b.add(numerator, b.constant(unit))
    return b.div(numerator, parts.above(b, both, b.constant(-unit)))


def tanh(b: Builder, x: str) -> str:
    """Return tanh x = E/(E + 1) with E = (e^2|x| − 1)/2, without loss near 0; above the clamp it is 1."""
    parts = split(b, b.at_most(b.abs(x), b.pick(9.1, 19.1)), 2.0)
    power = power_of_two(b, parts.count)
    e = b.fma(power, parts.growth(b), b.fma(power, b.constant(0.5), b.constant(-0.5)))
    return b.copysign(b.div(e, b.add(e, b.constant(1.0))), x)


def _quarter_expm1(b: Builder, x: str) -> str:
    """(e^x − 1)/4 = 2^(n−2)·(e^r − 1) + (2^(n−2) − 1/4), finite a little beyond where e^x overflows."""
    parts = split(b, x)
    power = power_of_two(b, parts.count, -2)
    return b.fma(power, parts.growth(b), b.sub(power, b.constant(0.25)))


def _keep_tiny(b: Builder, x: str, value: str) -> str:
    """Return x itself where |x| < 2^-30 or 2^-60, for functions that are x + O(x²) but scale it on the way."""
    limit = b.constant(b.pick(2.0**-30, 2.0**-60))
    return b.select(b.compare("olt", b.abs(x), limit), x, value)


def expm1(b: Builder, x: str) -> str:
    """e^x − 1."""
    quarter = _quarter_expm1(b, b.clamp(x, *b.pick((-20.0, 89.0), (-40.0, 710.0))))
    return _keep_tiny(b, x, b.mul(quarter, b.constant(4.0)))


def sinh(b: Builder, x: str) -> str:
    """Return sinh x = 2·(Q + Q/(4Q + 1)) with Q = (e^|x| − 1)/4, and the sign of x."""
    q = _quarter_expm1(b, b.at_most(b.abs(x), b.pick(89.5, 710.5)))
    quotient = b.div(q, b.fma(q, b.constant(4.0), b.constant(1.0)))
    value = b.mul(b.add(q, quotient), b.constant(2.0))
    return _keep_tiny(b, x, b.copysign(value, x))


def cosh(b: Builder, x: str) -> str:
    """Return cosh x = 2·(Q + 1/(16·Q)) with Q = e^|x|/4."""
    parts = split(b, b.at_most(b.abs(x), b.pick(89.5, 710.5)))
    power = power_of_two(b, parts.count, -2)
    q = parts.above(b, power, power)
    return b.mul(b.add(q, b.div(b.constant(0.0625), q)), b.constant(2.0))
