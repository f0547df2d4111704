"""Families as a program: bodies of statements, loops over steps around them, and sums over steps that add up in loops.

A body holds the statements that are computed one after the other at one step. Its sums over steps are taken out of it:
each is a total, which a loop before the body adds up. What a body reads of other steps is an input of it, so that it
can be run for one step after the other; nothing is written out here, and nothing depends on how many steps there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any, TypeAlias

from chainrule.expr.binding import free_in_order, lookups_in, own_positions, rename_indices
from chainrule.expr.nodes import (
    Call,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    MatrixEntry,
    Partial,
    Sum,
    operands,
    plus,
    walk,
    with_operands,
)
from chainrule.expr.sizes import Axis
from chainrule.expr.symbols import Derivative, Symbol, Tensor, symbol
from chainrule.families.rewriting import everywhere
from chainrule.families.step_ranges import range_of, ranges_of_fact
from chainrule.families.templates import Blocks, Item, StepBlock, StepRange, letter_summed, range_summed
from chainrule.system.locations import Location
from chainrule.system.model import Declaration, Equation, Given

TOTAL = "total "
"""Names the sum over steps that a loop adds up."""


@dataclass(frozen=True, eq=False)
class StepBody:
    """Statements that are computed one after the other at one step of each of some letters.

    `told` are the equations as the families have them; in `equations` sums over steps are totals, which `sums` add up.
    """

    letters: tuple[str, ...]
    told: tuple[Equation, ...] = ()
    equations: tuple[Equation, ...] = ()
    givens: tuple[Given, ...] = ()
    sums: tuple[StepSum, ...] = ()


@dataclass(frozen=True, eq=False)
class StepSum:
    """Totals over the steps of a range: what the equations of a body come to at each step is added to `totals`."""

    over: StepRange
    body: StepBody
    totals: tuple[Symbol, ...]


@dataclass(frozen=True, eq=False)
class StepLoop:
    """What is done for each step of a range, in its direction."""

    over: StepRange
    parts: tuple[StepPart, ...]


StepPart: TypeAlias = StepBody | StepLoop


@dataclass(frozen=True)
class StepProgram:
    """The bodies of families, in order, and those of the facts that they state."""

    blocks: Blocks
    parts: tuple[StepPart, ...]
    facts: tuple[StepPart, ...]

    @cached_property
    def axes(self) -> Mapping[Symbol, tuple[str, ...]]:
        """The letters of the axes of all that is declared, computed or added up, by symbols without superscripts."""
        found: dict[Symbol, tuple[str, ...]] = {
            plain_symbol(d.tensor): tuple(i.preferred for i in d.indices) for d in self.blocks.head.declarations
        }
        for _, template in self.blocks.templates():
            if isinstance(template, Declaration):
                found[plain_symbol(template.tensor)] = tuple(i.preferred for i in template.indices)
        for body in bodies_of((*self.parts, *self.facts)):
            found |= {plain_symbol(e.name): tuple(i.preferred for i in e.indices) for e in body.equations}
            for one in body.sums:
                equations = zip(one.totals, one.body.equations, strict=True)
                found |= {total: tuple(i.preferred for i in e.indices) for total, e in equations}
        return found

    @cached_property
    def is_complete(self) -> bool:
        """Whether all that is read is given or computed, and no derivative is still to be derived."""
        bodies = bodies_of((*self.parts, *self.facts))
        return all(plain_symbol(s) in self.axes for b in bodies for e in b.equations for s in symbols_read(e.value))

    @cached_property
    def declared(self) -> frozenset[Symbol]:
        """What is given, by symbols without superscripts."""
        declarations = self.blocks.head.declarations
        return frozenset(plain_symbol(d.tensor) for d in declarations if d.role != "abstract")


def facts_read(part: StepPart) -> frozenset[Symbol]:
    """Return what the facts of a part speak of, by symbols without superscripts."""
    found: set[Symbol] = set()
    for body in bodies_of([part]):
        values = [*(g.condition for g in body.givens), *(e.value for e in body.told)]
        found |= {plain_symbol(symbol) for value in values for symbol in symbols_read(value)}
    return frozenset(s for s in found if not s.startswith(TOTAL))


def bodies_of(parts: Sequence[StepPart]) -> Iterator[StepBody]:
    """Yield all bodies, those that sums add up before those that read the totals."""
    for part in parts:
        if isinstance(part, StepLoop):
            yield from bodies_of(part.parts)
            continue
        yield from bodies_of([one.body for one in part.sums])
        yield part


def step_program(blocks: Blocks) -> StepProgram:
    """Return families as bodies and loops. Raises TypecheckError for a sum that could go over several ranges."""
    making = _Making(blocks)
    parts = making.parts(blocks.items, ())
    head = [fact for given in blocks.head.givens for fact in making.facts_above(given)]
    return StepProgram(blocks, parts, (*head, *making.facts(blocks.items, ())))


def plain_symbol(tensor: Symbol) -> Symbol:
    """Return a symbol without its superscripts, which all members of a family have in common.

    >>> plain_symbol(Derivative("C", Tensor("z", (("t", 1),))))
    '∂C/∂z'
    """
    return everywhere(lambda member: Tensor(member.name))(tensor)


def steps_of(tensor: Symbol) -> tuple[tuple[str, int], ...]:
    """Return the superscripts of a symbol, of a derivative those of all its parts.

    >>> steps_of(Derivative("C", Tensor("z", (("t", 1),))))
    (('t', 1),)
    """
    if isinstance(tensor, Derivative):
        return tuple(step for part in (tensor.of, *tensor.wrt) for step in steps_of(part))
    return tensor.superscript if isinstance(tensor, Tensor) else steps_of(tensor.of)


def symbols_read(node: Any) -> Iterator[Symbol]:
    """Yield the tensors and derivatives that are read in a node, those too whose entries or extents are looked up."""
    for part in walk(node):
        match part:
            case Indexed(tensor) | MatrixEntry(_, tensor):
                yield symbol(tensor)
            case ExtentValue(Axis(tensor)):
                yield symbol(tensor)
            case Partial(of, wrt):
                yield from (symbol(entry.tensor) for entry in (of, *wrt))
            case _:
                pass
        yield from (symbol(lookup.entry.tensor) for lookup in lookups_in(own_positions(part)))


def single_bodies(body: StepBody) -> tuple[StepBody, ...]:
    """Return the equations of a body as bodies of one each; the sums are added up before the first."""
    pairs = zip(body.told, body.equations, strict=True)
    return tuple(StepBody(body.letters, (told,), (equation,)) for told, equation in pairs)


@dataclass
class _Making:
    """One run: what has been made so far is counted, so that totals have names of their own."""

    blocks: Blocks
    count: int = 0

    def parts(self, items: Sequence[Item], letters: tuple[str, ...]) -> tuple[StepPart, ...]:
        """Return the bodies and loops of some items."""
        found: list[StepPart] = []
        waiting: list[Equation] = []
        for item in items:
            match item:
                case Equation():
                    if self._sums_read(item, waiting):
                        found += self._bodies(waiting, letters)
                        waiting = []
                    waiting.append(item)
                case StepBlock(over, inner):
                    found += self._bodies(waiting, letters)
                    waiting = []
                    found.append(StepLoop(over, self.parts(inner, (*letters, over.letter))))
                case Declaration() | Given():
                    pass
        return (*found, *self._bodies(waiting, letters))

    def facts(self, items: Sequence[Item], letters: tuple[str, ...]) -> Iterator[StepPart]:
        """Yield the facts of some items, each in the loops that it stands in."""
        for item in items:
            match item:
                case Given():
                    yield self.fact(item, letters)
                case StepBlock(over, inner):
                    made = tuple(self.facts(inner, (*letters, over.letter)))
                    if made:
                        yield StepLoop(over, made)
                case Equation() | Declaration():
                    pass

    def facts_above(self, given: Given) -> Iterator[StepPart]:
        """Yield a fact that stands outside of all blocks, in loops over the steps that it names."""
        for ranges in product(*ranges_of_fact(self.blocks, given)):
            part: StepPart = self.fact(given, tuple(over.letter for over in ranges))
            for over in reversed(ranges):
                part = StepLoop(over, (part,))
            yield part

    def fact(self, given: Given, letters: tuple[str, ...]) -> StepBody:
        """Return the body of a fact."""
        taking = _Taking(self, letters)
        condition = taking.value(given.condition)
        return StepBody(letters, givens=(Given(condition),), sums=taking.sums())

    def total(self) -> Tensor:
        """Return a name for the next total."""
        self.count += 1
        return Tensor(f"{TOTAL}{self.count}")

    def body(self, equations: Sequence[Equation], letters: tuple[str, ...]) -> StepBody:
        """Return equations as a body, with the sums over steps in it taken out."""
        taking = _Taking(self, letters)
        made = tuple([taking.equation(equation) for equation in equations])
        return StepBody(letters, tuple(equations), made, sums=taking.sums())

    def _bodies(self, equations: Sequence[Equation], letters: tuple[str, ...]) -> list[StepPart]:
        return [self.body(equations, letters)] if equations else []

    @staticmethod
    def _sums_read(equation: Equation, before: Sequence[Equation]) -> bool:
        """Say whether sums over steps in an equation read what equations before it define."""
        defined = {plain_symbol(e.name) for e in before}
        summed = (part for part in walk(equation.value) if letter_summed(part))
        return any(plain_symbol(read) in defined for part in summed for read in symbols_read(part))


@dataclass
class _Taking:
    """The sums over steps of one body, by their ranges, each with the equations that a step of it adds up."""

    making: _Making
    letters: tuple[str, ...]
    found: dict[StepRange, dict[Symbol, Equation]] = field(default_factory=dict)

    def equation(self, equation: Equation) -> Equation:
        """Return an equation in which sums over steps are totals.

        A derivative that is such a sum, or a sum of others and of it, is added up as that derivative is computed.
        """
        if not isinstance(equation.name, Derivative):
            return Equation(equation.target, self.value(equation.value))
        terms = equation.value.terms if isinstance(equation.value, Sum) else (equation.value,)
        shares: dict[StepRange, list[Expr]] = {}
        left: list[Expr] = []
        for term in terms:
            if letter_summed(term):
                (body,) = operands(term)
                shares.setdefault(self._range(term), []).append(body)  # type: ignore[arg-type]  # of an expression
            else:
                left.append(self.value(term))
        for over, bodies in shares.items():
            total = self.making.total()
            self.found.setdefault(over, {})[total] = Equation(equation.target, plus(*bodies))
            left.append(Indexed(total, equation.indices))
        return Equation(equation.target, plus(*left))

    def value(self, node: Any) -> Any:
        """Return an expression or a condition in which sums over steps are totals."""
        if not letter_summed(node):
            parts = operands(node)
            return with_operands(node, [self.value(part) for part in parts]) if parts else node
        (body,) = node.arguments
        over, total = self._range(node), self.making.total()
        inside = {over.letter, *self.letters, *self.making.blocks.letters}
        free = [index for index in free_in_order(body) if index.name not in inside]
        # Inside of a sum over an index its name is a number, and so no letter of a target.
        names = {old: Index(f"{old.preferred}@{n}", old.extent, old.preferred) for n, old in enumerate(free)}
        target = Indexed(total, tuple(names.values()))
        self.found.setdefault(over, {})[total] = Equation(target, rename_indices(body, names))
        return Indexed(total, tuple(free))

    def _range(self, node: Expr) -> StepRange:
        assert isinstance(node, Call), "a sum over steps"
        return range_summed(node) or range_of(self.making.blocks, node, Location("equation"))

    def sums(self) -> tuple[StepSum, ...]:
        """Return the loops that add up the totals."""
        made = []
        for over, equations in self.found.items():
            body = self.making.body(tuple(equations.values()), (*self.letters, over.letter))
            made.append(StepSum(over, body, tuple(equations)))
        return tuple(made)
