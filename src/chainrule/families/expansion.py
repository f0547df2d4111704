"""Families for numbers of steps that are known: an ordinary system, in which every member has an equation of its own.

The walk through the blocks is the order in which things are computed. Members keep their superscripts here, z[2; k];
plain names are the matter of `plain_names`, and whether what is read is there that of `definitions`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Generic, TypeVar

from chainrule.errors import TypecheckError
from chainrule.expr.nodes import Indexed
from chainrule.expr.symbols import Symbol, Tensor
from chainrule.families.rewriting import declaration_at, equation_at, node_at, step_at, tensor_at, with_symbols
from chainrule.families.step_ranges import equation_with_ranges, ranges_of_fact, with_ranges
from chainrule.families.templates import Blocks, Item, StepBlock, Template, declared_family, tensors_of_template
from chainrule.system.locations import Location
from chainrule.system.model import Declaration, Equation, Given, System

MOST = 10_000
"""Largest number of equations that families are written out to."""

Made = TypeVar("Made", Equation, Declaration, Given)


@dataclass(frozen=True)
class Placed(Generic[Made]):
    """A statement of the system, the statement of the families that it comes from, and at which steps."""

    made: Made
    place: Location
    steps: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Expansion:
    """Families written out, in order: all members, with their superscripts."""

    families: Blocks
    numbers: Mapping[str, int]
    declarations: tuple[Placed[Declaration], ...]
    givens: tuple[Placed[Given], ...]
    equations: tuple[Placed[Equation], ...]
    updates: tuple[Placed[Equation], ...]

    def system(self) -> System:
        """Return the system of all members, not checked yet."""
        head = self.families.head
        left = tuple(i for i in head.indices if i.name not in self.numbers)
        known = {i.extent for i in left}
        return replace(
            head,
            declarations=tuple(one.made for one in self.declarations),
            givens=tuple(one.made for one in self.givens),
            equations=tuple(self._with_unknown(one.made) for one in self.equations),
            cost=tensor_at(head.cost, self.numbers) if isinstance(head.cost, Tensor) and head.cost else head.cost,
            updates=tuple(one.made for one in self.updates),
            indices=left,
            sizes=tuple((size, n) for size, n in head.sizes if size in known),
        )

    def _with_unknown(self, equation: Equation) -> Equation:
        """Return an equation in which the derivatives of unknown functions are symbols."""
        return Equation(equation.target, with_symbols(equation.value, self._unknown)) if self._unknown else equation

    @cached_property
    def _unknown(self) -> dict[Symbol, dict[Symbol, int]]:
        """The unknown functions with what they are functions of, each with the number of its axes."""
        made = (one.made for one in self.declarations)
        return {d.tensor: {a.tensor: len(a.indices) for a in d.arguments} for d in made if d.arguments}

    def relocated(self, error: TypecheckError) -> TypecheckError:
        """Return an error of the system as one of the families."""
        lists: Mapping[str, Sequence[Placed[Declaration] | Placed[Given] | Placed[Equation]]] = {
            "declaration": self.declarations,
            "given": self.givens,
            "equation": self.equations,
            "update": self.updates,
        }
        placed = lists.get(error.statement, ())
        inside = 0 <= error.number < len(placed)
        place = placed[error.number].place if inside else Location(error.statement, error.number)
        return TypecheckError(
            error.what,
            where=error.where,
            expected=error.expected,
            advice=error.advice,
            statement=place.statement,
            number=place.number,
            symbol=error.symbol.partition("[")[0].partition("@")[0],
            side=error.side,
        )


def expansion_of(families: Blocks, numbers: Mapping[str, int]) -> Expansion:
    """Return families written out for these numbers of steps. Raises TypecheckError for too many equations."""
    places = _places(families)
    ranged = _ranged(families, places)
    equations: list[Placed[Equation]] = []
    declarations: list[Placed[Declaration]] = []
    givens: list[Placed[Given]] = []
    for count, (steps, template) in enumerate(each_step(families.items, numbers, {})):
        place = places[id(template)]
        if count >= MOST:
            raise place.error(
                f"there are more than {MOST} equations", expected="fewer steps", advice="Choose a smaller number."
            )
        here = {**numbers, **steps}
        match template:
            case Equation():
                made = equation_at(ranged[id(template)], here)
                equations.append(Placed(made, place, steps))
            case Declaration(_, Tensor() as tensor):
                declarations.append(Placed(declaration_at(template, tensor_at(tensor, here), here), place, steps))
            case Given():
                givens.append(Placed(_given_at(families, template, here, place), place, steps))
    head = families.head
    updates = tuple(_updates(families, numbers))
    above = _facts_above(families, numbers)
    statements: list[Template] = [one.made for one in equations]
    statements += (one.made for one in (*givens, *(fact for fact in above if not fact.steps)))
    statements += (*(one.made for one in declarations), *(one.made for one in updates))
    read = _members_read(statements, [a for d in head.declarations for a in _arguments(d, numbers)])
    sized = {index.name for index in head.indices}
    declared = [
        Placed(declaration_at(d, tensor, numbers, sized), Location("declaration", n, tensor))
        for n, d in enumerate(head.declarations)
        for tensor in declared_members(families, d, read, numbers)
    ]
    facts = (*_of_members(above, statements), *givens)
    return Expansion(families, numbers, _in_order([*declared, *declarations]), facts, tuple(equations), updates)


def _facts_above(families: Blocks, numbers: Mapping[str, int]) -> list[Placed[Given]]:
    """Return the facts outside of all blocks, those that name a step for each step of the blocks in its letter."""
    found = []
    for n, given in enumerate(families.head.givens):
        place = Location("given", n)
        ranges = ranges_of_fact(families, given)
        letters = [own[0].letter for own in ranges]
        steps = (sorted({step for over in own for step in over.steps(numbers)}) for own in ranges)
        for chosen in product(*steps):
            at = dict(zip(letters, chosen, strict=True))
            found.append(Placed(_given_at(families, given, {**numbers, **at}, place), place, at))
    return found


def _of_members(facts: Sequence[Placed[Given]], statements: Sequence[Template]) -> list[Placed[Given]]:
    """Return the facts that name no step, and those of steps at which statements name the same tensors."""
    there = {tensor for statement in statements for tensor in tensors_of_template(statement)}
    return [f for f in facts if not f.steps or all(t in there for t in tensors_of_template(f.made) if t.superscript)]


def _updates(families: Blocks, numbers: Mapping[str, int]) -> Iterator[Placed[Equation]]:
    """Yield the updates, those of blocks at each of their steps."""
    for number, (path, template) in enumerate(families.update_templates()):
        place = Location("update", number, template.name)
        ranged = equation_with_ranges(families, template, place)
        block: tuple[Item, ...] = (template,)
        for repeated in reversed(path):
            block = (StepBlock(repeated, block),)
        for steps, _ in each_step(block, numbers, {}):
            yield Placed(equation_at(ranged, {**numbers, **steps}), place, steps)


def blocks_at(families: Blocks, numbers: Mapping[str, int]) -> Blocks:
    """Return families for these numbers of steps with no block left: their equations in order, steps as numbers."""
    places = _places(families)
    ranged = _ranged(families, places)
    items: list[Template] = []
    for steps, template in each_step(families.items, numbers, {}):
        here = {**numbers, **steps}
        place = places[id(template)]
        match template:
            case Equation():
                items.append(equation_at(ranged[id(template)], here))
            case Declaration():
                items.append(_untied(template, here))
            case Given():
                items.append(_given_at(families, template, here, place))
    return Blocks(_head_at(families, numbers, items), tuple(items))


def _head_at(families: Blocks, numbers: Mapping[str, int], items: Sequence[Template]) -> System:
    """Return the head of families in which the letters that count steps are numbers."""
    head = families.head
    left = tuple(i for i in head.indices if i.name not in numbers)
    known = {i.extent for i in left}
    facts = _of_members(_facts_above(families, numbers), items)
    return replace(
        head,
        declarations=tuple(_untied(d, numbers) for d in head.declarations),
        givens=tuple(fact.made for fact in facts),
        cost=tensor_at(head.cost, numbers) if isinstance(head.cost, Tensor) and head.cost else head.cost,
        updates=tuple(one.made for one in _updates(families, numbers)),
        indices=left,
        sizes=tuple((size, n) for size, n in head.sizes if size in known),
    )


def _untied(declaration: Declaration, numbers: Mapping[str, int]) -> Declaration:
    """Return a declaration with numbers in superscripts, whose letters may label axes of other members too."""

    def at(tensor: Symbol) -> Symbol:
        return tensor_at(tensor, numbers) if isinstance(tensor, Tensor) else tensor

    arguments = tuple(Indexed(at(a.tensor), a.indices, a.guarded) for a in declaration.arguments)
    return replace(declaration, tensor=at(declaration.tensor), arguments=arguments)


def _in_order(declarations: Sequence[Placed[Declaration]]) -> tuple[Placed[Declaration], ...]:
    """Return declarations with unknown functions behind those that they are functions of."""
    unknown = {one.made.tensor: one for one in declarations if one.made.arguments}
    ordered: dict[int, Placed[Declaration]] = {}
    waiting = [one for one in declarations if one.made.arguments][::-1]
    entered: set[int] = set()
    while waiting:
        one = waiting[-1]
        needed = [unknown[a.tensor] for a in one.made.arguments if a.tensor in unknown]
        needed = [other for other in needed if id(other) not in entered]
        if id(one) in entered or not needed:
            ordered[id(one)] = waiting.pop()
        entered.add(id(one))
        waiting.extend(needed if ordered.get(id(one)) is None else ())
    return (*(one for one in declarations if not one.made.arguments), *ordered.values())


def each_step(
    items: Sequence[Item], numbers: Mapping[str, int], steps: Mapping[str, int]
) -> Iterator[tuple[Mapping[str, int], Template]]:
    """Yield each statement at each step, in the order in which they are done."""
    for item in items:
        if isinstance(item, StepBlock):
            for step in item.range.steps(numbers):
                yield from each_step(item.items, numbers, {**steps, item.range.letter: step})
        else:
            yield steps, item


def _places(families: Blocks) -> dict[int, Location]:
    """Return where each statement of the items stands, by identity: equations in order, others behind the head's."""
    head = families.head
    written = sum(not d.implied for d in head.declarations)
    count = {"equation": 0, "declaration": written, "given": len(head.givens)}
    found: dict[int, Location] = {}
    for _, template in families.templates():
        kind = "given" if isinstance(template, Given) else type(template).__name__.lower()
        name = "" if isinstance(template, Given) else next(tensors_of_template(template), "")
        found[id(template)] = Location(kind, count[kind], name)
        count[kind] += 1
    return found


def _ranged(families: Blocks, places: Mapping[int, Location]) -> dict[int, Equation]:
    """Return the equations of families, by identity, with the steps that each sum goes over."""
    equations = ((id(t), t) for _, t in families.templates() if isinstance(t, Equation))
    return {key: equation_with_ranges(families, template, places[key]) for key, template in equations}


def _given_at(families: Blocks, given: Given, numbers: Mapping[str, int], place: Location) -> Given:
    return Given(node_at(with_ranges(families, given.condition, place), numbers))


def _arguments(declaration: Declaration, numbers: Mapping[str, int]) -> list[Tensor]:
    return [tensor_at(a.tensor, numbers) for a in declaration.arguments if isinstance(a.tensor, Tensor)]


def _members_read(statements: Sequence[Template], others: Sequence[Tensor]) -> dict[str, list[Tensor]]:
    """Return the tensors with superscripts that statements read, by name, in the order of their superscripts."""
    members: dict[str, set[Tensor]] = {}
    for tensor in (*others, *(t for statement in statements for t in tensors_of_template(statement))):
        if tensor.superscript:
            members.setdefault(tensor.name, set()).add(tensor)
    return {name: sorted(tensors, key=lambda t: t.superscript) for name, tensors in members.items()}


def declared_members(
    families: Blocks, declaration: Declaration, read: Mapping[str, Sequence[Tensor]], numbers: Mapping[str, int]
) -> tuple[Symbol, ...]:
    """Return the tensors that a declaration of the head is one of."""
    tensor = declaration.tensor
    if not isinstance(tensor, Tensor) or not tensor.superscript:
        return (tensor,)
    fixed = [step_at(step, numbers) for step in tensor.superscript]
    if declaration.arguments or declaration is not declared_family(families, tensor.name):
        return (Tensor(tensor.name, tuple(fixed)),)
    return tuple(t for t in read.get(tensor.name, ()) if _is_one_of(t, fixed))


def _is_one_of(tensor: Tensor, fixed: Sequence[tuple[str, int]]) -> bool:
    if len(tensor.superscript) != len(fixed):
        return False
    return all(own == step or own[0] for own, step in zip(fixed, tensor.superscript, strict=True))
