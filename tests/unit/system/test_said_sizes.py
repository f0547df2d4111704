"""Sizes that text says: read from index lines, and printed where reading the text would not find them."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.errors import InputError, NotationError
from chainrule.expr.linear import LinearForm
from chainrule.expr.nodes import Index
from chainrule.expr.sizes import Axis, Declared, Formula, Limit, Literal, Uninferred, limit_order, size_order, source_of
from chainrule.notation import parse
from chainrule.pipeline import backprop, evaluate
from chainrule.system.model import System
from chainrule.system.printing import system_latex, system_text
from chainrule.system.size_lines import size_lines
from chainrule.system.typecheck import typecheck

X, W = Axis("x", 0), Axis("w", 0)
HEAD = "data x[i], y[k]\nparam W[j,i], b[j]\n"

SIZES = {
    "extent(x)": 7,
    "extent(x) - extent(y) + 1": 5,
    "floor((extent(x) - 1)/2) + 1": 4,
    "floor(extent(x)/2)": 3,
    "2*extent(y) - 1": 5,
    "minimum(extent(x) - 3, floor(extent(y)/2) + 2)": 3,
    "minimum(extent(x), extent(y), extent(i) - 5)": 2,
    "extent(W, 0)": 4,
    "extent(W, 1) - 1": 6,
    "floor(5)": 5,
    "extent(m) - 1": 9,
}


@pytest.mark.parametrize(("formula", "size"), SIZES.items(), ids=SIZES)
def test_a_formula_says_how_many_values_an_index_takes(formula: str, size: int) -> None:
    system = parse(f"{HEAD}index m = 10, t = {formula}\nz[t] = t\nc = extent(t)")
    values = evaluate(system, {"x": range(7), "y": range(3), "W": [[0] * 7] * 4, "b": [0] * 4})
    assert values["z"].shape == (size,)
    assert values["c"] == size


@pytest.mark.parametrize("formula", SIZES)
@pytest.mark.parametrize("unicode", [True, False])
def test_what_a_formula_says_is_printed_and_reads_back(formula: str, unicode: bool) -> None:
    system = parse(f"{HEAD}index m = 10, t = {formula}\nz[t] = t^2")
    assert parse(system_text(system, unicode=unicode)) == system
    assert "index t = " in str(system)


def test_a_size_that_positions_say_too_is_not_printed() -> None:
    system = parse("data x[p]\nindex t = floor((extent(x) - 1)/2) + 1\nz[t] = x[2*t]")
    assert system == parse("data x[p]\nz[t] = x[2*t]")
    assert "index" not in str(system)


def test_an_index_with_a_size_says_nothing_about_what_it_stands_in() -> None:
    system = parse("data x[p], y[q]\nindex t = extent(y) - 1\nz[t] = x?[t] + y[t+1]")
    assert evaluate(system, {"x": [1, 2, 4, 8, 16], "y": [1, 1, 1]})["z"].tolist() == [2, 3]
    assert parse(str(system)) == system


def test_a_size_may_be_that_of_a_tensor_that_is_defined_above() -> None:
    system = parse("data x[p]\nz[q] = x[2*q]\nindex t = extent(z) - 1\nu[t] = z[t+1] - z?[t]")
    assert evaluate(system, {"x": [1, 0, 2, 0, 4]})["u"].tolist() == [1, 2]
    assert parse(str(system)) == system


NAMED = [
    ("data x[p]\nc = (sum(t) x[2*t])/extent(t)", 0),
    ("data x[p]\nindex t = floor(extent(x)/2)\nc = extent(t)*x[0]", 1),
    ("data x[p]\nz[t] = x[2*t]\nc = extent(z)", 0),
    ("data x[p]\nindex s = floor(extent(x)/2), t = extent(s) - 1\nc[t] = t", 2),
    ("data x[p], y[q]\nindex s = floor(extent(x)/2), t = minimum(extent(s) - 1, extent(y))\nc[t] = t", 2),
]


@pytest.mark.parametrize(("text", "lines"), NAMED)
def test_a_size_that_is_named_only_has_a_letter(text: str, lines: int) -> None:
    system = parse(text)
    assert sum(line.startswith("index") for line in str(system).splitlines()) == lines
    assert parse(str(system)) == system


ERRORS = {
    "index t = extent(v)\nz[t] = t": ("no tensor is named v", "Declare it: data v"),
    "index t = extent(W)\nz[t] = t": ("could be that of any of 2 axes", "extent(W, 0) or extent(W, 1)"),
    "index t = extent(W, 2)\nz[t] = t": ("W has no axis 2", "Axes count from 0"),
    "index t = extent(x)*extent(y)\nz[t] = t": ("a product of extents is not linear", "As in index t = floor"),
    "index t = extent(x)/2\nz[t] = t": ("need not be a whole number", "Round it down: floor(extent(x)/2)"),
    "index t = x[0]\nz[t] = t": ("it is not linear in extents", "As in index t = floor"),
    "index t = 1/extent(x)\nz[t] = t": ("divided by a whole number only", "As in index t = floor"),
    "index t = floor(extent(x)/2) + extent(y)\nz[t] = t": ("whole numbers can be added", "As in index t = floor"),
    "index t = ceil(extent(x)/2)\nz[t] = t": ("ceil is not known here", "floor((a + n - 1)/n) rounds it up"),
    "index t = 1 + round(extent(x)/2)\nz[t] = t": ("round is not known here", "floor(a/n) rounds a/n down"),
    "index t = maximum(extent(x), 3)\nz[t] = t": ("maximum is not known here", "the least that several allow"),
    "index t = x\nz[t] = t": ("x is neither an extent nor a const with a whole number", "As in index t = floor"),
    "const s\nindex t = extent(s)\nz[t] = t": ("s is a single number and has no extent", "as in extent(x)"),
    "index t = 2 - 5\nz[t] = t": ("t can take no value: its size would be -3", "Correct the formula"),
    "index t = extent(z)\nz[t] = t": ("depends on itself: z is defined with t", "Say it by the extents"),
    "index t = extent(s), s = extent(t)\nz[t] = t": ("depends on itself: t → s → t", "Say one of them"),
    "index t = extent(u)\nz[t] = t\nu[k] = y[k]": ("t is used before u is defined", "Move the equation of u up"),
    "index t = extent(x) - 1\nz[t] = x[t]": ("labels an axis of x, which has another size", "x?[t]"),
    "index k = extent(x)\nz[k] = k": ("k would have two sizes", "Use another letter"),
}


@pytest.mark.parametrize(("text", "said"), ERRORS.items(), ids=ERRORS)
def test_a_size_that_cannot_be_is_refused_in_four_parts(text: str, said: tuple[str, str]) -> None:
    with pytest.raises(NotationError) as caught:
        parse(HEAD + text)
    error = caught.value
    assert said[0] in error.what
    assert said[1] in error.advice
    assert error.where


def test_a_size_that_inputs_make_too_small_is_an_error_with_their_sizes() -> None:
    system = parse("data x[p]\nindex t = extent(x) - 3\nz[t] = t")
    with pytest.raises(InputError, match=r"its size would be -1\n.*\n.*x axis 0 = 2 there are 0"):
        evaluate(system, {"x": [1, 2]})


def test_a_sum_whose_range_is_told_by_nothing_else_has_its_size_said() -> None:
    back = backprop(parse("param x[p], w[u]\nz[q] = sum(u) w[u]*x[q+u]\ncost C = sum(q) z[q]"))
    assert "index q = extent(x) − extent(w) + 1" in str(back).splitlines()
    assert "∂C/∂x[p] = Σ_q w?[p-q]" in str(back).splitlines()
    assert system_latex(back.system).splitlines()[1:3] == [
        r"Q &= P - U + 1 \\",
        r"Q &= \operatorname{extent}(q),\quad P = \operatorname{extent}(p),\quad U = \operatorname{extent}(u) \\",
    ]
    assert parse(str(back)) == back.system
    assert typecheck(back.system) is back.system


def test_a_letter_that_is_said_is_that_of_no_other_index() -> None:
    text = "data t[s] : int(k)\nparam y[k], A[k,u]\ncost C = sum(a) (y[t[2*a+1]] + A[2*a+1,a])"
    derived = backprop(parse(text)).system
    [said] = derived.said
    assert said.name != "a"
    assert said.extent == derived.axes("A")[1].extent
    assert parse(str(derived)) == derived


def test_an_extent_that_no_letter_stands_for_is_named_by_its_tensor() -> None:
    hessian = cr.hessian(parse("param x[i], y[j]\ncost C = sum(i,j) x[i]^2 + (sum(j) y[j])"), "x")
    assert "2·extent(y)·[i = j]" in str(hessian)
    assert parse(str(hessian)) == hessian


def test_lines_name_axes_letters_and_each_other() -> None:
    inner = Formula((Limit(LinearForm({W: 2}, -1), 3),))
    outer = Formula((Limit(LinearForm({X: 1, inner: -1}, 0)), Limit(LinearForm({Declared("n"): 1}, -1))))
    said = [Index("t", outer), Index("s", inner), Index("a", Axis("V", 1))]
    assert size_lines(said, (), {"x": 1, "w": 1, "V": 2}, unicode=False) == [
        "index t = minimum(extent(x) - extent(s) + 1, extent(n))",
        "index s = floor((2*extent(w) - 1)/3) + 1",
        "index a = extent(V, 1)",
    ]


def test_sizes_have_an_order_and_a_source() -> None:
    limit = Limit(LinearForm({X: 1}, -1), 2)
    sizes = [Uninferred(), Formula((limit,)), Literal(3), Declared("n"), W, X]
    assert sorted(sizes, key=size_order) == [W, X, Declared("n"), Literal(3), Formula((limit,)), Uninferred()]
    assert [source_of(size) for size in sizes] == ["", "", "", "n", "w", "x"]
    assert limit_order(limit) < limit_order(Limit(LinearForm({X: 1}, -1), 3))


def test_a_system_made_by_hand_says_what_its_text_has_to() -> None:
    whole = parse("data x[p]\nz[q] = x[q+1]^2\nc = sum(q) z[q]*x[q+1]")
    replaced = System(
        whole.declarations,
        equations=(*whole.equations[:1], parse("data x[p]\nindex t = extent(x) - 1\nc = sum(t) t").equations[0]),
        derived=whole.derived,
    )
    system = typecheck(replaced)
    assert parse(str(system)) == system


OWN_EXTENTS = [
    "data x[p]\nparam w\nz[q] = x[q+1]*w/extent(q)\ncost C = sum(q) z[q]^2",
    "data x[p]\nparam w\nindex q = extent(x) + 1\nz[q] = x?[q]*extent(q)*w\ncost C = sum(q) z[q]^2",
    "param x[p]\nz[q] = x[q+1]\ncost C = mean(q) z[q]^2",
    "data w[t]\nparam y[p]\na[t] = y?[t]^2\nb[i] = w[i]*a?[i-1]\ncost C = sum(i) b[i]^2",
    "param w[s], y[u]\nf[u] = y[2*u+1]\ng[t] = f[t] + w[t+1]\ncost C = sum(t) g[t]",
]


@pytest.mark.parametrize("text", OWN_EXTENTS)
def test_an_extent_of_an_axis_whose_letter_is_not_there_reads_back(text: str) -> None:
    derived = backprop(parse(text)).system
    assert parse(str(derived)) == derived
