"""Families evaluated for what they were given: by loops over their steps, in the reference executor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from chainrule.errors import TypecheckError
from chainrule.execute.family_inputs import FamilyInputs
from chainrule.execute.inputs import check_inputs, is_batched
from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.execute.reference.family_loop import FamilyLoop
from chainrule.execute.reference.members import Members
from chainrule.execute.scalars import Array
from chainrule.expr.shared import memory_of
from chainrule.expr.symbols import Symbol, Tensor, symbol
from chainrule.families.definitions import enough
from chainrule.families.expansion import declared_members, each_step
from chainrule.families.families import Families
from chainrule.families.plain_names import plain_system
from chainrule.families.rewriting import declaration_at, everywhere, tensor_at
from chainrule.families.step_bodies import plain_symbol, steps_of
from chainrule.system.batching import batch
from chainrule.system.model import NO_COST, Equation, System
from chainrule.system.typecheck import typecheck


def family_values(given: FamilyInputs, prepare: Callable[[System], System]) -> dict[str, Array] | None:
    """Return what the equations of families come to, by plain names, in the order of the system written out.

    None is returned where no body of a loop can be made of them. Raises as `evaluate` does.
    """
    members = computed(given.families, given, prepare)
    if members is None:
        return None
    found: dict[str, Array] = {}
    names = given.names
    plain = everywhere(lambda tensor: names.get(tensor, tensor))
    for steps, template in each_step(given.families.items, given.numbers, {}):
        if isinstance(template, Equation):
            name = symbol_at(template.name, {**given.numbers, **steps})
            value = members.get(plain_symbol(name), numbers_of(name))
            assert value is not None, "all equations have been computed"
            found[plain(name)] = value
    return found


def computed(families: Families, given: FamilyInputs, prepare: Callable[[System], System]) -> Members | None:
    """Return all members of families, computed from what was given; None where no loop can be made of them."""
    kept = memory_of(families, "loops")
    if "" not in kept:
        try:
            kept[""] = FamilyLoop(families, prepare)
        except TypecheckError:  # a sum that could go over the steps of several blocks
            kept[""] = None
    loop: FamilyLoop | None = kept[""]
    if loop is None or not loop.program.is_complete:
        return None
    members, batched = given_members(given)
    try:
        return loop.run(given.numbers, members, batched=batched)
    except TypecheckError:
        return None


def given_members(given: FamilyInputs) -> tuple[Members, bool]:
    """Return what was given, checked, as members, and whether it has an axis of samples in front."""
    most = enough(given.families)
    fewer = {letter: min(most, number) for letter, number in given.numbers.items()}
    if fewer == given.numbers:
        system = given.system
        check_inputs(batch(system) if is_batched(system, given.inputs) else system, given.inputs)
    elif any(number < most for number in given.numbers.values()):
        given.families.at(**fewer)
    kept, key = memory_of(given.families, "what is given"), tuple(given.numbers.items())
    if key not in kept:
        kept.clear()
        kept[key] = _declared(given)
    declared: System = kept[key]
    values = evaluate_all(declared, given.inputs).values
    members = Members()
    raised: dict[str, Symbol] = {plain: tensor for tensor, plain in given.names.items()}
    for name, value in values.items():
        member = raised.get(name, symbol(name))
        members.add(plain_symbol(member), numbers_of(member), value)
    return members, is_batched(declared, given.inputs)


def _declared(given: FamilyInputs) -> System:
    """Return a system of what is given alone, under plain names."""
    head = given.families.head
    read: dict[str, list[Tensor]] = {}
    for tensor in given.names:
        if isinstance(tensor, Tensor):
            read.setdefault(tensor.name, []).append(tensor)
    sized = {index.name for index in head.indices}
    declarations = tuple(
        declaration_at(declaration, tensor, given.numbers, sized)
        for declaration in head.declarations
        if declaration.role != "abstract"
        for tensor in declared_members(given.families, declaration, read, given.numbers)
    )
    indices = tuple(i for i in head.indices if i.name not in given.numbers)
    extents = {i.extent for i in indices}
    alone = replace(
        head,
        declarations=declarations,
        givens=(),
        cost=NO_COST,
        updates=(),
        indices=indices,
        sizes=tuple((size, n) for size, n in head.sizes if size in extents),
    )
    return plain_system(alone, typecheck(alone), given.names)


def symbol_at(name: Symbol, numbers: Mapping[str, int]) -> Symbol:
    """Return a symbol with numbers in its superscripts."""
    return everywhere(lambda tensor: tensor_at(tensor, numbers))(name)


def numbers_of(name: Symbol) -> tuple[int, ...]:
    """Return the numbers in the superscripts of a symbol."""
    return tuple([shift for _, shift in steps_of(name)])
