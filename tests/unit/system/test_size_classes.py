"""Classes of equal extents: their names, their sizes, and sizes that contradict each other."""

from __future__ import annotations

from itertools import pairwise

from chainrule.expr.sizes import Axis, Declared
from chainrule.system.sizes.classes import Classes


def test_a_class_is_known_by_the_element_added_first() -> None:
    extents = Classes()
    first, second, third = (extents.add(Declared(name)) for name in "abc")
    assert extents.unite(third, second) is None
    assert extents.named(third) == Declared("b")
    assert extents.unite(third, first) is None
    assert {extents.named(n) for n in (first, second, third)} == {Declared("a")}


def test_an_element_is_added_once() -> None:
    extents = Classes()
    assert extents.add(Axis("x", 1)) == extents.add(Axis("x", 1))
    assert extents.number(Axis("x", 0)) is None


def test_sizes_belong_to_classes_and_must_agree() -> None:
    extents = Classes()
    a, b, c = (extents.add(Declared(name)) for name in "abc")
    extents.resize(c, 3)
    assert extents.unite(b, c) is None
    assert extents.size(b) == 3
    extents.resize(a, 4)
    assert extents.unite(a, b) == (4, 3)


def test_a_long_chain_is_one_class() -> None:
    extents = Classes()
    numbers = [extents.add(Declared(str(n))) for n in range(10_000)]
    for left, right in pairwise(numbers):
        extents.unite(left, right)
    assert extents.named(numbers[-1]) == Declared("0")
