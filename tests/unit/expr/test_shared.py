"""Nodes are made once, what is kept with them is no field, and the table of nodes stays small."""

from __future__ import annotations

import copy
import pickle
import re
from fractions import Fraction

import pytest

from chainrule.expr.nodes import Affine, Index, Indexed, Number, Product, Reduce, Sum
from chainrule.expr.shared import TABLE, Node, kept, made_once
from chainrule.expr.sizes import Axis, Declared
from chainrule.expr.symbols import Change, Tensor

P = Declared("p")
I, J = Index("i", P, "i"), Index("j", P, "j")
X, Y = Indexed("x", (I,)), Indexed("y", (J,))


def test_equal_fields_make_one_node() -> None:
    x = Indexed("x", (Index("i", Declared("p"), "i"),))
    assert Indexed("x", (Index("i", Declared("p"), "i"),)) is x
    assert Indexed("x", x.indices, False) is x
    assert Sum((x, Y)) is Sum(terms=(x, Y))
    assert Number(Fraction(2, 4)) is Number(Fraction(1, 2))
    assert Product((X, Y)) is not Product((Y, X))


def test_letters_and_the_order_of_a_position_tell_nodes_apart_that_are_equal() -> None:
    other = Index("i", P, "k")
    assert Indexed("x", (other,)) == X
    assert Indexed("x", (other,)).indices[0] is other
    assert X.indices[0] is I
    one, turned = Affine(((I, 1), (J, 2))), Affine(((J, 2), (I, 1)))
    assert one == turned
    assert turned.terms == ((J, 2), (I, 1))
    assert Reduce("sum", (Index("%1", P, "i"),), X) == Reduce("sum", (Index("%1", P, "j"),), X)


def test_the_table_keeps_what_was_asked_for_lately_and_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TABLE, "size", 8)
    first = Indexed("first", (I,))
    for n in range(100):
        Indexed(f"x{n}", (I,))
        assert Indexed("first", (I,)) is first
        assert len(TABLE.recent) <= 8
    assert len(TABLE.before) <= 8


def test_a_node_that_has_left_the_table_is_equal_to_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TABLE, "size", 2)
    before = Product((X, Y))
    for n in range(9):
        Indexed(f"x{n}")
    after = Product((X, Y))
    assert after is not before
    assert (after, hash(after)) == (before, hash(before))


def test_what_is_kept_is_worked_out_once_and_is_no_part_of_a_copy() -> None:
    asked: list[Indexed] = []

    @kept
    def rank(entry: Indexed) -> int:
        asked.append(entry)
        return len(entry.indices)

    entry = Indexed("x", (Index("i", Declared("p"), "i"),))
    assert (rank(entry), rank(entry), asked) == (1, 1, [entry])
    data = pickle.dumps(entry)
    assert pickle.loads(data) is copy.copy(entry) is copy.deepcopy(entry) is entry  # noqa: S301
    assert b"rank" not in data
    assert b"_hash" not in data


def test_a_field_of_an_unknown_type_is_refused_when_its_class_is_made() -> None:
    with pytest.raises(TypeError, match="list"):

        @made_once
        class _Listed:
            parts: list[int]


@pytest.mark.parametrize("kind", ["str", "str | None"])
def test_a_field_of_which_it_is_not_known_what_tells_two_apart_is_refused(kind: str) -> None:
    with pytest.raises(TypeError, match=rf"Named has text: {re.escape(kind)}; text is a Word or"):
        made_once(type("Named", (Node,), {"__annotations__": {"text": kind}}))


def test_axes_of_symbols_of_one_text_are_apart() -> None:
    change, plain = Axis(Change("z"), 0), Axis("dz", 0)
    assert change is not plain
    assert (change.tensor, plain.tensor) == ("dz", "dz")
    assert isinstance(change.tensor, Change)
    assert isinstance(plain.tensor, Tensor)
