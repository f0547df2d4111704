"""Systems with marks, bounds, extrema and look-ups: the derivative along a line, and what is printed read back.

An index whose range is told by shifted or marked entries only may lose them in what is derived, since a position is
solved and the entry that told it is gone. Text then says its size in a line of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from chainrule import jacobians
from chainrule.errors import ChainruleError, NotationError
from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.expr.symbols import Derivative
from chainrule.notation import parse
from chainrule.pipeline import Backprop, backprop
from chainrule.system.model import System
from chainrule.system.typecheck import typecheck
from chainrule.verify.differences import central_differences
from chainrule.verify.sampling import random_inputs
from property.random_marks import marked_system

NAMED = "what is named has an index whose range another equation tells"
SOLVED = "the entry that told a range is gone or got a mark, since a position was solved"
FIRST, ALL = 24, 1200


def drawn(number: int) -> tuple[System, dict[str, np.ndarray]] | None:
    """Return the system of a number with inputs, None where it makes no sense or is defined at no random point."""
    try:
        system = parse(marked_system(number))
        return system, random_inputs(system, number)
    except ChainruleError:
        return None


def assert_right_along_a_line(back: Backprop, inputs: dict[str, np.ndarray], seed: int) -> None:
    """Compare the change of the cost along a random line with the gradient times the change of the params."""
    draw = np.random.default_rng(seed)
    cost, params = back.forward.cost, back.forward.params
    line = {name: draw.normal(size=inputs[name].shape) for name in params}

    def along(step: np.ndarray) -> np.ndarray:
        moved = {name: inputs[name] + step * line[name] for name in params}
        return np.asarray(evaluate_all(back.cotangents.system, {**inputs, **moved}).scope.values[cost])

    found = central_differences(along, np.asarray(0.0), step=1e-4)
    values = evaluate_all(back.system, inputs).scope.values
    shares = [values[Derivative(cost, name)] * line[name] for name in params]
    scale = sum(float(np.abs(share).sum()) for share in shares) + abs(float(values[cost])) + 1e-3
    if abs(float(found.values - found.wider)) < 1e-7 * scale:  # else a kink is near
        assert abs(sum(float(share.sum()) for share in shares) - float(found.values)) < 1e-6 * scale


def reads_back(system: System) -> bool:
    try:
        return bool(parse(str(system)) == system)
    except NotationError:
        return False


def check(number: int) -> None:
    found = drawn(number)
    if found is None:
        return
    system, inputs = found
    back = backprop(system)
    assert_right_along_a_line(back, inputs, number)
    assert reads_back(system)
    assert typecheck(back.system) is back.system
    assert reads_back(back.system), f"{number}\n{marked_system(number)}\n{back}"


@pytest.mark.parametrize("number", range(FIRST))
def test_a_random_system_is_derived_right_and_reads_back(number: int) -> None:
    check(number)


OTHERS = {
    "jvp": jacobians.jvp,
    "hvp": lambda system: jacobians.hvp(system).system,
    "jacobian": lambda system: jacobians.jacobian(system, system.cost, system.params[0]),
    "hessian": lambda system: jacobians.hessian(system, system.params[0]),
}


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("derive", OTHERS.values(), ids=OTHERS)
def test_what_else_is_derived_of_a_random_system_reads_back(derive: Callable[[System], System], number: int) -> None:
    found = drawn(number)
    if found is not None:
        assert reads_back(derive(found[0]))


@pytest.mark.slow
@pytest.mark.parametrize("start", range(FIRST, ALL, 90))
def test_many_random_systems_are_derived_right_and_read_back(start: int) -> None:
    for number in range(start, min(start + 90, ALL)):
        check(number)


HIDDEN = "a limit on an extent that a mark hides in the forward equations"
LOST = {
    NAMED: "param x[p], w[u]\nz[i] = x[2*i+1]*(max(d) w[d+i])\ncost C = sum(i) z[i]^2",
    SOLVED: "data t[s] : int(k)\nparam y[k], A[k,u]\ncost C = sum(a) (y[t[2*a+1]] + A[2*a+1,a])",
    HIDDEN: "data t[s] : int(k)\nparam w[u], A[k,u]\nz[i] = w?[i]*A[t[1-i],i]\ncost C = sum(i) z[i]^2",
}


@pytest.mark.parametrize("text", LOST.values(), ids=LOST)
def test_a_range_that_derivatives_lose_reads_back(text: str) -> None:
    assert reads_back(backprop(parse(text)).system)


@pytest.mark.parametrize("text", [LOST[NAMED], LOST[SOLVED]])
def test_a_range_that_derivatives_lose_is_derived_right(text: str) -> None:
    system = parse(text)
    assert_right_along_a_line(backprop(system), random_inputs(system, 1), 1)


def test_a_size_is_said_where_reading_would_not_find_it_and_nowhere_else() -> None:
    lines = str(backprop(parse(LOST[NAMED])).system).splitlines()
    assert [line for line in lines if line.startswith("index")] == ["index i = floor((extent(x) − 2)/2) + 1"]
    told = "param x[p], w[u]\nz[q] = sum(u) w[u]*x[q+u]\ncost C = sum(q) z[q]^2"
    assert "index" not in str(backprop(parse(told)))
