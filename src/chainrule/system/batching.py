"""The batch pass: a system written for one sample becomes the system for n of them.

Data, and whatever depends on data, get the sample index as their first axis; the gradient of what is the same for all
samples becomes the mean over n, because the cost that is trained is the mean over n. Derivatives of the cost by
quantities that do carry n stay per sample, without 1/N, and are derivatives along n: ∂C[n]/∂z[n,j]. An equation that
names n itself (`mean(n) x[c]`) couples samples: entries under its reduction read that index. The pass adds an index and
moves no body.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from chainrule.errors import TypecheckError
from chainrule.expr.binding import (
    free_in_order,
    free_indices,
    map_condition,
    map_operands,
    reduce_over,
    rename_indices,
    tensors_in,
)
from chainrule.expr.nodes import (
    Comparison,
    Condition,
    Expr,
    Index,
    Indexed,
    IndexValue,
    Lookup,
    MatrixEntry,
    Partial,
    Position,
    Reduce,
    Sum,
    operands,
    plus,
    walk,
)
from chainrule.expr.shared import kept
from chainrule.expr.sizes import Declared
from chainrule.expr.symbols import Derivative, Symbol, of_one_sample, symbol, tensors_of
from chainrule.system.model import NO_COST, Declaration, Equation, Given, System
from chainrule.system.recurrence_order import Recurrence
from chainrule.system.recurrences import in_turn
from chainrule.system.typecheck import typecheck


@kept
def batch(system: System) -> System:
    """Return the system for a batch of samples, without `batch`; one that has none is returned as it is.

    The sample index n has the extent `Declared("n")` (for the letter n). Equations of ∂C/∂p, where p is the same for
    all samples, become the mean over n of what they were, term by term. Updates stay as they are: they read the means.
    Raises TypecheckError where an update reads a value that differs from sample to sample.
    """
    if not system.batch:
        return system
    sample = Index(system.batch, Declared(system.batch), system.batch)
    counter = next((d.tensor for d in system.declarations if d.implied and d.tensor == system.batch), NO_COST)
    work = _Batching(sample, system, {counter: counter} if counter else {}, counter)
    for statement in computation_order(system):
        work.take(statement)
    batched = replace(
        system,
        declarations=tuple(
            work.declarations.get(d.tensor) or work.relettered(d) for d in system.declarations if d.tensor != counter
        ),
        givens=tuple(work.given(g) for g in system.givens),
        batch="",
        samples=system.batch,
        equations=tuple(work.equations),
        updates=tuple(work.update(u, number) for number, u in enumerate(system.updates)),
        indices=system.indices if work.sample in system.indices else (*system.indices, work.sample),
    )
    return typecheck(batched)


def mean_over(sample: Index, value: Expr) -> Expr:
    """Return the mean over the sample index of the terms that depend on it, plus the others."""
    terms = value.terms if isinstance(value, Sum) else (value,)
    return plus(*(reduce_over("mean", (sample,), t) if sample in free_indices(t) else t for t in terms))


def computation_order(system: System) -> tuple[Declaration | Equation | Recurrence, ...]:
    """Return data and unknown functions among the declarations, and all equations, each after what it reads.

    The equations keep their order, but for those of a recurrence, which come together; an unknown function comes as
    soon as all its arguments are there. One whose arguments are defined nowhere is left out.
    """
    users: dict[str, list[Declaration]] = {}
    missing: dict[str, int] = {}
    for declaration in system.declarations:
        arguments = dict.fromkeys(a.tensor for a in declaration.arguments)
        missing[declaration.tensor] = len(arguments)
        for tensor in arguments:
            users.setdefault(tensor, []).append(declaration)
    given = [d for d in system.declarations if not d.arguments]
    order: list[Declaration | Equation | Recurrence] = [d for d in given if d.role in {"data", "abstract"}]
    for known in given:
        order.extend(_settled(known.tensor, users, missing))
    for one in in_turn(system):
        order.append(one)
        for equation in one.equations if isinstance(one, Recurrence) else (one,):
            order.extend(_settled(equation.name, users, missing))
    return tuple(order)


def _settled(name: str, users: Mapping[str, list[Declaration]], missing: dict[str, int]) -> Iterator[Declaration]:
    """Yield the unknown functions whose last missing argument is the tensor, or one of those it settles."""
    ready = deque((name,))
    while ready:
        for user in users.get(ready.popleft(), ()):
            missing[user.tensor] -= 1
            if missing[user.tensor] == 0:
                yield user
                ready.append(user.tensor)


@dataclass
class _Batching:
    """One run of the pass: the sample index, what the tensors that carry it are called, and what has been rewritten."""

    sample: Index
    system: System
    carried: dict[Symbol, Symbol] = field(default_factory=dict)
    counter: str = ""
    """What the number of a sample is called in the system of one sample, if it is read."""
    declarations: dict[str, Declaration] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)

    def take(self, statement: Declaration | Equation | Recurrence) -> None:
        """Rewrite a declaration or equation whose operands have all been taken, or a recurrence."""
        if isinstance(statement, Equation):
            self.equations.append(self.equation(statement))
        elif isinstance(statement, Recurrence):
            if not all(self.is_untouched(equation) for equation in statement.equations):
                # Each reads the others, so that all carry the samples if one does.
                self.carried |= {e.name: self.along_samples(e.name) for e in statement.equations}
            self.equations += [self.equation(equation) for equation in statement.equations]
        elif statement.role == "data" or any(a.tensor in self.carried for a in statement.arguments):
            self.declarations[statement.tensor] = self.declaration(statement)

    def declaration(self, declaration: Declaration) -> Declaration:
        """Return the declaration with the sample index as the first axis, and of those arguments that carry it."""
        arguments = tuple(self.entry(a, self.sample) for a in declaration.arguments)
        names = self.letters
        self.carried[declaration.tensor] = declaration.tensor
        return replace(
            declaration,
            indices=(self.sample, *(names.get(i, i) for i in declaration.indices)),
            arguments=tuple(_rename_entry(a, names) for a in arguments),
        )

    @cached_property
    def letters(self) -> Mapping[Index, Index]:
        """New letters for those in declarations that are the sample index's; a letter means one extent in all of them.

        A declared tensor that does not carry the samples gets them too.
        """
        declared = [i for d in self.system.declarations for i in (*d.indices, *_plain_indices(d.arguments))]
        return _renaming(self.sample, (*declared, *self.system.indices))

    def relettered(self, declaration: Declaration) -> Declaration:
        """Return a declaration of what is the same for all samples."""
        if self.letters.keys().isdisjoint((*declaration.indices, *_plain_indices(declaration.arguments))):
            return declaration
        return replace(
            declaration,
            indices=tuple(self.letters.get(i, i) for i in declaration.indices),
            arguments=tuple(_rename_entry(a, self.letters) for a in declaration.arguments),
        )

    def equation(self, equation: Equation) -> Equation:
        """Return the equation with its target and value carrying the sample index, or averaged over it."""
        if self.is_untouched(equation):
            value: Expr = equation.value
            target = equation.target
        else:
            value, target = self.rewritten(equation)
        if self.sample in target.indices:
            return Equation(target, value)
        if self.averaged(equation.name):
            return Equation(target, mean_over(self.sample, value))
        if self.sample in free_indices(value) or self.per_sample(equation.name):
            carrying = self.carried[equation.name] = self.along_samples(equation.name)
            target = Indexed(carrying, (self.sample, *target.indices))
        return Equation(target, value)

    def is_untouched(self, equation: Equation) -> bool:
        """Say whether an equation reads nothing that carries the samples, and does not name their index."""
        return self.carried.keys().isdisjoint(tensors_in(equation.value)) and not self.mentions(equation)

    def mentions(self, equation: Equation) -> bool:
        """Say whether the letter of the sample index is in use in an equation, for it or for something else."""
        letter = self.sample.name
        parts = (i for part in walk(equation.value) if isinstance(part, Reduce) for i in part.indices)
        free = (*equation.indices, *free_indices(equation.value))
        return any(i.name == letter for i in free) or any(i.preferred == letter for i in parts)

    def rewritten(self, equation: Equation) -> tuple[Expr, Indexed]:
        """Return value and target with the sample index read where it belongs and other uses of its letter renamed."""
        used = [i for part in walk(equation.value) if isinstance(part, Reduce) for i in part.indices]
        names = _renaming(self.sample, (*equation.indices, *free_in_order(equation.value)), used)
        value = self.expression(rename_indices(equation.value, names), self.sample)
        return value, _rename_entry(equation.target, names)

    def averaged(self, name: Symbol) -> bool:
        """Say whether a tensor is a derivative of the cost by quantities that are the same for all samples."""
        return self.derives_cost(name) and not self.per_sample(name)

    def per_sample(self, name: Symbol) -> bool:
        """Say whether a tensor is a derivative of the cost by something that carries the sample index."""
        return self.derives_cost(name) and any(part in self.carried for part in tensors_of(name)[1:])

    def derives_cost(self, name: Symbol) -> bool:
        """Say whether a tensor is a derivative of the system's cost."""
        return bool(self.system.cost) and isinstance(name, Derivative) and name.of == self.system.cost

    def along_samples(self, name: Symbol) -> Symbol:
        """Return what a tensor that carries the sample index is called: a derivative goes along it."""
        match name:
            case Derivative(of, wrt):
                return Derivative(of, *wrt, along=(self.sample.name,))
            case _:
                return name

    def entry(self, entry: Indexed, sample: Index) -> Indexed:
        """Return the entry with the sample index, if its tensor carries it."""
        indices = tuple(self.position(p, sample) for p in entry.indices)
        carrying = self.carried.get(entry.tensor)
        if carrying is not None:
            return Indexed(carrying, (sample, *indices), entry.guarded)
        return entry if indices == entry.indices else Indexed(entry.tensor, indices, entry.guarded)

    def position(self, position: Position, sample: Index) -> Position:
        """Return a position, the sample index in the entries that are looked up in it."""
        if not isinstance(position, Lookup):
            return position
        return Lookup(self.entry(position.entry, sample), position.extent)

    def expression(self, node: Expr, sample: Index) -> Expr:
        """Return the expression with the sample index in every entry whose tensor carries it."""
        match node:
            case Indexed(tensor) if tensor == self.counter:
                return IndexValue(sample)
            case Indexed():
                return self.entry(node, sample)
            case MatrixEntry(tensor=tensor):
                carrying = self.carried.get(tensor)
                return node if carrying is None else replace(node, tensor=carrying, samples=(sample, *node.samples))
            case IndexValue(position):
                return IndexValue(self.position(position, sample))
            case Partial(of, wrt):
                return Partial(self.entry(of, sample), tuple(self.entry(w, sample) for w in wrt))
            case Reduce(op, indices, body):
                named = next((i for i in indices if i.extent == self.sample.extent), sample)
                return Reduce(op, _relettered(self.sample, indices, body), self.expression(body, named))
            case _:
                return map_operands(node, lambda part: self.expression(part, sample))

    def given(self, given: Given) -> Given:
        """Return the fact, true for every sample where it is about data."""
        names = _renaming(self.sample, free_in_order(given.condition))
        condition = map_condition(
            given.condition, lambda part: self.expression(rename_indices(part, names), self.sample)
        )
        assert isinstance(condition, Comparison)
        return Given(condition)

    def update(self, update: Equation, number: int) -> Equation:
        """Return the update; it may couple samples (`mean(n) …`) but not read a value per sample."""
        value = self.expression(update.value, self.sample)
        if self.sample in free_indices(value):
            culprit = of_one_sample(symbol(_reads_per_sample(value, self.sample)))
            raise TypecheckError(
                f"the update of {update.name} reads {culprit}, which has a value for each sample {self.sample.name}",
                expected="what an update reads is the same for all samples: params, and ∂C/∂ of them",
                advice=f"Read its mean over the samples: mean({self.sample.name}) …",
                statement="update",
                number=number,
                symbol=culprit,
            )
        return Equation(update.target, value)


def _plain_indices(entries: Iterable[Indexed]) -> Iterator[Index]:
    return (i for entry in entries for i in entry.indices if isinstance(i, Index))


def _rename_entry(entry: Indexed, names: Mapping[Index, Index]) -> Indexed:
    renamed = rename_indices(entry, names)
    assert isinstance(renamed, Indexed)
    return renamed


def _renaming(sample: Index, indices: Iterable[Index], bound: Iterable[Index] = ()) -> dict[Index, Index]:
    """Return new names for the free indices that have the sample index's name and are another index."""
    indices = tuple(dict.fromkeys(indices))
    taken = {i.name for i in indices} | {i.preferred for i in bound}
    names: dict[Index, Index] = {}
    for index in indices:
        if index.name == sample.name and index != sample:
            letter = _unused(sample.name, taken)
            taken.add(letter)
            names[index] = Index(letter, index.extent, letter)
    return names


def _relettered(sample: Index, indices: tuple[Index, ...], body: Expr) -> tuple[Index, ...]:
    """Return a reduction's indices, those that would be printed like the sample index under another letter."""
    taken = {i.preferred for i in (*indices, *free_indices(body))} | {sample.name}
    return tuple(
        Index(i.name, i.extent, _unused(sample.name, taken))
        if i.preferred == sample.name and i.extent != sample.extent
        else i
        for i in indices
    )


def _unused(letter: str, taken: set[str]) -> str:
    number = 1
    while f"{letter}{number}" in taken:
        number += 1
    return f"{letter}{number}"


def _reads_per_sample(node: Expr | Condition, sample: Index) -> str:
    """Return the first tensor whose entry has the sample index free."""
    parts = [node]
    while parts:
        current = parts.pop()
        if isinstance(current, Indexed | MatrixEntry) and sample in free_indices(current):
            return current.tensor
        parts.extend(reversed([part for part in operands(current) if sample in free_indices(part)]))
    return sample.name
