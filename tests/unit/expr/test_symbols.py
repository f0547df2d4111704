"""Symbols are texts with parts: they work as names anywhere, and keep what they are made of."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from chainrule.expr.nodes import Indexed, MatrixEntry
from chainrule.expr.symbols import (
    NO_TENSOR,
    Change,
    Derivative,
    Symbol,
    Tensor,
    derivative_by,
    named_after,
    of_one_sample,
    plain,
    symbol,
    taken_by,
    tensors_of,
    unused,
)
from chainrule.system.model import Declaration, System

MEMBER = Tensor("z", (("l", 1), ("", 2)))
EVERY_KIND: tuple[tuple[Symbol, str], ...] = (
    (Tensor("z1"), "z1"),
    (MEMBER, "z[l+1,2;]"),
    (Derivative("C", "z"), "∂C/∂z"),
    (Derivative("C", "z", "z", "w"), "∂³C/∂z∂z∂w"),
    (Derivative("C", MEMBER), "∂C/∂z[l+1,2;]"),
    (Derivative("C", "z", along=("n",)), "∂C[n]/∂z"),
    (Derivative(Change("C"), "z"), "∂dC/∂z"),
    (Change("z"), "dz"),
    (Change(Derivative("C", "W", "b"), 2), "dC_W_b2"),
    (Change(MEMBER), "dz[l+1,2;]"),
)


@pytest.mark.parametrize(("made", "text"), EVERY_KIND)
def test_a_symbol_is_the_text_that_it_is_written_as(made: Symbol, text: str) -> None:
    assert (made, hash(made), str(made), f"{made}") == (text, hash(text), text, text)
    assert type(str(made)) is str
    assert {text: 1}[made] == {made: 1}[text] == 1
    assert json.loads(json.dumps({made: [made]})) == {text: [text]}
    assert sorted([made, "A"]) == sorted([text, "A"])


@pytest.mark.parametrize("made", [made for made, _ in EVERY_KIND])
def test_copies_and_pickles_keep_the_parts(made: Symbol) -> None:
    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    pickled = [pickle.loads(pickle.dumps(made, protocol)) for protocol in protocols]  # noqa: S301
    for other in (copy.copy(made), copy.deepcopy(made), *pickled):
        assert type(other) is type(made)
        assert other == made
        parts = [getattr(other, name) for name in made.__match_args__]
        assert parts == [getattr(made, name) for name in made.__match_args__]
        assert [type(part) for part in parts] == [type(getattr(made, name)) for name in made.__match_args__]


def test_symbols_cannot_be_changed() -> None:
    for made, _ in EVERY_KIND:
        with pytest.raises(AttributeError):
            made.number = 3  # type: ignore[union-attr]
        with pytest.raises(AttributeError):
            del made.of  # type: ignore[union-attr]


def test_symbols_are_matched_by_their_parts() -> None:
    match Derivative("C", "z", "w"):
        case Derivative(Tensor("C", ()), (first, second), ()):
            assert (first, second) == ("z", "w")
        case _:
            pytest.fail("a derivative of a tensor by two others")
    match Change(Derivative("C", "W")):
        case Change(Derivative(of, (by,))):
            assert (of, by) == ("C", "W")
        case _:
            pytest.fail("the change of a derivative")


def test_a_plain_name_is_that_of_a_tensor_and_a_symbol_stays_what_it_is() -> None:
    assert isinstance(symbol("z1"), Tensor)
    for made, _ in EVERY_KIND:
        assert symbol(made) is made
        for kept in (Indexed(made).tensor, MatrixEntry("det", made).tensor, Declaration("data", made).tensor):
            assert (type(kept), kept) == (type(made), made)
    assert isinstance(Indexed("z1").tensor, Tensor)
    assert isinstance(System(cost=symbol("C")).cost, Tensor)


@pytest.mark.parametrize("text", ["∂C/∂z", "∂²C/∂z∂w", "∂"])
def test_the_text_of_a_derivative_is_no_plain_name(text: str) -> None:
    for make in (Tensor, symbol, Indexed, lambda name: Declaration("data", name), lambda name: Derivative(name, "z")):
        with pytest.raises(AssertionError, match="make it a Derivative"):
            make(text)


def test_a_derivative_per_sample_is_not_that_of_the_whole() -> None:
    assert Derivative("C", "z", along=("n",)) != Derivative("C", "z")


def test_derivatives_are_asked_for_their_parts() -> None:
    second = derivative_by(Derivative("C", "z"), Tensor("w"))
    assert (second, second.of, second.wrt) == ("∂²C/∂z∂w", "C", ("z", "w"))
    assert derivative_by(Change("z"), Tensor("w")).of == Change("z")
    assert tensors_of(second) == ("C", "z", "w")
    assert second.sides == ("∂²C", "∂z∂w")
    assert tensors_of(Tensor("z")) == ("z",)
    assert of_one_sample(Derivative("C", "z", "w", along=("n",))) == second
    assert of_one_sample(Change("z")) == Change("z")
    assert taken_by(Derivative("C", "z"), "C") == "z"
    for other in (second, Derivative("D", "z"), Tensor("z"), Change("z")):
        assert taken_by(other, "C") is None


def test_what_belongs_to_a_tensor_is_named_after_it_without_a_derivative_sign() -> None:
    assert named_after(Tensor("z"), "largest") == "z_largest"
    assert named_after(Derivative("C", "W", "b"), "largest") == "C_W_b_largest"
    assert named_after(MEMBER, "largest") == Tensor("z_largest", MEMBER.superscript)
    assert plain(Change(MEMBER)).superscript == MEMBER.superscript
    assert unused(named_after(Derivative("C", "z"), "log"), {"C_z_log", "C_z_log2"}) == "C_z_log3"
    assert unused(MEMBER, {MEMBER}) == Tensor("z2", MEMBER.superscript)


def test_nodes_that_are_made_once_keep_symbols_of_one_text_apart() -> None:
    change, tensor = Indexed(Change("z")), Indexed("dz")
    assert (type(change.tensor), type(tensor.tensor)) == (Change, Tensor)
    assert type(Indexed(Change("z")).tensor) is Change
    of_change, of_tensor = Indexed(Derivative(Change("C"), "z")).tensor, Indexed(Derivative("dC", "z")).tensor
    assert isinstance(of_change, Derivative)
    assert isinstance(of_tensor, Derivative)
    assert (type(of_change.of), type(of_tensor.of)) == (Change, Tensor)


def test_a_tensor_has_a_name_and_what_stands_for_none_is_false() -> None:
    with pytest.raises(AssertionError, match="a tensor has a name"):
        Tensor("")
    assert symbol("") is NO_TENSOR
    assert not NO_TENSOR
    assert pickle.loads(pickle.dumps(NO_TENSOR)) is NO_TENSOR  # noqa: S301
