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
from chainrule.render.formula import PrintedNames, equation_formula
from chainrule.render.latex import aligned, equation_latex, expression_latex
from chainrule.render.names import error_name
from chainrule.render.text import equation_text, expression_text
from chainrule.system.model import Equation, System
from chainrule.system.printing import index_names, ranks_of
from chainrule.system.stages import for_updates


@dataclass(frozen=True, repr=False)
class Equations:
    """The equations of a network, which display themselves: as text in a terminal, as LaTeX in a notebook."""

    system: System
    naming: PrintedNames | None = None

    def named(self, naming: PrintedNames) -> Equations:
        """Return the same equations with other names in print than the textbook's."""
        return replace(self, naming=naming)

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
        if self.naming is not None:
            return {}
        taken = set(self.system.names())
        found = {e.name: error_name(tensors_of(e.name)[1]) for e in self.backward}
        return {name: error for name, error in found.items() if error and error not in taken}

    def __str__(self) -> str:
        mean = f" (∂{self.system.cost} is the mean over the samples {self.system.batch} of a mini-batch)"
        optimizer = [*self._states(), *map(self._line, self.optimizer)]
        update = [*self._constants(forward=False), *optimizer, *map(self._update, self.updates)]
        blocks = [
            ("forward pass", [*self._constants(forward=True), *map(self._line, self.forward)]),
            ("backward pass", [self._line(e) for e in self.backward]),
            ("update" + mean * bool(self.system.batch), update),
        ]
        return "\n\n".join("\n".join([title, *(f"  {line}" for line in lines)]) for title, lines in blocks if lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_latex_(self) -> str:
        lines = [*map(self._latex, (*self.forward, *self.backward, *self.optimizer))]
        lines += map(self._update_latex, self.updates)
        return f"$$\n{aligned(lines)}\n$$"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/latex": self._repr_latex_()}

    def _line(self, equation: Equation) -> str:
        taken, declared = index_names(self.system)
        value = with_errors(equation.value, self.errors)
        line = self._written(equation.target, value)
        error = self._error(equation)
        return line if error is None else f"{expression_text(error, taken=taken, declared=declared)} = {line}"

    def _written(self, target: Expr, value: Expr) -> str:
        taken, declared = index_names(self.system)
        if self.naming is None:
            return equation_text(target, value, taken=taken, declared=declared)
        return str(replace(equation_formula(target, value, taken=taken, declared=declared), naming=self.naming))

    def _update(self, update: Equation) -> str:
        left, _, right = self._written(update.target, update.value).partition(" = ")
        return f"{left} ← {right}"

    def _constants(self, *, forward: bool) -> Iterator[str]:
        """Yield the constants that the forward pass reads, or the others."""
        read = {name for equation in self.forward for name in tensors_in(equation.value)}
        for declaration in self.system.declarations:
            if declaration.role != "const" or declaration.value is None or declaration.implied:
                continue
            if (declaration.tensor in read) == forward:
                yield f"{declaration.tensor} = {_decimal(declaration.value)}"

    def _states(self) -> Iterator[str]:
        """Yield what each state begins with, in one line for those that begin alike."""
        states = [d for d in self.system.declarations if d.role == "state" and d.value is not None]
        for value in dict.fromkeys(d.value for d in states if d.value is not None):
            names = ", ".join(d.tensor for d in states if d.value == value)
            yield f"{names} = {_decimal(value)} before the first step"

    def _latex(self, equation: Equation) -> str:
        value = with_errors(equation.value, self.errors)
        error = self._error(equation)
        if error is None:
            return self._equation_latex(equation.target, value, "&=")
        taken, declared = index_names(self.system)
        named = expression_latex(error, taken=taken, declared=declared)
        return f"{named} &= {self._equation_latex(equation.target, value, '=')}"

    def _update_latex(self, update: Equation) -> str:
        return self._equation_latex(update.target, update.value, r"&\leftarrow")

    def _equation_latex(self, target: Expr, value: Expr, sign: str) -> str:
        taken, declared = index_names(self.system)
        ranks = {n: rank for n, rank in ranks_of(self.system).items() if not isinstance(n, Derivative)}
        return equation_latex(target, value, taken=taken, declared=declared, ranks=ranks, sign=sign)

    def _error(self, equation: Equation) -> Indexed | None:
        name = self.errors.get(equation.name)
        return None if name is None else Indexed(name, equation.target.indices)


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
