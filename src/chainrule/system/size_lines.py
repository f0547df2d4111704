"""The lines of text that say sizes: `index t = floor((extent(x) - 1)/2) + 1`, and the same in LaTeX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from chainrule.expr.linear import LinearForm
from chainrule.expr.nodes import Call, Expr, ExtentValue, Index, number, over, plus, times, walk
from chainrule.expr.sizes import Axis, Declared, Formula, Limit, Literal, Size, StepSpan, Uninferred
from chainrule.render.latex import equation_latex, expression_latex
from chainrule.render.names import latex_name
from chainrule.render.text import expression_text
from chainrule.system.derived import DerivedExtent


def size_lines(
    said: Sequence[Index], derived: Sequence[DerivedExtent], ranks: Mapping[str, int], *, unicode: bool = True
) -> list[str]:
    """Return a line for each index whose size is said. `derived` tells axes that follow from others.

    >>> x = Axis("x", 0)
    >>> size_lines([Index("t", Formula((Limit(LinearForm({x: 1}, -1), 2),)))], (), {"x": 1}, unicode=False)
    ['index t = floor((extent(x) - 1)/2) + 1']
    """
    values = said_values(said, derived, ranks)
    return [f"index {letter} = {expression_text(value, unicode=unicode)}" for letter, value in values]


def size_lines_latex(
    said: Sequence[Index], derived: Sequence[DerivedExtent], ranks: Mapping[str, int], letters: Mapping[str, Size]
) -> list[str]:
    """Return these lines as LaTeX, where an axis is named by the letter that labels it: T = ⌊(P − 1)/2⌋ + 1.

    A last line says what stands for which extent, in the words of the text.
    """
    axes = {size: letter for letter, size in letters.items() if not any(i.name == letter for i in said)}
    named = _Values(said, derived, ranks, axes)
    sides = [(ExtentValue(i.extent, i.name), named.of(i.extent)) for i in said]
    parts = [part for own, value in sides for part in (own, *walk(value)) if isinstance(part, ExtentValue)]
    lines = [equation_latex(own, value, ranks=ranks, sign="&=") for own, value in sides]
    first, *others = [_meaning(part, ranks) for part in {p.letter: p for p in parts}.values()] or [("", "")]
    meant = r",\quad ".join((" &= ".join(first), *map(" = ".join, others)))
    return [*lines, meant] if said else []


def _meaning(size: ExtentValue, ranks: Mapping[str, int]) -> tuple[str, str]:
    """Return what stands for an extent in LaTeX, and the extent as text names it."""
    name, comma, axis = size.letter.partition(",")
    return expression_latex(size, ranks=ranks), rf"\operatorname{{extent}}({latex_name(name).plain}{comma}{axis})"


def said_values(
    said: Sequence[Index], derived: Sequence[DerivedExtent], ranks: Mapping[str, int]
) -> list[tuple[str, Expr]]:
    """Return the letters that are said with their sizes as expressions."""
    values = _Values(said, derived, ranks)
    return [(index.name, values.of(index.extent)) for index in said]


class _Values:
    """Sizes as expressions."""

    def __init__(
        self,
        said: Sequence[Index],
        derived: Sequence[DerivedExtent],
        ranks: Mapping[str, int],
        axes: Mapping[Size, str] | None = None,
    ) -> None:
        self._axes = axes or {}
        self._letters = {i.extent: i.name for i in reversed(said)}
        self._limits = {one.extent: one.limits for one in derived if not one.given}
        self._ranks = ranks

    def of(self, size: Size) -> Expr:
        """Return a size as the line of its own letter says it."""
        limits = size.limits if isinstance(size, Formula) else self._limits.get(size, ())
        if not limits:
            return self._extent(size)
        if len(limits) == 1:
            return self._limit(limits[0])
        return Call("minimum", tuple(self._limit(limit) for limit in limits))

    def _limit(self, limit: Limit) -> Expr:
        if not limit.linear.terms:
            return Call("floor", (number(limit.linear.constant // limit.divisor + 1),))
        if limit.divisor == 1:
            return self._linear(limit.linear.plus(1))
        return plus(Call("floor", (over(self._linear(limit.linear), number(limit.divisor)),)), number(1))

    def _linear(self, linear: LinearForm[Size, int]) -> Expr:
        terms = sorted(linear.terms.items(), key=lambda term: term[1] < 0)
        parts = [times(*([number(c)] if c != 1 else []), self._extent(size)) for size, c in terms]
        return plus(*parts, *([number(linear.constant)] if linear.constant else []))

    def _extent(self, size: Size) -> Expr:
        match size:
            case Axis() if size in self._axes:
                return ExtentValue(size, self._axes[size])
            case Axis(tensor, axis):
                return ExtentValue(size, tensor if self._ranks.get(tensor) == 1 else f"{tensor}, {axis}")
            case Declared(letter):
                return ExtentValue(size, letter)
            case Formula():
                return ExtentValue(size, self._letters[size])
            case Literal(count):
                return number(count)
            case Uninferred() | StepSpan():
                raise AssertionError("what is printed is inferred")
            case _:
                assert_never(size)
