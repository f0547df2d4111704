"""Logarithms as vector code: log, log1p, softplus.

x = 2^k·m with m between √½ and √2, found in the bits; with f = m − 1 and s = f/(2 + f), log m = 2·atanh s, a polynomial
in s². The sum is arranged as in fdlibm's e_log.c, so that the largest term is rounded last; log1p scales x by 2^-k
before 1 is added, so that nothing of x is lost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.execute.native.vectormath_builder import Builder
from chainrule.execute.native.vectormath_exponentials import LN2_F32, LN2_F64, decay

# (2·atanh(s)/s − 2)/s² in s², minimax (Remez) in the error relative to 2·atanh s.
# 0 <= s² <= 0.02947, for m between √½ and √2: 2^-30.2 and 2^-59.5.
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
# 0 <= s² <= 1/9, for m between 1 and 2: 2^-33.0 and 2^-59.4.
_WIDE_F32 = (0.666666746, 0.399989456, 0.286153466, 0.214420006, 0.24253653)
_WIDE_F64 = (
    0.666666666666663,
    0.40000000000160063,
    0.2857142854747615,
    0.222222239944049,
    0.1818174301747355,
    0.153865799945044,
    0.13300701137566945,
    0.12108306882991726,
    0.0833013162218327,
    0.17037519505875368,
)


@dataclass(frozen=True)
class _Binade:
    """x = 2^k·m: `exponent` is k as a number, `biased` k + bias in integers, `mantissa` is m in [√½, √2)."""

    exponent: str
    biased: str
    mantissa: str


def _split_binade(b: Builder, x: str) -> _Binade:
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
    return _Binade(exponent, biased, mantissa)


@dataclass(frozen=True)
class _Series:
    """log(1 + f) = f − (f²/2 − correction)."""

    half_square: str
    correction: str


def _series(b: Builder, f: str, coefficients: Sequence[float]) -> _Series:
    """Return the terms of log(1 + f), with s = f/(2 + f): the correction is s·(f²/2 + s²·P(s²))."""
    s = b.div(f, b.add(f, b.constant(2.0)))
    z = b.mul(s, s)
    half_square = b.mul(b.mul(f, b.constant(0.5)), f)
    inner = b.fma(z, b.polynomial(z, coefficients), half_square)
    return _Series(half_square, b.mul(s, inner))


def _log_sum(b: Builder, k: str, f: str) -> str:
    """Return k·ln 2 + log(1 + f) for 1 + f in [√½, √2)."""
    high, low = b.pick(LN2_F32, LN2_F64)
    terms = _series(b, f, b.pick(_LOG_F32, _LOG_F64))
    small = b.fma(k, b.constant(low), terms.correction)
    return b.fma(k, b.constant(high), b.sub(f, b.sub(terms.half_square, small)))


def _special(b: Builder, x: str, value: str, pole: float) -> str:
    """Return −∞ where x is the pole, NaN below it or where x is NaN, ∞ where x is ∞, else the value."""
    at = b.constant(pole)
    value = b.select(b.compare("ueq", x, b.constant(math.inf)), x, value)
    value = b.select(b.compare("oeq", x, at), b.constant(-math.inf), value)
    return b.select(b.compare("olt", x, at), b.constant(math.nan), value)


def log(b: Builder, x: str) -> str:
    """Natural logarithm; −∞ at 0, NaN below; subnormals are scaled up first."""
    tiny = b.compare("olt", x, b.constant(b.format.smallest_normal))
    lift = b.format.fraction + 1
    parts = _split_binade(b, b.select(tiny, b.mul(x, b.constant(2.0**lift)), x))
    k = b.sub(parts.exponent, b.select(tiny, b.constant(float(lift)), b.constant(0.0)))
    return _special(b, x, _log_sum(b, k, b.sub(parts.mantissa, b.constant(1.0))), 0.0)


def log1p(b: Builder, x: str) -> str:
    """log(1 + x): with 1 + x ≈ 2^k·m, f = 2^-k·x + (2^-k − 1) is rounded once; for large x the 1 does not matter."""
    fmt = b.format
    one = b.constant(1.0)
    parts = _split_binade(b, b.add(x, one))
    reciprocal = b.integer_op("sub", b.integer(2 * fmt.bias), parts.biased)
    scale = b.from_bits(b.integer_op("shl", reciprocal, b.integer(fmt.fraction)))
    exact = b.fma(x, scale, b.sub(scale, one))
    large = b.compare("ogt", x, b.constant(2.0 ** (fmt.fraction + 3)))
    f = b.select(large, b.sub(parts.mantissa, one), exact)
    return _special(b, x, b.copysign(_log_sum(b, parts.exponent, f), x), -1.0)


def softplus(b: Builder, x: str) -> str:
    """log(1 + e^x) = max(x, 0) + log(1 + e^−|x|)."""
    e = decay(b, b.neg(b.abs(x)))
    terms = _series(b, e, b.pick(_WIDE_F32, _WIDE_F64))
    return b.add(b.at_least(x, 0.0), b.sub(e, b.sub(terms.half_square, terms.correction)))
