"""The textbook's listing of a network: forward pass, errors and gradients, update.

The equations are those that are run, under the textbook's names: ∂C/∂z of layer l is its error δl. Everything is
written for one sample, as it is derived.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from chainrule.expr.binding import map_operands, tensors_in
from chainrule.expr.nodes import Expr, Indexed, Number
from chainrule.expr.symbols import Derivative, tensors_of
from chainrule.render.document import Group, Line, words
from chainrule.render.formula import ShownFormula, equal, equation_formula, formula
from chainrule.render.in_notebooks import displayed
from chainrule.render.latex import aligned
from chainrule.render.names import error_name
from chainrule.render.shown_document import ShownDocument
from chainrule.render.text import expression_text
from chainrule.system.model import Equation, System
from chainrule.system.printing import index_names, ranks_of
from chainrule.system.stages import for_updates


@dataclass(frozen=True, repr=False)
class Equations(ShownDocument):
    """The equations of a network, which display themselves."""

    system: System

    @cached_property
    def forward(self) -> tuple[Equation, ...]:
        """The equations that compute the cost."""
        optimizer = {e.name for e in self.optimizer}
        return tuple(e for e in self.system.equations if not isinstance(e.name, Derivative) and e.name not in optimizer)

    @property
    def backward(self) -> tuple[Equation, ...]:
        """The equations that chainrule derived."""
        return tuple(e for e in self.system.equations if isinstance(e.name, Derivative))

    @cached_property
    def optimizer(self) -> tuple[Equation, ...]:
        """The equations that only the updates read."""
        return for_updates(self.system)

    @property
    def updates(self) -> tuple[Equation, ...]:
        """What an optimizer does with them; none for a network that has not been trained."""
        return self.system.updates

    @cached_property
    def errors(self) -> Mapping[str, str]:
        """The name δl of each ∂C/∂zl that has an equation."""
        taken = set(self.system.names())
        found = {e.name: error_name(tensors_of(e.name)[1]) for e in self.backward}
        return {name: error for name, error in found.items() if error and error not in taken}

    def document(self) -> Group:
        """Return the passes and the update, as a document."""
        mean = f" (∂{self.system.cost} is the mean over the samples {self.system.batch} of a mini-batch)"
        update = (*self._constants(forward=False), *self._states())
        blocks = (
            ("forward pass", tuple(self._constants(forward=True)), tuple(map(self._shown, self.forward))),
            ("backward pass", (), tuple(map(self._shown, self.backward))),
            ("update" + mean * bool(self.system.batch), update, self._updated()),
        )
        return Group(tuple(_block(*block) for block in blocks if block[1] or block[2]), role="network")

    def __repr__(self) -> str:
        return str(self)

    def _repr_latex_(self) -> str:
        shown = (*map(self._shown, (*self.forward, *self.backward)), *self._updated())
        return displayed(aligned(one.latex("&=") for one in shown))

    def _updated(self) -> tuple[ShownFormula, ...]:
        updates = (replace(self._shown(update), relation="←") for update in self.updates)
        return (*map(self._shown, self.optimizer), *updates)

    def _constants(self, *, forward: bool) -> Iterator[Line]:
        """Yield the constants that the forward pass reads, or the others."""
        read = {name for equation in self.forward for name in tensors_in(equation.value)}
        for declaration in self.system.declarations:
            if declaration.role != "const" or declaration.value is None or declaration.implied:
                continue
            if (declaration.tensor in read) == forward:
                yield Line(words(formula(Indexed(declaration.tensor)), f" = {_decimal(declaration.value)}"))

    def _states(self) -> Iterator[Line]:
        """Yield what each state begins with, in one line for those that begin alike."""
        states = [d for d in self.system.declarations if d.role == "state" and d.value is not None]
        for value in dict.fromkeys(d.value for d in states if d.value is not None):
            names = ", ".join(d.tensor for d in states if d.value == value)
            yield Line((f"{names} = {_decimal(value)} before the first step",))

    def _shown(self, equation: Equation) -> ShownFormula:
        """Return an equation laid out; that of an error begins with its name."""
        taken, declared = index_names(self.system)
        ranks = {n: rank for n, rank in ranks_of(self.system).items() if not isinstance(n, Derivative)}
        value = with_errors(equation.value, self.errors)
        shown = equation_formula(equation.target, value, taken=taken, declared=declared, ranks=ranks)
        error = self._error(equation)
        return shown if error is None else equal(formula(error, taken=taken, declared=declared), shown)

    def _error(self, equation: Equation) -> Indexed | None:
        name = self.errors.get(equation.name)
        return None if name is None else Indexed(name, equation.target.indices)


def _block(title: str, statements: tuple[Line, ...], equations: tuple[ShownFormula, ...]) -> Group:
    """Return one of the passes: its title, what holds before it, and its equations."""
    shown = (Group(equations, role="equations", indent=2),) if equations else ()
    return Group((Line((title,)), Group(statements, indent=2), *shown), apart=True)


def _decimal(value: Expr) -> str:
    """Return a constant as people write it: 0.5, where the notation's exact form is 1/2."""
    if not isinstance(value, Number) or value.value.denominator == 1:
        return expression_text(value)
    return repr(float(value.value))


def with_errors(expr: Expr, names: Mapping[str, str]) -> Expr:
    """Return an expression with the derivatives of the cost that have a name under that name."""
    if isinstance(expr, Indexed):
        return Indexed(names.get(expr.tensor, expr.tensor), expr.indices, expr.guarded)
    return map_operands(expr, lambda part: with_errors(part, names))
