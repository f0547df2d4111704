"""The members that families have for numbers of steps, and their plain names, found without writing equations out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from chainrule.expr.nodes import walk
from chainrule.expr.symbols import Symbol, Tensor
from chainrule.families.expansion import declared_members, each_step
from chainrule.families.plain_names import plain_names
from chainrule.families.rewriting import tensor_at
from chainrule.families.step_ranges import ranges_of_fact, ranges_of_sums
from chainrule.families.templates import Blocks, StepRange, Template, letter_summed, tensors_of_template
from chainrule.system.locations import Location
from chainrule.system.model import Declaration, Equation, Given


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
    above: tuple[Template, ...] = (*blocks.head.updates, *facts)
    for path, template in (*blocks.templates(), *(((), statement) for statement in above)):
        sums = _sums(blocks, template)
        for tensor in tensors_of_template(template):
            if tensor.superscript:
                letters = {letter for letter, _ in tensor.superscript}
                ranges = (*path, *(one for one in sums if one.letter in letters))
                found.setdefault(tensor.name, {}).update(dict.fromkeys(_at(tensor, ranges, numbers)))
    for declaration in blocks.head.declarations:
        for argument in declaration.arguments:
            if isinstance(argument.tensor, Tensor) and argument.tensor.superscript:
                found.setdefault(argument.tensor.name, {})[tensor_at(argument.tensor, numbers)] = None
    return {name: sorted(tensors, key=lambda t: t.superscript) for name, tensors in found.items()}


def _at(tensor: Tensor, path: Sequence[StepRange], numbers: Mapping[str, int]) -> Iterator[Tensor]:
    """Yield a tensor at each step of those letters that stand in its superscript."""
    if any(not steps.steps(numbers) for steps in path):
        return
    letters = {letter for letter, _ in tensor.superscript}
    own = [steps for steps in path if steps.letter in letters]
    for at in _environments(own, numbers):
        yield tensor_at(tensor, at)


def _environments(path: Sequence[StepRange], numbers: Mapping[str, int]) -> Iterator[Mapping[str, int]]:
    letters = [steps.letter for steps in path]
    for chosen in product(*(steps.steps(numbers) for steps in path)):
        yield {**numbers, **dict(zip(letters, chosen, strict=True))}


def _sums(blocks: Blocks, template: Template) -> tuple[StepRange, ...]:
    match template:
        case Equation(_, node) | Given(node):
            if any(letter_summed(part) for part in walk(node)):
                return tuple(ranges_of_sums(blocks, node, Location("equation")).values())
    return ()
