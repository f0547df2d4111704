"""Families run as loops over their steps: so that time and memory grow as their number does.

The bodies of the loops are compiled once, see `step_runs`; sums over steps add up as their loop goes on, so that what a
shared weight gets from each step is never kept side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from chainrule.execute.reference.members import Members
from chainrule.execute.reference.scope import unknown_function
from chainrule.execute.reference.step_runs import BodyCompiler, MissingError, Prepare, plain_head
from chainrule.execute.scalars import Array
from chainrule.families.step_bodies import (
    StepBody,
    StepPart,
    StepProgram,
    StepSum,
    facts_read,
    single_bodies,
    step_program,
)
from chainrule.families.templates import Blocks, StepRange


@dataclass
class FamilyLoop:
    """Families made ready to be run as loops, again and again. `prepare` rewrites a system before it is run."""

    blocks: Blocks
    prepare: Prepare
    compilers: dict[bool, BodyCompiler] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.program: StepProgram = step_program(self.blocks)
        self.singles: dict[int, tuple[StepBody, ...]] = {}

    def run(self, numbers: Mapping[str, int], given: Members, *, batched: bool) -> Members:
        """Compute all members, for so many steps, and add them to what is given."""
        compiler = self.compilers.setdefault(batched, BodyCompiler(self.program, self.prepare, batched))
        run = _LoopRun(self, compiler, given, {"": 0, **numbers})
        run.check_facts(early=True)
        run.parts(self.program.parts, 1)
        run.check_facts(early=False)
        return given

    def single(self, body: StepBody) -> tuple[StepBody, ...]:
        """Return the equations of a body as bodies of one each."""
        if id(body) not in self.singles:
            self.singles[id(body)] = single_bodies(body)
        return self.singles[id(body)]


@dataclass
class _LoopRun:
    """One run: the members known so far, and the step that every loop is at."""

    loop: FamilyLoop
    compiler: BodyCompiler
    members: Members
    numbers: dict[str, int]

    def __post_init__(self) -> None:
        plain = ((name, self.members.get(name, ())) for name in plain_head(self.loop.program))
        self.base: dict[str, Array] = {name: value for name, value in plain if value is not None}

    def parts(self, parts: Sequence[StepPart], room: int) -> None:
        """Do what a program says; `room` is how often it is done in all."""
        for part in parts:
            if isinstance(part, StepBody):
                self.body(part, room)
                continue
            room_inside = room * len(part.over.steps(self.numbers))
            for _ in self.each(part.over):
                self.parts(part.parts, room_inside)

    def each(self, over: StepRange) -> Iterator[int]:
        """Go to each step of a range, and back to where its letter was before."""
        letter, before = over.letter, self.numbers
        for step in over.steps(before):
            self.numbers = {**before, letter: step}
            yield step
        self.numbers = before

    def check_facts(self, *, early: bool) -> None:
        """Check the facts that speak of what is given alone, or the others. Raises GivenError."""
        known = self.loop.program.declared
        self.parts([fact for fact in self.loop.program.facts if (facts_read(fact) <= known) == early], 1)

    def body(self, body: StepBody, room: int) -> None:
        """Compute the members that a body defines."""
        values = self._evaluated(body)
        if values is None:
            for single in self.loop.single(body):
                self.body(single, room)
            return
        for equation, value in zip(body.told, values, strict=True):
            slot = self.compiler.slot(equation.name)
            self.members.add(slot.family, slot.at(self.numbers), value, equation, room)

    def _evaluated(self, body: StepBody) -> list[Array] | None:
        """Return the values of a body's equations; None where one reads another by the name of another step."""
        for one in body.sums:
            self._add_up(one)
        compiled = self.compiler.compile(body, self.members, self.numbers)
        try:
            return compiled.run(self.members, self.numbers, self.base)
        except MissingError as error:
            if not body.equations:  # facts that speak of what is not there
                return []
            if len(body.equations) > 1:
                return None
            raise unknown_function(error.symbol) from None

    def _add_up(self, one: StepSum) -> None:
        totals: list[Array] | None = None
        for _ in self.each(one.over):
            values = self._evaluated(one.body)
            if values is None:
                values = [value for single in self.loop.single(one.body) for value in self._evaluated(single) or ()]
            if totals is None:
                totals = values
            else:
                totals = [added(total, value) for total, value in zip(totals, values, strict=True)]
        for n, name in enumerate(one.totals):
            self.members.put(name, None if totals is None else totals[n])


def added(total: Array, value: Array) -> Array:
    """Return a sum, in the place of the total where that has room for it."""
    if total.shape == value.shape:
        total += value
        return total
    return np.asarray(total + value)
