"""The check of whole systems: where extents come from, what is refused, and that a settled system passes unchanged."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from chainrule.errors import TypecheckError
from chainrule.expr.binding import reduce_over
from chainrule.expr.nodes import (
    Affine,
    Call,
    Comparison,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Partial,
    Reduce,
    delta,
    number,
    over,
    plus,
    times,
    walk,
)
from chainrule.expr.sizes import UNINFERRED, Axis, Declared, Size
from chainrule.expr.symbols import Derivative
from chainrule.notation import parse
from chainrule.system.model import Declaration, Equation, FunctionDefinition, Given, System
from chainrule.system.sizes.infer import infer_equation, infer_expression
from chainrule.system.typecheck import typecheck

i, j, k, m = (Index(letter) for letter in "ijkm")


def entry(tensor: str, *indices: Index | Affine) -> Indexed:
    return Indexed(tensor, indices)


def total(index: Index, body: Expr) -> Expr:
    return reduce_over("sum", [index], body)


def data(tensor: str, *indices: Index) -> Declaration:
    return Declaration("data", tensor, indices)


def param(tensor: str, *indices: Index) -> Declaration:
    return Declaration("param", tensor, indices)


def equation(tensor: str, *indices: Index, value: Expr) -> Equation:
    return Equation(Indexed(tensor, indices), value)


def bound(value: Expr) -> list[tuple[str, Size]]:
    """The bound indices of an expression, outermost first, as (letter, extent)."""
    return [(i.preferred, i.extent) for node in walk(value) if isinstance(node, Reduce) for i in node.indices]


LAYER = System(
    declarations=(data("x", i), param("W", j, i), param("b", j)),
    equations=(
        equation("z", j, value=plus(total(i, times(entry("W", j, i), entry("x", i))), entry("b", j))),
        equation("C", value=total(m, Call("sigmoid", (entry("z", m),)))),
    ),
    cost="C",
)


def test_indices_take_the_extent_of_the_axes_they_label() -> None:
    system = typecheck(LAYER)
    assert [index.extent for index in system.axes("W")] == [Axis("W", 0), Axis("x", 0)]
    assert [index.extent for index in system.axes("z")] == [Axis("W", 0)]
    assert bound(system.equations[0].value) == [("i", Axis("x", 0))]
    assert bound(system.equations[1].value) == [("m", Axis("W", 0))]


def test_a_settled_system_comes_back_as_the_same_object() -> None:
    system = typecheck(LAYER)
    assert typecheck(system) is system


def test_axes_that_an_equation_makes_equal_are_equal_before_it_too() -> None:
    system = parse("data x[i], y[k]\nu[i] = 2*x[i]\nv[k] = 3*y[k]\nw[q] = u[q] + v[q]")
    assert {system.axes(name)[0].extent for name in "xyuvw"} == {Axis("x", 0)}


def test_an_index_without_an_axis_takes_the_extent_of_its_partner() -> None:
    system = parse("data x[i]\nu[p] = sum(i) [p = i]*x[i]")
    assert system.axes("u")[0].extent == Axis("x", 0)
    chain = parse("data x[i]\nindex p = 3\nu[p,q] = sum(r,s,i) [p = i]*[q = r]*[r = s]*[s = i]*x[i]")
    assert [index.extent for index in chain.axes("u")] == [Axis("x", 0)] * 2


def test_an_index_with_axes_of_its_own_keeps_them_beside_a_partner() -> None:
    system = parse("data x[i], y[k]\nz[i,k] = [i = k]*x[i]*y[k]")
    assert [index.extent for index in system.axes("z")] == [Axis("x", 0), Axis("y", 0)]


def test_an_index_without_axis_or_partner_takes_the_declared_extent_of_its_letter() -> None:
    system = parse("index p = 3\ndata x[i]\none[p] = 1\ntwo[i] = 2\neye[p,q] = [p = q]")
    assert system.axes("one")[0].extent == Declared("p")
    assert system.axes("two")[0].extent == Axis("x", 0)
    assert [index.extent for index in system.axes("eye")] == [Declared("p"), Declared("p")]


def test_a_declared_letter_does_not_bind_an_index_that_labels_another_axis() -> None:
    system = parse("data x[i], y[k]\nu[i] = y[i]")
    assert system.axes("u")[0].extent == Axis("y", 0)


def test_nested_sums_of_one_letter_have_extents_of_their_own() -> None:
    system = parse("data x[i], y[k]\nu = sum(p) x[p]*sum(p) y[p]")
    assert bound(system.equations[0].value) == [("p", Axis("x", 0)), ("p", Axis("y", 0))]


def test_sums_beside_each_other_have_extents_of_their_own() -> None:
    system = parse("data x[i], y[k]\nu = (sum(p) x[p])*(sum(p) y[p])")
    assert bound(system.equations[0].value) == [("p", Axis("x", 0)), ("p", Axis("y", 0))]


def test_a_bound_index_does_not_take_the_extent_of_a_free_one_of_its_letter() -> None:
    system = parse("data x[i], y[k]\nu[p] = x[p]*sum(p) y[p]")
    assert system.axes("u")[0].extent == Axis("x", 0)
    assert bound(system.equations[0].value) == [("p", Axis("y", 0))]


def test_an_index_keeps_its_extent_when_the_entry_it_came_from_is_gone() -> None:
    system = typecheck(LAYER)
    free = Index("q", Axis("W", 0))
    constant = typecheck(System(system.declarations, equations=(equation("z", free, value=number(1)),)))
    assert constant.axes("z") == (free,)


def test_new_equations_are_settled_beside_settled_ones() -> None:
    system = typecheck(LAYER)
    longer = typecheck(system.with_equations((*system.equations, equation("a", k, value=entry("z", k)))))
    assert longer.equations[:2] == system.equations
    assert longer.axes("a")[0].extent == Axis("W", 0)


def test_a_new_equation_can_make_extents_equal_in_a_settled_system() -> None:
    system = typecheck(LAYER)
    square = typecheck(system.with_equations((*system.equations, equation("s", k, value=entry("W", k, k)))))
    assert {index.extent for index in (*square.axes("W"), *square.axes("z"))} == {Axis("x", 0)}
    assert bound(square.equations[1].value) == [("m", Axis("x", 0))]


def test_a_new_equation_whose_indices_carry_sizes_can_make_extents_equal() -> None:
    system = parse("data x[i], y[j]\na[i] = x[i]\nc[j] = y[j]\ncost C = (sum(i) a[i]) + (sum(j) c[j])")
    (own,) = system.axes("x")
    both = typecheck(system.with_equations((*system.equations, equation("b", own, value=entry("y", own)))))
    assert {index.extent for index in (*both.axes("y"), *both.axes("c"))} == {Axis("x", 0)}


def test_one_name_with_and_without_extent_is_one_index() -> None:
    settled = Index("j", Axis("W", 0))
    mixed = equation("a", settled, value=plus(entry("b", j), entry("b", settled)))
    system = typecheck(replace(LAYER, equations=(mixed,), cost=""))
    assert {n.indices[0] for n in walk(system.equations[0].value) if isinstance(n, Indexed)} == {settled}


def test_the_sample_index_has_the_extent_of_the_batch() -> None:
    system = parse("data x[c]\nbatch n\nm[c] = mean(n) x[c]")
    assert bound(system.equations[0].value) == [("n", Declared("n"))]


def test_derivatives_have_the_axes_of_what_they_are_taken_of_and_by() -> None:
    system = typecheck(LAYER)
    derived = typecheck(
        system.with_equations(
            (
                *system.equations,
                equation(Derivative("C", "z"), k, value=number(1)),
                equation(Derivative("z", "b"), k, m, value=delta(k, m)),
            )
        )
    )
    assert [index.extent for index in derived.axes("∂C/∂z")] == [Axis("W", 0)]
    assert [index.extent for index in derived.axes("∂z/∂b")] == [Axis("W", 0)] * 2


def test_labels_shared_by_an_unknown_function_and_its_argument_are_equal_extents() -> None:
    system = parse("param z[j]\nabstract a[k](z[k])\ncost C(a[q])")
    assert system.axes("a")[0].extent == Axis("z", 0)
    assert system.declared["C"].arguments[0].indices == (Index("q", Axis("z", 0)),)


def test_extents_of_facts_and_updates_are_settled_too() -> None:
    system = parse(
        "data x[i]\nparam w[i]\ncost C = sum(i) w[i]*x[i]\ngiven x[p] > 0\nupdate w[q] = w[q] - ∂C/∂w[q]*extent(q)"
    )
    assert system.givens[0].condition.left == entry("x", Index("p", Axis("x", 0)))
    assert system.updates[0].indices == (Index("q", Axis("x", 0)),)
    assert [n.extent for n in walk(system.updates[0].value) if isinstance(n, ExtentValue)] == [Axis("x", 0)]


def test_an_extent_that_only_declarations_know_is_found_by_its_letter() -> None:
    system = parse("data x[i], y[k]\nu = (sum(p) x[p])/extent(k)")
    assert [n.extent for n in walk(system.equations[0].value) if isinstance(n, ExtentValue)] == [Axis("y", 0)]


def test_an_expression_is_settled_by_the_system_it_speaks_of() -> None:
    system = typecheck(LAYER)
    value = infer_expression(system, times(entry("z", k), entry(Derivative("C", "W"), k, m)))
    assert [n.indices[0] for n in walk(value) if isinstance(n, Indexed)] == [Index("k", Axis("W", 0))] * 2


def test_an_equation_is_settled_by_the_system_it_speaks_of() -> None:
    system = typecheck(LAYER)
    settled = infer_equation(
        system, equation(Derivative("C", "z"), k, value=total(j, times(delta(j, k), entry("z", j))))
    )
    assert settled.indices == (Index("k", Axis("W", 0)),)
    with pytest.raises(TypecheckError, match="index q stands twice on the left"):
        infer_equation(system, equation("new", Index("q"), Index("q"), value=number(1)))
    with pytest.raises(TypecheckError, match="z has 1 index, not 0"):
        infer_equation(system, equation("z", value=number(1)))


def with_equation(*equations: Equation, **changes: object) -> System:
    return replace(LAYER, equations=(*LAYER.equations, *equations), **changes)  # type: ignore[arg-type]


UNKNOWN = Declaration("abstract", "a", (k,), arguments=(entry("b", j),))
REFUSED: list[tuple[System, str, str]] = [
    (with_equation(cost="D"), "no equation defines the cost D", "expected is cost D = …, or cost D(a[k])"),
    (with_equation(cost="x"), "no equation defines the cost x", "in cost, of x"),
    (with_equation(cost="z"), "the cost z has 1 index", "Sum over what is left."),
    (with_equation(equation("z", j, value=entry("b", j))), "z is defined twice", "in equation 3, of z"),
    (with_equation(equation("sum", value=number(1))), "sum names a reduction already", "Choose another name."),
    (with_equation(equation("pi", value=number(1))), "pi names a constant already", "Choose another name."),
    (
        with_equation(Equation(entry("e", Affine((), 0)), number(1))),
        "on the left of e stands an entry that is not general",
        "expected are plain index letters",
    ),
    (
        with_equation(equation("e", Index("j", Axis("gone", 0)), value=number(1))),
        "an extent comes from gone, which is not in the system",
        "in equation 3, of e",
    ),
    (
        with_equation(
            declarations=(*LAYER.declarations, Declaration("abstract", "a", (), arguments=(entry("b", Affine((), 0)),)))
        ),
        "arguments are whole tensors, labelled by letters",
        "in declaration 4, of a",
    ),
    (
        with_equation(equation("e", value=Partial(entry("z", j), (entry("b", j),))), declarations=LAYER.declarations),
        "z is not an unknown function of b",
        "expected is an abstract tensor",
    ),
    (
        with_equation(
            equation("e", k, value=total(i, Partial(entry("a", k), (entry("x", i),)))),
            declarations=(*LAYER.declarations, UNKNOWN),
        ),
        "a is not an unknown function of x",
        "its arguments are b",
    ),
    (
        with_equation(functions=(FunctionDefinition("f", ("b",), None),)),
        "f could be a function of a number or of the tensor b",
        "Give the parameter a name that no tensor has.",
    ),
    (
        with_equation(indices=(Index("i"), Index("i"))),
        "index i is declared already",
        "in index 2",
    ),
    (
        with_equation(updates=(equation("b", j, value=entry(Derivative("b", "b"), j, j)),)),
        "∂b/∂b is not defined",
        "Of the cost, updates read ∂C/∂W, ∂C/∂b.",
    ),
    (
        with_equation(givens=(Given(Comparison("=", entry("q"), number(1))),)),
        "no tensor is named q",
        "in given 1",
    ),
    (
        replace(LAYER, declarations=(Declaration("const", "c", value=IndexValue(i)), *LAYER.declarations)),
        "c cannot depend on an index",
        "Write it as an equation.",
    ),
    (
        with_equation(equation("e", value=ExtentValue(UNINFERRED, "q"))),
        "index q has no extent",
        "Declare it: index q = 10",
    ),
]


@pytest.mark.parametrize(("system", "what", "said"), REFUSED, ids=[what for _, what, _ in REFUSED])
def test_a_system_that_contradicts_itself_is_refused(system: System, what: str, said: str) -> None:
    with pytest.raises(TypecheckError) as caught:
        typecheck(system)
    assert what in caught.value.what
    assert said in str(caught.value)


def test_an_error_names_the_statement_the_symbol_and_the_side() -> None:
    with pytest.raises(TypecheckError) as caught:
        typecheck(with_equation(equation("e", j, value=entry("W", j, i))))
    error = caught.value
    assert (error.statement, error.number, error.symbol, error.side) == ("equation", 2, "i", "value")
    assert error.where == "in equation 3, of e"


def test_a_thousand_layers_are_checked_in_linear_time_and_without_recursion() -> None:
    def chain(length: int) -> System:
        steps = [equation(f"a{n}", j, value=times(entry(f"a{n - 1}", j), entry("b", j))) for n in range(1, length)]
        return System((param("b", j), data("a0", k)), equations=tuple(steps))

    def seconds(system: System) -> float:
        start = time.perf_counter()
        assert typecheck(system) is system
        return time.perf_counter() - start

    short, long = typecheck(chain(400)), typecheck(chain(4000))
    assert long.axes("a3999")[0].extent == Axis("b", 0)
    assert min(seconds(long) for _ in range(5)) < 30 * min(seconds(short) for _ in range(5))


def test_declared_extents_that_equations_make_equal_must_agree() -> None:
    sizes = ((Declared("i"), 3), (Declared("j"), 4))
    system = replace(LAYER, indices=(i, j), sizes=sizes)
    assert dict(typecheck(system).sizes) == {Axis("x", 0): 3, Axis("W", 0): 4}
    clash = replace(system, equations=(equation("e", j, value=over(entry("b", j), entry("x", j))),), cost="")
    with pytest.raises(TypecheckError, match=r"index j would have two extents, [34] and [34]"):
        typecheck(clash)
