"""The second derivatives of a family's cost: how each first derivative changes with each tensor that is derived by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from chainrule.errors import DerivativeError
from chainrule.expr.nodes import Index, walk
from chainrule.expr.symbols import Derivative, Symbol, Tensor
from chainrule.families.families import Families
from chainrule.families.families_text import as_reductions, index_letters_taken, range_text, ranges_latex, ranks_in
from chainrule.families.family_backprop import FamilyBackprop
from chainrule.families.family_tangents import Along, Tangents, Total, letters
from chainrule.families.named_sums import with_named_sums, with_plain_sums
from chainrule.families.reads import reach_of
from chainrule.families.rewriting import with_tensors
from chainrule.families.step_ranges import with_ranges
from chainrule.families.templates import Blocks, Item, StepBlock, StepRange, declared_family
from chainrule.families.uses import Flow
from chainrule.render.formula import equation_formula
from chainrule.render.latex import aligned
from chainrule.system.locations import Location
from chainrule.system.model import Declaration, Equation, System

FIRST = "derivative by "
"""Names the first derivatives while they are tensors like any other."""


@dataclass(frozen=True)
class FamilyHessian:
    """The second derivatives of a family's cost by the tensors of `wrt`, with the first, for any number of steps.

    Those by v and by w are the blocks ∂²C/∂v∂w with v not after w in `wrt`, as they are of a system. Of families these
    are blocks for each two of their steps, ∂²C/∂W[l;]∂W[m;].
    """

    back: FamilyBackprop
    wrt: tuple[str, ...]
    total: Total

    @cached_property
    def system(self) -> Families:
        """The forward pass, the first derivatives and the second ones as a family, in an order to compute them in."""
        return _whole(*self._found)

    @cached_property
    def _found(self) -> tuple[Blocks, tuple[Item, ...]]:
        return _with_second(self.back.system, self.wrt, self.total)

    def at(self, **numbers: int) -> System:
        """Return all of it for these numbers of steps."""
        known = self.back.forward.numbers(numbers)
        if any(known[letter] < least for letter, least in self.back.least.items()):
            back = self.back.for_steps(**numbers)
            return _whole(*_with_second(back.system, self.wrt, self.total)).at()
        return self.system.at(**numbers)

    def lines(self) -> Iterator[str]:
        """Yield the equation of each second derivative, and of what it reads, as a line with its steps."""
        for shown, ranges in self._formulas():
            said = ", ".join(range_text(replace(steps, down=False)) for steps in ranges)
            yield str(shown) + (f"   for {said}" if said else "")

    def latex(self) -> str:
        """Return the equations of second derivatives, and of what they read, as an `aligned` environment."""
        return aligned(shown.latex("&=") + ranges_latex(ranges) for shown, ranges in self._formulas())

    def _formulas(self) -> Iterator[tuple[Any, tuple[StepRange, ...]]]:
        first, second = self._found
        for path, template in Blocks(first.head, second).templates():
            if isinstance(template, Equation):
                value = as_reductions(with_ranges(self.system, template.value, Location("equation")))
                taken = index_letters_taken(self.system, template.value)
                ranks = ranks_in(first, template.target, template.value)
                yield equation_formula(template.target, value, taken=taken, ranks=ranks), path

    def __str__(self) -> str:
        lines = [*self.lines(), *(["", self.back.holds_for] if self.back.holds_for else [])]
        return "\n".join(lines)


def _with_second(derived: Families, wrt: Sequence[str], total: Total) -> tuple[Blocks, tuple[Item, ...]]:
    """Return a family with its first derivatives, and the second ones, which stand behind them."""
    cost = derived.head.cost
    _refuse_unknown(derived)
    flat = with_named_sums(_flattened(derived), ranged=True)
    flow = Flow(flat)
    restored = _Restored(cost)
    found: list[Item] = []
    for number, name in enumerate(wrt):
        tangents = Tangents(flow, _along(flat, name), total)
        found += tangents.items([FIRST + earlier for earlier in wrt[: number + 1]])
    head = derived.head
    first = tuple(map(restored.item, flat.items))
    first = with_plain_sums(Blocks(head, first), first)
    second = tuple(map(restored.item, found))
    return Blocks(head, first), with_plain_sums(Blocks(head, (*first, *second)), second)


def _refuse_unknown(derived: Families) -> None:
    """Raise DerivativeError where the cost or a layer is an unknown function."""
    declared = (*derived.head.declarations, *(t for _, t in derived.templates() if isinstance(t, Declaration)))
    unknown = next((str(d.tensor) for d in declared if d.arguments), "")
    if unknown:
        raise DerivativeError(
            f"{unknown} is an unknown function, and its second derivatives have no names in families",
            expected="layers and a cost that are equations",
            advice="A family written out has them: cr.hessian(families.at(L=3))",
        )


def _whole(first: Blocks, second: tuple[Item, ...]) -> Families:
    return Families(first.head, (*first.items, *second))


def _along(blocks: Blocks, name: str) -> Along:
    """Return what is derived by at steps of its own. Raises DerivativeError for what is not declared."""
    declaration = blocks.head.declared.get(name) or declared_family(blocks, name)
    if declaration is None or not isinstance(declaration.tensor, Tensor):
        raise DerivativeError(
            f"second derivatives by {name} are none of a family",
            expected="params and data that are declared",
            advice="Those of a system by what lies between are cr.hessian(families.at(L=3), wrt=…)",
        )
    taken = {steps.letter for steps in blocks.ranges} | set(blocks.letters) | set(map(str, blocks.head.names()))
    for _, template in blocks.templates():
        nodes = (template.target, template.value) if isinstance(template, Equation) else ()
        taken |= {i.name for node in nodes for part in walk(node) for i in _indices(part)}
    box = {}
    raised = []
    reach = reach_of(blocks, name)
    for (letter, shift), ends in zip(declaration.tensor.superscript, reach, strict=False):
        if letter in blocks.letters or not letter:
            raised.append((letter, shift))
            continue
        own = next(other for other in letters(letter) if other not in taken)
        taken.add(own)
        low, high = ends
        box[own] = (low.letter, low.offset), (high.letter, high.offset)
        raised.append((own, 0))
    return Along(Tensor(name, tuple(raised)), declaration.indices, box)


def _indices(part: Any) -> Iterator[Index]:
    for index in getattr(part, "indices", ()):
        if isinstance(index, Index):
            yield index


# First derivatives as tensors by themselves, and back


def _flattened(derived: Families) -> Blocks:
    """Return a family in which ∂C/∂z[l;] is a tensor like any other, and sums over steps say over which."""

    def flat(tensor: Symbol) -> Symbol:
        match tensor:
            case Derivative(of, (Tensor(name, superscript),)) if of == derived.head.cost:
                return Tensor(FIRST + name, superscript)
            case _:
                return tensor

    def item(one: Item) -> Item:
        match one:
            case StepBlock(steps, items):
                return StepBlock(steps, tuple(map(item, items)))
            case Equation(target, value):
                ranged = with_ranges(derived, value, Location("equation"))
                return Equation(with_tensors(target, flat), with_tensors(ranged, flat))
            case _:
                return one

    return Blocks(derived.head, tuple(map(item, derived.items)))


@dataclass(frozen=True)
class _Restored:
    cost: Symbol

    def item(self, one: Item) -> Item:
        """Return an item in which ∂C/∂z[l;] is a derivative again, and what is derived from it one of second order."""
        match one:
            case StepBlock(steps, items):
                return StepBlock(steps, tuple(map(self.item, items)))
            case Equation(target, value):
                return Equation(with_tensors(target, self.tensor), with_tensors(value, self.tensor))
            case _:
                return one

    def tensor(self, tensor: Symbol) -> Symbol:
        """Return a tensor under its own name."""
        match tensor:
            case Derivative(of, wrt):
                inner = self.tensor(of)
                return Derivative(inner.of, *inner.wrt, *wrt) if isinstance(inner, Derivative) else tensor
            case Tensor(name, superscript) if name.startswith(FIRST):
                return Derivative(self.cost, Tensor(name.removeprefix(FIRST), superscript))
            case _:
                return tensor
