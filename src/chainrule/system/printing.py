"""A whole system as text, which the parser reads back to an equal system, and as LaTeX.

Statements are written in a fixed order: declarations, functions, facts, batch, indices, equations, updates; within each
the order of the system is kept. Expressions themselves are printed by `render`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from chainrule.expr.garbage import no_garbage
from chainrule.expr.nodes import Condition, Expr, ExtentValue, Index, Reduce, walk
from chainrule.expr.sizes import Declared, Size
from chainrule.render.latex import aligned, equation_latex
from chainrule.render.letters import LetterSizes
from chainrule.render.text import entry_text, equation_text, expression_text
from chainrule.system.printed import (
    PrintedDeclaration,
    PrintedEquation,
    PrintedFunction,
    PrintedGiven,
    PrintedSystem,
)
from chainrule.system.size_lines import size_lines, size_lines_latex

WIDTH = 100
"""Declarations of one role are put together on lines up to this length."""


@no_garbage()
def system_text(system: PrintedSystem, *, unicode: bool = True) -> str:
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


def system_latex(system: PrintedSystem, only: Sequence[PrintedEquation] | None = None) -> str:
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
    lines = [*size_lines_latex(said_in(system, only), system.derived, ranks, declared), *lines]
    return aligned(lines)


def index_names(system: PrintedSystem) -> tuple[frozenset[str], Mapping[str, Size]]:
    """Return the names that no index may be printed as, and the declared letters with their extents.

    Printers of a single equation of the system pass them on as `taken` and `declared`.
    """
    letters: dict[str, Size] = {}
    for index in (*(i for d in system.declarations for i in d.indices), *system.indices):
        letters.setdefault(index.name, index.extent)
    if system.batch:
        letters.setdefault(system.batch, Declared(system.batch))
    for index in system.said:
        letters[index.name] = index.extent
    said = frozenset(index.name for index in system.said)
    names = frozenset((*system.names(), *(f.name for f in system.functions)))
    return names, LetterSizes(letters, said, ranks_of(system))


def said_in(system: PrintedSystem, equations: Sequence[PrintedEquation] | None) -> list[Index]:
    """Return the letters whose sizes are said, of those that equations have in them, or of the whole system."""
    if equations is None or not system.said:
        return list(system.said)
    parts = [part for e in equations for part in walk(e.value)]
    bound = {i.extent for part in parts if isinstance(part, Reduce) for i in part.indices}
    free = {i.extent for e in equations for i in e.target.indices if isinstance(i, Index)}
    sizes = bound | free | {part.extent for part in parts if isinstance(part, ExtentValue)}
    return [index for index in system.said if index.extent in sizes]


def ranks_of(system: PrintedSystem) -> dict[str, int]:
    """Return the ranks of the tensors of a system."""
    return {name: len(system.axes(name)) for name in system.names()}


class _Printer:
    """Writes the statements of one system."""

    def __init__(self, system: PrintedSystem, unicode: bool) -> None:
        self.system = system
        self.unicode = unicode
        self.taken, self.declared = index_names(system)
        self.ranks = ranks_of(system)

    def statements(self) -> list[str]:
        """Return all lines before the equations."""
        system = self.system
        written = [declaration for declaration in system.declarations if not declaration.implied]
        lines = [line for key, group in groupby(written, _kind) for line in self._declared(key, group)]
        lines += [self._function(function) for function in system.functions]
        lines += [self._given(given) for given in system.givens]
        if system.batch:
            lines.append(f"batch {system.batch}")
        sized = [index for index in system.indices if index.extent in system.size]
        numbers = ", ".join(f"{index.name} = {system.size[index.extent]}" for index in sized)
        lines += [f"index {numbers}"] if sized else []
        lines += size_lines(system.said, system.derived, self.ranks, unicode=self.unicode)
        return lines

    def equations(self) -> list[str]:
        """Return the lines of the equations; a cost per sample, C[n], is no cost to the parser but an equation."""
        targets = [(e.target.tensor, e.target.indices) for e in self.system.equations]
        words = ["cost " if target == (self.system.cost, ()) else "" for target in targets]
        return [word + self._equation(e) for word, e in zip(words, self.system.equations, strict=True)]

    def updates(self) -> list[str]:
        """Return the lines of the updates."""
        return [f"update {self._equation(update)}" for update in self.system.updates]

    def _declared(self, kind: str, group: Iterable[PrintedDeclaration]) -> Iterator[str]:
        if kind == "abstract":
            for declaration in group:
                word = "cost" if declaration.tensor == self.system.cost else "abstract"
                arguments = ", ".join(entry_text(a.tensor, a.indices) for a in declaration.arguments)
                yield f"{word} {entry_text(declaration.tensor, declaration.indices)}({arguments})"
            return
        line = ""
        for declaration in group:
            written = self._declaration(declaration)
            if line and len(line) + len(written) + 2 > WIDTH:
                yield line
                line = ""
            line = f"{line}, {written}" if line else f"{kind} {written}"
        yield line

    def _declaration(self, declaration: PrintedDeclaration) -> str:
        entry = entry_text(declaration.tensor, declaration.indices)
        if declaration.values is not None:
            return f"{entry} : int({declaration.values.name})"
        return entry if declaration.value is None else f"{entry} = {self._expression(declaration.value)}"

    def _function(self, function: PrintedFunction) -> str:
        head = f"{function.name}({', '.join(function.parameters)})"
        return f"abstract {head}" if function.body is None else f"def {head} = {self._expression(function.body)}"

    def _given(self, given: PrintedGiven) -> str:
        return f"given {self._expression(given.condition)}"

    def _equation(self, equation: PrintedEquation) -> str:
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


def _kind(declaration: PrintedDeclaration) -> str:
    return declaration.role
