"""Whole systems as text and as LaTeX, built by hand; that text is read back is tested in property/test_roundtrip.py."""

from fractions import Fraction

import pytest

from chainrule.expr.binding import reduce_over
from chainrule.expr.nodes import (
    MINUS_ONE,
    ONE,
    Call,
    Comparison,
    Expr,
    Index,
    Indexed,
    Number,
    minus,
    over,
    plus,
    times,
)
from chainrule.expr.sizes import Axis, Declared
from chainrule.expr.symbols import Derivative
from chainrule.system.model import Declaration, Equation, FunctionDefinition, Given, System
from chainrule.system.printing import index_names, system_latex, system_text

i, j, k = Index("i", Axis("W", 1)), Index("j", Axis("W", 0)), Index("k", Axis("y", 0))


def entry(tensor: str, *indices: Index) -> Indexed:
    return Indexed(tensor, indices)


def total(body: Expr, *indices: Index) -> Expr:
    return reduce_over("sum", indices, body)


@pytest.fixture
def classifier() -> System:
    z = plus(total(times(entry("W", j, i), entry("x", i)), i), entry("b", j))
    softmax = over(Call("exp", (entry("z", j),)), total(Call("exp", (entry("z", k),)), k))
    cost = minus(total(times(entry("y", k), Call("log", (entry("a", k),))), k))
    step = plus(entry("W", j, i), minus(times(entry("eta"), entry(Derivative("C", "W"), j, i))))
    return System(
        declarations=(
            Declaration("data", "x", (i,)),
            Declaration("data", "y", (k,)),
            Declaration("param", "W", (j, i)),
            Declaration("param", "b", (j,)),
            Declaration("const", "eta", value=Number(Fraction(1, 40))),
        ),
        functions=(FunctionDefinition("twice", ("t",), times(Number(Fraction(2)), entry("t"))),),
        givens=(Given(Comparison("=", total(entry("y", k), k), ONE)),),
        batch="n",
        equations=(
            Equation(entry("z", j), z),
            Equation(entry("a", j), softmax),
            Equation(entry("C"), cost),
            Equation(entry(Derivative("C", "z"), j), times(MINUS_ONE, Call("twice", (entry("z", j),)))),
        ),
        cost="C",
        updates=(Equation(entry("W", j, i), step),),
        indices=(Index("m", Declared("m")),),
        sizes=((Declared("m"), 784),),
    )


def test_every_kind_of_statement(classifier: System) -> None:
    assert system_text(classifier, unicode=False) == (
        "data x[i], y[k]\n"
        "param W[j,i], b[j]\n"
        "const eta = 0.025\n"
        "def twice(t) = 2*t\n"
        "given sum(k) y[k] = 1\n"
        "batch n\n"
        "index m = 784\n"
        "\n"
        "z[j] = sum(i) W[j,i]*x[i] + b[j]\n"
        "a[j] = exp(z[j])/(sum(k) exp(z[k]))\n"
        "cost C = -sum(k) y[k]*log(a[k])\n"
        "∂C/∂z[j] = -twice(z[j])\n"
        "\n"
        "update W[j,i] = W[j,i] - eta*∂C/∂W[j,i]"
    )
    assert "cost C = −Σ_k y[k]·log(a[k])" in system_text(classifier)


def test_unknown_functions_and_costs() -> None:
    system = System(
        declarations=(
            Declaration("param", "z", (j,)),
            Declaration("abstract", "a", (k,), arguments=(entry("z", j), entry("b"))),
            Declaration("abstract", "C", arguments=(entry("a", k),)),
        ),
        functions=(FunctionDefinition("sigma", ("t",), None),),
        cost="C",
    )
    assert system_text(system) == "param z[j]\nabstract a[k](z[j], b)\ncost C(a[k])\nabstract sigma(t)"


def test_declarations_of_one_role_fill_lines_in_their_order() -> None:
    names = [f"weight{number}" for number in range(12)]
    system = System((*(Declaration("param", name, (j, i)) for name in names), Declaration("data", "x")))
    first, second, last = system_text(system).splitlines()
    assert len(first) <= 100
    assert first.startswith("param weight0[j,i], weight1[j,i], ")
    assert second.startswith("param weight")
    assert last == "data x"
    assert (first + second).count("[j,i]") == 12


def test_the_empty_system_is_empty_text() -> None:
    assert system_text(System()) == ""


def test_names_and_letters_of_a_system(classifier: System) -> None:
    taken, declared = index_names(classifier)
    assert taken == {"x", "y", "W", "b", "eta", "z", "a", "C", "∂C/∂z", "twice"}
    assert declared == {i.name: i.extent, j.name: j.extent, k.name: k.extent, "m": Declared("m"), "n": Declared("n")}


def test_no_index_is_called_like_a_tensor_of_the_system(classifier: System) -> None:
    b = Index("b", Axis("W", 0))
    system = classifier.with_equations((Equation(entry("s"), total(entry("x", b), b)),))
    assert "s = sum(i) x[i]" in system_text(system, unicode=False)


def test_an_index_without_an_axis_gets_a_declared_letter(classifier: System) -> None:
    q = Index("q", k.extent)
    system = classifier.with_equations((Equation(entry("s"), total(ONE, q)),))
    assert "s = sum(k) 1" in system_text(system, unicode=False)


def test_latex_is_aligned_and_knows_the_ranks_of_tensors(classifier: System) -> None:
    jacobian = Equation(entry(Derivative("a", "z"), k, j), Number(Fraction(0)))
    system = classifier.with_equations((*classifier.equations, jacobian))
    lines = system_latex(system).splitlines()
    assert lines[0] == r"\begin{aligned}"
    assert lines[1] == r"z_{j} &= \sum_{i} W_{ji} \, x_{i} + b_{j} \\"
    assert lines[-3] == r"\frac{\partial a_{k}}{\partial z_{j}} &= 0 \\"
    assert lines[-2] == r"W_{ji} &\leftarrow W_{ji} - \eta \, \frac{\partial C}{\partial W_{ji}}"
    assert lines[-1] == r"\end{aligned}"


def test_a_system_for_a_batch_is_still_text_that_can_be_read() -> None:
    n = Index("n", Declared("n"))
    square = Equation(entry("C", n), times(entry("x", n), entry("x", n)))
    system = System((Declaration("data", "x", (n,)),), equations=(square,), cost="C", indices=(n,))
    assert system_text(system) == "data x[n]\n\nC[n] = x[n]·x[n]"
