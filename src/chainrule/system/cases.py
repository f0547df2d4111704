"""Special cases of an unknown function of a whole vector: what it becomes when it acts entry by entry, and as softmax.

For `abstract a[k](z[j])` they are the systems in which a[k] = sigma(z[k]) with an unknown sigma, and in which a is the
softmax of z. Nothing about their derivatives is known here: they are derived like any other system.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chainrule.expr.binding import map_operands, map_positions, reduce_over
from chainrule.expr.nodes import (
    UNSETTLED,
    Affine,
    Call,
    Comparison,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    MatrixEntry,
    Partial,
    Position,
    Reduce,
    over,
)
from chainrule.system.model import Declaration, Equation, FunctionDefinition, Given, System, unused_name
from chainrule.system.typecheck import typecheck


def special_cases(system: System) -> Iterator[tuple[str, System]]:
    """Yield (title, system) for each unknown vector function of one vector."""
    for declaration in system.declarations:
        vectors = (declaration.indices, *(a.indices for a in declaration.arguments))
        if len(declaration.arguments) == 1 and all(len(indices) == 1 for indices in vectors):
            yield _elementwise(system, declaration)
            yield _softmax(system, declaration)


def _elementwise(system: System, declaration: Declaration) -> tuple[str, System]:
    name = unused_name("sigma", {*system.names(), *system.function})
    index = declaration.indices[0]
    argument = declaration.arguments[0].tensor
    equation = Equation(_entry(declaration.tensor, index), Call(name, (_entry(argument, index),)))
    left, right = f"{declaration.tensor}[{index.preferred}]", f"{name}({argument}[{index.preferred}])"
    title = f"{declaration.tensor} acts entry by entry, {left} = {right}"
    function = FunctionDefinition(name, ("t",), None)
    return title, _with(replace(system, functions=(*system.functions, function)), declaration, equation)


def _softmax(system: System, declaration: Declaration) -> tuple[str, System]:
    index = declaration.indices[0]
    argument = declaration.arguments[0].tensor
    other = Index("m" if index.name != "m" else "k", index.extent)
    total = reduce_over("sum", (other,), Call("exp", (_entry(argument, other),)))
    equation = Equation(_entry(declaration.tensor, index), over(Call("exp", (_entry(argument, index),)), total))
    return f"{declaration.tensor} is the softmax of {argument}", _with(system, declaration, equation)


def _entry(tensor: str, index: Index) -> Indexed:
    return Indexed(tensor, (index,))


def _with(system: System, declaration: Declaration, equation: Equation) -> System:
    """Return the system with an equation in place of an unknown function, its extents settled anew."""
    equations = list(system.equations)
    equations.insert(_place_after(system, declaration.arguments[0].tensor), equation)
    kept = tuple(d for d in system.declarations if d is not declaration)
    return typecheck(unsettled(replace(system, declarations=kept, equations=tuple(equations))))


def _place_after(system: System, tensor: str) -> int:
    """Return the place among the equations from which on a tensor can be read."""
    places = {e.name: n for n, e in enumerate(system.equations)}
    reached, waiting = 0, [tensor]
    while waiting:
        name = waiting.pop()
        if name in places:
            reached = max(reached, places[name] + 1)
        elif name in system.declared:
            waiting.extend(a.tensor for a in system.declared[name].arguments)
    return reached


def unsettled(system: System) -> System:
    """Return the system with no extent settled, as a parser would make it."""
    return replace(
        system,
        declarations=tuple(
            replace(d, indices=tuple(map(_index, d.indices)), arguments=tuple(map(_bare, d.arguments)))
            for d in system.declarations
        ),
        givens=tuple(Given(_comparison(g.condition)) for g in system.givens),
        equations=tuple(Equation(_bare(e.target), _expr(e.value)) for e in system.equations),
        updates=tuple(Equation(_bare(e.target), _expr(e.value)) for e in system.updates),
    )


def _comparison(condition: Comparison) -> Comparison:
    return Comparison(condition.relation, _expr(condition.left), _expr(condition.right))


def _index(index: Index) -> Index:
    return Index(index.name, UNSETTLED, index.letter)


def _position(position: Position) -> Position:
    if isinstance(position, Index):
        return _index(position)
    return Affine(tuple((_index(i), c) for i, c in position.terms), position.constant)


def _bare(entry: Indexed) -> Indexed:
    return Indexed(entry.tensor, tuple(_position(p) for p in entry.indices), entry.guarded)


def _expr(expr: Expr) -> Expr:
    match expr:
        case Indexed():
            return _bare(expr)
        case IndexValue(position):
            return IndexValue(_position(position))
        case ExtentValue(_, letter):
            return ExtentValue(UNSETTLED, letter)
        case MatrixEntry():
            return map_positions(expr, _position)
        case Partial(of, wrt):
            return Partial(_bare(of), tuple(map(_bare, wrt)))
        case Reduce(op, indices, body):
            return Reduce(op, tuple(map(_index, indices)), _expr(body))
        case _:
            return map_operands(expr, _expr)
