"""Templates rewritten: the tensors they name changed, steps replaced by numbers, sums over steps written out."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeAlias

from chainrule.expr.binding import Fresh, rewrite_bottom_up, substitute_indices
from chainrule.expr.nodes import (
    ONE,
    ZERO,
    Affine,
    AnyNode,
    Bracket,
    Comparison,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Lookup,
    MatrixEntry,
    Number,
    Partial,
    Position,
    Product,
    Reduce,
    Sum,
    operands,
    plus,
    times,
    walk,
    with_operands,
)
from chainrule.expr.sizes import Axis, Size
from chainrule.expr.symbols import Change, Derivative, Steps, Symbol, Tensor
from chainrule.families.templates import Step, StepRange, letter_summed, range_summed, sum_over
from chainrule.system.model import Declaration, Equation, Given, System
from chainrule.system.sizes.erase import erase_sizes
from chainrule.system.typecheck import typecheck

Renaming = Callable[[Symbol], Symbol]


APART = "'"
"""Marks the letter of a sum over steps where one of these steps has the same letter."""

Environment: TypeAlias = Mapping[str, Step]
"""What the steps of an equation are in those of another."""


def moved(tensor: Tensor, steps: Environment) -> Tensor:
    """Return a tensor whose letters are steps of another equation.

    >>> moved(Tensor("a", (("l", -1),)), {"l": ("l", 1)})
    'a[l;]'
    """
    raised = tuple([step_from(step, steps) for step in tensor.superscript])
    return Tensor(tensor.name, raised) if raised != tensor.superscript else tensor


def with_tensors(node: AnyNode, change: Renaming) -> AnyNode:
    """Return an expression or a condition with every tensor in it changed, those of looked-up positions too."""
    changed: Any = _with_tensors(node, change)
    return changed  # type: ignore[no-any-return]


def _with_tensors(node: Any, change: Renaming) -> Any:
    match node:
        case Indexed(tensor, positions, guarded):
            moved = tuple([_position(p, change) for p in positions])
            return Indexed(change(tensor), moved, guarded)
        case MatrixEntry(function, tensor, positions, samples):
            indices, lead = ([_position(p, change) for p in part] for part in (positions, samples))
            return MatrixEntry(function, change(tensor), tuple(indices), tuple(lead))
        case IndexValue(position):
            return IndexValue(_position(position, change))
        case ExtentValue(Axis(tensor, axis), letter):
            return ExtentValue(Axis(change(tensor), axis), letter)
        case _:
            parts = operands(node)
            return with_operands(node, [_with_tensors(part, change) for part in parts]) if parts else node


def _position(position: Position, change: Renaming) -> Position:
    return Lookup(with_tensors(position.entry, change), position.extent) if isinstance(position, Lookup) else position


def everywhere(change: Callable[[Tensor], Symbol]) -> Renaming:
    """Return what changes tensors, and those in derivatives."""

    def renamed(tensor: Symbol) -> Symbol:
        match tensor:
            case Derivative(of, wrt, along):
                return Derivative(renamed(of), *map(renamed, wrt), along=along)
            case Change(of, number):
                return Change(renamed(of), number)
            case _:
                return change(tensor)

    return renamed


def renamed_system(system: System, change: Renaming) -> System:
    """Return a system with every tensor in it renamed, checked anew."""
    plain = erase_sizes(system)

    def entry(read: Indexed) -> Indexed:
        return Indexed(change(read.tensor), read.indices, read.guarded)

    def equations(before: tuple[Equation, ...]) -> tuple[Equation, ...]:
        return tuple(Equation(with_tensors(e.target, change), with_tensors(e.value, change)) for e in before)

    declarations = tuple(
        replace(d, tensor=change(d.tensor), arguments=tuple(map(entry, d.arguments))) for d in plain.declarations
    )
    made = replace(
        plain,
        declarations=declarations,
        givens=tuple(Given(with_tensors(g.condition, change)) for g in plain.givens),
        equations=equations(plain.equations),
        cost=change(plain.cost) if plain.cost else plain.cost,
        updates=equations(plain.updates),
    )
    return typecheck(made)


def step_at(step: Step, numbers: Mapping[str, int]) -> Step:
    """Return a superscript as a number where its letter has one.

    >>> step_at(("l", 1), {"l": 3}), step_at(("L", 0), {"l": 3})
    (('', 4), ('L', 0))
    """
    letter, shift = step
    return ("", numbers[letter] + shift) if letter in numbers else step


def tensor_at(tensor: Tensor, numbers: Mapping[str, int]) -> Tensor:
    """Return a tensor with the letters in its superscript replaced by numbers."""
    steps: Steps = tuple([step_at(step, numbers) for step in tensor.superscript])
    return tensor if steps == tensor.superscript else Tensor(tensor.name, steps)


def node_at(node: AnyNode, numbers: Mapping[str, int]) -> AnyNode:
    """Return what a template says where letters have these numbers; sums over steps say over which."""
    named = with_tensors(_summed(node, numbers), everywhere(lambda tensor: tensor_at(tensor, numbers)))
    at: dict[Index, Position] = {Index(letter): Affine((), number) for letter, number in numbers.items()}
    placed: Any = _decided(substitute_indices(named, at))
    return placed  # type: ignore[no-any-return]


def _decided(node: Any) -> Any:
    """Return an expression in which brackets that compare steps, which are numbers now, are 1 or 0.

    What a bracket of other steps stands before is read at steps of one size only: it must go.
    """
    if not any(isinstance(part, Bracket) for part in walk(node)):
        return node
    match node:
        case Bracket(Comparison("=", left, right)) if (there := _numbers(left, right)) is not None:
            return ONE if there[0] == there[1] else ZERO
        case Product(factors):
            decided = [_decided(factor) for factor in factors]
            kept = [new for new, old in zip(decided, factors, strict=True) if new != ONE or old == ONE]
            return ZERO if ZERO in decided else times(*kept) if kept else ONE
        case Sum(terms):
            return plus(*[new for term in terms if (new := _decided(term)) != ZERO or term == ZERO])
        case _:
            return with_operands(node, [_decided(part) for part in operands(node)])


def _numbers(*sides: Expr) -> list[Fraction] | None:
    """Return the numbers that expressions are, None where one of them is more than a number."""
    found: list[Fraction] = []
    for side in sides:
        match side:
            case Number(value):
                found.append(value)
            case IndexValue(Affine((), constant)):
                found.append(Fraction(constant))
            case _:
                return None
    return found


def _summed(node: Any, numbers: Mapping[str, int]) -> Any:
    """Return an expression with sums over steps written out."""
    if letter_summed(node):
        (body,) = operands(node)
        steps = range_summed(node)
        assert steps is not None, "sums have their ranges before they are written out"
        inner = _summed(body, numbers)
        return plus(*[node_at(inner, {steps.letter: n}) for n in sorted(steps.steps(numbers))])
    parts = operands(node)
    return with_operands(node, [_summed(part, numbers) for part in parts]) if parts else node


def equation_at(template: Equation, numbers: Mapping[str, int]) -> Equation:
    """Return an equation where letters have these numbers."""
    target = with_tensors(template.target, everywhere(lambda tensor: tensor_at(tensor, numbers)))
    return Equation(target, node_at(template.value, numbers))


def declaration_at(
    declaration: Declaration, tensor: Symbol, numbers: Mapping[str, int], sized: Container[str] = ()
) -> Declaration:
    """Return the declaration of one member of a family; its letters label axes of this superscript only.

    Those that are `sized` by a line, index k = 30, label axes of all, unless another says that one: index k2 = 20.
    In its value the letters of its superscript are numbers too: eta[l;] = 0.1/l.
    """
    if isinstance(declaration.tensor, Tensor) and isinstance(tensor, Tensor):
        pairs = zip(declaration.tensor.superscript, tensor.superscript, strict=False)
        numbers = {**{letter: n for (letter, _), (_, n) in pairs if letter}, **numbers}
    arguments = tuple(_argument(argument, numbers) for argument in declaration.arguments)
    value = None if declaration.value is None else node_at(declaration.value, numbers)
    own = {index: tied(index, tensor) for index in declaration.indices}
    indices = tuple(i if i.name in sized and numbered(tie) not in sized else tie for i, tie in own.items())
    return Declaration(declaration.role, tensor, indices, value, arguments, declaration.values, declaration.implied)


def _argument(argument: Indexed, numbers: Mapping[str, int]) -> Indexed:
    tensor = tensor_at(argument.tensor, numbers) if isinstance(argument.tensor, Tensor) else argument.tensor
    return Indexed(tensor, tuple(tied(i, tensor) if isinstance(i, Index) else i for i in argument.indices))


def tied(index: Index, tensor: Symbol) -> Index:
    """Return the index of an axis under a name that only axes of the same superscript have."""
    if not isinstance(tensor, Tensor) or not tensor.superscript:
        return index
    steps = ",".join(f"{letter}{shift:+d}" for letter, shift in tensor.superscript)
    return Index(f"{index.name}@{steps}", index.extent, index.preferred)


def with_own_extents(equation: Equation, system: System) -> Equation:
    """Return an equation in which an extent has the letter of an index that runs so far, of the equation if it can."""
    letters: dict[Size, str] = {}
    bound = (i for part in walk(equation.value) if isinstance(part, Reduce) for i in part.indices)
    for index in (*equation.indices, *bound, *(i for name in system.names() for i in system.axes(name))):
        letters.setdefault(index.extent, index.preferred)

    def lettered(node: Expr) -> Expr:
        own = letters.get(node.extent) if isinstance(node, ExtentValue) else None
        return ExtentValue(node.extent, own) if isinstance(node, ExtentValue) and own else node

    if not any(isinstance(part, ExtentValue) for part in walk(equation.value)):
        return equation
    return Equation(equation.target, rewrite_bottom_up(equation.value, lettered, Fresh()))


def numbered(index: Index) -> str:
    """Return the letter of an axis with the numbers of the superscript that it is tied to: k2."""
    numbers = index.name.partition("@")[2].replace("+", "")
    return index.preferred + "".join(c if c.isalnum() else "_" for c in numbers)


def with_symbols(node: AnyNode, unknown: Mapping[Symbol, Mapping[Symbol, int]]) -> AnyNode:
    """Return an expression in which ∂a/∂z is a symbol, for unknown functions a of what has so many axes."""
    made: Any = _with_symbols(node, unknown)
    return made  # type: ignore[no-any-return]


def _with_symbols(node: Any, unknown: Mapping[Symbol, Mapping[Symbol, int]]) -> Any:
    match node:
        case Indexed(Derivative(of, (tensor,)), indices, guarded) if tensor in unknown.get(of, ()):
            split = len(indices) - unknown[of][tensor]
            return Partial(Indexed(of, indices[:split]), (Indexed(tensor, indices[split:], guarded),))
        case _:
            parts = operands(node)
            return with_operands(node, [_with_symbols(p, unknown) for p in parts]) if parts else node


def at_steps(equation: Equation, points: Mapping[str, Step]) -> Equation:
    """Return an equation in which letters of steps are replaced by other steps: l by L-1."""
    if not points:
        return equation

    positions: dict[Index, Position] = {}
    for letter, (end, shift) in points.items():
        positions[Index(letter)] = Affine(((Index(end), 1),) if end else (), shift)
        if end and not shift:
            positions[Index(letter)] = Index(end)
    change = everywhere(lambda tensor: moved(tensor, points))
    target = with_tensors(equation.target, change)
    value = with_tensors(equation.value, change)
    return Equation(target, with_own_letters(substitute_indices(value, positions)))


def with_own_letters(node: Any) -> Any:
    """Return an expression in which letters that were told apart from those of a step, t', are what they were: t."""
    letters = {letter for part in walk(node) if (letter := letter_summed(part)).endswith(APART)}
    if not letters:
        return node
    named = {letter: (letter.rstrip(APART), 0) for letter in sorted(letters)}
    plain = with_tensors(node, everywhere(lambda tensor: moved(tensor, named)))
    return _sums_renamed(substitute_indices(plain, {Index(old): Index(new) for old, (new, _) in named.items()}))


def with_own_letter(steps: StepRange) -> StepRange:
    """Return steps whose letter was told apart from that of a step, t', with what it was: t."""
    return replace(steps, letter=steps.letter.rstrip(APART))


def _sums_renamed(node: Any) -> Any:
    parts = [_sums_renamed(part) for part in operands(node)]
    steps = range_summed(node) if letter_summed(node).endswith(APART) else None
    if steps is not None:
        letter = steps.letter.rstrip(APART)
        return sum_over(letter, parts[0], replace(steps, letter=letter))
    return with_operands(node, parts) if parts else node


def step_from(step: Step, points: Environment) -> Step:
    """Return a step told from those of another equation."""
    letter, shift = step
    return (points[letter][0], points[letter][1] + shift) if letter in points else step
