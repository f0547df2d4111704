"""What each statement of the notation means, and the four ways in: systems, expressions, equations, scalars."""

from __future__ import annotations

from fractions import Fraction

import pytest

from chainrule.errors import NotationError
from chainrule.expr.nodes import (
    Call,
    Comparison,
    Index,
    Indexed,
    IndexValue,
    Number,
    Partial,
    Product,
    Reduce,
    Sum,
    number,
    walk,
)
from chainrule.expr.sizes import UNINFERRED, Axis, Declared
from chainrule.expr.symbols import Derivative
from chainrule.notation import parse, parse_equation, parse_expression, parse_scalar
from chainrule.system.model import System
from chainrule.system.printing import system_text
from chainrule.system.typecheck import typecheck

CLASSIFIER = """
# a two-layer classifier
data   x[i], y[k]
param  W1[j,i], b1[j], W2[k,j], b2[k]
given  sum(k) y[k] = 1                     # an assumption that simplification may use, and names when it does
batch  n                                   # the data come in samples; everything below is written for one of them

z1[j] = sum(i) W1[j,i]*x[i] + b1[j]
a1[j] = sigmoid(z1[j])
z2[k] = sum(j) W2[k,j]*a1[j] + b2[k]
a2[k] = exp(z2[k]) / (sum(m) exp(z2[m]))   # coupled: every a2[k] depends on every z2[j]
cost C = -sum(k) y[k]*log(a2[k])
"""
SEED = """
param z[j]
abstract a[k](z[j])                        # a is some function of the whole vector z
cost C(a[k])                               # C is some function of the whole vector a

∂C/∂z[j] = Σ_k ∂C/∂a[k]·∂a[k]/∂z[j]        # what chainrule derives from it
"""
REGRESSION = """
data x[n,i], y[n]
param W[i]
const lambda
C = mean(n) (sum(i) W[i]*x[n,i] - y[n])^2 + lambda*sum(i) W[i]^2
"""
TEXTS = {"classifier": CLASSIFIER, "seed": SEED, "regression": REGRESSION}


def indices_of(system: System) -> list[Index]:
    nodes = [n for e in system.equations for part in (e.target, e.value) for n in walk(part)]
    entries = [i for n in nodes if isinstance(n, Indexed) for i in n.indices if isinstance(i, Index)]
    return entries + [i for n in nodes if isinstance(n, Reduce) for i in n.indices]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_systems_of_the_design_are_read_with_every_extent_settled(text: str) -> None:
    system = parse(text)
    assert indices_of(system)
    assert all(index.extent != UNINFERRED for index in indices_of(system))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_printed_is_read_back_to_an_equal_system(text: str) -> None:
    system = parse(text)
    assert parse(system_text(system)) == system
    assert parse(system_text(system, unicode=False)) == system


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_parsed_system_passes_the_check_unchanged(text: str) -> None:
    system = parse(text)
    assert typecheck(system) is system


def test_the_classifier_has_its_declarations_in_order() -> None:
    system = parse(CLASSIFIER)
    assert [d.tensor for d in system.declarations] == ["x", "y", "W1", "b1", "W2", "b2"]
    assert system.params == ("W1", "b1", "W2", "b2")
    assert (system.batch, system.cost) == ("n", "C")
    assert [e.name for e in system.equations] == ["z1", "a1", "z2", "a2", "C"]


def test_one_letter_in_several_declarations_is_one_extent_named_by_the_first_axis() -> None:
    system = parse(CLASSIFIER)
    assert [i.extent for i in system.axes("W1")] == [Axis("W1", 0), Axis("x", 0)]
    assert [i.extent for i in system.axes("W2")] == [Axis("y", 0), Axis("W1", 0)]
    assert [i.extent for i in system.axes("a2")] == [Axis("y", 0)]


def test_the_seed_reads_derivatives_of_unknown_functions_as_symbols() -> None:
    equation = parse(SEED).equations[0]
    assert equation.target.tensor == "∂C/∂z"
    assert isinstance(equation.value, Reduce)
    first, second = [node for node in walk(equation.value) if isinstance(node, Partial)]
    assert (first.of.tensor, [w.tensor for w in first.wrt]) == ("C", ["a"])
    assert (second.of.tensor, [w.tensor for w in second.wrt]) == ("a", ["z"])


def test_a_derivative_that_an_equation_above_defines_is_read_as_its_tensor() -> None:
    system = parse("param z[j]\nabstract a[k](z[j])\ncost C(a[k])\n∂C/∂a[k] = ∂C/∂a[k]\nq[k] = 2*∂C/∂a[k]")
    assert isinstance(system.equations[0].value, Partial)
    assert [n.tensor for n in walk(system.equations[1].value) if isinstance(n, Indexed)] == ["∂C/∂a"]


def test_second_derivatives_are_read_with_positions_behind_each_part_or_all_at_the_end() -> None:
    head = "param z[j]\ncost C = sum(j) z[j]^2\n"
    together = parse(head + "∂²C/∂z∂z[i,j] = 2*[i = j]")
    apart = parse(head + "∂²C/∂z[i]∂z[j] = 2*[i = j]")
    assert together == apart
    assert together.equations[1].target.tensor == "∂²C/∂z∂z"
    unknown = parse("param z[j]\nabstract a[k](z[j])\ncost C(a[k])\nh[k,i,j] = ∂²a[k]/∂z[i]∂z[j] + ∂²a/∂z∂z[k,i,j]")
    assert isinstance(unknown.equations[0].value, Sum)
    left, right = unknown.equations[0].value.terms
    assert isinstance(left, Partial)
    assert left == right


def test_declared_indices_give_their_size_to_the_axes_they_label() -> None:
    system = parse("index i = 784, m = 3\ndata x[i]\ny[m] = [m = 0]*sum(i) x[i]")
    assert system.sizes == ((Axis("x", 0), 784), (Declared("m"), 3))
    assert system.indices == (Index("i", Axis("x", 0)), Index("m", Declared("m")))
    assert [i.extent for i in system.axes("y")] == [Declared("m")]


def test_constants_have_exact_values_or_none() -> None:
    system = parse("const eps = 1e-5, eta\nconst two = 2*eps")
    assert system.declared["eps"].value == number(Fraction(1, 100000))
    assert system.declared["eta"].value is None
    assert system.declared["two"].value == Product((number(2), Indexed("eps")))


def test_functions_are_defined_or_left_unknown() -> None:
    system = parse("abstract sigma(t)\ndef swish(t) = t*sigmoid(t)\ndata x[i]\ny[i] = swish(x[i])*sigma''(x[i])")
    assert system.function["sigma"].body is None
    t = Indexed("t")
    assert system.function["swish"].body == Product((t, Call("sigmoid", (t,))))
    assert [n.order for n in walk(system.equations[0].value) if isinstance(n, Call)] == [0, 2]


def test_a_parameter_may_have_the_name_of_a_tensor() -> None:
    system = parse("data t[i]\ndef twice(t) = 2*t\ny[i] = twice(t[i])")
    assert system.function["twice"].body == Product((number(2), Indexed("t")))


def test_an_abstract_line_names_a_tensor_if_its_arguments_are_tensors() -> None:
    system = parse("data x\nparam w[i]\nabstract g(x)\nabstract h[k](w[i], x)\nabstract f(t)")
    assert [d.tensor for d in system.declarations if d.role == "abstract"] == ["g", "h"]
    assert [a.tensor for a in system.declared["h"].arguments] == ["w", "x"]
    assert [f.name for f in system.functions] == ["f"]


def test_an_unknown_function_may_depend_on_what_an_equation_defines() -> None:
    system = parse("data x[i]\nabstract a[k](z[i])\nz[i] = 2*x[i]\nu[k] = a[k]\ncost C(u[k])")
    assert system.cost == "C"
    assert system.declared["a"].arguments[0].indices == (Index("i", Axis("x", 0)),)


def test_facts_hold_for_all_values_of_their_free_indices_and_a_chain_is_several() -> None:
    system = parse("data p[k]\ngiven 0 <= p[k] <= 1\ngiven sum(k) p[k] = 1")
    first, second, third = (given.condition for given in system.givens)
    entry = Indexed("p", (Index("k", Axis("p", 0)),))
    assert first == Comparison("<=", number(0), entry)
    assert second == Comparison("<=", entry, number(1))
    assert isinstance(third.left, Reduce)


def test_updates_read_gradients_that_no_equation_defines() -> None:
    system = parse(
        "data x[i]\nparam W[j,i]\nconst eta\ncost C = sum(j,i) W[j,i]*x[i]\nupdate W[j,i] = W[j,i] - eta*∂C/∂W[j,i]"
    )
    (update,) = system.updates
    assert update.name == "W"
    gradient = next(n for n in walk(update.value) if isinstance(n, Indexed) and n.tensor == "∂C/∂W")
    assert [i.extent for i in gradient.indices if isinstance(i, Index)] == [Axis("W", 0), Axis("x", 0)]


def test_statements_go_on_within_brackets_and_comments_stand_anywhere() -> None:
    system = parse("data x[i] # the inputs (all of them\ny = sum(i) (x[i] # one [\n  + 1\n)\n# end")
    assert system == parse("data x[i]\ny = sum(i) (x[i] + 1)")


def test_letters_in_brackets_may_be_spread_over_lines() -> None:
    assert parse("data W[j, # rows\n i]\ny[j] = sum(i) W[ j ,\ti ]") == parse("data W[j,i]\ny[j] = sum(i) W[j,i]")


def test_line_ends_of_other_systems_and_a_byte_order_mark_are_accepted() -> None:
    assert parse("\ufeffdata x[i]\r\ny[i] = 2*x[i]\r\n") == parse("data x[i]\ny[i] = 2*x[i]")


def test_a_text_without_statements_is_an_empty_system() -> None:
    assert parse("\n  # nothing\n") == System()


UNICODE = [
    ("Σ_k x[k]", "sum(k) x[k]"),
    ("Σ_{k,m} x[k]*x[m]", "sum(k,m) x[k]*x[m]"),
    ("Σ(k) x[k]", "sum(k) x[k]"),
    ("∑_k x[k]", "sum(k) x[k]"),
    ("Σ_k [k = 2]·x[k]", "sum(k) [k = 2]*x[k]"),
    ("Σ_k (x[k])", "sum(k) (x[k])"),
    ("σ(s)", "sigmoid(s)"),
    ("s·s×s⋅s", "s*s*s*s"),
    ("s − 1", "s - 1"),
    ("−s", "-s"),
    ("½·s", "1/2*s"),
    ("s² + s³ + s⁻¹", "s^2 + s^3 + s^-1"),
    ("√(s)", "sqrt(s)"),
    ("2·π", "2*pi"),
    ("[s ≤ 1]*[s ≥ 0]*[s ≠ 2]", "[s <= 1]*[s >= 0]*[s != 2]"),
]


@pytest.mark.parametrize(("unicode", "plain"), UNICODE, ids=[left for left, _ in UNICODE])
def test_unicode_spellings_equal_ascii_ones(unicode: str, plain: str) -> None:
    system = parse("data x[k], s")
    assert parse_expression(unicode, system) == parse_expression(plain, system)


def test_greek_letters_name_tensors_and_sigma_may_be_one() -> None:
    system = parse("data λ, δ[j], η, σ[j]\ny[j] = λ*δ[j]*η*σ(σ[j])")
    assert [n.function for n in walk(system.equations[0].value) if isinstance(n, Call)] == ["sigmoid"]


def test_names_with_the_letters_of_keywords_are_names() -> None:
    names = ("sums", "maximal", "pie", "order", "notes", "database", "forward", "index_of")
    system = parse(f"data {', '.join(names)}\ny = {'*'.join(names)}")
    assert [d.tensor for d in system.declarations] == list(names)


def test_an_expression_may_name_derivatives_and_have_free_letters() -> None:
    system = parse(CLASSIFIER)
    value = parse_expression("a1[j]*(1 - a1[j])*sum(k) W2[k,j]*∂C/∂z2[k]", system)
    assert {i.extent for n in walk(value) if isinstance(n, Indexed) for i in n.indices if isinstance(i, Index)} == {
        Axis("W1", 0),
        Axis("y", 0),
    }


def test_an_expression_takes_over_indices_that_are_known() -> None:
    system = parse("data x[i]\ny[i] = x[i]")
    value = parse_expression("q*1", system, [Index("q", Axis("x", 0))])
    assert value == Product((IndexValue(Index("q", Axis("x", 0))), number(1)))


def test_an_equation_may_be_about_a_derivative_or_something_new() -> None:
    system = parse(CLASSIFIER)
    equation = parse_equation("∂C/∂z2[k] = a2[k] - y[k]", system)
    assert equation.target == Indexed(Derivative("C", "z2"), (Index("k", Axis("y", 0)),))
    new = parse_equation("p[m] = 2*a2[m]", system)
    assert new.indices == (Index("m", Axis("y", 0)),)


def test_an_equation_about_an_unknown_derivative_has_it_as_an_entry_on_the_left() -> None:
    system = parse("param z[j]\nabstract a[k](z[j])\ncost C(a[k])")
    equation = parse_equation("∂C/∂a[k] = 2*∂C/∂a[k]", system)
    assert equation.target == Indexed(Derivative("C", "a"), (Index("k", Axis("a", 0)),))
    assert any(isinstance(node, Partial) for node in walk(equation.value))


def test_a_scalar_expression_has_its_parameters_as_entries_without_indices() -> None:
    t = Indexed("t")
    assert parse_scalar("sigmoid(t)*(1 - sigmoid(t))", ("t",)) == Product(
        (Call("sigmoid", (t,)), Sum((Number(Fraction(1)), Product((Number(Fraction(-1)), Call("sigmoid", (t,)))))))
    )


REFUSED_HERE = [
    (lambda s: parse_expression("x[i] +", s), "the statement ends too early"),
    (lambda s: parse_expression("", s), "one expression is expected here, not 0 statements"),
    (lambda s: parse_expression("x[i]\nx[i]", s), "one expression is expected here, not 2 statements"),
    (lambda s: parse_expression("data q", s), "a 'data' line cannot stand here"),
    (lambda s: parse_expression("q[i]", s), "no tensor is named q"),
    (lambda s: parse_equation("x[i]", s), "the statement ends too early"),
    (lambda s: parse_equation("cost C = 1", s), "a 'cost' line cannot stand here"),
    (lambda s: parse_equation("p[i] = q[i]", s), "no tensor is named q"),
    (lambda s: parse_equation("∂C/∂x[i] = 1", s), "no tensor is named C"),
    (lambda s: parse_scalar("sigmoyd(t)", ("t",)), "no function is named sigmoyd"),
    (lambda s: parse_scalar("u", ("t",)), "nothing is named u"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED_HERE, ids=[message for _, message in REFUSED_HERE])
def test_single_expressions_and_equations_are_refused_with_a_message(call, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NotationError, match=message):
        call(parse("data x[i]"))
