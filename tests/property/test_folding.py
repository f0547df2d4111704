"""Layers told as a family, written out again, are the layers; and their backward pass is that of the family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.expr.binding import substitute_indices
from chainrule.expr.nodes import Index, Indexed, Reduce, Sum, operands, plus, with_operands
from chainrule.expr.symbols import Symbol, Tensor, step_of
from chainrule.families.folded import folded
from chainrule.families.folding import Folding
from chainrule.families.rewriting import equation_at, everywhere, with_tensors
from chainrule.families.templates import Item, StepBlock
from chainrule.network.equations import Equations
from chainrule.system.model import Equation, System
from chainrule.system.sizes.erase import erased_equation
from property.random_layers import layers_text, random_network
from support import assert_close, examples
from unit.families.random_inputs import random_inputs

NUMBERS = st.integers(0, 10**6)


@examples(25)
@given(NUMBERS)
def test_the_equations_of_a_network_written_out_are_those_of_its_layers(number: int) -> None:
    network = random_network(number)
    check_sections(network.equations())


@examples(25)
@given(NUMBERS)
def test_a_network_as_a_family_written_out_is_the_network(number: int) -> None:
    check_family(random_network(number).system)


@examples(25)
@given(NUMBERS)
def test_layers_with_connections_that_skip_some_are_told_as_they_are(number: int) -> None:
    system = cr.parse(layers_text(number))
    check_family(system)
    check_sections(Equations(cr.backprop(system).system))


@examples(10)
@given(NUMBERS)
def test_a_system_and_its_family_have_the_same_gradients(number: int) -> None:
    system = cr.parse(layers_text(number))
    families = folded(system)
    if families is None:
        return
    inputs = random_inputs(system, 0, 3, 3)
    _, expected = cr.value_and_grad(system, inputs)
    out = families.at()
    base = {str(name): "x" for name in out.names() if name not in tuple(system.names())}
    _, found = cr.value_and_grad(out, {str(n): inputs[base.get(str(n), str(n))] for n in out.declared})
    for name, gradient in expected.items():
        assert_close(found[name], gradient)


def check_sections(equations: Equations) -> None:
    """Check that each part of a listing, written out, is what it tells."""
    folding = equations.folding
    if folding is None:
        return
    back = {Tensor(family, (("", n),)): tensor for tensor, (family, n) in folding.members.items()}
    for part in (equations.forward, *equations.backward_parts(), equations.optimizer, equations.updates):
        for items in (folding.items(part), folding.shown(part)):
            found = [renamed(e, back) for e in written_out(items, folding)]
            assert [same(e) for e in found] == [same(e) for e in part]


def written_out(items: Sequence[Item], folding: Folding) -> Iterator[Equation]:
    """Yield the equations of all layers."""
    numbers = {folding.last: folding.count}
    for item in items:
        if isinstance(item, StepBlock):
            for step in item.range.steps(numbers):
                for template in item.items:
                    assert isinstance(template, Equation)
                    yield equation_at(template, {**numbers, item.range.letter: step})
        else:
            assert isinstance(item, Equation)
            yield equation_at(Equation(item.target, without_layer_sums(item.value, folding)), numbers)


def without_layer_sums(node: Any, folding: Folding) -> Any:
    """Return an expression with sums over layers, Σ_{l=1..L}, as the sums of their terms."""
    parts = [without_layer_sums(part, folding) for part in operands(node)]
    if isinstance(node, Reduce) and ".." in node.indices[0].name:
        ends = [step_of(end) for end in node.indices[0].name.partition("=")[2].split("..")]
        first, last = (step[1] + folding.count * bool(step[0]) for step in ends if step is not None)
        at = [equation_at(Equation(Indexed("_"), parts[0]), {folding.letter: n}) for n in range(first, last + 1)]
        return plus(*(term for e in at for term in (e.value.terms if isinstance(e.value, Sum) else (e.value,))))
    if isinstance(node, Sum):
        return plus(*(term for part in parts for term in (part.terms if isinstance(part, Sum) else (part,))))
    return with_operands(node, parts) if parts else node


def check_family(system: System) -> None:
    """Check that the family of a system is written out to the system, but for the name of its data."""
    families = folded(system)
    if families is None:
        return
    assert cr.parse(str(families)) == families
    out = families.at()
    missing = [n for n in out.names() if n not in system.declared and n not in system.defined]
    assert len(missing) <= 1
    lost = [n for n in system.names() if n not in out.declared and n not in out.defined]
    names: dict[Symbol, Symbol] = dict(zip(missing, lost, strict=True))
    assert [same(renamed(e, names)) for e in out.equations] == [same(e) for e in system.equations]
    kinds = {(names.get(d.tensor, d.tensor), d.role, len(d.indices), d.value) for d in out.declarations}
    assert kinds == {(d.tensor, d.role, len(d.indices), d.value) for d in system.declarations}
    assert (out.cost, out.batch, len(out.givens)) == (system.cost, system.batch, len(system.givens))


def renamed(equation: Equation, names: Mapping[Symbol, Symbol]) -> Equation:
    """Return an equation with other names of tensors."""
    change = everywhere(lambda tensor: names.get(tensor, tensor))
    return Equation(with_tensors(equation.target, change), with_tensors(equation.value, change))


def same(equation: Equation) -> Equation:
    """Return an equation without sizes, with letters that say where an index stands on the left."""
    plain = erased_equation(equation)
    letters = {index: Index(f"i{n}", index.extent) for n, index in enumerate(plain.indices)}
    target = substitute_indices(plain.target, letters)
    return Equation(target, substitute_indices(plain.value, letters))  # type: ignore[arg-type]
