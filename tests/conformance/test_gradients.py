"""One list of everything the notation can write: every function, reduction, relation and form has the right derivative.

Scalar functions are compared with high-precision derivatives (mpmath), everything with central differences, at extents
that are generic and at awkward ones. What a list does not cover is named by a test.
"""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from chainrule.diff.scalars import scalar_derivative, statement
from chainrule.expr.functions import ARITY, DRAWN, FUNCTIONS, HOLDING, REDUCTIONS, RELATIONS
from chainrule.notation import parse
from chainrule.pipeline import backprop, evaluate, value_and_grad
from chainrule.verify.sampling import random_inputs
from chainrule.verify.verification import Verification
from property.witness import Tally, compare
from support import assert_close

EXACT = {
    "exp": mpmath.exp,
    "log": mpmath.log,
    "log1p": lambda t: mpmath.log(1 + t),
    "expm1": lambda t: mpmath.exp(t) - 1,
    "sqrt": mpmath.sqrt,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "atan": mpmath.atan,
    "sigmoid": lambda t: 1 / (1 + mpmath.exp(-t)),
    "relu": lambda t: max(t, mpmath.mpf(0)),
    "softplus": lambda t: mpmath.log(1 + mpmath.exp(t)),
    "erf": mpmath.erf,
    "abs": abs,
    "sign": mpmath.sign,
    "maximum": max,
    "minimum": min,
    "clip": lambda t, low, high: min(max(t, low), high),
}
"""The functions in high precision, written independently of the table."""

POSITIVE = (0.03, 0.7, 1.9, 6.5)
REAL = (-4.2, -1.3, -0.2, 0.3, 1.1, 5.7)
POINTS = {"log": POSITIVE, "sqrt": POSITIVE, "log1p": (-0.7, -0.1, 0.4, 8.0)}
PAIRS = ((-1.2, 0.4), (2.3, -0.7), (0.3, 0.9))
TRIPLES = ((-2.0, -0.5, 1.5), (0.3, -0.5, 1.5), (4.0, -0.5, 1.5))


def points(function: str) -> list[tuple[float, ...]]:
    """Return generic points, none at a kink."""
    if ARITY[function] == 1:
        return [(t,) for t in POINTS.get(function, REAL)]
    return [*(PAIRS if ARITY[function] == 2 else TRIPLES)]


@pytest.mark.parametrize("function", [name for name in ARITY if name not in DRAWN | HOLDING])
def test_the_derivative_of_a_function_is_that_in_high_precision(function: str) -> None:
    names = FUNCTIONS[function].parameters
    text = f"param {', '.join(names)}\ncost C = {function}({', '.join(names)})"
    for at in points(function):
        value, gradients = value_and_grad(parse(text), dict(zip(names, at, strict=True)))
        with mpmath.workdps(30):
            exact = [mpmath.mpf(t) for t in at]
            assert_close(value, float(EXACT[function](*exact)), rtol=1e-13)
            for n, name in enumerate(names):
                order = tuple(int(n == m) for m in range(len(names)))
                slope = float(mpmath.diff(EXACT[function], tuple(exact), order))
                assert_close(gradients[name], slope, rtol=1e-12, atol=1e-13)


def test_every_function_has_one_derivative_for_each_argument() -> None:
    assert ARITY.keys() == EXACT.keys() | DRAWN | HOLDING
    for function, arity in ARITY.items():
        assert all(scalar_derivative(function, n) for n in range(arity))
        assert statement(function)


HEADER = "data x[i], y[j], A[j,i]\nparam w[i], b[j], W[j,i], c\n"
FORMS = {
    **{f"{op} of a vector": f"cost C = ({op}(i) (w[i]*x[i]))*c" for op in REDUCTIONS},
    **{f"{op} of rows": f"h[j] = {op}(i) (W[j,i]*w[i])\ncost C = sum(j) h[j]*b[j]" for op in REDUCTIONS},
    **{f"{op} over both": f"cost C = {op}(i,j) (W[j,i] + w[i]*b[j])" for op in REDUCTIONS},
    **{f"entries {r}": f"cost C = sum(i) [w[i] {r} x[i]]*w[i]^2 + (sum(i) w[i])" for r in RELATIONS},
    **{f"indices {r}": f"cost C = sum(i,k) [i {r} k]*w[i]*w[k]*x[k]*x[i]^2 + (sum(i) w[i])" for r in RELATIONS},
    **{f"choice {r}": f"cost C = sum(i) where(w[i] {r} x[i], w[i]^2*c, c^2*w[i])" for r in RELATIONS},
    "and or not": "cost C = sum(i) [w[i] > 0 and not (x[i] > 0 or w[i] > 2)]*w[i]^2*c",
    "a chain of relations": "cost C = sum(i) [-1 < w[i] <= c]*w[i]^3",
    "sum of terms": "cost C = (sum(i) w[i]) - c + 2*c - (sum(j) b[j])/3",
    "product of factors": "cost C = c*(sum(i) w[i]*x[i])*(sum(j) b[j])*c",
    "quotients": "cost C = (sum(i) w[i]/(1 + x[i]^2))/(2 + c^2)/(1 + (sum(j) b[j]^2))",
    "powers": "cost C = (sum(i) w[i]^3) + (1 + c^2)^(-1/2) + (2 + sin(c))^c + 2^c",
    "roots": "cost C = sqrt(sum(i) w[i]^2)*(1 + c^2)^(1/3)",
    "numbers": "cost C = 0.3*c - 1e-2*c^2 + c/7 + 5",
    "pi": "cost C = sin(pi*c)/pi",
    "extent": "cost C = extent(i)*c^2 + (sum(i) w[i])/extent(i)",
    "index as a number": "cost C = sum(i,j) (i + 2*j)*W[j,i]^2",
    "fixed entries": "cost C = w[0]^2*b[0]*W[0,0] + (sum(j) W[j,0]*b[j])",
    "a Kronecker delta": "cost C = sum(i,k) [i = k]*w[i]*x[k]^2*w[k]",
    "a function of the user's": "def f(s, t) = s*tanh(t) + t^2\ncost C = sum(i) f(w[i], f(c, x[i]))",
    "a const": "const q = 1/3\ncost C = sum(i) (q*w[i])^2",
    "matrix products": "h[j] = sum(i) W[j,i]*w[i]\ng[i] = sum(j) W[j,i]*h[j]\ncost C = sum(i) g[i]^2",
    "softmax": "a[j] = exp(b[j])/(sum(k) exp(b[k]))\ncost C = -sum(j) y[j]*log(a[j])",
    "a norm": "m = mean(i) w[i]\nv = mean(i) (w[i] - m)^2\nh[i] = (w[i] - m)/sqrt(v + 1/10)\ncost C = sum(i) h[i]*x[i]",
    "broadcast": "h[j,i] = w[i] + b[j]*c\ncost C = sum(i,j) h[j,i]^2*A[j,i]",
    **{
        f"{f} inside": f"h[i] = {f}({', '.join(['w[i]*c', 'x[i]', '2 + x[i]^2'][:n])})\ncost C = sum(i) h[i]*x[i]"
        for f, n in ARITY.items()
        if f not in DRAWN
    },
    **{
        f"{f} beside": f"h[i] = w[i]*{f}(7, 3*i + 1)*c\ncost C = sum(i) h[i]*x[i]*[{f}(8, i) > 1/4]"
        for f in sorted(DRAWN)
    },
}
DOMAIN = {"log inside": "given w[i]*c > 0", "sqrt inside": "given w[i]*c > 0", "log1p inside": "given w[i]*c > 0"}
EXTENTS = {"generic": (3, 4), "one and two": (1, 2), "ones": (1, 1), "two and one": (2, 1)}


def sample(text: str, extents: tuple[int, int]) -> dict[str, np.ndarray]:
    system = parse(text)
    sizes = {system.axes("A")[1].extent: extents[0], system.axes("A")[0].extent: extents[1]}
    return random_inputs(system, seed=5, sizes=sizes)


@pytest.mark.parametrize("extents", EXTENTS.values(), ids=EXTENTS)
@pytest.mark.parametrize("name", FORMS)
def test_gradients_are_those_of_central_differences(name: str, extents: tuple[int, int]) -> None:
    text = f"{HEADER}{DOMAIN.get(name, '')}\n{FORMS[name]}\n"
    system = parse(text)
    inputs = sample(text, extents)
    tally = Tally()
    compare(system, inputs, value_and_grad(system, inputs)[1], tally)
    assert tally.skipped == 0


@pytest.mark.parametrize("name", FORMS)
def test_every_step_is_verified_and_what_is_derived_is_read_back(name: str) -> None:
    text = f"{HEADER}{DOMAIN.get(name, '')}\n{FORMS[name]}\n"
    back = backprop(parse(text))
    for param in back.wrt:
        report = back.derivation(param).verify()
        assert isinstance(report, Verification)
        assert not report.unverified
    inputs = sample(text, (3, 4))
    expected = evaluate(back.system, inputs)
    for tensor, value in evaluate(parse(str(back)), inputs).items():
        assert_close(value, expected[tensor], rtol=1e-12)


def test_nothing_of_the_notation_is_forgotten() -> None:
    written = "\n".join(FORMS.values())
    for function in ARITY:
        assert f"{function}(" in written
    for reduction in REDUCTIONS:
        assert f"{reduction}(" in written
    for relation in RELATIONS:
        assert f"w[i] {relation} " in written
