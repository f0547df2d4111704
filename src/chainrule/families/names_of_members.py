"""The members that families have for numbers of steps, and their plain names, found without writing equations out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from chainrule.expr.symbols import Symbol, Tensor
from chainrule.families.expansion import declared_members, each_step
from chainrule.families.plain_names import plain_names
from chainrule.families.reads import slots_of_fact, slots_read
from chainrule.families.rewriting import tensor_at
from chainrule.families.step_ranges import ranges_of_fact
from chainrule.families.templates import Blocks, StepRange, Template
from chainrule.system.model import Declaration, Equation


def member_names(blocks: Blocks, numbers: Mapping[str, int]) -> dict[Symbol, Tensor]:
    """Return what the members are called in the system that families are for these numbers of steps."""
    return plain_names(_symbols(blocks, numbers), blocks.head.function)


def _symbols(blocks: Blocks, numbers: Mapping[str, int]) -> Iterator[Symbol]:
    read = _read(blocks, numbers)
    unknown = [d for d in blocks.head.declarations if d.arguments]
    for declaration in (*(d for d in blocks.head.declarations if not d.arguments), *unknown):
        yield from declared_members(blocks, declaration, read, numbers)
    for kind in (Declaration, Equation):
        for steps, template in each_step(blocks.items, numbers, {}):
            name = _defined(template) if isinstance(template, kind) else None
            if isinstance(name, Tensor):
                yield tensor_at(name, {**numbers, **steps})


def _defined(template: Template) -> Symbol | None:
    match template:
        case Equation():
            return template.name
        case Declaration(_, tensor):
            return tensor
        case _:
            return None


def _read(blocks: Blocks, numbers: Mapping[str, int]) -> dict[str, list[Tensor]]:
    """Return the members that statements name, by the name of their family, in the order of their steps."""
    found: dict[str, dict[Tensor, None]] = {}
    facts = [given for given in blocks.head.givens if not ranges_of_fact(blocks, given)]
    above = (slot for given in facts for slot in slots_of_fact(blocks, given))
    for path, tensor in (*slots_read(blocks), *above):
        if tensor.superscript:
            found.setdefault(tensor.name, {}).update(dict.fromkeys(_at(tensor, path, numbers)))
    for declaration in blocks.head.declarations:
        for argument in declaration.arguments:
            if isinstance(argument.tensor, Tensor) and argument.tensor.superscript:
                found.setdefault(argument.tensor.name, {})[tensor_at(argument.tensor, numbers)] = None
    return {name: sorted(tensors, key=lambda t: t.superscript) for name, tensors in found.items()}


def _at(tensor: Tensor, path: Sequence[StepRange], numbers: Mapping[str, int]) -> Iterator[Tensor]:
    """Yield a tensor at each step of those letters that stand in its superscript; the innermost range counts."""
    ranges = {steps.letter: steps.steps(numbers) for steps in path}
    if not all(steps.steps(numbers) for steps in path):
        return
    letters = [letter for letter in dict.fromkeys(letter for letter, _ in tensor.superscript) if letter in ranges]
    for chosen in product(*(ranges[letter] for letter in letters)):
        yield tensor_at(tensor, {**numbers, **dict(zip(letters, chosen, strict=True))})
