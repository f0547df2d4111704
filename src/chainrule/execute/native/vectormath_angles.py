"""Circular functions as vector code: sin, cos, tan, atan.

x = n·π/2 + r in float64 for both formats, with π/2 in three parts and error-free products (after Cody and Waite, and
the compensated forms of fdlibm's e_rem_pio2.c), right to the last bits up to |x| = `LIMIT`. Beyond it hundreds of
digits of π are needed: straight-line code gives NaN there, and `vectormath_far` has what computes those lanes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.execute.native.vectormath_builder import Builder

LIMIT = 2.0**45
"""The largest |x| of which straight-line code computes sin, cos and tan, about 3.5e13."""

HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33)
"""Their sum is π/2 within 2^-160."""

# (sin(r)/r − 1)/r² and (cos(r) − 1 + r²/2)/r⁴ in r², |r| <= 0.79, minimax (Remez) in the error relative to the
# function: sin 2^-27.8 and 2^-57.8, cos 2^-32.9 and 2^-63.8.
_SIN_F32 = (-0.166666538, 0.00833210628, -0.000195078828)
_SIN_F64 = (
    -0.16666666666666627,
    0.008333333333321128,
    -0.000198412698287716,
    2.755731332989595e-06,
    -2.5050701023676898e-08,
    1.589346265712198e-10,
)
_COS_F32 = (0.0416666456, -0.00138873036, 2.44311959e-5)
_COS_F64 = (
    0.04166666666666659,
    -0.001388888888887216,
    2.4801587288268115e-05,
    -2.7557314004920164e-07,
    2.0875676455676736e-09,
    -1.13572423761446e-11,
)
# (atan(t)/t − 1)/t² in t², 0 <= t <= 1, minimax (Remez) in the error relative to atan: 2^-28.5 and 2^-55.8.
_ATAN_F32 = (
    -0.333332986,
    0.199985296,
    -0.142640144,
    0.109508611,
    -0.0839920789,
    0.0578788705,
    -0.0310935341,
    0.0108662723,
    -0.00178214512,
)
_ATAN_F64 = (
    -0.3333333333333318,
    0.19999999999967916,
    -0.14285714283388493,
    0.11111111027676687,
    -0.0909090732209743,
    0.07692283131535413,
    -0.06666428074097192,
    0.058806564889381886,
    -0.05254038164869358,
    0.04723931619358187,
    -0.04223044889749196,
    0.03671433810024841,
    -0.030009745303535524,
    0.022105067660442092,
    -0.014005344178919792,
    0.007265219193891956,
    -0.0029176887846931758,
    0.0008420398293441615,
    -0.00015430895397899652,
    1.3423835233749873e-05,
)


@dataclass(frozen=True)
class Quadrant:
    """x = n·π/2 + rest + tail: `count` has n in its lowest bits; the tail (f64 only) is what it could not hold."""

    count: str
    rest: str
    tail: str | None


def _reduce(b: Builder, x: str) -> Quadrant:
    """Return n and r of x = n·π/2 + r, |r| <= 0.79; r is NaN where |x| > LIMIT."""
    double = b if b.dtype == "f64" else b.widened()
    x = b.select(b.compare("ole", b.abs(x), b.constant(LIMIT)), x, b.constant(math.nan))
    wide = x if double is b else b.cast("fpext", b.type, x, double.type)
    first, second, third = (double.constant(-part) for part in HALF_PI)
    magic = double.constant(double.format.magic)
    shifted = double.fma(wide, double.constant(2.0 / math.pi), magic)
    n = double.sub(shifted, magic)
    count = double.bits(shifted)
    # What is left of x is a small multiple of 2^-53: nothing is rounded here.
    near = double.cancelling_fma(n, first, wide)
    if double is not b:
        rest = double.fma(n, second, near)
        return Quadrant(
            b.cast("trunc", double.integers, count, b.integers), b.cast("fptrunc", double.type, rest, b.type), None
        )
    product = b.product(n, second)
    total = b.two_sum(near, product.high)
    tail = b.fma(n, third, b.add(total.low, product.low))
    rest = b.add(total.high, tail)
    return Quadrant(count, rest, b.add(b.sub(total.high, rest), tail))


@dataclass(frozen=True)
class _Kernels:
    """Sine and cosine of r + tail, |r| <= 0.79."""

    sine: str
    cosine: str


def _kernels(b: Builder, quadrant: Quadrant) -> _Kernels:
    """Return both: sin = r + (r³·S + tail·(1 − r²/2)), cos = (1 − r²/2) + (its rounding error + r⁴·C − r·tail)."""
    r, tail = quadrant.rest, quadrant.tail
    z = b.mul(r, r)
    half = b.mul(z, b.constant(0.5))
    one = b.constant(1.0)
    large = b.sub(one, half)
    rounding = b.sub(b.sub(one, large), half)
    sine = b.mul(b.mul(z, r), b.polynomial(z, b.pick(_SIN_F32, _SIN_F64)))
    cosine = b.fma(b.mul(z, z), b.polynomial(z, b.pick(_COS_F32, _COS_F64)), rounding)
    if tail is not None:
        sine = b.fma(tail, large, sine)
        cosine = b.sub(cosine, b.mul(r, tail))
    return _Kernels(b.add(r, sine), b.add(large, cosine))


def _odd(b: Builder, count: str) -> str:
    """Return the mask of odd n."""
    return b.test("ne", b.integer_op("and", count, b.integer(1)), b.integer(0))


def _turn(b: Builder, count: str, kernels: _Kernels) -> str:
    """Return sin(n·π/2 + r): sin, cos, −sin, −cos of r for n = 0, 1, 2, 3 modulo 4."""
    value = b.select(_odd(b, count), kernels.cosine, kernels.sine)
    sign = b.integer_op("shl", b.integer_op("and", count, b.integer(2)), b.integer(b.format.bits - 2))
    return b.from_bits(b.integer_op("xor", b.bits(value), sign))


def _keep_zero(b: Builder, x: str, value: str) -> str:
    """Return x itself where it is 0, with its sign."""
    return b.select(b.compare("oeq", x, b.constant(0.0)), x, value)


def sin(b: Builder, x: str) -> str:
    """Sine; NaN for |x| > LIMIT."""
    return _keep_zero(b, x, turned_sine(b, _reduce(b, x)))


def cos(b: Builder, x: str) -> str:
    """Cosine, the sine a quarter turn on; NaN for |x| > LIMIT."""
    return turned_cosine(b, _reduce(b, x))


def tan(b: Builder, x: str) -> str:
    """Tangent; NaN for |x| > LIMIT."""
    return _keep_zero(b, x, turned_tangent(b, _reduce(b, x)))


def turned_sine(b: Builder, quadrant: Quadrant) -> str:
    """Return sin(n·π/2 + r)."""
    return _turn(b, quadrant.count, _kernels(b, quadrant))


def turned_cosine(b: Builder, quadrant: Quadrant) -> str:
    """Return cos(n·π/2 + r)."""
    return _turn(b, b.integer_op("add", quadrant.count, b.integer(1)), _kernels(b, quadrant))


def turned_tangent(b: Builder, quadrant: Quadrant) -> str:
    """Return tan(n·π/2 + r): sin/cos of r, or −cos/sin for odd n."""
    kernels = _kernels(b, quadrant)
    odd = _odd(b, quadrant.count)
    above = b.select(odd, kernels.cosine, kernels.sine)
    below = b.select(odd, kernels.sine, kernels.cosine)
    sign = b.integer_op("shl", quadrant.count, b.integer(b.format.bits - 1))
    return b.from_bits(b.integer_op("xor", b.bits(b.div(above, below)), sign))


def atan(b: Builder, x: str) -> str:
    """Arc tangent: a polynomial of t = |x| up to 1; beyond it, π/2 less that of 1/|x|."""
    a = b.abs(x)
    large = b.compare("ogt", a, b.constant(1.0))
    t = b.select(large, b.div(b.constant(1.0), a), a)
    z = b.mul(t, t)
    value = b.fma(b.mul(z, t), b.polynomial(z, b.pick(_ATAN_F32, _ATAN_F64)), t)
    high = b.format.round(HALF_PI[0])
    low = (HALF_PI[0] - high) + HALF_PI[1]
    turned = b.sub(b.constant(high), b.sub(value, b.constant(low)))
    return b.copysign(b.select(large, turned, value), x)
