"""What belongs to a recurrence, in what order it is computed, and why some equations that read themselves have none."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.system.recurrence_order import Recurrence
from chainrule.system.recurrences import in_turn, recurrences
from unit.recurrences_along_an_index import CROSSED, RNN, SYSTEMS

HEAD = "data x[t,i], y[j]\nparam U[j,m]\n"
COST = "\ncost C = sum(t,j) (h[t,j] - y[j])^2 + 0*x[0,0]"


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_recurrence_prints_as_it_was_written_and_reads_back(name: str) -> None:
    system = cr.parse(SYSTEMS[name])
    assert cr.parse(str(system)) == system
    assert str(cr.parse(str(system))) == str(system)


def test_equations_that_read_one_another_are_one_recurrence() -> None:
    (found,) = recurrences(cr.parse(CROSSED))
    assert [e.name for e in found.equations] == ["u", "s", "v"]
    assert (dict(found.axes), found.down) == ({"u": 0, "s": 0, "v": 0}, False)


def test_what_only_reads_a_recurrence_comes_after_it() -> None:
    order = [one if isinstance(one, Recurrence) else one.name for one in in_turn(cr.parse(CROSSED))]
    assert order[1:] == ["r", "q", "C"]


def test_a_derived_recurrence_goes_the_other_way() -> None:
    for text, down in ((RNN, False), (RNN.replace("t-1", "t+1"), True)):
        forward, backward = recurrences(cr.backprop(cr.parse(text)).system)
        assert (forward.down, backward.down) == (down, not down)


def test_a_plain_letter_of_what_is_read_labels_its_axis() -> None:
    with pytest.raises(cr.InputError, match="U axis 1"):
        cr.evaluate(cr.parse(RNN), {"x": [[1.0]], "y": [1.0, 2.0], "W": [[1.0], [2.0]], "U": [[1.0] * 3] * 2})


def test_the_order_of_systems_without_one_is_that_of_their_equations() -> None:
    system = cr.parse("data x[i]\nparam w[i]\nz = sum(i) w[i]*x[i]\ncost C = z^2")
    assert recurrences(system) == ()
    assert in_turn(system) is system.equations


REFUSED = [
    (
        "h[t,j] = sum(m) U[j,m]*h[t-1,m]",
        24,
        "h[t-1,m] is read at t = 0 too, and nothing says how h begins",
        "What it begins with is added: h?[t-1,m] + [t = 0]*h0[m]",
    ),
    (
        "h[t,j] = sum(m) U[j,m]*h[t+1,m]",
        24,
        "h[t+1,m] is read at t = extent(t) - 1 too",
        "h?[t+1,m] + [t = extent(t) - 1]*h0[m]",
    ),
    ("h[t,j] = h[t-2,j]*y[j]", 10, "h[t-2,j] is read at t = 0 too", "h?[t-2,j] + [t < 2]*h0[j]"),
    (
        "h[t,j] = h?[t-1,j] + h?[t+1,j]",
        25,
        "h?[t-1,j] and h?[t+1,j] are read in one recurrence",
        "steps before its own, or steps after it",
    ),
    ("h[t,j] = h?[t-1,j] + h[t,j]", 24, "h[t,j] is read at the step that computes it", "h reads other steps of itself"),
    ("h[t,j] = h?[t-1,j] + h?[t,j-1]", 25, "h?[t,j-1] is read at the step that computes it", "other steps"),
    ("h[t,j] = h?[t-1,j] + (sum(t) h[t,j])", 32, "h is defined by itself", "one position of h[t,j] is the step of h"),
    ("h[t,j] = h?[2*t,j] + y[j]", 10, "h is defined by itself", "one position of h?[2*t,j] is the step of h"),
    ("h[t,j] = h?[t-1,j] + h[0,j]", 26, "h is defined by itself", "one position of h[0,j] is the step of h"),
    ("h[t,j] = h[t,j]*y[j]", 10, "h is defined by itself", "h1[t,j] = h0[t,j]·y[j]"),
    ("h[t,j] = h?[t-1,j] + inv(h)[t,j]", 10, "h is defined by itself", "single steps"),
    ("g[t,j] = h[t,j]\nh[t,j] = g?[t-1,j]*y[j]", 10, "h is used before it is defined", "Move the equation of h up"),
    ("g[t,j] = h[t,j]\nh[t,j] = g[t,j]*y[j]", 10, "h is used before it is defined", "before that of g"),
    (
        "g[t,j] = h?[t-1,j]\nh[t,j] = g?[t+1,j]*y[j]",
        10,
        "h?[t-1,j] and g?[t+1,j] are read in one recurrence",
        "two, and have two names",
    ),
    (
        "g[t] = sum(j) h?[t-1,j]\nh[t,j] = y[j]*(sum(t) g[t])",
        23,
        "g[t] is read to compute h, and depends on it",
        "one position of g[t] is the step of h",
    ),
]


@pytest.mark.parametrize("row", REFUSED, ids=[row[0] for row in REFUSED])
def test_equations_without_an_order_are_refused_by_name_and_place(row: tuple[str, int, str, str]) -> None:
    written, column, what, advice = row
    with pytest.raises(cr.NotationError) as caught:
        cr.parse(HEAD + written + COST)
    said = str(caught.value)
    assert what in said
    assert advice in said
    assert said.splitlines()[2].index("^") + 1 - 2 == column, said


@pytest.mark.parametrize(
    "written",
    [
        "h[t,j] = h?[t-1,j]*y[j]",
        "h[t,j] = where(t > 0, h[t-1,j], y[j])",
        "h[t,j] = y[j] + [t > 1]*h[t-2,j]",
        "g[t,j] = h?[t-1,j]\nh[t,j] = g[t,j]*y[j]",
        "g[t,j] = h?[t-1,j] + g?[t-2,j]\nh[t,j] = g[t,j]*y[j] + h?[t-1,j]",
        "g[j,t] = h?[t-1,j]\nh[t,j] = g[j,t]*y[j]",
        "h[t,j] = h?[t-1,j]*y[j] + h?[t-3,j]",
        "h[t,j] = y[j] + (sum(m,i) U[j,m]*h?[t-1,m]*x?[t-1,i])",
    ],
)
def test_what_stands_near_them_is_read(written: str) -> None:
    cr.parse("data x[t,i], y[j]\nparam U[j,m]\n" + written + COST)
