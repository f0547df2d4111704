"""The error function as vector code.

Up to a boundary erf x = x + x·P(x²); beyond it erf x = 1 − e^−g(x) with g = −log erfc, which is smooth and nearly
quadratic, so one polynomial reaches to where erf rounds to 1. Both are computed and one is chosen (the split is that of
N. Juffa's erff; the polynomials are our own).
"""

from __future__ import annotations

from chainrule.execute.native.vectormath_builder import Builder
from chainrule.execute.native.vectormath_exponentials import power_of_two, split

# erf(x)/x − 1 in x², minimax (Remez) relative to erf(x)/x: |x| <= 1, 2^-29.4; |x| <= 1.5, 2^-55.3.
_NEAR_F32 = (0.128379166, -0.37612626, 0.112835787, -0.0268533472, 0.0051871622, -0.00079978531, 7.80690316e-5)
_NEAR_F64 = (
    0.12837916709551256,
    -0.37612638903183476,
    0.11283791670946859,
    -0.02686617064415049,
    0.005223977619324563,
    -0.0008548326792860068,
    0.00012055327291276691,
    -1.492555377296863e-05,
    1.6460952140200376e-06,
    -1.6355760416931813e-07,
    1.4743719096750629e-08,
    -1.2001985384983954e-09,
    8.490058341323129e-11,
    -4.63157498394539e-12,
    1.41204445432627e-13,
)
# −log erfc(x) in x, minimax (Remez) in the error of erf: 1 <= x <= 4, 2^-29.8; 1.5 <= x <= 6, 2^-54.4.
_FAR_F32 = (0.000339391117, 1.12709761, 0.638131201, 0.103118353, -0.021843534, 0.00294901454, -0.000186517238)
_FAR_F64 = (
    1.3337828456049631e-05,
    1.1282805595200707,
    0.6369639036758902,
    0.10201884054098521,
    -0.01796702241934969,
    -0.001545199492156959,
    0.002882406520345092,
    -0.0014164225684675797,
    0.000477584339999976,
    -0.0001247112598584533,
    2.6113981878526143e-05,
    -4.423471816725286e-06,
    6.038637540599291e-07,
    -6.558127291127212e-08,
    5.538692619477163e-09,
    -3.5066286559388e-10,
    1.565503912062147e-11,
    -4.393197339945758e-13,
    5.826527606503911e-15,
)


def erf(b: Builder, x: str) -> str:
    """2/√π·∫ e^−t² dt from 0 to x."""
    boundary, end = b.pick((1.0, 4.0), (1.5, 6.0))
    a = b.abs(x)
    clamped = b.at_most(a, end)
    parts = split(b, b.polynomial(clamped, b.pick(_FAR_F32, _FAR_F64)), -1.0)
    power = power_of_two(b, parts.count)
    complement = b.fma(b.neg(power), parts.growth(b), power)
    far = b.copysign(b.sub(b.constant(1.0), complement), x)
    # Beyond the boundary this polynomial is not used; the clamp keeps it finite.
    near = b.fma(x, b.polynomial(b.mul(clamped, clamped), b.pick(_NEAR_F32, _NEAR_F64)), x)
    return b.select(b.compare("ogt", a, b.constant(boundary)), far, near)
