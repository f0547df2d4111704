"""Why the chain rule is a sum: the reason in formulas, and numbers that are what they are said to be."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from cases import CASES, Case
from chainrule.errors import InputError
from chainrule.explanation.moves import MOST_MOVED, STEPS, Moves
from chainrule.explanation.why import Why
from chainrule.notation import parse

ANYTHING = "param z[j]\nabstract a[k](z[j])\ncost C(a[k])"
SOFTMAX = "param z[j]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\ncost C = sum(k) a[k]^2"
SIGMOID = "param z[j]\na[k] = sigmoid(z[k])\ncost C = sum(k) a[k]^2"
NORM = """
data y[i]
param x[i]
m = mean(i) x[i]
v = mean(i) (x[i] - m)^2
h[i] = (x[i] - m)/sqrt(v + 1/10)
cost C = 1/2*(sum(i) (h[i] - y[i])^2) + 1/10*(sum(i) x[i]^2)
"""


def test_the_reason_of_the_founding_question_reads_so() -> None:
    shown = str(cr.why(parse(ANYTHING), "z"))
    assert shown.startswith(
        """\
Why ∂C/∂z[j] = Σ_k ∂C/∂a[k]·∂a[k]/∂z[j]
  1  Move z[j] by a small step h, and hold fixed what does not depend on it. Every a[k] changes by
       Δa[k] = ∂a[k]/∂z[j]·h + o(h)
     where o(h) is negligible beside h: divided by h, it goes to 0.
  2  C is a function of all a[k] at once. Let them change one after the other: each adds its own
     change to C:
       ΔC = Σ_k ∂C/∂a[k]·Δa[k] + o(h)
     ∂C/∂a[k] says how fast C changes when a[k] alone changes and the others are held fixed.
  3  Substitute step 1:
       ΔC = h·Σ_k ∂C/∂a[k]·∂a[k]/∂z[j] + o(h)
  4  Divide by h and let h go to 0:
       ∂C/∂z[j] = Σ_k ∂C/∂a[k]·∂a[k]/∂z[j]
"""
    )
    assert "at a random point and with random smooth functions for a and C" in shown


def test_several_tensors_between_and_what_the_cost_reads_itself_are_all_told() -> None:
    shown = str(cr.why(parse(NORM), "x"))
    assert "m, v and every h[j] read x[i] directly." in shown
    assert "and so does x[i], which C reads itself" in shown
    assert "Δh[j] = ∂h[j]/∂x[i]·ε + o(ε)" in shown, "h is the name of a tensor here, so the step is ε"


@pytest.mark.parametrize("text", [SOFTMAX, SIGMOID, NORM, ANYTHING], ids=["softmax", "sigmoid", "norm", "anything"])
def test_what_each_entry_changes_alone_goes_to_its_contribution_and_all_at_once_to_the_derivative(text: str) -> None:
    moves = moves_of(cr.why(parse(text), parse(text).params[0]))
    for term in moves.terms:
        errors = [abs(change / step - term.share) for change, step in zip(term.changes, STEPS, strict=True)]
        assert errors[2] < 0.02 * errors[0] + 1e-9, "the error is of the order of the step"
    gaps = [abs(measured - moves.derivative) for measured in moves.measured]
    assert gaps[2] < 0.02 * gaps[0] + 1e-9
    assert sum(term.share for term in moves.terms) == pytest.approx(moves.derivative, rel=1e-12)


def test_a_superscript_that_is_part_of_a_name_is_written_as_one() -> None:
    shown = str(cr.why(parse("param z[L; j]\nabstract a[L; k](z[L; j])\ncost C(a[L; k])"), "z[L;]"))
    assert shown.startswith("Why ∂C/∂z[L; j] = Σ_k ∂C/∂a[L; k]·∂a[L; k]/∂z[L; j]\n")
    assert "Δa[L; k] = ∂a[L; k]/∂z[L; j]·h + o(h)" in shown
    assert "random smooth functions for a[L] and C: z[L; 1] = " in shown


def test_a_softmax_moves_every_entry_and_a_sigmoid_one() -> None:
    values = {"z": [0.0, 1.0, 2.0]}
    every, one = (moves_of(cr.why(parse(text), "z", values, at=1)) for text in (SOFTMAX, SIGMOID))
    assert ([t.place for t in every.terms], every.still) == ([(0,), (1,), (2,)], 0)
    assert ([t.place for t in one.terms], one.still) == ([(1,)], 2)
    a = np.exp([0.0, 1.0, 2.0]) / np.exp([0.0, 1.0, 2.0]).sum()
    after = np.exp([0.0, 1.01, 2.0]) / np.exp([0.0, 1.01, 2.0]).sum()
    assert [t.moves[1] for t in every.terms] == pytest.approx(after - a)
    assert [t.changes[1] for t in every.terms] == pytest.approx(after**2 - a**2)
    assert every.measured[1] == pytest.approx(((after**2).sum() - (a**2).sum()) / 0.01)


def test_of_many_entries_the_largest_are_shown_and_the_others_are_one_row() -> None:
    count = MOST_MOVED + 5
    draw = np.random.default_rng(0)
    found = cr.why(parse(SOFTMAX), "z", {"z": draw.normal(size=count)}, at=3, top=4)
    moves = moves_of(found)
    assert (len(moves.terms), moves.others, moves.summed) == (4, count - 4, ())
    assert sum(t.share for t in moves.terms) + moves.rest == pytest.approx(moves.derivative, rel=1e-12)
    assert f"… stands for {count - 4} smaller contributions together." in str(found)


def test_where_nothing_lies_between_there_is_nothing_to_add_up() -> None:
    system = parse("data x, unused\nparam w\np = w*x\ncost C = (p - 1)^2")
    assert "C reads p itself" in str(cr.why(system, "p"))
    assert "C does not depend on unused" in str(cr.why(system, "unused"))
    assert cr.why(system, "p").moves is None


def test_one_tensor_between_is_no_sum_and_gets_no_objections() -> None:
    shown = str(cr.why(parse("data x\nparam w\np = w*x\ncost C = (p - 1)^2"), "w"))
    assert "p changes by" in shown
    assert "times" not in shown


def test_the_same_point_is_drawn_each_time() -> None:
    assert str(cr.why(parse(NORM), "x")) == str(cr.why(parse(NORM), "x"))


def test_a_network_is_explained_on_a_sample() -> None:
    from chainrule import nn

    network = cr.Network([nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2), nn.Softmax()], cost=nn.CrossEntropy(), seed=0)
    moves = moves_of(cr.why(network, "z2", {"x": [0.1, 0.2, 0.3], "y": 1}, at=0))
    assert moves.measured[2] == pytest.approx(moves.derivative, abs=1e-3)
    with pytest.raises(InputError, match="on a sample"):
        cr.why(network, "z2")


def test_what_is_no_entry_is_refused() -> None:
    with pytest.raises(InputError, match="k = 7"):
        cr.why(parse("param z[k]\na[k] = z[k]^2\ncost C = sum(k) a[k]"), "z", {"z": [1.0, 2.0]}, at=7)
    with pytest.raises(InputError, match="no tensor is named q"):
        cr.why(parse(SOFTMAX), "q")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_has_its_reason_with_numbers_that_add_up(case: Case) -> None:
    system = parse(case.text)
    for tensor in dict.fromkeys((*system.params, *case.results)):
        found = cr.why(system, tensor)
        assert str(found)
        assert found.to_json()
        if found.moves is not None and found.moves.terms:
            total = sum(t.share for t in found.moves.terms) + found.moves.rest
            assert total == pytest.approx(found.moves.derivative, rel=1e-9, abs=1e-12)


def moves_of(found: Why) -> Moves:
    assert found.moves is not None
    return found.moves
