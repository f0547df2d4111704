"""What positions read: shifted, marked, bounded and looked-up entries, the classic traps, errors before any read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.checking.gradients import gradient_check
from chainrule.errors import InputError
from chainrule.execute.reference.evaluation import evaluate
from chainrule.notation import parse
from chainrule.pipeline import backprop, value_and_grad
from chainrule.rewrite.derivation_text import derivation_text
from chainrule.verify.sampling import random_inputs
from support import assert_close

TRAPS = {
    "twice in a product": ("param x[i]\ncost C = sum(i) x[i]*x[i]*x?[i+1]", {}),
    "a diagonal": ("param X[i,j]\ncost C = sum(i) X[i,i]^2*X?[i,i+1]", {}),
    "a broadcast": ("param x[i], b[u], c\ny[i,u] = x?[i-u] + b[u] + c\ncost C = sum(i,u) y[i,u]^2", {}),
    "an overlap": ("param x[p]\ncost C = sum(q) (sum(u<3) x[q+u]*x[q+2])^2", {}),
    "a bound and a free letter": (
        "param x[u], s[u]\ny[u] = x[u]*(max(u<2) s[u]) + (sum(u<3) s[u]*x[u])*s[u]\ncost C = sum(u) y[u]^3",
        {},
    ),
    "a bound letter twice": ("param x[u]\ncost C = (sum(u<2) x[u]*(sum(u<3) x[u]^2)) + (sum(u) x[u]^3)", {}),
    "one letter of two ranges": ("param x[p]\ny[i] = sum(u<2) x[2*i+u]\ncost C = sum(i,u<2) y[i]*x[i+u]", {}),
    "a product of marked entries": ("param x[i]\ncost C = prod(i<3) (1 + x?[2*i]*x[i])", {}),
    "a mean over a bounded range": ("param x[p]\ny[i] = mean(u<2) x[i+u]^2\ncost C = sum(i) y[i]*extent(i)", {}),
    "a looked-up place beside a shifted one": (
        "data t[i] : int(v)\nparam x[v]\nS[v] = sum(i) x[v]*([t[i] = v]*(1 + x?[v-1]) + x[v])\ncost C = sum(v) S[v]^2",
        {},
    ),
    "whole numbers": ("data t[i] : int(p)\nparam x[p]\ncost C = sum(i) x[t[i]]*x[t[i]]*t[i] + x[0]", {}),
}


@pytest.mark.parametrize("name", TRAPS)
def test_a_classic_trap_has_the_right_gradient(name: str) -> None:
    system = parse(TRAPS[name][0])
    for seed in range(3):
        report = gradient_check(system, seed=seed)
        assert report, str(report)
    back = backprop(system)
    assert parse(str(back.system)) == back.system
    for tensor in back.wrt:
        back.derivation(tensor).verify()


def test_a_bounded_letter_means_the_inner_index_only() -> None:
    system = parse("data x[u]\ny[u] = x[u]*(sum(u<2) x[u])")
    assert evaluate(system, {"x": [1, 2, 4]})["y"].tolist() == [3, 6, 12]


def test_a_bound_may_be_the_name_of_a_const() -> None:
    system = parse("const K = 2\ndata x[u]\ny = max(u<K) x[u]")
    assert float(evaluate(system, {"x": [1, 2, 4]})["y"]) == 2
    with pytest.raises(InputError, match=r"x\[u\] reads outside its tensor at u = 1"):
        evaluate(system, {"x": [1]})


def test_a_marked_entry_is_the_bracket_of_its_range() -> None:
    """Outside, its product is 0 whatever the other factors are, and they are not read."""
    system = parse("index j = 3\ndata x[i]\ny[j] = x?[j-1]*x[j-1]*log(x[j-1])\nz[i] = 2*x?[i+1]/(x[i] - 4)")
    values = evaluate(system, {"x": [1, 2, 4]})
    assert_close(values["y"], [0, 0, 4 * np.log(2)])
    assert_close(values["z"], [4 / -3, 8 / -2, 0])


def test_shifts_stay_within_a_sample() -> None:
    system = parse("data x[i]\nparam w[u]\nbatch n\nz[i] = sum(u) w[u]*x?[i+u-1]\ncost C = sum(i) z[i]^2")
    draw = np.random.default_rng(1)
    inputs: dict[str, Any] = {"x": draw.normal(size=(4, 5)), "w": draw.normal(size=3)}
    single = [value_and_grad(system, {**inputs, "x": row}) for row in inputs["x"]]
    cost, gradient = value_and_grad(system, inputs)
    assert_close(cost, np.mean([one for one, _ in single]))
    assert_close(gradient["w"], np.mean([grad["w"] for _, grad in single], axis=0))


def test_whole_numbers_are_looked_up_per_sample() -> None:
    system = parse("data tok[t] : int(v)\nparam E[v]\nbatch n\nh = sum(t) E[tok[t]]\ncost C = h^2")
    values = evaluate(system, {"tok": [[0, 2], [1, 1]], "E": [1, 2, 4]})
    assert values["h"].tolist() == [5, 4]
    _, gradient = value_and_grad(system, {"tok": [[0, 2], [1, 1]], "E": [1, 2, 4]})
    assert_close(gradient["E"], [5, 8, 5])


WRONG = [
    ([[0, 1], [3, 2]], r"tok\[1,0\] is 3, at n = 1, t = 0\n.*data tok\[n,t\] : int\(v\)\n.*from 0 to 2"),
    ([[0, -1], [1, 2]], r"tok\[0,1\] is -1, at n = 0, t = 1"),
    ([[0, 1], [1.5, 2]], r"tok\[1,0\] is 1.5, at n = 1, t = 0"),
    ([[0, 1], [np.nan, 7]], r"tok\[1,0\] is nan(.|\n)*2 of its 4 entries are something else"),
    ([[0, 1], [1, np.inf]], r"tok\[1,1\] is inf"),
    ([[0, 1], [1, 2**63]], r"tok\[1,1\] is "),
]


@pytest.mark.parametrize(("tok", "message"), WRONG)
def test_what_is_no_value_is_refused_with_its_place(tok: Any, message: str) -> None:
    system = parse("data tok[t] : int(v)\nparam E[v]\nbatch n\ncost C = sum(t) E[tok[t]]")
    with pytest.raises(InputError, match=message):
        evaluate(system, {"tok": tok, "E": [1, 2, 4]})


def test_a_value_beyond_the_axis_that_is_read_is_refused() -> None:
    system = parse("data tok[t] : int(5)\nparam E[v]\ncost C = sum(t) E[tok[t]]")
    outside = r"E\[tok\[t\]\] reads outside its tensor at t = 1\n.*\n.*axis 0 has 3 entries, read at 4"
    with pytest.raises(InputError, match=outside):
        evaluate(system, {"tok": [0, 4], "E": [1, 2, 4]})


def test_large_whole_numbers_survive_single_precision() -> None:
    size = 2**24 + 2
    system = parse(f"data t : int({size})\nparam E[v]\ncost C = E[t]")
    table = np.zeros(size)
    table[size - 1] = 1
    assert float(evaluate(system, {"t": size - 1, "E": table}, dtype=np.float32)["C"]) == 1


def test_random_whole_numbers_are_in_their_range() -> None:
    system = parse("data a[t] : int(3), b[t] : int(v)\nparam E[v]\ngiven E[v] > 0\ncost C = sum(t) E[b[t]]*a[t]")
    for seed in range(5):
        values = random_inputs(system, seed)
        assert set(values["a"]) <= {0, 1, 2}
        assert values["b"].max() < len(values["E"])


def test_whole_numbers_have_derivative_zero_by_convention() -> None:
    system = parse("data t : int(v)\nparam E[v]\ncost C = E[t]*t")
    derivation = backprop(system, ["E", "t"]).derivation("t")
    assert derivation.equation() == "∂C/∂t = 0"
    assert "t holds whole numbers: its derivative is 0 by convention" in derivation_text(derivation)
    system = parse("data t : int(v)\nparam E[v]\ncost C = E[t]")
    derivation = backprop(system, ["E", "t"]).derivation("t")
    assert derivation.equation() == "∂C/∂t = 0"


def test_two_bounded_ranges_of_one_letter_get_letters_that_nothing_else_has() -> None:
    text = "param x[p]\nh[i] = (min(v<1) (sin(x[i+v]))) + (max(v<2) (x[i+2*v]^2))\ncost C = sum(i) h[i]"
    system = backprop(parse(text)).system
    assert {i.name: system.size[i.extent] for i in system.indices} == {"v": 1, "w": 2}
    assert parse(str(system)) == system
    assert gradient_check(parse(text))
