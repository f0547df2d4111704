"""Each scalar function against mpmath at generic points, and where textbook formulas overflow."""

import mpmath
import numpy as np
import pytest

from chainrule.execute.scalars import CONSTANTS, SCALARS
from chainrule.expr import functions
from support import assert_close

POINTS = (-3.7, -1.2, -0.3, 0.11, 0.9, 2.3, 5.1)
EXACT = {
    "exp": mpmath.exp,
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "expm1": mpmath.expm1,
    "sqrt": mpmath.sqrt,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "atan": mpmath.atan,
    "sigmoid": lambda t: 1 / (1 + mpmath.exp(-t)),
    "relu": lambda t: t if t > 0 else mpmath.mpf(0),
    "softplus": lambda t: mpmath.log(1 + mpmath.exp(t)),
    "erf": mpmath.erf,
    "abs": abs,
    "sign": mpmath.sign,
    "stop": lambda t: t,
}
LOWEST = {"log": 0.0, "sqrt": 0.0, "log1p": -1.0}


def test_every_function_and_constant_of_the_notation_has_a_value() -> None:
    assert set(SCALARS) == set(functions.ARITY)
    assert set(CONSTANTS) == set(functions.CONSTANTS)
    assert {*EXACT, "maximum", "minimum", "clip", *functions.DRAWN} == set(functions.ARITY)


@pytest.mark.parametrize("name", EXACT)
def test_a_function_of_one_argument_has_its_exact_value(name: str) -> None:
    points = [t for t in POINTS if t > LOWEST.get(name, -10)]
    with mpmath.workdps(40):
        exact = [float(EXACT[name](mpmath.mpf(t))) for t in points]
    assert_close(SCALARS[name](np.asarray(points)), exact, rtol=1e-14, atol=0)


def test_functions_of_more_arguments_broadcast() -> None:
    t = np.asarray([-2.0, 0.5, 3.0])
    assert_close(SCALARS["maximum"](t, 1.0), [1, 1, 3])
    assert_close(SCALARS["minimum"](t, 1.0), [-2, 0.5, 1])
    assert_close(SCALARS["clip"](t, -1.0, 1.0), [-1, 0.5, 1])


def test_sigmoid_and_softplus_do_not_overflow() -> None:
    t = np.asarray([-800.0, -40.0, 40.0, 800.0])
    with np.errstate(over="raise", invalid="raise"):
        assert_close(SCALARS["sigmoid"](t), [0, float(mpmath.exp(-40)), 1, 1], atol=0)
        assert_close(SCALARS["softplus"](t), [0, float(mpmath.exp(-40)), 40, 800], atol=0)


@pytest.mark.parametrize("name", sorted(set(EXACT)))
def test_a_function_keeps_the_type_of_its_numbers(name: str) -> None:
    assert SCALARS[name](np.asarray([0.5], np.float32)).dtype == np.float32


@pytest.mark.parametrize("name", sorted(set(EXACT) - {"sign"}))
def test_nan_is_not_hidden(name: str) -> None:
    with np.errstate(invalid="ignore"):
        assert np.isnan(SCALARS[name](np.asarray([np.nan]))).all()
