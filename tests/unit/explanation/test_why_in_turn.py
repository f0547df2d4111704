"""Why the chain rule is a sum where readers of a variable depend on each other: they follow, none is held fixed."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.explanation.moves import Moves, random_moves
from chainrule.explanation.why import Why
from chainrule.notation import parse

STEPS = "data x1, x2, y\nparam W\nh1 = tanh(W*x1)\nh2 = tanh(W*h1 + x2)\ncost C = (h2 - y)^2"
THREE = """
data x
param W[j,k], b[j]
h1[j] = tanh(W[j,j]*x + b[j])
h2[j] = tanh(sum(k) W[j,k]*h1[k])
cost C = sum(j) h2[j]^3
"""
SKIP = "param z[j]\na[k] = exp(z[k])\nb[k] = a[k]*z[k]\ncost C = sum(k) (b[k] + a[k])*z[k]"
PARALLEL = "param z\nu = exp(z)\nv = sin(z)\ncost C = u*v^2"


def test_two_readers_of_which_one_depends_on_the_other_read_so() -> None:
    shown = str(cr.why(parse(STEPS), "W"))
    assert shown.startswith(
        """\
Why ∂C/∂W = ∂C/∂h1·∂h1/∂W + ∂C/∂h2·∂h2/∂W
  1  h1 and h2 read W directly. Move W by a small step ε for one of them at a time, and for nothing
     else. That one changes by
       Δh1 = ∂h1/∂W·ε + o(ε)
       Δh2 = ∂h2/∂W·ε + o(ε)
     where o(ε) is negligible beside ε: divided by ε, it goes to 0. ∂h2/∂W is the direct part of how
     h2 changes: h1 stays as it is.
  2  Now let W move for one after the other, and let all that depends on that one follow, up to C.
     Each adds its own change to C:
       ΔC = ∂C/∂h1·Δh1 + ∂C/∂h2·Δh2 + o(ε)
     ∂C/∂h1 says how fast C changes when h1 changes and all that depends on it follows, h2 too.
"""
    )
    assert "Δ is how far the entry moves when W moves for it alone" in shown
    assert "at once" not in shown.partition("In numbers")[0]


@pytest.mark.parametrize("text", [STEPS, THREE, SKIP])
def test_a_share_is_what_the_cost_changes_when_one_use_moves(text: str) -> None:
    """Each use is given a copy of its own: the derivatives of the cost by the copies are the shares."""
    system = parse(text)
    tensor = "W" if "W" in system.params else "z"
    moves = moves_of(cr.why(system, tensor))
    assert moves.in_turn
    for term in moves.terms:
        assert term.changes[2] / 0.001 == pytest.approx(term.share, rel=0.02, abs=1e-4)
    assert sum(term.share for term in moves.terms) + moves.rest == pytest.approx(moves.derivative)


def test_a_share_by_hand_with_a_copy_for_each_use() -> None:
    values = {"x1": 0.7, "x2": -0.2, "y": 0.3, "W": 0.9}
    moves = moves_of(cr.why(parse(STEPS), "W", values))

    def cost(first: float, second: float) -> float:
        return float((np.tanh(second * np.tanh(first * 0.7) - 0.2) - 0.3) ** 2)

    width = 1e-6
    by_first = (cost(0.9 + width, 0.9) - cost(0.9 - width, 0.9)) / (2 * width)
    by_second = (cost(0.9, 0.9 + width) - cost(0.9, 0.9 - width)) / (2 * width)
    assert [term.share for term in moves.terms] == pytest.approx([by_first, by_second], rel=1e-7)
    assert moves.terms[0].changes[1] == pytest.approx(cost(0.91, 0.9) - cost(0.9, 0.9))
    assert moves.terms[1].changes[1] == pytest.approx(cost(0.9, 0.91) - cost(0.9, 0.9))


def test_readers_that_know_nothing_of_each_other_change_at_once() -> None:
    shown = str(cr.why(parse(PARALLEL), "z"))
    assert "With the others held fixed, u and v change by" in " ".join(shown.split())
    assert "C is a function of u and v at once" in " ".join(shown.split())
    assert not moves_of(cr.why(parse(PARALLEL), "z")).in_turn


def test_what_the_cost_reads_itself_is_told_beside_readers_in_turn() -> None:
    shown = str(cr.why(parse(SKIP), "z"))
    assert "Every a[k] and every b[k] read z[j] directly." in shown.replace("\n     ", " ").replace("[m]", "[k]")
    assert "and so does z[j], which C reads itself:" in shown.replace("\n     ", " ")
    assert "follows, every b[k] too." in shown.replace("\n     ", " ").replace("[m]", "[k]")


def test_no_multiple_is_told_of_a_sum_that_has_no_index() -> None:
    for text in (STEPS, PARALLEL):
        assert "times the contribution" not in str(cr.why(parse(text), parse(text).params[0]))
    anything = str(cr.why(parse("param z[j]\nabstract a[k](z[j])\ncost C(a[k])"), "z"))
    assert "times the contribution of a[" in anything


def test_no_multiple_is_told_that_is_the_sum_itself() -> None:
    system = parse("data w[k]\nparam z\na[k] = w[k]*z\ncost C = sum(k) a[k]")
    assert "times the contribution" not in str(cr.why(system, "z", {"z": 1.0, "w": [2.0, 2.0]}))
    assert "2 times the contribution of a[1] would be 6." in str(cr.why(system, "z", {"z": 1.0, "w": [2.0, 3.0]}))


NEARLY_EQUAL = "data u\nparam z[j]\na[k] = z[k] + 1/10^6*u\ns = sum(j) z[j]\ncost C = s + (sum(k) a[k])"
BATCH_NORM = """
data y[n]
param x[n]
m = mean(n) x[n]
v = mean(n) (x[n] - m)^2
h[n] = (x[n] - m)/sqrt(v)
cost C = 1/2*(sum(n) (h[n] - y[n])^2)
"""


@pytest.mark.parametrize("text", [STEPS, BATCH_NORM, SKIP, THREE])
def test_a_random_point_tells(text: str) -> None:
    system = parse(text)
    back = cr.backprop(system, system.params)
    moves = random_moves(back, system.params[0], None, 99)
    shares = sorted((abs(term.share) for term in moves.terms), reverse=True)
    assert abs(moves.derivative) > 0.1 * sum(shares)
    assert shares[0] - shares[1] > 0.05 * shares[0]


def test_where_no_point_tells_one_is_shown_all_the_same() -> None:
    moves = moves_of(cr.why(parse(NEARLY_EQUAL), "z"))
    assert [term.share for term in moves.terms] == [1.0, 1.0]


def test_random_tensors_have_three_entries_along_each_axis() -> None:
    system = parse("param z[j]\nabstract a[k](z[j])\ncost C(a[k])")
    moves = moves_of(cr.why(system, "z", at=2))
    assert len(moves.terms) + moves.still >= 3


def test_letters_of_the_reason_are_none_of_the_systems() -> None:
    shown = str(cr.why(parse("data x\nparam w\no = w*x\nh1 = o^2\ncost C = h1^2"), "w"))
    assert "Δo = ∂o/∂w·ε + r(ε)" in shown


def moves_of(found: Why) -> Moves:
    assert found.moves is not None
    return found.moves
