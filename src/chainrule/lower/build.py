"""Nests become instructions: entries become accesses with strides, expressions become scalar code.

A value that is used once in its nest and kept nowhere is put into its user, so that scalars (a learning rate, one over
the number of samples) meet in one factor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from chainrule.expr.binding import substitute_indices
from chainrule.expr.linear import LinearForm
from chainrule.expr.nodes import ZERO, Expr, Index, Indexed, Lookup, walk
from chainrule.lower.code import CodeBuilder
from chainrule.lower.fuse import Member, Nest
from chainrule.lower.program import (
    Access,
    Buffer,
    Contracted,
    Contraction,
    Instruction,
    Load,
    Looked,
    LoopAxis,
    RowReduce,
    Scalar,
    Store,
    over_axes,
)
from chainrule.lower.replace import replaced
from chainrule.lower.statements import form_of_axes

LINE = 16
"""The elements that come from memory together: from one to the next of them is the shorter way."""


def instructions(
    nest: Nest, buffers: Mapping[str, Buffer], stored: frozenset[str], copies: Mapping[str, str]
) -> tuple[Instruction, ...]:
    """Return the nest as instructions; `copies` names the buffer to read in place of a tensor."""
    building = _Building(nest, buffers, stored, copies)
    zeros = [_zeros(m, buffers[m.statement.target]) for m in nest.members if m.statement.at and not m.statement.tiled]
    return (*zeros, building.adding() if nest.adds else building.instruction())


def _zeros(member: Member, buffer: Buffer) -> Instruction:
    """Return what sets all entries of a buffer to 0."""
    every = tuple(LoopAxis(f"r{n}", extent) for n, extent in enumerate(buffer.extents))
    code = (Scalar(ZERO.value), Store(over_axes(buffer.name, every, buffer.strides), 0))
    equation = member.statement.equation
    return Instruction(equation.name, every, None, code, (equation,))


@dataclass
class _Building:
    nest: Nest
    buffers: Mapping[str, Buffer]
    stored: frozenset[str]
    copies: Mapping[str, str]
    values: dict[str, int] = field(default_factory=dict)
    inlined: dict[str, Member] = field(default_factory=dict)

    def instruction(self) -> Instruction:
        code = CodeBuilder(self.entry)
        self.code = code
        late: list[Store] = []
        uses = Counter[str](
            e.tensor for m in self.nest.members if not m.statement.op for e in walk(m.statement.value)
            if isinstance(e, Indexed)
        )  # fmt: skip
        reduced = {f.tensor for m in self.nest.members for f in m.statement.factors}
        for member in self.nest.members:
            statement = member.statement
            once = uses[statement.target] == 1 and statement.target not in reduced | self.stored
            if once and not statement.op:
                self.inlined[statement.target] = member
                continue
            number = self.member(member)
            self.values[statement.target] = number
            if statement.target in self.stored:
                store = self.stored_at(member, number)
                if statement.place:
                    late.append(store)
                else:
                    code.add(store)
        for store in late:
            code.add(store)
        return Instruction(
            self.nest.members[-1].statement.equation.name,
            tuple(LoopAxis(name, extent) for name, extent in self.nest.axes.items()),
            self.contraction(),
            tuple(code.ops),
            tuple(dict.fromkeys(m.statement.equation for m in self.nest.members)),
        )

    def adding(self) -> Instruction:
        """Return what adds to the entries that are looked up, one after the other."""
        (member,) = self.nest.members
        statement = member.statement
        self.code = code = CodeBuilder(self.entry)
        access = self.access(statement.target, Indexed(statement.target, statement.at), member.names)
        added = code.value(statement.value, member.names)
        code.add(Store(access, code.apply("add", code.add(Load(access)), added)))
        axes = tuple(LoopAxis(name, extent) for name, extent in self.nest.axes.items())
        return Instruction(statement.equation.name, axes, None, tuple(code.ops), (statement.equation,))

    def stored_at(self, member: Member, number: int) -> Store:
        """Return the store of a statement's value."""
        statement = member.statement
        place = statement.place or statement.target
        positions = statement.at or statement.indices
        return Store(self.access(place, Indexed(place, positions), member.names), number, member.parts)

    def member(self, member: Member) -> int:
        """Return the number of a statement's value."""
        statement = member.statement
        if not statement.op:
            return self.code.value(self.expanded(statement.value), member.names)
        if member is self.nest.contraction:
            return self.code.add(Contracted())
        operand = self.entry(statement.factors[0], member.names)
        return self.code.add(RowReduce(statement.op, operand, member.names[statement.over[0]]))

    def expanded(self, value: Expr) -> Expr:
        """Return the value with what is used once put in."""
        found = [e for e in dict.fromkeys(walk(value)) if isinstance(e, Indexed) and e.tensor in self.inlined]
        if not found:
            return value
        return replaced(value, {entry: self.expanded(self.written_out(entry)) for entry in found})

    def written_out(self, entry: Indexed) -> Expr:
        """Return the value of an entry of a member that is put in."""
        statement = self.inlined[entry.tensor].statement
        mapping = dict(zip(statement.indices, entry.indices, strict=True))
        return substitute_indices(statement.value, mapping)

    def entry(self, entry: Indexed, names: Mapping[Index, str]) -> int:
        """Return the number of an entry's value: one computed here, or one in memory."""
        if entry.tensor in self.values:
            return self.values[entry.tensor]
        buffer = self.copies.get(entry.tensor, entry.tensor)
        return self.code.add(Load(self.access(buffer, entry, names)))

    def contraction(self) -> Contraction | None:
        """Return the reduction that opens the nest."""
        member = self.nest.contraction
        if member is None:
            return None
        factors = tuple(
            self.access(self.copies.get(f.tensor, f.tensor), f, member.names) for f in member.statement.factors
        )
        bounded = {one.axis for one in self.nest.ranges}
        far = {axis: sum(min(abs(f.stride(axis)), LINE) for f in factors) for axis in self.nest.inner}
        axes = [LoopAxis(name, extent) for name, extent in self.nest.inner.items()]
        axes.sort(key=lambda a: (a.name not in bounded, -far[a.name]))
        return Contraction(member.statement.op, tuple(axes), factors, ranges=self.nest.ranges)

    def access(self, buffer: str, entry: Indexed, names: Mapping[Index, str]) -> Access:
        """Return where an entry is in memory."""
        place: LinearForm[str, int] = LinearForm({}, 0)
        looked: list[Looked] = []
        made = self.buffers[buffer]
        for position, stride, extent in zip(entry.indices, made.strides, made.extents, strict=True):
            if isinstance(position, Lookup):
                looked.append(Looked(self.access(position.entry.tensor, position.entry, names), stride, extent))
                continue
            place = place + form_of_axes(position, names) * stride
        return Access(buffer, place, entry.guarded, tuple(looked))
