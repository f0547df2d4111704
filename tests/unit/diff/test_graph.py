"""Who reads whom, in what order, and what leads where."""

from __future__ import annotations

from chainrule.diff.graph import graph_of
from chainrule.diff.prepare import name_extrema
from chainrule.execute.reference.evaluation import evaluate
from chainrule.notation import parse
from chainrule.system.printing import system_text
from chainrule.verify.sampling import random_inputs
from support import assert_close

SYSTEM = parse(
    """
    data x[i]
    param w[i], b
    z = (sum(i) w[i]*x[i]) + b
    unused = b^2
    a = tanh(z)*b
    cost C = a^2
    after = C + b
    """
)


def test_readers_and_what_they_read() -> None:
    graph = graph_of(SYSTEM)
    assert graph.reads["z"] == ("b", "w", "x")
    assert graph.users["b"] == ("z", "unused", "a", "after")
    assert graph.users["after"] == ()


def test_everything_stands_after_what_it_reads() -> None:
    graph = graph_of(SYSTEM)
    place = {name: n for n, name in enumerate(graph.order)}
    assert sorted(place) == sorted(SYSTEM.names())
    assert all(place[read] < place[name] for name, reads in graph.reads.items() for read in reads)


def test_what_leads_to_the_cost_and_what_depends_on_a_param() -> None:
    graph = graph_of(SYSTEM)
    assert graph.leading_to("C") == {"C", "a", "z", "b", "w", "x"}
    assert graph.depending_on(["w"]) == {"w", "z", "a", "C", "after"}
    assert graph.depending_on([]) == frozenset()


def test_unknown_functions_read_their_arguments() -> None:
    graph = graph_of(parse("param z[j]\nabstract a[k](z[j])\ncost C(a[k])"))
    assert graph.reads == {"z": (), "a": ("z",), "C": ("a",)}
    assert graph.order == ("z", "a", "C")


def test_extrema_and_what_they_are_taken_of_get_names() -> None:
    system = parse("param x[i,j], C_max\ncost C = sum(i) (max(j) x[i,j]^2)*C_max + (min(i,j) x[i,j])")
    named = name_extrema(system)
    assert [e.name for e in named.equations] == ["C_inner", "C_max2", "C_min", "C"]
    assert "C_inner[i,j] = x[i,j]^2" in system_text(named)
    assert "C_max2[i] = max(j) C_inner[i,j]" in system_text(named)
    inputs = random_inputs(system, seed=1)
    assert_close(evaluate(named, inputs)["C"], evaluate(system, inputs)["C"])


def test_a_system_without_extrema_stays_as_it_is() -> None:
    assert name_extrema(SYSTEM) is SYSTEM


def test_an_extremum_that_is_named_already_keeps_its_name() -> None:
    system = parse("param x[i]\nm = max(i) x[i]\ncost C = m^2")
    assert name_extrema(system) == system
