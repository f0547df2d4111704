"""The bodies of families compiled and run: each once for all steps at which it reads the same kind of things.

What a body is compiled to is a system that is evaluated like any other, equation by equation; what it reads of other
steps is given to it. Another one is made only where what is read differs: in whether there is a value for each sample,
or in the equation that it was computed by, where that matters for a rewrite that keeps numbers from overflowing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from chainrule.errors import InputError
from chainrule.execute.inputs import settled_sizes
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.members import Members, Steps
from chainrule.execute.reference.scope import Scope
from chainrule.execute.reference.step_by_step import values_step_by_step
from chainrule.execute.reference.step_errors import check_facts_at, error_in_equation, error_in_sizes
from chainrule.execute.scalars import Array
from chainrule.execute.shortage import enough_memory
from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import Call, Indexed, Power, walk
from chainrule.expr.sizes import Size
from chainrule.expr.symbols import Symbol, of_one_sample, tensors_of
from chainrule.families.body_systems import (
    AxisEntry,
    BodyReads,
    BodySystem,
    Situation,
    Source,
    StepNumber,
    body_system,
    derived_by,
)
from chainrule.families.rewriting import at_steps
from chainrule.families.step_bodies import StepBody, StepProgram, plain_symbol, steps_of, symbols_read
from chainrule.families.step_order import shifted
from chainrule.families.templates import letter_summed
from chainrule.system.batching import batch, computation_order
from chainrule.system.model import Declaration, Equation, System
from chainrule.system.recurrence_order import Recurrence

Numbers: TypeAlias = Mapping[str, int]
"""The steps, and how many there are, by their letters; 0 for the letter "" that a constant superscript has."""
Prepare: TypeAlias = Callable[[System], System]


@dataclass(frozen=True)
class MemberSlot:
    """Where a value is found among the members: of which family, and at which steps."""

    family: Symbol
    superscript: tuple[tuple[str, int], ...]

    def at(self, numbers: Numbers) -> Steps:
        """Return the steps as numbers."""
        return tuple([numbers[letter] + shift for letter, shift in self.superscript])


def slot_of(symbol: Symbol) -> MemberSlot:
    """Return where the value of a symbol is found."""
    return MemberSlot(plain_symbol(symbol), steps_of(symbol))


class MissingError(Exception):
    """Something that a body reads has no value yet."""

    def __init__(self, symbol: Symbol) -> None:
        super().__init__(symbol)
        self.symbol = symbol


@dataclass
class CompiledBody:
    """A body as the system that is evaluated for each step: what is fetched for it, and the equations that are run.

    `given` are the tensors that nothing computes, by their names in the system.
    """

    body: StepBody
    system: System
    fetched: tuple[tuple[Symbol, Source, MemberSlot | None, bool], ...]
    computed: tuple[Equation | Recurrence, ...]
    targets: tuple[tuple[Symbol, MemberSlot], ...]
    given: frozenset[Symbol]
    sizes: dict[tuple[tuple[int, ...], ...], Mapping[Size, int]] = field(default_factory=dict)

    def run(self, members: Members, numbers: Numbers, base: Mapping[str, Array]) -> list[Array]:
        """Return the values of the body's own equations, in order. Raises MissingError where one reads no value."""
        values: dict[str, Array] = dict(base)
        for local, source, slot, needed in self.fetched:
            value = self._value(source, slot, members, numbers)
            if value is not None:
                values[local] = value
            elif needed:
                raise MissingError(local)
        system = self.system
        scope = Scope(values, self._sizes(values, numbers), system.function, system.declared)
        if system.givens:
            check_facts_at(system, scope, self.given, numbers)
        for one in self.computed:
            try:
                values |= self._values_of(one, scope)
            except InputError:
                raise error_in_equation(self.body, one, scope, numbers) from None
        return [values[name] for name, _ in self.targets]

    @staticmethod
    def _values_of(one: Equation | Recurrence, scope: Scope) -> dict[str, Array]:
        if isinstance(one, Recurrence):
            with enough_memory(one.equations[0].name):
                return values_step_by_step(one, scope)
        with enough_memory(one.name):
            return {one.name: evaluate_in(scope, one.value, one.indices)}

    def _sizes(self, values: Mapping[str, Array], numbers: Numbers) -> Mapping[Size, int]:
        declared = [d.tensor for d in self.system.declarations if d.tensor in values]
        shapes = tuple([values[tensor].shape for tensor in declared])
        if shapes not in self.sizes:
            try:
                self.sizes[shapes] = settled_sizes(self.system, dict(zip(declared, shapes, strict=True)), {}, {})
            except InputError as error:
                raise error_in_sizes(error, self.system, values, numbers) from None
        return self.sizes[shapes]

    def _value(self, source: Source, slot: MemberSlot | None, members: Members, numbers: Numbers) -> Array | None:
        if isinstance(source, StepNumber):
            return np.asarray(float(numbers[source.letter]))
        assert slot is not None
        found = members.get(slot.family, slot.at(numbers))
        if found is None or not isinstance(source, AxisEntry):
            return found
        return _part(found, source, numbers)


def _places(whole: Array, entry: AxisEntry, numbers: Numbers) -> Iterator[tuple[int, int]]:
    """Yield the positions at the axes where steps stand, each with the length of the axis."""
    lengths = whole.shape[whole.ndim - len(entry.steps) :]
    for step, length in zip(entry.steps, lengths, strict=True):
        if step is not None:
            yield numbers[step[0]] + step[1], length


def _part(whole: Array, entry: AxisEntry, numbers: Numbers) -> Array:
    """Return what stands at some steps of the axes of a tensor. Raises InputError outside of it."""
    places = _places(whole, entry, numbers)
    chosen: list[Any] = [slice(None)] * (whole.ndim - len(entry.steps))
    for axis, step in enumerate(entry.steps):
        if step is None:
            chosen.append(slice(None))
            continue
        at, length = next(places)
        if not 0 <= at < length:
            raise InputError(
                f"{entry.tensor} is read outside of it, at {at} along axis {axis}",
                expected=f"positions inside its extents, counted from 0: axis {axis} has {length} entries",
                advice="Mark the access with ? to read 0 outside, or give a longer tensor.",
            )
        chosen.append(at)
    return np.asarray(whole[tuple(chosen)])


@dataclass
class BodyCompiler:
    """What bodies are compiled to; `prepare` rewrites a system before it is run. `made` counts what was compiled."""

    program: StepProgram
    prepare: Prepare
    batched: bool
    reads: dict[int, BodyReads] = field(default_factory=dict)
    known: dict[Any, tuple[Equation, ...]] = field(default_factory=dict)
    compiled: dict[Any, CompiledBody] = field(default_factory=dict)
    slots: dict[Symbol, MemberSlot] = field(default_factory=dict)
    keep: list[StepBody] = field(default_factory=list)
    matters: dict[int, bool] = field(default_factory=dict)
    numbered: dict[Any, tuple[str, ...]] = field(default_factory=dict)

    def compile(self, body: StepBody, members: Members, numbers: Numbers) -> CompiledBody:
        """Return what a body is compiled to for what it reads at these steps."""
        reads = self.reads.get(id(body))
        if reads is None:
            self.keep.append(body)  # so that nothing else gets its id
            reads = self.reads[id(body)] = BodyReads(body, self.program)
        made = tuple([self._made(symbol, members, numbers) for symbol in reads.symbols])
        key = id(body), tuple(map(id, made))
        known = self.known.get(key)
        if known is None:
            moved = [e for e in _moved(made, reads) if not reads.left_in(e.value)]
            known = self.known[key] = _in_order(moved, {e.name for e in body.told})
        carrying, empty = self._carrying(reads, known, members, numbers)
        inside = self._inside(reads, members, numbers)
        written_key = id(body), inside
        if written_key not in self.numbered:
            self.numbered[written_key] = reads.numbered(inside)
        written = tuple([(letter, numbers[letter]) for letter in self.numbered[written_key]])
        situation_key = *key, carrying, empty, inside, written
        if situation_key not in self.compiled:
            situation = Situation(carrying, known, inside, written, empty)
            self.compiled[situation_key] = self._compiled(body, body_system(reads, situation))
        return self.compiled[situation_key]

    def slot(self, symbol: Symbol) -> MemberSlot:
        """Return where the value of a symbol is found."""
        if symbol not in self.slots:
            self.slots[symbol] = slot_of(symbol)
        return self.slots[symbol]

    def _made(self, symbol: Symbol, members: Members, numbers: Numbers) -> Equation | None:
        """Return the equation that a tensor was computed by, where rewrites may use it."""
        slot = self.slot(symbol)
        found = members.made_by(slot.family, slot.at(numbers))
        return found if found is not None and self._may_matter(found) else None

    def _may_matter(self, equation: Equation) -> bool:
        if id(equation) not in self.matters:
            self.matters[id(equation)] = may_matter(equation)
        return self.matters[id(equation)]

    def _inside(self, reads: BodyReads, members: Members, numbers: Numbers) -> frozenset[Indexed]:
        """Return the entries with a mark that are inside of their tensors at these steps, as far as steps go."""
        found = []
        for entry, axes in reads.marked:
            slot = self.slot(axes.tensor)
            whole = members.get(slot.family, slot.at(numbers))
            if whole is not None and all(0 <= at < length for at, length in _places(whole, axes, numbers)):
                found.append(entry)
        return frozenset(found)

    def _carrying(
        self, reads: BodyReads, known: Sequence[Equation], members: Members, numbers: Numbers
    ) -> tuple[frozenset[Symbol], frozenset[Symbol]]:
        """Return the tensors read that have a value for each sample, and the totals that nothing was added to."""
        carrying: list[Symbol] = []
        totals = {total for one in reads.body.sums for total in one.totals}
        empty: list[Symbol] = []
        more = [s for e in known for s in (*symbols_read(e.value), *derived_by(e.name))] if self.batched else []
        for symbol in dict.fromkeys((*reads.symbols, *more)):
            if not self.batched and symbol not in totals:
                continue
            slot = self.slot(symbol)
            value = members.get(slot.family, slot.at(numbers))
            if value is None:
                empty += [symbol] if symbol in totals else []
            elif value.ndim > len(self.program.axes[slot.family]):
                carrying.append(symbol)
        return frozenset(carrying), frozenset(empty)

    def _compiled(self, body: StepBody, made: BodySystem) -> CompiledBody:
        system = self.prepare(made.system)
        if self.batched:
            system = batch(system)
        defined = {of_one_sample(e.name): e for e in system.equations}
        known = {*made.known} - {e.name for e in body.equations}
        needed: dict[Symbol, None] = {}
        waiting = [e.name for e in body.equations]
        waiting += [t for g in system.givens for t in tensors_in(g.condition)]
        while waiting:
            name = of_one_sample(waiting.pop())
            if name not in needed:
                needed[name] = None
                if name in defined and name not in known:
                    waiting += tensors_in(defined[name].value)
        run = tuple(
            one
            for one in computation_order(system)
            if not isinstance(one, Declaration)
            for name in [of_one_sample((one.equations[0] if isinstance(one, Recurrence) else one).name)]
            if name in needed and name not in known
        )
        sources: dict[Symbol, Source] = {**made.sources, **{s: s for s in made.known}}
        plain = plain_head(self.program)
        fetched = tuple(
            (
                defined[local].name if local in defined else local,
                source,
                self.slot(source.tensor if isinstance(source, AxisEntry) else source)
                if not isinstance(source, StepNumber)
                else None,
                local in needed,
            )
            for local, source in sources.items()
            if local not in plain
        )
        targets = tuple((defined[e.name].name, self.slot(e.name)) for e in body.equations)
        given = frozenset(local for local, _, slot, _ in fetched if slot and slot.family in self.program.declared)
        return CompiledBody(body, system, fetched, run, targets, plain | given)


def plain_head(program: StepProgram) -> frozenset[Symbol]:
    """Return what is declared outside of all families: bodies know its values by its own name."""
    return frozenset(d.tensor for d in program.blocks.head.declarations if not steps_of(d.tensor))


def _moved(made: Sequence[Equation | None], reads: BodyReads) -> list[Equation]:
    """Return the equations that what a body reads was computed by, at the steps at which it is read."""
    found = []
    for symbol, equation in zip(reads.symbols, made, strict=True):
        if equation is None:
            continue
        pairs = zip(steps_of(symbol), steps_of(equation.name), strict=True)
        steps = {letter: shifted(step, -shift) for step, (letter, shift) in pairs if letter}
        moved = at_steps(equation, steps)
        if moved.name == symbol:
            found.append(moved)
    return found


def _in_order(equations: Sequence[Equation], own: set[Symbol]) -> tuple[Equation, ...]:
    """Return equations each behind those that it reads, without those that read what a body computes itself."""
    left = {e.name: e for e in equations if own.isdisjoint(symbols_read(e.value))}
    found: dict[Symbol, Equation] = {}
    waiting = list(left)[::-1]
    while waiting:
        name = waiting[-1]
        named = dict.fromkeys((*symbols_read(left[name].value), *tensors_of(name)))
        needed = [s for s in named if s in left and s not in found and s != name]
        if needed:
            waiting += needed
        else:
            found.setdefault(waiting.pop(), left[name])
    return tuple(found.values())


def may_matter(equation: Equation) -> bool:
    """Say whether what was computed by an equation may be rewritten with it so that nothing overflows."""
    parts = list(walk(equation.value))
    return any(isinstance(p, Call | Power) for p in parts) and not any(letter_summed(p) for p in parts)
