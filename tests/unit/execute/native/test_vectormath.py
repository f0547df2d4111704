"""The vector code of the scalar functions: its stated error bounds, its special values, its code on other machines.

The judge is mpmath with 160 bits. The bounds of float32 also held once for every eighth of all its numbers, and for
every one between 2^-9 and 2^7 in exp, sigmoid, tanh and softplus, against float64 (erf and sqrt: every 64th).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import pytest

from chainrule.execute.native.draws import DRAWS
from chainrule.execute.native.vectormath import COVERED, body, declarations
from chainrule.execute.native.vectormath_builder import Dtype
from chainrule.expr.functions import ARITY, DRAWN
from unit.execute.native.vector_loops import NUMPY, Floats, assembly, compiled, loop_text, ulp_errors

NAN = mpmath.mpf("nan")
INF = mpmath.mpf("inf")
DTYPES: tuple[Dtype, ...] = ("f32", "f64")
UNARY = [name for name in COVERED if ARITY[name] == 1]
EVEN = ("abs", "cos", "cosh")
ODD = ("sin", "tan", "sinh", "tanh", "atan", "erf")


def log(x: Any) -> Any:
    return NAN if x < 0 else -INF if x == 0 else mpmath.log(x)


EXACT: dict[str, Callable[[Any], Any]] = {
    "exp": mpmath.exp,
    "log": log,
    "log1p": lambda x: NAN if x < -1 else -INF if x == -1 else mpmath.log1p(x),
    "expm1": mpmath.expm1,
    "sqrt": lambda x: NAN if x < 0 else mpmath.sqrt(x),
    "sin": lambda x: NAN if mpmath.isinf(x) else mpmath.sin(x),
    "cos": lambda x: NAN if mpmath.isinf(x) else mpmath.cos(x),
    "tan": lambda x: NAN if mpmath.isinf(x) else mpmath.tan(x),
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "atan": mpmath.atan,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "relu": lambda x: max(x, mpmath.mpf(0)),
    "softplus": lambda x: x if x > 10000 else mpmath.log1p(mpmath.exp(x)),
    "erf": mpmath.erf,
    "abs": abs,
    "sign": mpmath.sign,
    "stop": lambda t: t,
}
"""The exact value of a number that is not NaN."""

# Where formulas change: overflow, clamps, boundaries between polynomials, the last x that does not round to a limit.
TURNS: dict[str, tuple[float, ...]] = {
    "exp": (88.722839, 89.0, -87.336544, -103.97208, -104.0, 709.782712893384, -708.396418, -745.133219, 710.0, -746.0),
    "expm1": (88.722839, -17.33, -20.0, 709.782712893384, -37.43, -40.0, 0.34657359, -0.34657359, 2.0**-30, 2.0**-60),
    "log": (1.0, 0.70710678, 1.41421356, 2.0, 0.5),
    "log1p": (-1.0, 0.41421356, -0.29289322, 2.0**24, 2.0**26, 2.0**53, 2.0**55, -0.5, 1.0),
    "sqrt": (1.0, 2.0, 4.0),
    "sinh": (89.415986, 88.722839, 710.4758600739439, 709.782712893384, 2.0**-30, 2.0**-60, 0.34657359),
    "cosh": (89.415986, 88.722839, 710.4758600739439, 709.782712893384, 0.34657359),
    "tanh": (9.01, 9.1, 18.9, 19.06, 19.1, 0.17328680, 0.54930614),
    "sigmoid": (-87.336544, -88.722839, -103.97208, 16.64, 17.33, 20.0, 36.7, 40.0, -708.396418, -744.44, -745.133219),
    "softplus": (-87.336544, -103.97208, 16.64, 20.0, 36.7, -708.396418, -745.133219),
    "erf": (1.0, 1.5, 3.92, 4.0, 5.92, 6.0),
    "atan": (1.0, 0.41421356, 2.41421356),
}
# Widest interval in which a function is not trivial.
INTERVALS: dict[str, tuple[float, float]] = {
    "exp": (-104, 89),
    "expm1": (-40, 89),
    "sigmoid": (-104, 40),
    "softplus": (-104, 40),
    "tanh": (-20, 20),
    "sinh": (-90, 90),
    "cosh": (-90, 90),
    "erf": (-6, 6),
}


def specials(dtype: Dtype) -> Floats:
    """Return zeros, infinities, the ends of the normal and of the subnormal numbers, with both signs."""
    info = np.finfo(NUMPY[dtype])
    sub = info.smallest_subnormal
    sizes = [0.0, sub, 2 * sub, 3 * sub, info.tiny - sub, info.tiny, info.tiny + sub, info.eps, 1.0, info.max, np.inf]
    return np.array([*sizes, *(-size for size in sizes)], dtype=NUMPY[dtype])


def neighbours(values: npt.ArrayLike, dtype: Dtype) -> Floats:
    """Return the numbers of a format next to each value, five to each side."""
    middle = np.asarray(values, dtype=NUMPY[dtype])
    result = [middle]
    for end in (np.inf, -np.inf):
        step = middle
        for _ in range(5):
            step = np.nextafter(step, NUMPY[dtype](end))
            result.append(step)
    return np.concatenate(result)


def samples(function: str, dtype: Dtype, count: int, seed: int = 0) -> Floats:
    """Return arguments over all magnitudes and densely where the function is interesting; a multiple of 16."""
    rng = np.random.default_rng(seed)
    info = np.finfo(NUMPY[dtype])
    signs = rng.choice([-1.0, 1.0], size=(3, count))
    exponents = rng.uniform(math.log2(info.smallest_subnormal), math.log2(info.max), count)
    low, high = INTERVALS.get(function, (-4.0, 4.0))
    # The interval of float64 is wider; only functions of exponential growth have one above 50.
    scale = 8.0 if dtype == "f64" and high - low > 100 else 1.0
    parts = [
        specials(dtype),
        neighbours(TURNS.get(function, ()), dtype),
        -neighbours(TURNS.get(function, ()), dtype),
        signs[0] * np.exp2(exponents),
        signs[1] * np.exp2(rng.uniform(-14, 4, count)),
        rng.uniform(low * scale, high * scale, count),
        rng.normal(0.0, 1.0, count),
    ]
    limit = COVERED[function].limit
    if limit is not None:
        turns = np.concatenate([rng.integers(0, 70000, count), np.exp2(rng.uniform(0, 44, count)).astype(np.int64)])
        parts += [signs[2] * rng.uniform(0, 1e5, count), turns * (math.pi / 2), turns * (math.pi / 4)]
    with np.errstate(over="ignore"):
        x = np.concatenate([part.astype(NUMPY[dtype]) for part in parts])
    if limit is not None:
        x = x[(np.abs(x) <= limit) | np.isinf(x)]
    return np.resize(x, -(-len(x) // 16) * 16)


def exact_values(function: str, x: Floats) -> list[Any]:
    with mpmath.workprec(160):
        return [EXACT[function](mpmath.mpf(value)) for value in x.tolist()]


def hold(function: str, dtype: Dtype, count: int, seed: int = 0) -> None:
    """Raise unless the function keeps its bound, with and without a fused multiply-add."""
    x = samples(function, dtype, count, seed)
    exact = exact_values(function, x)
    bound = COVERED[function].bound(dtype)
    for fma in (True, False):
        with mpmath.workprec(160):
            errors = ulp_errors(compiled(function, dtype, 16, fma=fma)(x), exact, dtype)
        worst = int(np.argmax(errors))
        assert errors[worst] <= bound, f"{function}({x[worst]!r}) is {errors[worst]:.3f} ulp off (fma={fma})"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", UNARY)
def test_the_error_bound_holds(function: str, dtype: Dtype) -> None:
    hold(function, dtype, 300)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", UNARY)
def test_the_error_bound_holds_at_many_points(function: str, dtype: Dtype) -> None:
    hold(function, dtype, 4000, seed=1)


def test_an_error_is_counted_in_last_places_of_the_exact_value() -> None:
    one = np.float32(1.0)
    above, below = np.nextafter(one, np.float32(2)), np.nextafter(one, np.float32(0))
    actual = np.array([above, below, np.nan, np.inf, 1e-45, 0.0, np.inf], dtype=np.float32)
    exact = [mpmath.mpf(1), mpmath.mpf(1), mpmath.mpf(1), -INF, mpmath.mpf(0), mpmath.mpf(2) ** -150, mpmath.mpf(1)]
    errors = ulp_errors(actual, exact, "f32")
    # Below 1 the numbers stand twice as close; the exact value decides.
    assert errors[:6].tolist() == [1.0, 0.5, np.inf, np.inf, 1.0, 0.5]
    assert errors[6] > 1e30


def test_overflow_is_right_within_the_bound_and_not_before() -> None:
    actual = np.array([np.inf, np.inf, np.inf, -np.inf, np.finfo(np.float32).max], dtype=np.float32)
    last = mpmath.mpf(2) ** 128
    exact = [last * 1000, last * (1 - mpmath.mpf(2) ** -24), last * (1 - mpmath.mpf(2) ** -22), last, last * 7]
    assert ulp_errors(actual, exact, "f32").tolist()[:3] == [0.0, 1.0, 4.0]
    assert ulp_errors(actual, exact, "f32").tolist()[3] > 1e7
    assert ulp_errors(actual, exact, "f32").tolist()[4] == 1.0


def test_a_coefficient_wrong_in_the_sixth_digit_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.execute.native import vectormath_exponentials as module

    wrong = (module._EXP_F32[0] * (1 + 1e-6), *module._EXP_F32[1:])
    monkeypatch.setattr(module, "_EXP_F32", wrong)
    with pytest.raises(AssertionError, match=r"exp\(.*ulp off"):
        hold("exp", "f32", 300)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", COVERED)
def test_every_nan_gives_nan_in_every_operand(function: str, dtype: Dtype) -> None:
    integer, quiet, sign = (np.uint32, 0x7FC00000, 31) if dtype == "f32" else (np.uint64, 0x7FF8000000000000, 63)
    # Payloads and signs matter where code works on the bits.
    fraction = (1 << (22 if dtype == "f32" else 51)) - 1
    patterns = [quiet | payload | (s << sign) for payload in (0, 1, 3, 0x2AAAAA, fraction) for s in (0, 1)]
    nans = np.resize(np.array(patterns, dtype=integer).view(NUMPY[dtype]), 16)
    others = np.resize(np.array([0.5, -np.inf, np.inf, 0.0], dtype=NUMPY[dtype]), 16)
    for fma in (True, False):
        apply = compiled(function, dtype, 16, fma=fma)
        for place in range(ARITY[function]):
            given = [nans if k == place else others for k in range(ARITY[function])]
            assert np.isnan(apply(*given)).all(), (function, place, fma)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", UNARY)
def test_the_bits_do_not_depend_on_the_width(function: str, dtype: Dtype) -> None:
    x = samples(function, dtype, 100)
    wanted = compiled(function, dtype, 16)(x).tobytes()
    for width in (1, 2, 4, 8):
        assert compiled(function, dtype, width)(x).tobytes() == wanted, width


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", [*EVEN, *ODD])
def test_symmetries_hold_to_the_last_bit(function: str, dtype: Dtype) -> None:
    x = samples(function, dtype, 100)
    apply = compiled(function, dtype, 8)
    mirrored = apply(-x) if function in EVEN else -apply(-x)
    np.testing.assert_array_equal(apply(x), mirrored)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", ["sin", "tan", "sinh", "tanh", "atan", "erf", "expm1", "log1p", "sqrt"])
def test_the_sign_of_zero_is_kept(function: str, dtype: Dtype) -> None:
    zeros = np.resize(np.array([0.0, -0.0], dtype=NUMPY[dtype]), 4)
    for fma in (True, False):
        value = compiled(function, dtype, 4, fma=fma)(zeros)
        assert value.tolist() == [0.0] * 4
        assert np.signbit(value).tolist() == [False, True, False, True], fma


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", ["sin", "cos", "tan"])
def test_beyond_its_limit_an_angle_gives_nan_and_not_a_wrong_number(function: str, dtype: Dtype) -> None:
    limit = COVERED[function].limit
    assert limit is not None
    assert limit >= 1e5
    end = NUMPY[dtype](limit)
    x = np.array([end, -end, np.nextafter(end, NUMPY[dtype](np.inf)), 1e30], dtype=NUMPY[dtype])
    assert np.isnan(compiled(function, dtype, 4)(x)).tolist() == [False, False, True, True]


@pytest.mark.parametrize("dtype", DTYPES)
def test_maximum_minimum_and_clip_are_numpys(dtype: Dtype) -> None:
    rng = np.random.default_rng(3)
    x, y, z = (rng.choice([-np.inf, -1.0, 0.0, 0.5, 1.0, np.inf, np.nan], 320).astype(NUMPY[dtype]) for _ in range(3))
    np.testing.assert_array_equal(compiled("maximum", dtype, 8)(x, y), np.maximum(x, y))
    np.testing.assert_array_equal(compiled("minimum", dtype, 8)(x, y), np.minimum(x, y))
    np.testing.assert_array_equal(compiled("clip", dtype, 8)(x, y, z), np.minimum(np.maximum(x, y), z))


@pytest.mark.parametrize("dtype", DTYPES)
def test_exp_is_monotonic_over_the_steps_of_its_reduction(dtype: Dtype) -> None:
    steps = (np.arange(-100, 100) + 0.5) * math.log(2.0)
    x = np.sort(neighbours(steps, dtype))
    x = x[: len(x) // 8 * 8]
    assert np.all(np.diff(compiled("exp", dtype, 8)(x)) >= 0)


def test_every_function_of_the_notation_is_covered() -> None:
    assert list(COVERED) == [name for name in ARITY if name not in DRAWN]
    assert set(DRAWN) <= set(DRAWS)
    with pytest.raises(KeyError, match="erfc"):
        body("erfc", "f32", 4, ["%x"], "m")


MACHINES = [
    ("x86_64-unknown-linux-gnu", "x86-64", False),
    ("x86_64-unknown-linux-gnu", "haswell", True),
    ("x86_64-unknown-linux-gnu", "skylake-avx512", True),
    ("aarch64-unknown-linux-gnu", "generic", True),
]


@pytest.mark.parametrize(("triple", "cpu", "fma"), MACHINES, ids=[f"{cpu}" for _, cpu, _ in MACHINES])
def test_no_machine_needs_a_call(triple: str, cpu: str, fma: bool) -> None:
    for function in COVERED:
        for dtype in DTYPES:
            for width in (1, 8):
                words = assembly(function, dtype, width, triple, cpu, fma=fma).split()
                assert not {"call", "callq", "bl", "blr"} & set(words), (function, dtype, width)


def test_a_call_is_seen() -> None:
    words = assembly("exp", "f32", 4, "x86_64-unknown-linux-gnu", "x86-64", fma=True).split()
    assert {"call", "callq"} & set(words)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", COVERED)
def test_without_fma_none_is_written_and_nothing_is_undeclared(function: str, dtype: Dtype) -> None:
    text = "\n".join(body(function, dtype, 8, ["%x", "%y", "%z"][: ARITY[function]], "m", fma=False).lines)
    assert "llvm.fma" not in text
    assert "fast" not in text
    assert len(declarations(dtype, 8)) == len(set(declarations(dtype, 8)))
    assert "undef" not in loop_text(function, dtype, 8, fma=True)


@pytest.mark.parametrize(("function", "most"), [("exp", 25), ("sigmoid", 22), ("tanh", 26), ("relu", 3), ("sqrt", 3)])
def test_what_dense_networks_use_is_short(function: str, most: int) -> None:
    """A loop over 16 lanes has few vector instructions, load and store included: 23, 20, 24, 2, 2 when written."""
    text = assembly(function, "f32", 16, "x86_64-unknown-linux-gnu", "skylake-avx512", fma=True)
    loop = text[text.index("LBB0_1:") :].partition("jl")[0]
    instructions = [line.split()[0] for line in loop.splitlines() if line.startswith("\tv")]
    assert instructions
    assert len(instructions) <= most, instructions
