"""Windows: a case of a family's derivative as an ordinary system.

The window of z at a step l holds the equation of z itself, the equations of the same step that read it, those of other
steps that read these, and C as an unknown function of what the latter define. So the calculus of families is that of
systems: nothing that derives or simplifies knows of superscripts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from chainrule.errors import DerivativeError
from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import (
    Affine,
    Expr,
    Index,
    Indexed,
    IndexValue,
    Partial,
    Position,
    number,
    operands,
    plus,
    times,
    with_operands,
)
from chainrule.expr.symbols import NO_TENSOR, Derivative, Symbol, Tensor
from chainrule.families.families_text import index_letters_taken
from chainrule.families.rewriting import Environment, Renaming, everywhere, moved, tied, with_tensors
from chainrule.families.step_positions import FREE, position_at
from chainrule.families.templates import Step, declared_family, entries_in, letter_summed
from chainrule.families.uses import Definition, Flow, steps_of_fact
from chainrule.render.letters import next_letter
from chainrule.system.model import Declaration, Equation, Given, Role, System
from chainrule.system.typecheck import typecheck

REST = "rest of "
"""Names what other steps add to a sum over steps."""
TERM = "term of a sum over steps"
APART = "other "
"""Names an entry that is the same as another one here, and is held still while that one moves."""


@dataclass
class StepWindow:
    """The system of one case while it is put together, and the way back from its names to those of the families."""

    flow: Flow
    points: Mapping[str, Step]
    defined: dict[Tensor, Equation | Declaration] = field(default_factory=dict)
    arguments: list[Tensor] = field(default_factory=list)
    cost: Equation | Declaration | None = None
    letters: set[str] = field(default_factory=set)
    axes: dict[Tensor, tuple[str, tuple[Position, ...]]] = field(default_factory=dict)
    apart: dict[Symbol, Tensor] = field(default_factory=dict)
    numbers: dict[Tensor, int] = field(default_factory=dict)

    @property
    def counts(self) -> tuple[str, ...]:
        """The letters that stand for how many steps there are."""
        return self.flow.blocks.letters

    def name(self, tensor: Tensor) -> Tensor:
        """Return a tensor under the name that it has here: at a point all steps are told from that point."""
        raised = []
        for letter, shift in tensor.superscript:
            point = next((p for p, at in self.points.items() if at[0] == letter and p != letter), "")
            raised.append((point, shift - self.points[point][1]) if point else (letter, shift))
        return Tensor(tensor.name, tuple(raised))

    def is_at(self, slot: Tensor, steps: Environment, entry: Tensor) -> bool:
        """Say whether a slot of an equation at some steps is an entry of this window."""
        return self.name(moved(slot, steps)) == entry

    def add(
        self,
        user: Definition,
        steps: Environment,
        held: Iterable[Tensor] = (),
        slots: Iterable[Tensor] = (),
        summed: Sequence[Tensor] = (),
    ) -> Tensor:
        """Add the statement of a definition at some steps.

        What is `held` apart in it are tensors of this window, and those that stand in some slots of the definition.
        `summed` are the terms of a sum over steps that are told apart from its rest.
        """
        target = self.name(moved(user.target, steps))
        if target in self.defined or (self.cost is not None and target == self.flow.cost):
            return target
        made = self._statement(user, steps, frozenset(held), frozenset(slots), tuple(summed))
        if target == self.flow.cost:
            self.cost = made
        else:
            self.defined[target] = made
            self.numbers[target] = user.number
        return target

    def _statement(
        self,
        user: Definition,
        steps: Environment,
        held: frozenset[Tensor],
        slots: frozenset[Tensor],
        summed: tuple[Tensor, ...],
    ) -> Equation | Declaration:
        template = user.template
        terms = {Tensor(TERM, (("", number),)): number for number in range(len(summed))}

        def here(tensor: Tensor) -> Tensor:
            number = terms.get(tensor)
            named = self.name(moved(tensor, steps) if number is None else summed[number])
            if named not in held and tensor not in slots:
                return named
            apart = Tensor(APART + named.name, named.superscript)
            self.apart[apart] = named
            return apart

        if isinstance(template, Declaration):
            target = self.name(moved(user.target, steps))
            indices = tuple(tied(i, target) for i in template.indices)
            arguments = tuple(_argument(a, here) for a in template.arguments)
            return replace(template, tensor=target, indices=indices, arguments=arguments)
        value = self._value(template.value, steps, tuple(terms))
        left = with_tensors(template.target, self._named_at(steps))
        return Equation(left, with_tensors(value, everywhere(here)))

    def _value(self, node: Any, steps: Environment, terms: Sequence[Tensor]) -> Any:
        """Return a value with the steps in it as they are here: as numbers, as positions, under sums."""
        letter = letter_summed(node)
        if letter:
            (entry,) = node.arguments
            rest = Indexed(Tensor(REST + entry.tensor.name), entry.indices)
            return plus(*[Indexed(term, entry.indices) for term in terms], rest)
        if isinstance(node, IndexValue):
            return self._step_number(node, steps)
        if isinstance(node, Indexed):
            return self._with_step_positions(node, steps)
        parts = operands(node)
        return with_operands(node, [self._value(part, steps, terms) for part in parts]) if parts else node

    def _at(self, letter: str, steps: Environment) -> Step:
        (there, shift) = steps.get(letter, (letter, 0))
        return self.name(Tensor("step", ((there, shift),))).superscript[0]

    def _step_number(self, node: IndexValue, steps: Environment) -> Expr:
        form = node.position
        terms = ((form, 1),) if isinstance(form, Index) else form.terms if isinstance(form, Affine) else ()
        found: list[Expr] = []
        left: list[tuple[Index, int]] = []
        constant = form.constant if isinstance(form, Affine) else 0
        for index, factor in terms:
            if index.name not in steps and index.name not in self.counts:
                left.append((index, factor))
                continue
            letter, shift = self._at(index.name, steps)
            constant += factor * shift
            if letter:
                self.letters.add(letter)
                entry = Indexed(Tensor(letter))
                found.append(entry if factor == 1 else times(number(factor), entry))
        if not found and left == list(terms):
            return node
        if left:
            position = left[0][0] if len(left) == 1 and left[0][1] == 1 else Affine(tuple(left))
            found.append(IndexValue(position))
        return plus(*found, *([number(constant)] if constant or not found else []))

    def _with_step_positions(self, entry: Indexed, steps: Environment) -> Indexed:
        """Return an entry of an ordinary axis at a step, x[t-1,i], as one of a tensor of that step."""
        at = [self._position(position, steps) for position in entry.indices]
        if not any(at) or not isinstance(entry.tensor, Tensor):
            return entry
        raised = tuple(step for step in at if step is not None)
        tensor = Tensor(entry.tensor.name, (*entry.tensor.superscript, *raised))
        named = self.name(moved(tensor, steps))
        names = iter(named.superscript[len(entry.tensor.superscript) :])
        left = tuple(p for p, step in zip(entry.indices, at, strict=True) if step is None)
        pattern = tuple(FREE if step is None else position_at(next(names)) for step in at)
        self.axes[named] = self.name(moved(entry.tensor, steps)), pattern
        return Indexed(tensor, left, entry.guarded)

    def _position(self, position: Position, steps: Environment) -> Step | None:
        match position:
            case Index(name) if name in steps or name in self.counts:
                return name, 0
            case Affine(((Index(name), 1),), constant) if name in steps or name in self.counts:
                return name, constant
            case _:
                return None

    # The system

    def system(self, moving: Tensor) -> tuple[System, Symbol]:
        """Return the system of the window, checked, and the tensor that it is derived by."""
        equations, unknown = self._ordered()
        cost, extra = self._with_cost()
        equations += [cost] if isinstance(cost, Equation) else []
        unknown += [d for d in (extra, cost) if isinstance(d, Declaration)]
        declared = self._declarations(equations, unknown, moving)
        found = self._made((*declared, *unknown), equations, self.flow.blocks.head.cost)
        return typecheck(found), self.name(moving)

    def system_along(self, along: Tensor, moving: Collection[str]) -> System:
        """Return what was added alone, checked: tensors `moving` that it reads are unknown functions of `along`."""
        equations, _ = self._ordered()
        labels = tuple(Index(f"{i.preferred}@ {along}", letter=i.preferred) for i in self._declared(along).indices)
        declared = self._declarations(equations, (), along)
        known = [d for d in declared if not isinstance(d.tensor, Tensor) or d.tensor.name not in moving]
        unknown = [replace(d, role="abstract", arguments=(Indexed(along, labels),)) for d in declared if d not in known]
        return typecheck(self._made((*known, *unknown), equations, NO_TENSOR))

    def _made(self, given: tuple[Declaration, ...], equations: Sequence[Equation], cost: Symbol) -> System:
        head = self.flow.blocks.head
        sizes = set(self.flow.blocks.letters)
        kept = tuple(i for i in head.indices if i.name not in sizes)
        return System(
            declarations=given,
            functions=head.functions,
            givens=self._givens({d.tensor for d in given} | {e.name for e in equations}),
            equations=tuple(equations),
            cost=cost,
            indices=kept,
            sizes=tuple((size, n) for size, n in head.sizes if size in {i.extent for i in kept}),
        )

    def _with_cost(self) -> tuple[Equation | Declaration, Declaration | None]:
        """Return the cost of the window: what is known of it, and C as an unknown function of the rest."""
        cost = self.flow.cost
        arguments = tuple(Indexed(t, self._labels(t)) for t in self.arguments)
        match self.cost:
            case None:
                return Declaration("abstract", cost, arguments=arguments), None
            case Declaration(_, tensor, indices, _, known):
                own = tuple(a for a in arguments if a.tensor not in {k.tensor for k in known})
                return Declaration("abstract", tensor, indices, arguments=(*known, *own)), None
            case Equation(target, value):
                if not arguments:
                    return self.cost, None
                beyond = Declaration("abstract", self.flow.beyond, arguments=arguments)
                return Equation(target, plus(value, Indexed(self.flow.beyond))), beyond

    def _labels(self, tensor: Tensor) -> tuple[Index, ...]:
        made = self.defined[tensor]
        return tuple(Index(f"{i.preferred}@{tensor}", letter=i.preferred) for i in made.indices)

    def _ordered(self) -> tuple[list[Equation], list[Declaration]]:
        """Return the statements, each behind those that it reads."""
        found: dict[Tensor, Equation | Declaration] = {}
        waiting = list(reversed(self.defined))
        entered: set[Tensor] = set()
        while waiting:
            tensor = waiting[-1]
            needed = [t for t in _reads(self.defined[tensor]) if t not in found and self._is_above(t, tensor)]
            if not needed or tensor in entered:
                if needed:
                    raise DerivativeError(f"{tensor} would be read before it is computed, in the derivative of a step")
                found.setdefault(waiting.pop(), self.defined[tensor])
            else:
                entered.add(tensor)
                waiting.extend(t for t in needed if t not in entered)
        statements = list(found.values())
        return (
            [one for one in statements if isinstance(one, Equation)],
            [one for one in statements if isinstance(one, Declaration)],
        )

    def _is_above(self, read: Tensor, reader: Tensor) -> bool:
        """Say whether what a statement reads is defined here, and not at other steps of a recurrence along an index."""
        if read not in self.numbers or read.superscript != reader.superscript:
            return read in self.defined
        return self.numbers[read] < self.numbers[reader]

    def _declarations(
        self, equations: Sequence[Equation], unknown: Sequence[Declaration], moving: Tensor
    ) -> list[Declaration]:
        """Return a declaration for everything that is read and that no statement of the window defines."""
        there = {e.name for e in equations} | {d.tensor for d in unknown}
        read = [t for e in equations for t in _reads(e)] + [t for d in unknown for t in _reads(d)]
        found = [Declaration("const", letter) for letter in sorted(self.letters)]
        there |= {d.tensor for d in found}
        for tensor in dict.fromkeys([*read, self.name(moving)]):
            if tensor not in there:
                there.add(tensor)
                found.append(self._declared(tensor))
        return found

    def _declared(self, tensor: Tensor) -> Declaration:
        if tensor.name.startswith(REST):
            indices = self._axes(Tensor(tensor.name.removeprefix(REST), ()))
            return Declaration("data", tensor, tuple(tied(i, Tensor("s", (("rest", 0),))) for i in indices))
        plain = self.apart.get(tensor, tensor)
        head = self.flow.blocks.head
        source, pattern = self.axes.get(plain, (plain, ()))
        declaration = head.declared.get(source) or declared_family(self.flow.blocks, plain.name)
        if declaration is None:
            role: Role = "param" if plain.name in self.flow.active else "data"
            left = self._left(self._axes(source if isinstance(source, Tensor) else plain), pattern)
            return Declaration(role, tensor, tuple(tied(Index(i.preferred), tensor) for i in left))
        left = self._left(declaration.indices, pattern)
        indices = tuple(tied(i, tensor) if plain.superscript else i for i in left)
        role = "data" if tensor in self.apart else declaration.role
        return replace(declaration, tensor=tensor, indices=indices, role=role)

    def _left(self, axes: tuple[Index, ...], pattern: tuple[Position, ...]) -> list[Index]:
        """Return the indices of the axes at which no step stands, by other letters than those of steps."""
        found: list[Index] = []
        for index in axes:
            taken = index.preferred in self._steps
            letter = next_letter(index.preferred, self._steps, {i.name for i in found}) if taken else ""
            found.append(Index(letter, index.extent) if taken else index)
        return [i for n, i in enumerate(found) if not pattern or pattern[n] == FREE]

    @cached_property
    def _steps(self) -> frozenset[str]:
        return index_letters_taken(self.flow.blocks)

    def _axes(self, tensor: Tensor) -> tuple[Index, ...]:
        """Return the letters of the axes of what an equation defines."""
        template = self.flow.by_name[tensor.name][0].template
        return template.indices

    def _givens(self, there: set[Symbol]) -> tuple[Given, ...]:
        """Return the facts that speak of what is there, those of blocks at every step that they are there for."""
        found: dict[Given, None] = {}
        names = {t for t in there if isinstance(t, Tensor)}
        facts: list[tuple[list[str], Given]] = [([], given) for given in self.flow.blocks.head.givens]
        for path, template in self.flow.blocks.templates():
            if isinstance(template, Given):
                facts.append(([steps.letter for steps in path], template))
        for letters, fact in facts:
            for steps in steps_of_fact(fact, letters, names):
                condition = with_tensors(self._value(fact.condition, steps, ()), self._named_at(steps))
                if tensors_in(condition) <= there:
                    found[Given(condition)] = None
        return tuple(found)

    def _named_at(self, steps: Environment) -> Renaming:
        return everywhere(lambda tensor: self.name(moved(tensor, steps)))

    def members(self, tensor: Tensor) -> list[tuple[Tensor, tuple[Position, ...]]]:
        """Return the tensors here that are entries of an ordinary axis of another at steps, with the positions."""
        source = self.name(tensor)
        return [(member, pattern) for member, (of, pattern) in self.axes.items() if of == source]

    # The way back

    def restored(self, node: Any) -> Any:
        """Return an expression of the window in the names of the families."""
        match node:
            case Partial(Indexed(Tensor() as of), (Indexed(tensor, indices, guarded),)) if of in (
                self.flow.cost,
                self.flow.beyond,
            ):
                return Indexed(Derivative(self.flow.cost, self._original(tensor)), indices, guarded)
            case Indexed(tensor, (), _) if tensor in self.letters:
                return IndexValue(Index(tensor))
            case Indexed(Tensor() as tensor, indices, guarded) if tensor in self.axes:
                source, pattern = self.axes[tensor]
                rest = iter(indices)
                return Indexed(source, tuple(next(rest) if p == FREE else p for p in pattern), guarded)
            case Indexed(tensor, indices, guarded):
                return Indexed(everywhere(self._original)(tensor), indices, guarded)
            case _:
                parts = operands(node)
                return with_operands(node, [self.restored(part) for part in parts]) if parts else node

    def _original(self, tensor: Symbol) -> Tensor:
        assert isinstance(tensor, Tensor)
        return self.apart.get(tensor, tensor)


def _argument(argument: Indexed, here: Any) -> Indexed:
    tensor = here(argument.tensor)
    return Indexed(tensor, tuple(tied(i, tensor) if isinstance(i, Index) else i for i in argument.indices))


def _reads(statement: Equation | Declaration) -> list[Tensor]:
    if isinstance(statement, Equation):
        return list(dict.fromkeys(entries_in(statement.value)))
    return [a.tensor for a in statement.arguments if isinstance(a.tensor, Tensor)]
