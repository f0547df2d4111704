"""Families as a document: what their text says, with formulas laid out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import assert_never

from chainrule.expr.nodes import Affine, Index
from chainrule.families.families_text import as_reductions
from chainrule.families.templates import Blocks, Item, Step, StepBlock, StepRange
from chainrule.render.document import Group, Line, Node, Words, joined, words
from chainrule.render.formula import ShownFormula, equal, equation_formula, formula
from chainrule.render.layout import AffineNumber, FirstToLast, Layout, Letter
from chainrule.system.model import Declaration, Equation, Given
from chainrule.system.system_document import declared_as, system_document


def families_document(families: Blocks) -> Group:
    """Return families as a document: the statements of the head, then the blocks, further in."""
    head = system_document(families.head)
    return Group((*head.nodes, Group(tuple(_nodes(families, families.items)), apart=True)), role="families")


def ranges_words(ranges: Sequence[StepRange]) -> Words:
    """Return ranges as formulas: l = 1..L, or l = L-1..1 where one is gone through downwards."""
    return joined(tuple(map(range_formula, ranges)), ", ")


def range_formula(steps: StepRange) -> ShownFormula:
    """Return a range laid out."""
    first, last = (steps.high, steps.low) if steps.down else (steps.low, steps.high)
    span = FirstToLast(_step(first), _step(last))
    return equal(ShownFormula((Letter(steps.letter),)), ShownFormula((span,)))


def _step(step: Step) -> Layout:
    letter, shift = step
    return AffineNumber(Affine(((Index(letter), 1),) if letter else (), shift))


def _nodes(families: Blocks, items: tuple[Item, ...]) -> Iterator[Node]:
    """Yield statements; equations in a row are one group."""
    for kind, run in groupby(items, key=_kind):
        if kind == "block":
            for block in run:
                assert isinstance(block, StepBlock)
                yield Line(words("for ", range_formula(block.range), ":"))
                yield Group(tuple(_nodes(families, block.items)), indent=4)
        else:
            lines = tuple(_statement(families, one) for one in run if not isinstance(one, StepBlock))
            yield Group(lines, role=kind)


def _kind(item: Item) -> str:
    return "block" if isinstance(item, StepBlock) else "equations" if isinstance(item, Equation) else "declarations"


def _statement(families: Blocks, item: Equation | Declaration | Given) -> Node:
    names = frozenset(families.head.function)
    match item:
        case Equation(target, value):
            shown = equation_formula(target, as_reductions(value), taken=names)
            is_cost = (target.tensor, target.indices) == (families.head.cost, ())
            return Line(words("cost ", shown)) if is_cost else shown
        case Declaration():
            return declared_as("abstract", item)
        case Given(condition):
            return Line(words("given ", formula(as_reductions(condition), taken=names)))
        case _:
            assert_never(item)
