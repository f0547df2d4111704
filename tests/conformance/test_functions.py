"""Each record of a scalar function against its values, and everything that a function needs beside its record.

`missing` is what a person who adds a function is told: file by file, what is not there yet or not true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ChainruleError
from chainrule.execute.native import draws, vectormath
from chainrule.execute.reference.expressions import evaluate_expression
from chainrule.execute.scalars import SCALARS
from chainrule.expr.functions import FUNCTIONS, Distribution, Interval, ScalarFunction
from chainrule.notation.parser import parse_scalar
from chainrule.render import latex

NOTATION = (Path(__file__).resolve().parents[2] / "docs/notation.md").read_text(encoding="utf-8")
RECORDS, VALUES = "expr/functions.py", "execute/scalars.py"
GRID = np.concatenate([np.linspace(-4, 4, 81), [-1e-3, 1e-3, np.pi / 2 - 1e-6]])
GENERIC = ((-1.3, 0.45, 1.7), (0.8, -0.6, 1.9), (2.6, 0.35, 1.4))
"""Arguments at which no function of them has a kink."""
STEP = 1e-6
FENCED = ("sqrt", "abs")
"""Functions that LaTeX writes around their argument."""


def missing(function: ScalarFunction, values: Callable[..., Any] | None) -> list[str]:
    """Return what a function lacks, and what its record says of it that its values do not bear out."""
    name = function.name
    found = []
    if values is None:
        found.append(f"{VALUES}: SCALARS has no values of {name}")
    if function.drawn is not None and name not in draws.DRAWS:
        found.append(f"execute/native/draws.py: DRAWS has no vector code for {name}")
    if function.drawn is None and name not in vectormath._FUNCTIONS:
        found.append(f"execute/native/vectormath.py: _FUNCTIONS has no vector code for {name}")
    if function.drawn is None and name not in vectormath.COVERED:
        found.append(f"execute/native/vectormath.py: COVERED has no error bound for {name}")
    if name not in {*latex.FUNCTIONS, *latex.PLAIN_OPERATORS, *FENCED}:
        found.append(f"render/latex.py: no line says how {name} is written")
    if f"`{name}(" not in NOTATION:
        found.append(f"docs/notation.md: the table of functions has no line for {name}")
    return found if values is None else [*found, *(f"{RECORDS}: {said}" for said in untrue(function, values))]


def untrue(function: ScalarFunction, values: Callable[..., Any]) -> Iterator[str]:
    """Yield what a record says that is not so."""
    if function.drawn is not None:
        yield from wrong_of_drawn(function, function.drawn, values)
        return
    with np.errstate(all="ignore"):
        yield from wrong_of_held(function, values) if function.holds else wrong_derivatives(function, values)
        yield from missed_kinks(function, values)
        if len(function.parameters) == 1:
            yield from wrong_at_points(function, values)


def wrong_of_drawn(function: ScalarFunction, drawn: Distribution, values: Callable[..., Any]) -> Iterator[str]:
    """Compare what a record says of drawn numbers with forty thousand of them."""
    name, known = function.name, function.values
    at = values(5, np.arange(200)[:, None], np.arange(200))
    if (known.low is not None and at.min() <= known.low) or (known.high is not None and at.max() >= known.high):
        yield f"{name} has values outside of {known.low} to {known.high}"
    if function.derivative != ("0",):
        yield f"the derivative of {name} is 0: what is drawn is a constant"
    if abs(at.mean() - float(drawn.mean)) > 4 * at.std() / 200:
        yield f"{name} is {at.mean():.3f} on average, not {drawn.mean}"
    above = parse_scalar(drawn.above, ("t",))
    for t in (-1.3, -0.4, 0.0, 0.21, 0.5, 0.83, 1.2):
        said, so = float(evaluate_expression(above, {"t": np.asarray(t)}, {})), float(np.mean(at > t))
        if abs(said - so) > 0.01:
            yield f"{name} is above {t} with probability {so:.3f}, not {said:.3f}"
    others = (other.drawn.tag for other in FUNCTIONS.values() if other.drawn is not None and other.name != name)
    if drawn.tag in others:
        yield f"{name} has the tag of another function"


def wrong_of_held(function: ScalarFunction, values: Callable[..., Any]) -> Iterator[str]:
    """Check what a record says of a function that holds its argument constant."""
    if function.derivative != ("0",):
        yield f"the derivative of {function.name} is 0: it holds its argument constant"
    if not np.array_equal(values(GRID), GRID):
        yield f"{function.name} has another value than its argument"


def wrong_derivatives(function: ScalarFunction, values: Callable[..., Any]) -> Iterator[str]:
    """Compare the lines of the derivative with central differences."""
    for n, line in enumerate(function.derivative):
        try:
            read = parse_scalar(line, function.parameters)
        except ChainruleError as error:
            yield f"the derivative of {function.name}, {line}, is not read: {error.what}"
            continue
        for point in GENERIC:
            at = [np.asarray(t) for t in point[: len(function.parameters)]]
            if function.least is not None and at[0] < function.least + 0.5:
                continue
            up, down = (values(*at[:n], at[n] + h, *at[n + 1 :]) for h in (STEP, -STEP))
            own = float(evaluate_expression(read, dict(zip(function.parameters, at, strict=False)), {}))
            if abs(own - (up - down) / (2 * STEP)) > 1e-5 * (1 + abs(own)):
                yield f"{function.name}' by {function.parameters[n]} is not {line}: see {[float(t) for t in at]}"
                break


def missed_kinks(function: ScalarFunction, values: Callable[..., Any]) -> Iterator[str]:
    """Look for a kink where the record says that there is one, and at 0 where it says that there is none."""
    for pair in function.kinks:
        if not any(bends(function, values, pair, point) for point in GENERIC):
            yield f"{function.name} has no kink where {pair[0]} = {pair[1]}"
    smooth = len(function.parameters) == 1 and not function.kinks and function.least is None
    if smooth and bends(function, values, ("t", 0), GENERIC[0]):
        yield f"{function.name} has a kink where t = 0"


def bends(function: ScalarFunction, values: Callable[..., Any], pair: tuple[Any, Any], point: Sequence[float]) -> bool:
    """Say whether the slope, or the value, jumps where two things are equal."""
    at = dict(zip(function.parameters, point, strict=False))
    at[pair[0]] = at.get(pair[1], pair[1])
    far, near, here, beyond, farther = (
        float(values(*(t + h * (name == pair[0]) for name, t in at.items()))) for h in (-2e-4, -1e-4, 0.0, 1e-4, 2e-4)
    )
    return abs((farther - beyond) - (near - far)) > 0.5e-4 or abs(beyond - near) > 0.5 or not np.isfinite(here)


def wrong_at_points(function: ScalarFunction, values: Callable[..., Any]) -> Iterator[str]:
    """Compare what a record says of the values of a function of one argument with the values."""
    name, known = function.name, function.values
    at = values(GRID)
    seen = at[np.isfinite(at)]
    if known.low is not None and seen.min() < known.low:
        yield f"{name} has values below {known.low}"
    if known.high is not None and seen.max() > known.high:
        yield f"{name} has values above {known.high}"
    if known.sign != (">" if seen.min() > 0 else ">=" if seen.min() == 0 else ""):
        yield f"{name} has the sign {known.sign or 'of neither'} by its interval, and another by its values"
    zero = float(values(np.asarray(0.0)))
    if function.at_zero is not None and zero != function.at_zero:
        yield f"{name}(0) is {zero}, not {function.at_zero}"
    if function.at_zero is None and np.isfinite(zero) and (2 * zero).is_integer():
        yield f"{name}(0) is {zero}, which the record does not say"
    undefined = GRID[~np.isfinite(at)]
    least = int(np.ceil(undefined.max())) if len(undefined) else None
    if least != function.least:
        yield f"{name} has no value below {least}, not below {function.least}"
    for word, said, so in what_is_so(function, values, at):
        if bool(said) is not bool(so):
            yield f"{name} {word}, which the record does not say" if so else f"{name}: not so that it {word}"


def what_is_so(function: ScalarFunction, values: Callable[..., Any], at: Any) -> Iterator[tuple[str, object, object]]:
    """Yield each thing that a record says or does not say, whether it does, and whether it is so."""
    yield "has poles", function.poles, np.abs(at[np.isfinite(at)]).max() > 1e4
    yield "overflows", function.overflows, np.isinf(values(np.asarray([-1e3, 1e3]))).any()
    apart = np.abs(np.subtract.outer(at, at)) <= 1.13 * np.abs(np.subtract.outer(GRID, GRID))
    yield "is contracting", function.contracting, values(np.asarray(0.0)) == 0 and apart.all()
    for relation, side in (("<=", GRID <= 0), (">=", GRID >= 0)):
        yield f"vanishes where t {relation} 0", function.vanishes == relation, not at[side].any()


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)
def test_a_function_has_all_that_it_needs_and_what_its_record_says_is_so(function: ScalarFunction) -> None:
    assert missing(function, SCALARS.get(function.name)) == []


def gudermannian(t: Any) -> Any:
    return 2 * np.arctan(np.tanh(np.asarray(t) / 2))


GD = ScalarFunction("gd", ("1/cosh(t)",), values=Interval(-2, 2, open=True), at_zero=0, contracting=True)
"""A made-up addition, whose record is right."""
NOT_WRITTEN = [
    "execute/native/vectormath.py: _FUNCTIONS has no vector code for gd",
    "execute/native/vectormath.py: COVERED has no error bound for gd",
    "render/latex.py: no line says how gd is written",
    "docs/notation.md: the table of functions has no line for gd",
]


def test_what_a_new_function_lacks_is_named_file_by_file() -> None:
    assert missing(GD, None) == ["execute/scalars.py: SCALARS has no values of gd", *NOT_WRITTEN]
    assert missing(GD, gudermannian) == NOT_WRITTEN


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (replace(GD, derivative=("1.0005/cosh(t)",)), "gd' by t is not 1.0005/cosh(t): see [-1.3]"),
        (replace(GD, derivative=("1/cosh(u)",)), "the derivative of gd, 1/cosh(u), is not read"),
        (replace(GD, values=Interval(-1)), "gd has values below -1"),
        (replace(GD, values=Interval(None, 1)), "gd has values above 1"),
        (replace(GD, values=Interval(0)), "gd has the sign >= by its interval"),
        (replace(GD, at_zero=Fraction(1, 2)), "gd(0) is 0.0, not 1/2"),
        (replace(GD, at_zero=None), "gd(0) is 0.0, which the record does not say"),
        (replace(GD, least=0), "gd has no value below None, not below 0"),
        (replace(GD, poles=True), "gd: not so that it has poles"),
        (replace(GD, overflows=True), "gd: not so that it overflows"),
        (replace(GD, contracting=False), "gd is contracting, which the record does not say"),
        (replace(GD, kinks=(("t", 0),)), "gd has no kink where t = 0"),
        (replace(GD, vanishes="<="), "gd: not so that it vanishes where t <= 0"),
    ],
    ids=lambda part: "" if isinstance(part, ScalarFunction) else part,
)
def test_a_record_that_says_what_is_not_so_is_found_out(wrong: ScalarFunction, said: str) -> None:
    assert any(complaint.startswith(f"{RECORDS}: {said}") for complaint in missing(wrong, gudermannian))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (replace(FUNCTIONS["uniform"], drawn=Distribution(0, Fraction(51, 100), "1 - clip(t, 0, 1)")), "on average"),
        (replace(FUNCTIONS["uniform"], drawn=Distribution(0, Fraction(1, 2), "1 - t")), "with probability"),
        (replace(FUNCTIONS["normal"], drawn=Distribution(0, Fraction(0), "1/2 - 1/2*erf(t/sqrt(2))")), "the tag of"),
        (replace(FUNCTIONS["normal"], drawn=Distribution(1, Fraction(0), "1/2 - 1/2*erf(t)")), "with probability"),
        (replace(FUNCTIONS["normal"], values=Interval(-3, 3, open=True)), "has values outside"),
        (replace(FUNCTIONS["normal"], derivative=("1",)), "the derivative of normal is 0"),
    ],
)
def test_a_record_of_what_is_drawn_that_says_what_is_not_so_is_found_out(wrong: ScalarFunction, said: str) -> None:
    assert any(said in complaint for complaint in missing(wrong, SCALARS[wrong.name]))
    assert missing(FUNCTIONS[wrong.name], SCALARS[wrong.name]) == []


@pytest.mark.parametrize("name", ["relu", "abs", "exp", "log", "tan", "sqrt"])
def test_a_record_that_is_silent_on_what_is_so_is_found_out(name: str) -> None:
    known = FUNCTIONS[name]
    silent = ScalarFunction(name, known.derivative)
    assert (
        untold(silent)
        == {
            "relu": {"kink", "sign", "(0)", "contracting", "vanishes"},
            "abs": {"kink", "sign", "(0)", "contracting"},
            "exp": {"sign", "(0)", "overflows"},
            "log": {"kink", "no value below"},
            "tan": {"(0)", "poles"},
            "sqrt": {"sign", "(0)", "no value below"},
        }[name]
    )


def untold(function: ScalarFunction) -> set[str]:
    """Return the marks of the complaints about a record."""
    marks = ("kink", "sign", "(0)", "contracting", "vanishes", "overflows", "poles", "no value below")
    said = list(untrue(function, SCALARS[function.name]))
    return {mark for mark in marks for complaint in said if mark in complaint}
