"""A whole system as a document: what its text says, with formulas laid out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from chainrule.expr.nodes import Call, Condition, Expr, Index, Indexed
from chainrule.render.document import Group, Inline, Line, Node, Words, joined, words
from chainrule.render.document_text import words_text
from chainrule.render.formula import ShownFormula, equal, equation_formula, formula
from chainrule.render.layout import Letter
from chainrule.system.printed import (
    PrintedDeclaration,
    PrintedEquation,
    PrintedFunction,
    PrintedSystem,
)
from chainrule.system.printing import WIDTH, index_names, ranks_of, said_in
from chainrule.system.size_lines import said_values


def system_document(system: PrintedSystem) -> Group:
    """Return the system as a document: its declarations, its equations, its updates.

    >>> from chainrule.expr.nodes import Call, Index, Indexed
    >>> from chainrule.render.document_text import document_text
    >>> from chainrule.system.model import Declaration, Equation, System
    >>> j = Index("j")
    >>> z = Declaration("param", "z", (j,))
    >>> a = Equation(Indexed("a", (j,)), Call("sigmoid", (Indexed("z", (j,)),)))
    >>> print(document_text(system_document(System((z,), equations=(a,)))))
    param z[j]
    <BLANKLINE>
    a[j] = sigmoid(z[j])
    """
    writer = _StatementLines(system)
    blocks = (
        Group(tuple(writer.statements()), role="declarations"),
        Group(tuple(writer.equations(system.equations)), role="equations", apart=True),
        Group(tuple(writer.updates()), role="equations", apart=True),
    )
    return Group(tuple(block for block in blocks if block.nodes), role="system")


def equations_document(system: PrintedSystem, equations: Sequence[PrintedEquation]) -> Group:
    """Return equations of a system as a document, a formula each, below the lines that say their sizes."""
    writer = _StatementLines(system)
    ranks = ranks_of(system)
    said = said_values(said_in(system, equations), system.derived, ranks)
    lines = (Line(words("index ", _defined(letter, formula(value, ranks=ranks)))) for letter, value in said)
    return Group((*lines, *map(writer.equation, equations)), role="equations")


def entry_formula(tensor: str, indices: Sequence[Index]) -> ShownFormula:
    """Return an entry of a tensor laid out."""
    return formula(Indexed(tensor, tuple(indices)))


def declared_as(word: str, declaration: PrintedDeclaration) -> Line:
    """Return the line of an unknown function: abstract a[k](z[j])."""
    arguments = tuple(entry_formula(a.tensor, a.indices) for a in declaration.arguments)  # type: ignore[arg-type]
    head = entry_formula(declaration.tensor, declaration.indices)
    return Line(words(f"{word} ", head, "(", joined(arguments, ", "), ")"))


class _StatementLines:
    """Writes the statements of one system."""

    def __init__(self, system: PrintedSystem) -> None:
        self.system = system
        self.taken, self.declared = index_names(system)
        self.ranks = ranks_of(system)

    def statements(self) -> Iterator[Line]:
        """Yield all lines before the equations."""
        system = self.system
        written = [declaration for declaration in system.declarations if not declaration.implied]
        for role, group in groupby(written, key=lambda declaration: declaration.role):
            yield from self._declared(role, tuple(group))
        yield from map(self._function, system.functions)
        for given in system.givens:
            yield Line(words("given ", self._formula(given.condition)))
        if system.batch:
            yield Line(words("batch ", _letter(system.batch)))
        sized = [i for i in system.indices if i.extent in system.size]
        if sized:
            each = tuple(words(_letter(i.name), f" = {system.size[i.extent]}") for i in sized)
            yield Line(words("index ", joined(each, ", ")))
        for letter, value in said_values(system.said, system.derived, self.ranks):
            yield Line(words("index ", _defined(letter, formula(value, ranks=self.ranks))))

    def equations(self, equations: Sequence[PrintedEquation]) -> Iterator[Node]:
        """Yield equations, the cost by that word."""
        for equation in equations:
            is_cost = (equation.target.tensor, equation.target.indices) == (self.system.cost, ())
            shown = self.equation(equation)
            yield Line(words("cost ", shown)) if is_cost else shown

    def updates(self) -> Iterator[Line]:
        """Yield the updates."""
        for update in self.system.updates:
            yield Line(words("update ", self.equation(update)))

    def equation(self, equation: PrintedEquation) -> ShownFormula:
        """Return an equation laid out."""
        return equation_formula(
            equation.target, equation.value, taken=self.taken, declared=self.declared, ranks=self.ranks
        )

    def _declared(self, role: str, group: Sequence[PrintedDeclaration]) -> Iterator[Line]:
        if role == "abstract":
            for one in group:
                yield declared_as("cost" if one.tensor == self.system.cost else "abstract", one)
            return
        line: Words = ()
        for one in group:
            written = words(*self._declaration(one))
            if line and len(words_text(line)) + len(words_text(written)) + 2 > WIDTH:
                yield Line(line)
                line = ()
            line = words(line, ", ", written) if line else words(f"{role} ", written)
        yield Line(line)

    def _declaration(self, declaration: PrintedDeclaration) -> Iterator[Inline]:
        entry = entry_formula(declaration.tensor, declaration.indices)
        if declaration.value is None:
            yield entry
        else:
            yield equal(entry, self._formula(declaration.value))
        if declaration.values is not None:
            yield from (" : int(", _letter(declaration.values.name), ")")

    def _function(self, function: PrintedFunction) -> Line:
        call = Call(function.name, tuple(map(Indexed, function.parameters)))
        if function.body is None:
            return Line(words("abstract ", self._formula(call)))
        return Line(words("def ", equation_formula(call, function.body, taken=self.taken, declared=self.declared)))

    def _formula(self, expr: Expr | Condition) -> ShownFormula:
        return formula(expr, taken=self.taken, declared=self.declared, ranks=self.ranks)


def _letter(name: str) -> ShownFormula:
    return ShownFormula((Letter(name),))


def _defined(letter: str, value: ShownFormula) -> ShownFormula:
    return equal(_letter(letter), value)
