"""The body of a loop over steps as an ordinary system: what it reads of other steps is given to it.

A tensor of another step, h[t-1;], is declared in it as data, the step of an ordinary axis, x[t-1,i], as a tensor of
that step, and the step as a number as a constant. Where a step stands in a position in any other way, its number is
written there, and there is a system for each step.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

from chainrule.expr.binding import free_indices, map_positions, substitute_indices
from chainrule.expr.functions import DRAWN
from chainrule.expr.nodes import (
    ZERO,
    Affine,
    Call,
    Condition,
    Expr,
    Index,
    Indexed,
    IndexValue,
    Lookup,
    MatrixEntry,
    Position,
    number,
    operands,
    plus,
    times,
    walk,
    with_operands,
)
from chainrule.expr.symbols import Derivative, Symbol, Tensor, plain, unused
from chainrule.families.rewriting import tied, with_tensors
from chainrule.families.step_bodies import StepBody, StepProgram, plain_symbol, symbols_read
from chainrule.families.templates import Blocks, Step, declared_family
from chainrule.system.model import NO_COST, Declaration, Equation, Given, Role, System
from chainrule.system.typecheck import typecheck


@dataclass(frozen=True)
class AxisEntry:
    """A tensor with steps at some of its axes, x[t-1,i]: the steps by axis, None where an index stands."""

    tensor: Symbol
    steps: tuple[Step | None, ...]


@dataclass(frozen=True)
class StepNumber:
    """A step, or how many there are, as a number."""

    letter: str


Source: TypeAlias = Symbol | AxisEntry | StepNumber
"""Where the value of what a body is given comes from: a tensor of some step, a part of one, a number."""


@dataclass(frozen=True)
class Situation:
    """What the system of a body depends on beside the body.

    `carrying` are the tensors read that have a value for each sample, `known` the equations, moved to the step at
    which they are read, of some tensors that are given, for what may be rewritten with them. `inside` are the entries
    with a mark, x?[t-1,i], that are inside of their tensors at this step, `numbers` those of the steps that are
    written into positions, `empty` the totals that nothing was added to.
    """

    carrying: frozenset[Symbol] = frozenset()
    known: tuple[Equation, ...] = ()
    inside: frozenset[Indexed] = frozenset()
    numbers: tuple[tuple[str, int], ...] = ()
    empty: frozenset[Symbol] = frozenset()


@dataclass(frozen=True)
class BodySystem:
    """A body as a system, and where what it is given comes from.

    `known` are tensors with an equation that only tells what they are: their values are given.
    """

    system: System
    sources: Mapping[Symbol, Source]
    known: tuple[Symbol, ...]


@dataclass(frozen=True)
class BodyReads:
    """What a body reads of other steps and of other bodies, and the letters that stand in positions of their own."""

    body: StepBody
    program: StepProgram

    @property
    def blocks(self) -> Blocks:
        """The families that the body is of."""
        return self.program.blocks

    @cached_property
    def letters(self) -> frozenset[str]:
        """The letters that are numbers in the body: of its steps, and of how many there are."""
        return frozenset((*self.body.letters, *self.blocks.letters))

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """The tensors that it is given, and those that its derivatives are by."""
        own = {e.name for e in self.body.equations}
        read = [s for value in self._values for s in symbols_read(value) if s not in own]
        by = [part for e in self.body.equations for part in derived_by(e.name)]
        return tuple(dict.fromkeys(s for s in (*read, *by) if s not in own))

    @cached_property
    def marked(self) -> tuple[tuple[Indexed, AxisEntry], ...]:
        """The entries with a mark at steps of ordinary axes, x?[t-1,i], and where they are."""
        local = _Localizing(self.letters)
        parts = (part for value in self._values for part in walk(value) if isinstance(part, Indexed) and part.guarded)
        entries = ((entry, AxisEntry(entry.tensor, local.steps(entry.indices))) for entry in dict.fromkeys(parts))
        return tuple((entry, axes) for entry, axes in entries if any(axes.steps))

    def numbered(self, inside: frozenset[Indexed]) -> tuple[str, ...]:
        """Return the letters whose numbers are written into positions."""
        return tuple(sorted({letter for value in self._values for letter in self.left_in(value, inside)}))

    def left_in(self, value: Expr | Condition, inside: frozenset[Indexed] = frozenset()) -> frozenset[str]:
        """Return the letters of steps that stand in positions in another way than alone."""
        local: Any = _Localizing(self.letters, inside).value(value)
        return frozenset(i.name for i in free_indices(local)) & self.letters

    @cached_property
    def _values(self) -> tuple[Expr | Condition, ...]:
        return (*(e.value for e in self.body.equations), *(g.condition for g in self.body.givens))


def body_system(reads: BodyReads, situation: Situation) -> BodySystem:
    """Return the system of a body, checked. Raises TypecheckError."""
    return _BodyBuilding(reads, situation).system()


def derived_by(name: Symbol) -> Iterator[Symbol]:
    """Yield what a derivative is by; nothing for any other tensor."""
    if isinstance(name, Derivative):
        yield from (part for part in name.wrt if not isinstance(part, Derivative))


@dataclass
class _Localizing:
    """Expressions of the families in the tensors of a body; what these stand for is noted."""

    letters: Collection[str]
    inside: Collection[Indexed] = ()
    axes: dict[Symbol, AxisEntry] = field(default_factory=dict)
    numbers: dict[Symbol, StepNumber] = field(default_factory=dict)

    def value(self, node: Any) -> Any:
        """Return an expression or a condition with steps as tensors and constants where that can be."""
        match node:
            case Call(function) if function in DRAWN:
                return node
            case IndexValue(position):
                return self._number(node, position)
            case Indexed():
                return self._entry(node)
            case MatrixEntry():
                return map_positions(node, self._position)
            case _:
                parts = operands(node)
                return with_operands(node, [self.value(part) for part in parts]) if parts else node

    def _position(self, position: Position) -> Position:
        return Lookup(self._entry(position.entry), position.extent) if isinstance(position, Lookup) else position

    def _number(self, node: IndexValue, position: Position) -> Expr:
        """Return t + 2·i as the constant t and the number of the index."""
        if isinstance(position, Lookup):
            return IndexValue(self._position(position))
        terms = ((position, 1),) if isinstance(position, Index) else position.terms
        own = [(index, factor) for index, factor in terms if index.name in self.letters]
        if not own:
            return node
        constant = position.constant if isinstance(position, Affine) else 0
        found: list[Expr] = []
        for index, factor in own:
            step = Tensor(f"step {index.name}")
            self.numbers[step] = StepNumber(index.name)
            found.append(Indexed(step) if factor == 1 else times(number(factor), Indexed(step)))
        left = tuple(term for term in terms if term not in own)
        if left:
            found.append(IndexValue(left[0][0] if len(left) == 1 and left[0][1] == 1 else Affine(left)))
        return plus(*found, *([number(constant)] if constant else []))

    def _entry(self, entry: Indexed) -> Indexed:
        positions, steps = tuple(map(self._position, entry.indices)), self.steps(entry.indices)
        if not any(steps) or (entry.guarded and entry not in self.inside):
            return Indexed(entry.tensor, positions, entry.guarded)
        name = plain(entry.tensor)
        raised = (*name.superscript, *(step or ("", axis) for axis, step in enumerate(steps)))
        local = Tensor(f"{name.name} at", raised)
        self.axes[local] = AxisEntry(entry.tensor, steps)
        left = tuple(p for p, step in zip(positions, steps, strict=True) if step is None)
        return Indexed(local, left, entry.guarded and bool(left))

    def steps(self, positions: Sequence[Position]) -> tuple[Step | None, ...]:
        """Return the steps that stand alone in positions, None for the others."""
        return tuple(map(self._step, positions))

    def _step(self, position: Position) -> Step | None:
        match position:
            case Index(name) if name in self.letters:
                return name, 0
            case Affine(((Index(name), 1),), constant) if name in self.letters:
                return name, constant
            case _:
                return None


@dataclass
class _BodyBuilding:
    """The system of one body in one situation."""

    reads: BodyReads
    situation: Situation

    def __post_init__(self) -> None:
        self.local = _Localizing(self.reads.letters, self.situation.inside)
        self.head = self.reads.blocks.head
        self.numbers: dict[Index, Position] = {Index(n): Affine((), at) for n, at in self.situation.numbers}
        self.renamed: dict[Symbol, Symbol] = {}
        self.aliases: dict[Symbol, Symbol] = {}
        self.sources: dict[Symbol, Source] = {}

    def system(self) -> BodySystem:
        """Return the system."""
        known = [self._equation(e) for e in self.situation.known]
        own = [self._equation(e) for e in self.reads.body.equations]
        givens = [Given(self._value(g.condition)) for g in self.reads.body.givens]
        equations = [*known, *own]
        cost = self._cost(equations)
        equations = [*([cost] if cost else []), *equations]
        declarations = self._declarations(equations, givens)
        equations = [self._with_local_names(e) for e in equations]
        sizes = self.reads.letters
        indices = tuple(i for i in self.head.indices if i.name not in sizes)
        extents = {i.extent for i in indices}
        made = replace(
            self.head,
            declarations=declarations,
            givens=tuple(Given(with_tensors(g.condition, self._renaming)) for g in givens),
            equations=tuple(equations),
            cost=self.head.cost if any(e.name == self.head.cost for e in equations) else NO_COST,
            updates=(),
            indices=indices,
            sizes=tuple((size, n) for size, n in self.head.sizes if size in extents),
        )
        return BodySystem(typecheck(made), self.sources, tuple(e.name for e in known))

    def _equation(self, equation: Equation) -> Equation:
        return Equation(equation.target, self._value(equation.value))

    def _value(self, node: Any) -> Any:
        filled = _without(node, self.situation.empty) if self.situation.empty else node
        placed: Any = self.local.value(filled)
        return substitute_indices(placed, self.numbers)

    def _cost(self, equations: Sequence[Equation]) -> Equation | None:
        """Return an equation of the cost, whose value is given, where there are derivatives of it."""
        cost = self.head.cost
        if any(e.name == cost for e in equations) or not any(isinstance(e.name, Derivative) for e in equations):
            return None
        value = Tensor(f"value of {plain(cost).name}")
        self.aliases[value] = cost
        return Equation(Indexed(cost), Indexed(value))

    # What is given

    def _declarations(self, equations: Sequence[Equation], givens: Sequence[Given]) -> tuple[Declaration, ...]:
        defined = {e.name for e in equations}
        found = [d for d in self.head.declarations if not _is_family(d) and d.role != "abstract"]
        there = {d.tensor for d in found} | defined
        self.taken = {str(s) for s in (*there, *self.head.function)}
        values = [*(e.value for e in equations), *(g.condition for g in givens)]
        read = [s for value in values for s in symbols_read(value)]
        by = [part for e in equations for part in derived_by(e.name)]
        for symbol in dict.fromkeys([*read, *by]):
            if symbol in there:
                continue
            there.add(symbol)
            found.append(self._declared(symbol))
        self.sources |= {d.tensor: d.tensor for d in found if d.tensor not in self.sources}
        return tuple(found)

    def _declared(self, symbol: Symbol) -> Declaration:
        if symbol in self.local.numbers:
            self.sources[symbol] = self.local.numbers[symbol]
            return Declaration("const", symbol)
        if symbol in self.local.axes:
            entry = self.local.axes[symbol]
            self.sources[symbol] = entry
            whole = self._declaration_of(entry.tensor, entry.tensor)
            left = tuple(i for i, step in zip(whole.indices, entry.steps, strict=True) if step is None)
            return replace(whole, tensor=symbol, indices=left, value=None)
        name, original = symbol, self.aliases.get(symbol, symbol)
        if isinstance(symbol, Derivative):
            name = self.renamed[symbol] = unused(plain(symbol), self.taken)
        self.taken.add(str(name))
        self.sources[name] = original
        return self._declaration_of(original, name)

    def _declaration_of(self, symbol: Symbol, name: Symbol) -> Declaration:
        """Return the declaration of what the families declare or compute."""
        declared = self.head.declared.get(symbol)
        if declared is None and isinstance(symbol, Tensor) and symbol.superscript:
            declared = declared_family(self.reads.blocks, symbol.name)
        if declared is not None:
            indices = tuple(tied(i, symbol) for i in declared.indices)
            return replace(declared, tensor=name, indices=indices, value=None)
        role: Role = "data" if symbol in self.situation.carrying else "param"
        letters = self.reads.program.axes[plain_symbol(symbol)]
        return Declaration(role, name, tuple(Index(f"{c}@{name}#{n}", letter=c) for n, c in enumerate(letters)))

    def _with_local_names(self, equation: Equation) -> Equation:
        if not self.renamed:
            return equation
        return Equation(equation.target, with_tensors(equation.value, self._renaming))

    def _renaming(self, symbol: Symbol) -> Symbol:
        return self.renamed.get(symbol, symbol)


def _without(node: Any, empty: Collection[Symbol]) -> Any:
    """Return an expression or a condition with 0 for totals that nothing was added to."""
    if isinstance(node, Indexed):
        return ZERO if node.tensor in empty else node
    parts = operands(node)
    return with_operands(node, [_without(part, empty) for part in parts]) if parts else node


def _is_family(declaration: Declaration) -> bool:
    return isinstance(declaration.tensor, Tensor) and bool(declaration.tensor.superscript)
