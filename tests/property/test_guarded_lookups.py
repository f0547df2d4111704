"""Look-ups that a mark or a bracket guards: the derived lines read nothing that the guard rules out, in both executors.

`a1[s] = p[ext[s]]*a0?[s-1]` is a step of CTC; ∂C/∂a0[s] looks up ext[s+1], which is there only where a1[s+1] is.
"""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import pytest

from chainrule.checking.gradients import gradient_check
from chainrule.errors import InputError, VerificationError
from chainrule.execute.native.executor import Native
from chainrule.execute.reference.evaluation import evaluate
from chainrule.expr.binding import map_operands
from chainrule.expr.nodes import Expr, Indexed, Product
from chainrule.notation import parse
from chainrule.pipeline import backprop, value_and_grad
from chainrule.pipeline import evaluate as evaluate_system
from chainrule.verify.sampling import random_inputs
from support import assert_close

CTC = "data ext[s] : int(k)\nparam p[k], a0[s]\n"
LOOKED = "data tok[t] : int(v)\nparam E[v], V[u]\n"
SYSTEMS = {
    "one step": CTC + "a1[s] = p[ext[s]]*a0?[s-1]\ncost C = sum(s) a1[s]",
    "a step and its stay": CTC + "a1[s] = p[ext[s]]*(a0[s] + a0?[s-1])\ncost C = sum(s) a1[s]^2",
    "two steps": CTC
    + "a1[s] = p[ext[s]]*(a0[s] + a0?[s-1])\na2[s] = p[ext[s]]*(a1[s] + a1?[s-1] + a1?[s-2])\ncost C = sum(s) a2[s]^2",
    "no skip between equal labels": CTC
    + "a1[s] = p[ext[s]]*(a0[s] + [s > 1]*[ext[s] != ext[s-2]]*a0[s-2])\ncost C = sum(s) a1[s]^2",
    "the same by a choice": CTC
    + "a1[s] = p[ext[s]]*(a0[s] + where(s > 1, [ext[s] != ext[s-2]]*a0[s-2], 0))\ncost C = sum(s) a1[s]^2",
    "two ranges": LOOKED + "cost C = (sum(t) E[tok[t]]*V?[t-1])^2",
    "backwards": LOOKED + "z[t] = tanh(E[tok[t]]*V?[2-t])\ncost C = sum(t) z[t]^2",
    "beside a number as well": LOOKED + "z[t] = V?[t-1]*log(1 + E[tok[t]]^2)\ncost C = sum(t) z[t]^2",
    "under a bracket": LOOKED + "cost C = sum(t,u) [t > 0]*[u = t]*E[tok[t-1]]*V[u]",
    "in the entry itself": "data tok[t] : int(v), y[t] : int(v)\nparam V[v,t]\n"
    "z[t] = V?[tok[t],t-1]*[tok[t] = y[t]]\ncost C = sum(t) z[t]^2*V?[y[t],t+1]",
    "a table with rows": "data tok[t] : int(v)\nparam E[t,v], V[u]\nz[t] = E[t,tok[t]]*V?[t-1]\ncost C = sum(t) z[t]^2",
    "two look-ups and a batch": "data tok[t] : int(v), lab[t] : int(v)\nparam E[v,d], V[u]\nbatch n\n"
    "h[t,d] = E[tok[t],d]*E[lab[t],d]*V?[t+2]\ncost C = sum(t,d) h[t,d]^2",
    "a look-up in a look-up": "data tok[t] : int(v), at[s] : int(t)\nparam E[v], V[u]\n"
    "cost C = sum(s) E[tok[at[s]]]*V?[s-1]^2",
    "written by hand": LOOKED + "z[u] = E[tok[u-1]]*V?[u]^2*V?[u-1]^2\ncost C = sum(t,u) [t = u-1]*z[u]*[tok[t] < 9]",
}


@pytest.mark.parametrize("text", SYSTEMS.values(), ids=SYSTEMS)
def test_gradients_are_those_of_central_differences(text: str) -> None:
    system = parse(text)
    for seed in range(2):
        report = gradient_check(system, seed=seed)
        assert report, report


@pytest.mark.parametrize("text", SYSTEMS.values(), ids=SYSTEMS)
def test_every_step_is_compared_and_true(text: str) -> None:
    back = backprop(parse(text))
    for tensor in back.wrt:
        assert not back.derivation(tensor).verify().unverified


@pytest.mark.parametrize("text", SYSTEMS.values(), ids=SYSTEMS)
def test_machine_code_has_the_values_of_the_reference(text: str) -> None:
    system = backprop(parse(text)).system
    inputs = random_inputs(system, 1)
    compiled = Native().compile(system, dtype="float64")
    with patch.dict("os.environ", {"CHAINRULE_CHECKED": "1"}):
        found = compiled.evaluate(inputs)
    assert "on the reference" not in compiled.plan, compiled.plan
    for name, value in evaluate(system, inputs).items():
        assert_close(found[name], value, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("text", SYSTEMS.values(), ids=SYSTEMS)
def test_what_is_derived_reads_back_the_same(text: str) -> None:
    system = backprop(parse(text)).system
    assert parse(str(system)) == system


def test_a_guard_reaches_what_a_sum_beside_it_looks_up() -> None:
    """ext[s+1] is in every term of a sum, and the mark that guards it outside of the sum."""
    system = parse("data e[s] : int(k)\nparam p[k], a[s]\nz[s] = a?[s+1]*(p[e[s+1]] + p[e[s]]^2)")
    inputs = {"e": [1, 0, 1], "p": [2.0, 3.0], "a": [1.0, 4.0, 9.0]}
    wanted = [4 * (2 + 9), 9 * (3 + 4), 0]
    assert_close(evaluate_system(system, inputs)["z"], wanted)
    assert_close(Native().compile(system, dtype="float64").evaluate(inputs)["z"], wanted)


@pytest.mark.parametrize("factor", ["", "[s+1 < 4]*", "a?[s-1]*", "(1 + a?[s+1])*"])
def test_what_no_guard_rules_out_is_still_refused(factor: str) -> None:
    system = parse(f"data e[s] : int(k)\nparam p[k], a[s]\nz[s] = {factor}a[s]*p[e[s+1]]")
    with pytest.raises(InputError, match=r"e\[s\+1\] reads outside its tensor at s = 2"):
        evaluate_system(system, {"e": [1, 0, 1], "p": [2.0, 3.0], "a": [1.0, 4.0, 9.0]})


def test_an_infinite_entry_that_is_not_wanted_is_no_part_of_the_sum() -> None:
    """Past the end the place of e[s+1] holds anything; q[0] is infinite, and 0 times it would not be a number."""
    text = "data e[s] : int(k)\nparam p[k], a[s]\nq[k] = 1/p[k]\ncost C = sum(s) a?[s+1]^2*q[e[s+1]]"
    system = parse(text)
    inputs = {"e": [0, 1, 1], "p": [0, 1 / 3], "a": [1.0, 4.0, 9.0]}
    assert_close(evaluate_system(system, inputs)["C"], 3 * (16 + 81))
    assert_close(Native().compile(system, dtype="float64").evaluate(inputs)["C"], 3 * (16 + 81))


def _without_marks(expr: Expr) -> Expr:
    return replace(expr, guarded=False) if isinstance(expr, Indexed) else map_operands(expr, _without_marks)


def _without_the_first_guard(expr: Expr) -> Expr:
    return Product(expr.factors[1:]) if isinstance(expr, Product) else expr


@pytest.mark.parametrize(
    ("text", "fault"), [(SYSTEMS["two ranges"], _without_the_first_guard), (SYSTEMS["one step"], _without_marks)]
)
def test_a_guard_that_is_missing_is_found_by_verification(text: str, fault: object) -> None:
    assert callable(fault)
    back = backprop(parse(text))
    tensor = next(t for t in back.wrt if t in ("V", "p"))
    derivation = back.derivation(tensor)
    *before, last = derivation.steps
    wrong = fault(last.after)
    assert wrong != last.after
    with pytest.raises(VerificationError):
        replace(derivation, steps=(*before, replace(last, after=wrong)), result=wrong).verify()


def test_the_share_of_a_last_label_is_nothing_more_than_its_own() -> None:
    """a0[2] goes nowhere but into a1[2]: the step to a1[3] is not there."""
    _, gradients = value_and_grad(
        parse(SYSTEMS["a step and its stay"]), {"ext": [0, 1, 0], "p": [2, 3], "a0": [1, 1, 1]}
    )
    assert_close(gradients["a0"], [2 * (2 * 2 + 3 * 6), 2 * (3 * 6 + 2 * 4), 2 * 2 * 4])
