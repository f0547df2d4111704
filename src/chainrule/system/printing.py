"""A whole system as text, which the parser reads back to an equal system, and as LaTeX.

Statements are written in a fixed order: declarations, functions, facts, batch, indices, equations, updates; within each
the order of the system is kept. Expressions themselves are printed by `render`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from chainrule.expr.nodes import Condition, Expr, Index
from chainrule.expr.sizes import Declared, Size
from chainrule.render.latex import equation_latex
from chainrule.render.text import equation_text, expression_text

if TYPE_CHECKING:
    # For types only, so that a System can print itself by these functions.
    from chainrule.system.model import Declaration, Equation, FunctionDefinition, Given, System

WIDTH = 100
"""Declarations of one role are put together on lines up to this length."""


def system_text(system: System, *, unicode: bool = True) -> str:
    """Return the system in the notation, one statement a line.

    >>> from chainrule.expr.nodes import Call, Index, Indexed
    >>> from chainrule.system.model import Declaration, Equation, System
    >>> j = Index("j")
    >>> z = Declaration("param", "z", (j,))
    >>> a = Equation(Indexed("a", (j,)), Call("sigmoid", (Indexed("z", (j,)),)))
    >>> print(system_text(System((z,), equations=(a,))))
    param z[j]
    <BLANKLINE>
    a[j] = sigmoid(z[j])
    """
    printer = _Printer(system, unicode)
    blocks = (printer.statements(), printer.equations(), printer.updates())
    return "\n\n".join("\n".join(block) for block in blocks if block)


def system_latex(system: System, only: Sequence[Equation] | None = None) -> str:
    r"""Return the equations, and the updates if there are any, as an `aligned` environment; or `only` some equations.

    >>> from chainrule.expr.nodes import Index, Indexed
    >>> from chainrule.system.model import Equation, System
    >>> b = Equation(Indexed("b1", (Index("j"),)), Indexed("z1", (Index("j"),)))
    >>> print(system_latex(System(equations=(b,))))
    \begin{aligned}
    b^{1}_{j} &= z^{1}_{j}
    \end{aligned}
    """
    ranks = ranks_of(system)
    taken, declared = index_names(system)
    updates = system.updates if only is None else ()
    lines = [
        equation_latex(e.target, e.value, taken=taken, declared=declared, ranks=ranks, sign=sign)
        for equations, sign in ((system.equations if only is None else only, "&="), (updates, r"&\leftarrow"))
        for e in equations
    ]
    return "\n".join((r"\begin{aligned}", " \\\\\n".join(lines), r"\end{aligned}"))


def index_names(system: System) -> tuple[frozenset[str], Mapping[str, Size]]:
    """Return the names that no index may be printed as, and the declared letters with their extents.

    Printers of a single equation of the system pass them on as `taken` and `declared`.
    """
    letters: dict[str, Size] = {}
    for index in (*(i for d in system.declarations for i in d.indices), *system.indices):
        letters.setdefault(index.name, index.extent)
    if system.batch:
        letters.setdefault(system.batch, Declared(system.batch))
    return frozenset((*system.names(), *(f.name for f in system.functions))), letters


def ranks_of(system: System) -> dict[str, int]:
    """Return the ranks of the tensors of a system."""
    return {name: len(system.axes(name)) for name in system.names()}


class _Printer:
    """Writes the statements of one system."""

    def __init__(self, system: System, unicode: bool) -> None:
        self.system = system
        self.unicode = unicode
        self.taken, self.declared = index_names(system)
        self.ranks = ranks_of(system)

    def statements(self) -> list[str]:
        """Return all lines before the equations."""
        system = self.system
        lines = [line for key, group in groupby(system.declarations, _kind) for line in self._declared(key, group)]
        lines += [self._function(function) for function in system.functions]
        lines += [self._given(given) for given in system.givens]
        if system.batch:
            lines.append(f"batch {system.batch}")
        sized = [index for index in system.indices if index.extent in system.size]
        lines += [f"index {index.name} = {system.size[index.extent]}" for index in sized]
        return lines

    def equations(self) -> list[str]:
        """Return the lines of the equations; a cost per sample, C[n], is no cost to the parser but an equation."""
        cost = self.system.cost
        return [
            ("cost " if e.name == cost and not e.indices else "") + self._equation(e) for e in self.system.equations
        ]

    def updates(self) -> list[str]:
        """Return the lines of the updates."""
        return [f"update {self._equation(update)}" for update in self.system.updates]

    def _declared(self, kind: str, group: Iterable[Declaration]) -> Iterator[str]:
        if kind == "abstract":
            for declaration in group:
                word = "cost" if declaration.tensor == self.system.cost else "abstract"
                arguments = ", ".join(_entry(a.tensor, a.indices) for a in declaration.arguments)
                yield f"{word} {_entry(declaration.tensor, declaration.indices)}({arguments})"
            return
        line = ""
        for declaration in group:
            written = self._declaration(declaration)
            if line and len(line) + len(written) + 2 > WIDTH:
                yield line
                line = ""
            line = f"{line}, {written}" if line else f"{kind} {written}"
        yield line

    def _declaration(self, declaration: Declaration) -> str:
        entry = _entry(declaration.tensor, declaration.indices)
        if declaration.values is not None:
            return f"{entry} : int({declaration.values.name})"
        return entry if declaration.value is None else f"{entry} = {self._expression(declaration.value)}"

    def _function(self, function: FunctionDefinition) -> str:
        head = f"{function.name}({', '.join(function.parameters)})"
        return f"abstract {head}" if function.body is None else f"def {head} = {self._expression(function.body)}"

    def _given(self, given: Given) -> str:
        return f"given {self._expression(given.condition)}"

    def _equation(self, equation: Equation) -> str:
        return equation_text(
            equation.target,
            equation.value,
            taken=self.taken,
            declared=self.declared,
            ranks=self.ranks,
            unicode=self.unicode,
        )

    def _expression(self, expr: Expr | Condition) -> str:
        return expression_text(expr, taken=self.taken, declared=self.declared, ranks=self.ranks, unicode=self.unicode)


def _kind(declaration: Declaration) -> str:
    return declaration.role


def _entry(tensor: str, indices: Iterable[object]) -> str:
    letters = [index.name for index in indices if isinstance(index, Index)]
    return f"{tensor}[{','.join(letters)}]" if letters else tensor
