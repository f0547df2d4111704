"""Lowering: what is fused, stored, named once, transposed and placed; told by the programs of small systems."""

from __future__ import annotations

import pytest

from chainrule.expr.sizes import Size
from chainrule.lower.allocation import lifetimes
from chainrule.lower.flatten import flatten
from chainrule.lower.lowering import lower
from chainrule.lower.program import Instruction, Load, Program, RowReduce, Unsupported
from chainrule.lower.text import program_document
from chainrule.notation import parse
from chainrule.render.document_text import document_text
from chainrule.system.batching import batch
from chainrule.system.model import System
from dense import Dense


def sizes(system: System, **letters: int) -> dict[Size, int]:
    return {i.extent: letters[i.preferred] for d in system.declarations for i in d.indices}


def program(text: str, *outputs: str, **letters: int) -> Program:
    system = parse(text)
    return lower(system, sizes(system, **letters), outputs)


def training(network: Dense, samples: int) -> Program:
    system = batch(network.system())
    letters = {"n": samples, "i": network.widths[0], "k": network.widths[-1]}
    letters |= {f"j{l}": width for l, width in enumerate(network.widths) if 0 < l < len(network.widths) - 1}
    return lower(system, sizes(system, **letters), ("C",))


def named(made: Program, name: str) -> Instruction:
    return next(i for i in made.instructions if i.name == name)


def test_activations_costs_and_deltas_are_computed_where_the_product_is() -> None:
    made = training(Dense((64, 32, 10), "relu", "softmax", "cross-entropy", given=True), 32)
    output = next(i for i in made.instructions if any(e.name == "C" for e in i.equations))
    assert {"z2", "a2", "C", "∂C[n]/∂z2"} <= {e.name for e in output.equations}
    assert output.contraction is not None
    assert output.row == "k"


def test_a_row_of_inputs_joins_the_nest_that_reads_it() -> None:
    """Σ_m y[n,m], which stands in ∂C/∂z2 where nothing says that it is 1, needs no loop of its own."""
    made = training(Dense((64, 32, 10), "relu", "softmax", "cross-entropy"), 32)
    assert not any(i.contraction and i.contraction.factors[0].buffer == "y" for i in made.instructions)
    output = next(i for i in made.instructions if any(e.name == "C" for e in i.equations))
    assert "∂C[n]/∂z2" in {e.name for e in output.equations}


def test_a_gradient_that_only_feeds_an_update_is_never_stored() -> None:
    made = training(Dense((64, 32, 10)), 32)
    assert not any(name.startswith(("∂C/∂W", "∂C/∂b")) for name in made.buffers)
    update = named(made, "W1")
    assert {e.name for e in update.equations} == {"∂C/∂W1", "W1"}
    assert [s.buffer for s in update.stores] == ["W1"]


def test_scalars_of_an_update_meet_in_one_factor() -> None:
    """W − eta·(1/n)·Σ is one multiply-add for each weight, with −eta/n computed once."""
    update = named(training(Dense((64, 32, 10)), 32), "W1")
    varying = [op for op, axes in zip(update.code, update.depends, strict=True) if axes]
    assert [getattr(op, "function", type(op).__name__) for op in varying] == ["Contracted", "Load", "fma", "Store"]


def test_weights_lie_with_the_outputs_innermost_whichever_way_they_are_declared() -> None:
    for turned in ((False, False), (True, True)):
        made = training(Dense((64, 32, 10), turned=turned), 32)
        axis = 1 if turned[0] else 0
        assert made.buffers["W1"].strides[axis] == 1


def test_only_the_smaller_factor_is_copied_to_another_layout() -> None:
    made = training(Dense((64, 32, 32)), 64)
    assert [name for name in made.buffers if "ᵀ" in name] == ["W2ᵀ0"]


def test_outputs_that_fill_no_vector_are_computed_for_many_samples_at_once() -> None:
    made = training(Dense((64, 32, 10)), 32)
    assert [name for name in made.buffers if "ᵀ" in name] == ["a1ᵀ0", "yᵀ0"]
    assert made.buffers["∂C[n]/∂z2"].strides[0] == 1


def test_a_long_sum_of_few_outputs_has_its_vectors_along_the_sum() -> None:
    made = training(Dense((784, 30, 10)), 10)
    assert made.buffers["W1"].strides == (784, 1)
    product, update = named(made, "z1"), named(made, "W1")
    assert [e.name for e in product.equations] == ["z1"]
    assert {e.name for e in update.equations} == {"∂C/∂W1", "W1"}


def test_what_is_used_twice_is_computed_once() -> None:
    system = parse(
        "param z[j]\nu[j] = exp(z[j])/(sum(m) exp(z[m]))\nv[i] = exp(z[i]) + sigmoid(z[i])\nw[i] = sigmoid(z[i])"
    )
    found = flatten(system, sizes(system, j=4), ("u", "v", "w"), {})
    calls = [s for s in found if "Call" in repr(s.value)]
    assert len(calls) == 2
    assert sum(s.op == "sum" for s in found) == 1


def test_equal_sums_of_two_equations_are_one_whatever_their_letters() -> None:
    made = program(
        "param A[i,j], v[j]\na[i] = 1 + (sum(j) A[i,j]*v[j])\nb[k] = 2*(sum(m) A[k,m]*v[m])", "a", "b", i=3, j=4
    )
    assert sum(i.contraction is not None for i in made.instructions) == 1


def test_a_reduction_over_samples_is_no_row() -> None:
    made = training(Dense((8, 4, 3)), 4)
    assert all(op.axis != "n" for i in made.instructions for op in i.code if isinstance(op, RowReduce))


def test_a_row_too_long_for_registers_gets_a_nest_of_its_own() -> None:
    text = "param A[i,j]\ns[i,j] = exp(A[i,j])/(sum(m) exp(A[i,m]))"
    assert len(program(text, "s", i=3, j=64).instructions) == 1
    assert len(program(text, "s", i=3, j=65).instructions) == 3


def test_updates_come_after_everybody_who_reads_the_old_value() -> None:
    made = training(Dense((64, 32, 10)), 32)
    order = [i.name for i in made.instructions]
    reads = [n for n, i in enumerate(made.instructions) for a in i.loads if a.buffer.startswith("W2")]
    assert order.index("W2") == max(reads)


def test_updates_that_read_each_other_go_through_a_buffer() -> None:
    made = program("param u[j], v[j]\nupdate u[j] = v[j]\nupdate v[j] = u[j]", j=4)
    assert any("′" in name for name in made.buffers)


def test_temporaries_share_memory_when_their_lives_do_not_meet() -> None:
    made = training(Dense((64, 32, 32, 32, 10)), 32)
    lives = lifetimes(made.buffers, made.instructions)
    assert len({made.buffers[name].offset for name in lives}) < len(lives)


def test_what_no_output_needs_is_left_out() -> None:
    made = program("param v[j]\na[j] = exp(v[j])\nb[j] = 2*v[j]", "b", j=4)
    assert "a" not in made.buffers
    assert len(made.instructions) == 1


def test_strides_are_no_multiples_of_four_kibibytes() -> None:
    made = program("param A[i,j], B[j,k]\nc[i,k] = sum(j) A[i,j]*B[j,k]", "c", i=3, j=1024, k=2048)
    assert all(4 * s % 4096 for b in made.buffers.values() for s in b.strides)


def test_every_instruction_keeps_its_equations_and_the_text_shows_them() -> None:
    made = training(Dense((64, 32, 10)), 32)
    assert all(i.equations for i in made.instructions)
    text = document_text(program_document(made))
    assert "# z1[n,j1] = Σ_i W1[j1,i]·x[n,i] + b1[j1]" in text
    assert "acc = sum over i < 64: W1[j1 + 32·i] · x[64·n + i]" in text


@pytest.mark.parametrize(
    ("text", "construct"),
    [
        ("param z[j]\nabstract a[k](z[j])\nb[k] = a[k]", "the unknown function a"),
        ("param z[j]\nabstract s(t)\nb[j] = s(z[j])", "the unknown function s"),
        ("param z[j]\nb[j] = z[j]^z[j]", "a power whose exponent is no number"),
        ("param z[j]\nb[j] = z[j]^(1/3)", "the power 1/3"),
    ],
)
def test_what_cannot_be_lowered_is_named(text: str, construct: str) -> None:
    with pytest.raises(Unsupported) as caught:
        program(text, "b", j=3, k=2)
    assert caught.value.construct == construct


def test_loads_of_one_entry_are_made_once() -> None:
    made = program("param v[j]\na[j] = v[j]*v[j] + v[j]", "a", j=4)
    assert sum(isinstance(op, Load) for op in made.instructions[0].code) == 1


def test_factors_are_grouped_by_their_indices() -> None:
    """A matrix times a vector has two factors; of three the narrow one is put into the smaller of the others."""
    text = "param A[i,j], v[j], B[j,k]\nc[i] = sum(j) A[i,j]*v[j]\nd[i,k] = sum(j) A[i,j]*v[j]*B[j,k]"
    made = program(text, "c", "d", i=5, j=100, k=2)
    factors = [[f.buffer for f in i.contraction.factors] for i in made.instructions if i.contraction]
    assert factors == [["A", "v"], ["A", "d·1"]]
    assert made.buffers["d·1"].extents == (100, 2)
