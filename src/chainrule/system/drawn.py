"""What is drawn, uniform(seed, step, n, j): its arguments are whole numbers that nothing is learned about.

So drawn numbers are constants in derivatives, and are the same in every executor. The number of the sample, the letter
of the sample index, may stand in such arguments alone: anything else that tells samples apart is data.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.expr.binding import tensors_in
from chainrule.expr.functions import DRAWN
from chainrule.expr.nodes import (
    Call,
    Condition,
    Expr,
    ExtentValue,
    Indexed,
    IndexValue,
    Number,
    Product,
    Sum,
    operands,
    walk,
)
from chainrule.expr.shared import kept
from chainrule.render.text import expression_text
from chainrule.system.locations import Location
from chainrule.system.model import Equation, System
from chainrule.system.sizes.constraints import constraints_of, constraints_of_value


@kept
def drawn_in(node: Expr | Condition) -> tuple[str, ...]:
    """Return the functions that draw in a node, each once, in order."""
    own = (node.function,) if isinstance(node, Call) and node.function in DRAWN else ()
    inner = [name for part in operands(node) for name in drawn_in(part)]
    return tuple(dict.fromkeys((*own, *inner))) if inner else own


@kept
def counting(system: System) -> frozenset[str]:
    """Return the tensors that stand in arguments of what is drawn."""
    values = [e.value for e in (*system.equations, *system.updates) if _draws(e)]
    calls = (part for value in values for part in walk(value) if isinstance(part, Call) and part.function in DRAWN)
    return frozenset().union(*map(tensors_in, calls))


def _draws(equation: Equation) -> bool:
    return any(call.function in DRAWN for call in constraints_of(equation).calls)


def check_drawn(system: System) -> None:
    """Check the arguments of all that is drawn, and where the number of the sample stands. Raises TypecheckError."""
    letter = next((d.tensor for d in system.declarations if d.implied and d.role == "const"), "")
    checked = _Checked(system)
    for value, place in _values(system, letter):
        for call in (part for part in walk(value) if isinstance(part, Call) and part.function in DRAWN):
            for argument in call.arguments:
                checked.argument(call.function, argument, place)
        if letter and letter in _outside(value):
            raise place.error(
                f"{letter} is the number of a sample: it can stand in arguments of {' and '.join(sorted(DRAWN))} alone",
                letter,
                expected="what tells samples apart comes with the data",
            )


def _values(system: System, letter: str) -> Iterator[tuple[Expr | Condition, Location]]:
    """Yield what draws, or reads the number of the sample, with its place."""
    for kind, statements in (("equation", system.equations), ("update", system.updates)):
        for number, one in enumerate(statements):
            if _draws(one) or (letter and any(r.entry.tensor == letter for r in constraints_of(one).reads)):
                yield one.value, Location(kind, number, one.name)
    for number, given in enumerate(system.givens):
        if letter or any(call.function in DRAWN for call in constraints_of_value(given.condition).calls):
            yield given.condition, Location("given", number)


def _outside(value: Expr | Condition) -> set[str]:
    """Return the tensors that are read outside of the arguments of what is drawn."""
    found: set[str] = set()
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, Call) and node.function in DRAWN:
            continue
        parts = operands(node)
        found |= set() if parts else tensors_in(node)
        stack.extend(parts)
    return found


class _Checked:
    """Whether expressions are whole numbers, as far as a system says."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.states: dict[str, bool] = {}

    def argument(self, function: str, argument: Expr, place: Location) -> None:
        """Check an argument of what is drawn. Raises TypecheckError."""
        if self.whole(argument):
            return
        read = [part.tensor for part in walk(argument) if isinstance(part, Indexed)]
        learned = next((tensor for tensor in read if tensor in self.system.params), None)
        if learned is not None:
            raise place.error(
                f"{function} is given the param {learned}: what is drawn cannot depend on what is learned",
                learned,
                advice=f"Its arguments count what is drawn; {learned} stands beside it: {learned}*{function}(…)",
            )
        culprit = next((tensor for tensor in read if not self.whole(Indexed(tensor))), function)
        raise place.error(
            f"{function} is given {expression_text(argument)}, which need not be a whole number",
            culprit,
            expected="whole numbers that count what is drawn: a const, step, the letter of an index or of batch, "
            "entries of data t : int(V), their sums and products",
        )

    def whole(self, expr: Expr) -> bool:
        """Say whether an expression is a whole number by what it is made of; a const without a value may be one."""
        match expr:
            case Number(value):
                return value.denominator == 1
            case IndexValue() | ExtentValue():
                return True
            case Sum(parts) | Product(parts):
                return all(map(self.whole, parts))
            case Indexed(tensor):
                return self.entry(tensor)
            case _:
                return False

    def entry(self, tensor: str) -> bool:
        """Say whether the entries of a tensor are whole numbers."""
        declared = self.system.declared.get(tensor)
        if declared is None:
            return False
        if declared.role == "state":
            return self.state(tensor)
        if declared.role == "const":
            return declared.value is None or self.whole(declared.value)
        return declared.values is not None

    def state(self, tensor: str) -> bool:
        """Say whether a state is a whole number in each step: it begins as one, and its update makes one of those."""
        if tensor not in self.states:
            self.states[tensor] = True  # what it is now, for the update to make the next of
            begins = self.system.declared[tensor].value
            made = [update.value for update in self.system.updates if update.name == tensor]
            self.states[tensor] = all(map(self.whole, [*([] if begins is None else [begins]), *made]))
        return self.states[tensor]
