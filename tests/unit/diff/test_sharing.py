"""What is alike in all but names is derived once; it has to come out as if each had been derived by itself."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import chainrule as cr
from apart import derived, nothing_shared
from chainrule.diff.backprop import Cotangent, Cotangents
from chainrule.expr.nodes import Expr
from chainrule.expr.shared import TABLE
from chainrule.expr.symbols import Symbol
from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.rewrite.rules import Recorder
from chainrule.simplify import simplifier
from chainrule.simplify.shapes import Problem
from support import assert_close


def _step(n: int) -> str:
    gates = [("f", "sigmoid"), ("o", "sigmoid"), ("u", "tanh"), ("v", "tanh")]
    lines = [
        f"{gate}{n}[j] = {function}((sum(i) W[{place},j,i]*x[{n},i]) + (sum(m) U[{place},j,m]*h{n}[m]))"
        for place, (gate, function) in enumerate(gates)
    ]
    return "\n".join([*lines, f"h{n + 1}[j] = o{n}[j]*tanh(u{n}[j] + f{n}[j]*v{n}[j])"])


SYSTEMS = {
    "gates at places and steps": f"""
        data x[t,i], h0[m], y[j]
        param W[g,j,i], U[g,j,m]
        index t = 4, g = 4
        {_step(0)}
        {_step(1)}
        {_step(2)}
        {_step(3)}
        cost C = sum(j) (h4[j] - y[j])^2
        """,
    "numbers that differ and numbers that are one": """
        param W[g,i], v[g]
        data x[t,i]
        a = v[2]*(sum(i) W[2,i]*x[2,i])
        b = v[3]*(sum(i) W[2,i]*x[3,i])
        c = v[2]*(sum(i) W[3,i]*x[2,i])
        d = v[4]*v[4] + v[5]*v[6]
        cost C = a^2 + b^2 + c^2 + d^2
        """,
    "numbers that are 0 and 1": """
        param p[i]
        a = p[0]*p[1]
        b = p[1]*p[2]
        c = p[2]*p[3]
        d = p[3]*p[3]
        cost C = exp(a) + exp(b) + exp(c) + exp(d)
        """,
    "numbers along axes of one size and of two": """
        param A[g,i], B[g,j], P[g,h]
        data x[i], y[j], u[h]
        given P[g,h] = P[h,g]
        a = (sum(i) A[2,i]*x[i])*(sum(j) B[2,j]*y[j])
        b = (sum(i) A[3,i]*x[i])*(sum(j) B[2,j]*y[j])
        c = A[2,2]*B[2,3]
        d = A[2,3]*B[2,3]
        e = A[3,3]*B[3,3]
        p = sum(h) P[2,h]*P[h,3]*u[h]
        q = sum(h) P[2,h]*P[h,2]*u[h]
        cost C = exp(a) + exp(b) + exp(c) + exp(d) + exp(e) + p^2 + q^2
        """,
    "a delta for the number of an entry and for another": """
        param v[g], w[g]
        data x[g]
        index g = 4
        a = sum(g) [g = 2]*v[g]*v[3]*x[2]
        b = sum(g) [g = 2]*w[g]*w[3]*x[3]
        cost C = exp(a) + exp(b)
        """,
    "numbers in determinants and beside them": """
        param A[i,j], B[i,j]
        a = inv(A)[2,3]*A[2,3]
        b = inv(B)[2,3]*B[3,2]
        c = inv(A)[2,2]*A[3,2]
        cost C = a^2 + b^2 + c^2
        """,
    "written comparisons with numbers": """
        param w[i], u[j], v[j]
        data y[i], X[i,j]
        index i = 4
        p = sum(j) u[j]*(sum(i) [i = 3]*X[i,j])
        q = sum(j) v[j]*(sum(i) [i = 4]*X[i,j])
        a = sum(i) [i = 3]*w[i]*y[i]
        b = sum(i) [i = 4]*w[i]*y[i]
        c = sum(i) [i < 3]*w[i]*y[i]
        d = sum(i) [i < 4]*w[i]*y[i]
        cost C = a^2 + b^2 + c^2 + d^2 + sin(p) + sin(q)
        """,
    "consts in exponents": """
        param w[i]
        const n = 2, m = 0
        a[i] = w[i]^n
        b[i] = w[i]^m
        cost C = sum(i) (a[i] + b[i])^2
        """,
    "one is used once and one twice": """
        data d[k]
        param v[k], p[k], w[k]
        a[k] = exp(d[k]*v[k])
        b[k] = exp(p[k]*w[k])
        cost C = (sum(k) sin(a[k])) + (sum(k) sin(b[k]))
        """,
    "a quotient that is named": """
        param W1[j,i], W2[k,j]
        data x[i], y[k]
        a[j] = tanh(sum(i) W1[j,i]*x[i])
        z[k] = sum(j) W2[k,j]*a[j]
        b[k] = tanh(z[k])
        u[k] = (b[k] - y[k])/(1 + b[k]^2)
        cost C = sum(k) u[k]^2*b[k]
        """,
    "softmax twice, once with a given": """
        param V[k,j], U[k,j]
        data x[j], y[k], t[k]
        given sum(k) y[k] = 1
        r[k] = sum(j) V[k,j]*x[j]
        p[k] = exp(r[k])/(sum(m) exp(r[m]))
        s[k] = sum(j) U[k,j]*x[j]
        q[k] = exp(s[k])/(sum(m) exp(s[m]))
        cost C = -(sum(k) y[k]*log(p[k])) - (sum(k) t[k]*log(q[k]))
        """,
    "a difference that is written one way round in one of two": """
        param w1[j], w2[j], v[j]
        data x1[j], y1[j], x2[j], y2[j]
        p1[j] = w1[j]*x1[j] - w1[j]*y1[j]
        p2[j] = w2[j]*x2[j] - w2[j]*y2[j]
        q[j] = (y2[j] - x2[j])*v[j]
        cost C = (sum(j) sin(p1[j])) + (sum(j) sin(p2[j])) + (sum(j) q[j]^2)
        """,
    "shifted positions and marks": """
        param w[u], v[u]
        data x[i]
        a[p] = sum(u) w[u]*x[p+u]
        b[i] = sum(u) v[u]*x?[i-u]
        cost C = (sum(p) a[p]^2) + (sum(i) b[i]^2)
        """,
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_equations_alike_come_out_as_if_each_were_derived_by_itself(name: str) -> None:
    found = derived(parse(SYSTEMS[name]))
    with nothing_shared():
        assert found == derived(parse(SYSTEMS[name]))


def test_equal_layers_are_derived_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = _derivations(monkeypatch)
    counts = []
    for layers in (8, 16):
        made.clear()
        backprop(parse(_deep(layers)))
        counts.append(len(made))
    assert counts[0] == counts[1] < 20


def test_equal_steps_are_derived_once_wherever_they_read_their_data(monkeypatch: pytest.MonkeyPatch) -> None:
    made = _derivations(monkeypatch)
    steps = "\n".join(f"h{n + 1}[j] = tanh((sum(i) W[j,i]*x[{n},i]) + h{n}[j])" for n in range(12))
    backprop(parse(f"data x[t,i], h0[j]\nparam W[j,i]\n{steps}\ncost C = sum(j) h12[j]^2"))
    assert len(made) < 9


def test_equal_steps_with_gates_at_numbers_are_derived_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = _derivations(monkeypatch)
    counts = []
    for steps in (5, 9):
        made.clear()
        backprop(parse(_gated(steps)))
        counts.append(len(made))
    assert counts[0] == counts[1] < 30


def test_numbers_of_gates_are_names_where_no_delta_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Problem] = []
    alone = simplifier._run

    def noted(problem: Problem, recorder: Recorder | None) -> Expr:
        runs.append(problem)
        return alone(problem, recorder)

    monkeypatch.setattr(simplifier, "_run", noted)
    counts = []
    for places in ((2, 3, 4, 5), (0, 1, 2, 3)):
        runs.clear()
        gates = "\n".join(f"a{n}[j] = exp(sum(i) W[{n},j,i]*z[i])" for n in places)
        total = " + ".join(f"a{n}[j]" for n in places)
        backprop(parse(f"data W[g,j,i]\nparam z[i]\n{gates}\ncost C = sum(j) ({total})"))
        counts.append(len(runs))
    assert counts[0] == counts[1]


def test_nothing_that_was_derived_stays_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TABLE, "size", 200)
    alive = []
    for n in range(9):
        str(backprop(parse(_deep(1, f"_{n}"))))
        if n in (2, 8):
            gc.collect()
            alive.append(len(gc.get_objects()))
    assert alive[1] - alive[0] < 2000


def _gated(steps: int) -> str:
    lines = ["data x[t,i], h0[j]", "param W[g,j,i], U[g,j,m]"]
    for n in range(steps):
        lines += [
            f"z{gate}{n}[j] = (sum(i) W[{place},j,i]*x[{n},i]) + (sum(m) U[{place},j,m]*h{n}[m])\n"
            f"{gate}{n}[j] = tanh(z{gate}{n}[j])"
            for place, gate in enumerate("ufo")
        ]
        lines.append(f"h{n + 1}[j] = o{n}[j]*(u{n}[j] + f{n}[j]*h{n}[j])")
    return "\n".join([*lines, f"cost C = sum(j) h{steps}[j]^2"])


def _derivations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the tensors whose cotangents are derived, not renamed, from now on."""
    made: list[str] = []
    alone = Cotangents._derived

    def noted(self: Cotangents, tensor: Symbol) -> Cotangent:
        made.append(tensor)
        return alone(self, tensor)

    monkeypatch.setattr(Cotangents, "_derived", noted)
    return made


def _deep(layers: int, mark: str = "") -> str:
    lines = [f"data a0{mark}[i], y[i]"]
    for n in range(1, layers + 1):
        lines += [
            f"param W{n}{mark}[j,i], b{n}{mark}[j]",
            f"z{n}{mark}[j] = (sum(i) W{n}{mark}[j,i]*a{n - 1}{mark}[i]) + b{n}{mark}[j]",
            f"a{n}{mark}[j] = sigmoid(z{n}{mark}[j])",
        ]
    return "\n".join([*lines, f"cost C = sum(j) (a{layers}{mark}[j] - y[j])^2"])


def test_what_is_renamed_may_hold_sums_that_nothing_around_it_holds() -> None:
    """Two weights of one kind, each over a sum of both: what is like the first is renamed for a scalar."""
    lines = ["data x[k], y[k]", "param w[k]", "h1[k] = tanh(w[k]*x[k])", "h2[k] = tanh(w[k]*h1[k])"]
    lines += ["e1 = exp(sum(k) w[k]*h1[k])", "e2 = exp(sum(k) w[k]*h2[k])", "S = e1 + e2"]
    lines += [f"{name}{n} = {value}" for n in (1, 2) for name, value in (("p", f"e{n}/S"),)]
    lines += [f"g{n}[k] = p{n}*h{n}[k]" for n in (1, 2)]
    lines += ["c[k] = g1[k] + g2[k]", "cost C = 1/2*(sum(k) (c[k] - y[k])^2)"]
    system = cr.parse("\n".join(lines))
    inputs = {"x": [0.3, -0.8], "y": [0.5, 0.1], "w": np.array([0.7, -0.4])}
    names = [e.name for e in system.equations if e.name != "C"]
    _, found = cr.value_and_grad(system, inputs, ["w", *names])
    h = 1e-6
    for entry in range(2):
        moved = np.eye(2)[entry] * h
        up, down = (cr.evaluate(system, inputs | {"w": inputs["w"] + sign * moved})["C"] for sign in (1, -1))
        assert_close(found["w"][entry], (up - down) / (2 * h), rtol=1e-6)
