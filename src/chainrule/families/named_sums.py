"""What a sum over steps adds up gets a name, and so does the sum: s = sum(t) f[t;].

Then each step's share of what is added up is a tensor of its own, and the sum is read like any other tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chainrule.errors import DerivativeError
from chainrule.expr.binding import free_in_order
from chainrule.expr.nodes import Bracket, Expr, Index, Indexed, Product, operands, times, walk, with_operands
from chainrule.expr.symbols import Tensor, unused
from chainrule.families.step_ranges import is_plain, range_of
from chainrule.families.templates import Blocks, Item, StepBlock, StepRange, letter_summed, range_summed, sum_over
from chainrule.system.locations import Location
from chainrule.system.model import Equation


def with_named_sums(blocks: Blocks, *, ranged: bool = False) -> Blocks:
    """Return blocks in which every sum over steps is the whole value of an equation, and adds up a single entry.

    With `ranged` each sum says which steps it goes over.
    """
    if not any(letter_summed(part) for _, t in blocks.templates() if isinstance(t, Equation) for part in walk(t.value)):
        return blocks
    naming = _Naming(blocks, _taken(blocks), ranged=ranged)
    return replace(blocks, items=naming.items((), blocks.items))


def with_plain_sums(blocks: Blocks, items: Sequence[Item]) -> tuple[Item, ...]:
    """Return derived items in which the steps of each sum follow from what it adds up: where not, that gets a name."""
    return _Naming(blocks, _taken(blocks), derived=True).items((), items)


def _taken(blocks: Blocks) -> set[str]:
    taken = {t.name for t in blocks.tensors()} | set(map(str, blocks.head.names())) | set(blocks.head.function)
    return taken | {steps.letter for steps in blocks.ranges} | set(blocks.letters)


@dataclass
class _Naming:
    """Names what sums over steps add up; in `derived` equations only where their steps would not be known else."""

    blocks: Blocks
    taken: set[str]
    derived: bool = False
    ranged: bool = False
    new: list[Item] = field(default_factory=list)

    def items(self, path: tuple[StepRange, ...], items: Sequence[Item]) -> tuple[Item, ...]:
        """Return items with new equations in front of those that need them."""
        found: list[Item] = []
        for item in items:
            if isinstance(item, StepBlock):
                found.append(StepBlock(item.range, self.items((*path, item.range), item.items)))
            elif isinstance(item, Equation):
                self.new = []
                value = self.value(path, item.value, whole=True)
                found += self.new
                found.append(item if value is item.value else Equation(item.target, value))
            else:
                found.append(item)
        return tuple(found)

    def value(self, path: tuple[StepRange, ...], node: Any, *, whole: bool = False) -> Any:
        """Return an expression in which sums over steps are read by a name."""
        letter = letter_summed(node)
        if not letter:
            parts = operands(node)
            return with_operands(node, [self.value(path, part) for part in parts]) if parts else node
        (body,) = operands(node)
        over = range_summed(node) or range_of(self.blocks, node, Location("equation"))
        inner = self.value((*path, replace(over, down=False)), body)
        if self.derived and is_plain(self.blocks, node):
            return sum_over(letter, inner)
        brackets, inner = _brackets(inner) if self.derived or self.ranged else ((), inner)
        told = _is_entry(inner, letter) and is_plain(self.blocks, sum_over(letter, inner, over))
        entry = inner if told else self._named(path, over, inner)
        if whole or self.derived:
            return sum_over(letter, times(*brackets, entry), over if self.ranged else None)
        if brackets:
            raise DerivativeError(
                "a derivative by entries at steps, x[t-1,i], has no second derivative for every number of steps",
                expected="a family written out, families.at(T=3), or x[t; i]",
            )
        total = self._target("s", path, inner, letter)
        self.new.append(Equation(total, sum_over(letter, entry, over if self.ranged else None)))
        return total

    def _named(self, path: tuple[StepRange, ...], over: StepRange, body: Expr) -> Indexed:
        """Name what is added up, in a block of its own."""
        letters = [steps.letter for steps in path]
        target = self._target("c", (*path, over), body, "")
        equation: Item = Equation(target, body)
        # Within a block of the same letters the new block stands inside, and runs over the summed step alone.
        self.new.append(StepBlock(replace(over, down=False), (equation,)))
        assert over.letter not in letters, "a sum has a letter of its own"
        return target

    def _target(self, name: str, path: tuple[StepRange, ...], body: Expr, without: str) -> Indexed:
        tensor = unused(name, self.taken)
        self.taken.add(tensor)
        steps = {steps.letter for steps in path} | {without}
        raised = tuple((p.letter, 0) for p in path if p.letter != without)
        indices = tuple(i for i in free_in_order(body) if i.name not in steps)
        return Indexed(Tensor(tensor.name, raised), indices)


def _brackets(node: Expr) -> tuple[tuple[Expr, ...], Expr]:
    """Return the brackets of a product, whose letters may label no axis elsewhere, and the rest."""
    if not isinstance(node, Product):
        return (), node
    brackets = tuple(factor for factor in node.factors if isinstance(factor, Bracket))
    return brackets, times(*(factor for factor in node.factors if not isinstance(factor, Bracket)))


def _is_entry(node: Expr, letter: str) -> bool:
    """Say whether something is an entry of a tensor at the summed step, with plain indices."""
    if not isinstance(node, Indexed) or node.guarded or not isinstance(node.tensor, Tensor):
        return False
    plain = all(isinstance(i, Index) and i.name != letter for i in node.indices)
    return plain and len(set(node.indices)) == len(node.indices) and (letter, 0) in node.tensor.superscript
