"""Special cases of an unknown function of a whole vector: applied elementwise, and as softmax.

For `abstract a[k](z[j])` they are the systems in which a[k] = sigma(z[k]) with an unknown sigma, and in which a is the
softmax of z. Nothing about their derivatives is known here: they are derived like any other system.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chainrule.expr.binding import reduce_over
from chainrule.expr.nodes import (
    Call,
    Index,
    Indexed,
    over,
)
from chainrule.expr.symbols import unused
from chainrule.render.document import words
from chainrule.render.formula import equation_formula, whole
from chainrule.render.titles import Title
from chainrule.system.model import Declaration, Equation, FunctionDefinition, System
from chainrule.system.sizes.erase import erase_sizes
from chainrule.system.typecheck import typecheck


def special_cases(system: System) -> Iterator[tuple[Title, System]]:
    """Yield (title, system) for each unknown vector function of one vector."""
    for declaration in system.declarations:
        vectors = (declaration.indices, *(a.indices for a in declaration.arguments))
        if len(declaration.arguments) == 1 and all(len(indices) == 1 for indices in vectors):
            yield _elementwise(system, declaration)
            yield _softmax(system, declaration)


def _elementwise(system: System, declaration: Declaration) -> tuple[Title, System]:
    name = unused("sigma", {*system.names(), *system.function})
    index = declaration.indices[0]
    argument = declaration.arguments[0].tensor
    equation = Equation(_entry(declaration.tensor, index), Call(name, (_entry(argument, index),)))
    said = equation_formula(equation.target, equation.value)
    title = Title(words(whole(declaration.tensor), " is applied elementwise, ", said))
    function = FunctionDefinition(name, ("t",), None)
    return title, _with(replace(system, functions=(*system.functions, function)), declaration, equation)


def _softmax(system: System, declaration: Declaration) -> tuple[Title, System]:
    index = declaration.indices[0]
    argument = declaration.arguments[0].tensor
    other = Index("m" if index.name != "m" else "k", index.extent)
    total = reduce_over("sum", (other,), Call("exp", (_entry(argument, other),)))
    equation = Equation(_entry(declaration.tensor, index), over(Call("exp", (_entry(argument, index),)), total))
    title = Title(words(whole(declaration.tensor), " is the softmax of ", whole(argument)))
    return title, _with(system, declaration, equation)


def _entry(tensor: str, index: Index) -> Indexed:
    return Indexed(tensor, (index,))


def _with(system: System, declaration: Declaration, equation: Equation) -> System:
    """Return the system with an equation in place of an unknown function, its sizes inferred anew."""
    equations = list(system.equations)
    equations.insert(_place_after(system, declaration.arguments[0].tensor), equation)
    kept = tuple(d for d in system.declarations if d is not declaration)
    return typecheck(erase_sizes(replace(system, declarations=kept, equations=tuple(equations))))


def _place_after(system: System, tensor: str) -> int:
    """Return the place among the equations from which on a tensor can be read."""
    places: dict[str, int] = {e.name: n for n, e in enumerate(system.equations)}
    reached, waiting = 0, [tensor]
    while waiting:
        name = waiting.pop()
        if name in places:
            reached = max(reached, places[name] + 1)
        elif name in system.declared:
            waiting.extend(a.tensor for a in system.declared[name].arguments)
    return reached
