"""Whole numbers as positions in machine code: entries that are looked up, sums over them as additions by look-up."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest

from chainrule.errors import InputError
from chainrule.execute.inputs import check_inputs
from chainrule.execute.native.executor import Native
from chainrule.execute.native.machine import host
from chainrule.execute.native.schedule import schedules
from chainrule.execute.reference.evaluation import Reference
from chainrule.lower.lowering import lower
from chainrule.lower.program import Instruction, Program
from chainrule.lower.text import program_document
from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.render.document_text import document_text
from chainrule.system.batching import batch
from chainrule.system.model import System
from support import assert_close

V, T, D = 7, 40, 5
TOK = np.random.default_rng(0).integers(0, V, T)
E, G = (np.random.default_rng(n).normal(size=shape) for n, shape in ((1, (V, D)), (2, (T, D))))
HEAD = "data tok[t] : int(v)\nparam E[v,d]\n"
DATA = {"tok": TOK, "E": E}
FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "a look-up": (HEAD + "h[t,d] = tanh(E[tok[t],d])\ng[d,t] = E[tok[t],d]^2", DATA),
    "a look-up in a product": (HEAD + "param W[k,d]\nz[t,k] = sum(d) W[k,d]*E[tok[t],d]", DATA | {"W": E[:3]}),
    "two look-ups in a product": (HEAD + "s[t] = sum(d) E[tok[t],d]*E[tok[0],d]\nr = sum(t,d) E[tok[t],d]", DATA),
    "one of one axis": ("data tok[t] : int(v)\nparam b[v]\nh[t] = exp(b[tok[t]]) + t\nm = max(t) b[tok[t]]",
                        {"tok": TOK, "b": E[:, 0]}),
    "of what is computed": (HEAD + "F[v,d] = tanh(E[v,d])\nn[v] = sum(d) F[v,d]\nh[t] = n[tok[t]] + F[tok[t],2]", DATA),
    "shifted look-ups": (HEAD + "h[d] = sum(t<13) (E[tok[t+1],d] - E[tok[3*t + 1],d])\nu[d] = E[tok[3],d]", DATA),
    "a look-up beside a mark": (HEAD + "h[t,d] = E?[tok[t],d-1]", DATA),
    "a look-up of a look-up": ("data a[i] : int(t), tok[t] : int(v)\nparam E[v,d]\nh[i,d] = E[tok[a[i]],d]",
                               {"a": TOK[:9] % T, **DATA}),
    "whole numbers as numbers": (HEAD + "h[t] = tok[t]*(sum(d) E[0,d]) + [tok[t] > 3]\ns = sum(t) tok[t]*h[t]", DATA),
    "whole numbers turned": (
        "data tok[n,t] : int(9)\nparam x[n]\ny[t] = sum(n) tok[n,t]*x[n]\nz[t,n] = tok[n,t] - x[n]",
        {"tok": TOK.reshape(8, 5), "x": E[:, 0].repeat(2)[:8]}),
    "compared entry by entry": (HEAD + "h[t,v] = [tok[t] = v] + [tok[t] < v]*E[v,0]", DATA),
    "added by look-up": (HEAD + "param g[t,d]\nS[v,d] = sum(t) [tok[t] = v]*g[t,d]", DATA | {"g": G}),
    "added, turned": (HEAD + "param g[t,d]\nS[d,v] = sum(t) g[t,d]*[v = tok[t]]*t", DATA | {"g": G}),
    "counted": (HEAD + "S[v] = sum(t) [tok[t] = v]\nq[v] = mean(t) 3*[tok[t] = v]", DATA),
    "added, with what is read there": (HEAD + "S[v,d] = sum(t) [tok[t] = v]*E[v,d]^2/(1 + t)*[t > v]", DATA),
    "added where another sum is over": (
        HEAD + "param g[t,d]\nS[v] = sum(t,d) [tok[t] = v]*g[t,d]*E[v,d]", DATA | {"g": G}),
    "added in products of sums": (
        HEAD + "param g[t,d]\nS[v,d] = mean(t) g[t,d]*([tok[t] = v]*t + 2*(sum(u<4) [tok[u] = v]*g[u,d]) - E[v,d])",
        DATA | {"g": G}),
    "added over two numbers": (
        "data a[t] : int(v), b[t] : int(w)\nparam g[t], x[v,w]\nS[v,w] = sum(t) [a[t] = v]*[b[t] = w]*g[t]",
        {"a": TOK, "b": TOK[::-1], "g": G[:, 0], "x": np.zeros((V, V + 1))}),
    "added where both are one": (
        "data a[t] : int(v), b[t] : int(v)\nparam g[t], x[v]\nS[v] = sum(t) [a[t] = v]*[b[t] = v]*g[t]",
        {"a": TOK, "b": TOK[::-1], "g": G[:, 0], "x": np.zeros(V)}),
    "one term of a sum": (HEAD + "S[t,d] = sum(v) [tok[t] = v]*E[v,d]*v\ns = sum(t,v,d) [tok[t] = v]*E[v,d]", DATA),
    "compared at a shifted place": (
        HEAD + "S[d] = sum(t,v) [tok[t] = v]*E?[v+1,d]\nR[v] = sum(t) [tok[t] = v]*E?[v-1,0]", DATA),
    "what is not chosen may be undefined": (
        HEAD + "l[t] = 1/(t - 3)\nS[v] = sum(t) [tok[t] = v]*[t > 3]*l[t]\n"
        "R[v] = sum(t) [tok[t] = v]*log(v - tok[0] + 1/2)*[v >= tok[0]]", DATA),
    "inside a function": (HEAD + "S[v] = sum(t) exp([tok[t] = v]*t/40)\nm[v] = max(t) ([tok[t] = v]*t)", DATA),
    "for each sample": ("data tok[n,t] : int(v)\nparam E[v,d]\nS[n,v] = sum(t) [tok[n,t] = v]*E[v,0]",
                        {"tok": TOK.reshape(8, 5), "E": E}),
    "none to add": (HEAD + "param g[i,d]\nS[v,d] = sum(t) [tok[t] = v]*g[0,d]", DATA | {"g": G, "tok": TOK[:1]}),
    "an update": (HEAD + "S[v,d] = sum(t) [tok[t] = v]*E[tok[t],d]\nupdate E[v,d] = E[v,d] - S[v,d]/8", DATA),
    "an update that looks up what it changes": (HEAD + "update E[v,d] = E[v,d] + E[tok[1],d]", DATA),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FORMS)
def test_look_ups_have_the_values_of_the_reference(name: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_CHECKED", "1")
    text, inputs = FORMS[name]
    compiled = Native().compile(parse(text), dtype=dtype)
    found, expected = compiled.step(inputs), Reference().compile(parse(text)).step(inputs)
    assert "on the reference" not in compiled.plan
    for mine, its in zip(found, expected, strict=True):
        assert list(mine) == list(its)
        for tensor, value in its.items():
            tolerance = 1e-5 if dtype == "float32" else 1e-12
            assert_close(mine[tensor], value, rtol=tolerance, atol=tolerance * max(1.0, float(np.abs(value).max())))


def lowered(system: System, inputs: dict[str, Any]) -> Program:
    return lower(system, check_inputs(system, inputs).sizes, tuple(e.name for e in system.equations))


def points(instruction: Instruction) -> int:
    inner = instruction.contraction.axes if instruction.contraction else ()
    return prod(a.extent for a in (*instruction.axes, *inner))


def test_a_gradient_by_a_table_takes_no_loop_over_table_and_words() -> None:
    system = backprop(parse(HEAD + "data y[d]\ncost C = sum(t,d) (tanh(E[tok[t],d]) - y[d])^2")).system
    made = lowered(system, DATA | {"y": E[0]})
    assert max(map(points, made.instructions)) == T * D
    (adding,) = (i for i in made.instructions if i.adding)
    assert adding.adding == ("t",)
    (store,) = adding.stores
    assert store in adding.loads


def test_samples_and_the_sums_inside_them_are_added_at_once() -> None:
    text = "data a : int(v), N[k] : int(v)\nparam A[v,d], B[v,d]\nbatch n\n"
    text += "t[k] = sum(d) A[a,d]*B[N[k],d]\ncost C = sum(k) t[k]^2"
    system = batch(backprop(parse(text)).system)
    made = lowered(system, {"a": TOK, "N": np.stack([TOK, TOK[::-1]], 1), "A": E, "B": E})
    assert max(map(points, made.instructions)) == T * 2 * D
    assert [i.adding for i in made.instructions if i.adding] == [("n",), ("n", "k")]


def test_a_term_whose_place_is_no_whole_position_is_compared() -> None:
    made = lowered(parse(HEAD + "R[v] = sum(t) [tok[t] = v]*E?[v-1,0]"), DATA)
    assert not any(i.adding for i in made.instructions)
    assert max(map(points, made.instructions)) == T * V


def test_additions_are_one_by_one_in_order_and_never_shared_along_what_is_looked_up() -> None:
    system = parse("data tok[n,t] : int(v)\nparam E[v,d], g[n,t,d]\nS[v,d] = sum(n,t) [tok[n,t] = v]*g[n,t,d]")
    values = {"tok": TOK.reshape(8, 5), "E": np.zeros((V, 640)), "g": np.zeros((8, 5, 640))}
    (adding,) = (i for i in lowered(system, values).instructions if i.adding)
    for chosen in schedules(adding, host(), "f32", 4):
        assert [axis for axis, _ in chosen.tile if axis in adding.adding] == list(adding.adding) == ["n", "t"]
        assert all(chosen.size(axis) == 1 for axis in adding.adding)
        assert chosen.vector == "d"
        assert chosen.split in {"", "d"}


def test_the_program_shows_what_is_looked_up() -> None:
    text = document_text(program_document(lowered(parse(HEAD + "h[t,d] = E[tok[t],d]^2"), DATA)))
    assert "= E[d + 16·tok[t]]" in text


@pytest.mark.parametrize("wrong", [V, -1, 1.5, np.nan])
def test_wrong_whole_numbers_raise_what_the_reference_raises(wrong: float) -> None:
    system = parse(FORMS["a look-up"][0])
    tokens = TOK.astype(float)
    tokens[3] = wrong
    messages = []
    for executor in (Native(), Reference()):
        with pytest.raises(InputError, match=r"tok\[3\] is .*at t = 3\n.*\n  whole numbers from 0 to 6") as caught:
            executor.compile(system, dtype=np.float64).evaluate({"tok": tokens, "E": E})
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
