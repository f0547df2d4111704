"""A formula to be shown: laid out once, written by whoever shows it in the characters that fit there.

A formula is an expression, a condition, or an equation of two sides or more. Its text is the notation.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from chainrule.expr import sizes
from chainrule.expr.nodes import Condition, Expr
from chainrule.expr.symbols import Derivative, Symbol
from chainrule.render.arrange import arrange, known_ranks
from chainrule.render.latex import LATEX
from chainrule.render.layout import Entry, GradientTimes, Layout, Named, Primed, Slope, Terms, Whole
from chainrule.render.letters import with_letters
from chainrule.render.style import Style, write
from chainrule.render.text import UNICODE


class PrintedNames(Protocol):
    """What gives tensors other names in print, see `printed_names`."""

    def renamed(self, layout: Layout, *, latex: bool = False) -> Layout:
        """Return a layout with these names."""

    def below(self, layout: Layout, *, latex: bool = False) -> Layout:
        """Return a layout that keeps its own name, with these names in it."""


@dataclass(frozen=True)
class ShownFormula:
    """An expression, or sides that are equal. `continued` says that the line above ends with what it is equal to.

    With a `naming` tensors have its names. An equation of a derivative that it names begins with that name.
    Between the sides of an update stands another `relation` than =.

    >>> from chainrule.expr.nodes import Index, Indexed
    >>> a, z = (formula(Indexed(name, (Index("k"),))) for name in ("a1", "z1"))
    >>> str(equal(a, z)), equal(a, z).latex(), str(replace(z, continued=True))
    ('a1[k] = z1[k]', 'a^{1}_{k} = z^{1}_{k}', '= z1[k]')
    """

    sides: tuple[Layout, ...]
    continued: bool = False
    naming: PrintedNames | None = None
    relation: str = "="

    def __str__(self) -> str:
        return self.written(UNICODE)

    def latex(self, sign: str = "=") -> str:
        """Return the formula as LaTeX for mathematics mode; `sign` may be `&=` where equations are aligned.

        Of three sides or more only the first two are aligned at it.
        """
        first, *others = self._sides(LATEX)
        meant = sign.replace("=", LATEX.relation(self.relation).strip())
        return " = ".join([f"{first} {meant} {others[0]}".lstrip(), *others[1:]] if others else [first])

    def written(self, style: Style) -> str:
        """Return the formula in a style."""
        return style.relation(self.relation).join(self._sides(style)).lstrip(" ")

    def _sides(self, style: Style) -> list[str]:
        """Return what stands on each side of a sign: nothing on the first of what goes on from the line above."""
        sides = [write(side, style) for side in self.printed(latex=style.holds)]
        return ["", *sides] if self.continued else sides

    def printed(self, *, latex: bool) -> tuple[Layout, ...]:
        """Return the sides with their names; what a derivative is called stands before it."""
        if self.naming is None:
            return self.sides
        first, *others = (self.naming.renamed(side, latex=latex) for side in self.sides)
        derivative = self.sides[0]
        if self.continued or not others or not isinstance(first, Entry) or isinstance(derivative, Entry):
            return (first, *others)
        return (first, self.naming.below(derivative, latex=latex), *others)


def formula(
    expr: Expr | Condition,
    *,
    taken: Collection[str] = (),
    declared: Mapping[str, sizes.Size] | None = None,
    ranks: Mapping[str, int] | None = None,
) -> ShownFormula:
    """Return an expression or a condition laid out; see `expression_text`."""
    (lettered,) = with_letters(expr, taken=taken, declared=declared)
    return lettered_formula(lettered, known_ranks((lettered,), ranks))


def equation_formula(
    target: Expr,
    value: Expr,
    *,
    taken: Collection[str] = (),
    declared: Mapping[str, sizes.Size] | None = None,
    ranks: Mapping[str, int] | None = None,
) -> ShownFormula:
    """Return `target = value` laid out; see `expression_text`."""
    sides = with_letters(target, value, taken=taken, declared=declared)
    known = known_ranks(sides, ranks)
    return equal(*(lettered_formula(side, known) for side in sides))


def lettered_formula(expr: Expr | Condition, ranks: Mapping[str, int]) -> ShownFormula:
    """Return an expression laid out whose indices `with_letters` has named already."""
    return ShownFormula((arrange(expr, ranks),))


def equal(*formulas: ShownFormula) -> ShownFormula:
    """Return formulas as the sides of one equation."""
    return ShownFormula(tuple(side for one in formulas for side in one.sides), formulas[0].continued)


def whole(tensor: Symbol) -> ShownFormula:
    """Return the name of a tensor, without its indices."""
    return ShownFormula((_whole(tensor),))


def _whole(tensor: Symbol) -> Layout:
    if isinstance(tensor, Derivative):
        return Slope(_whole(tensor.of), tuple(map(_whole, tensor.wrt)))
    return Whole(tensor)


def primed(function: str) -> ShownFormula:
    """Return the derivative of a function of one argument, by its name."""
    return ShownFormula((Primed(Named(function)),))


def gradient(tensor: Symbol, between: Symbol, by: ShownFormula) -> ShownFormula:
    """Return the gradient of a tensor times the column of the derivatives of a tensor between: ∇C · ∂a/∂z[j]."""
    return ShownFormula((GradientTimes(tensor, Slope(_whole(between), by.sides)),))


def added(*formulas: ShownFormula) -> ShownFormula:
    """Return the sum of expressions."""
    parts = [one.sides[0] for one in formulas]
    terms = [term for part in parts for term in (part.parts if isinstance(part, Terms) else (part,))]
    return ShownFormula((Terms(tuple(terms)) if len(terms) > 1 else terms[0],))


def continued(one: ShownFormula) -> ShownFormula:
    """Return an expression as the right side of an equation whose left side stands above it."""
    return replace(one, continued=True)
