"""Equations in matrix form, a line each; what has none is shown in index notation, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from chainrule.expr.binding import own_indices
from chainrule.expr.nodes import Expr, ExtentValue, Reduce, walk
from chainrule.expr.sizes import Size
from chainrule.expr.symbols import Symbol
from chainrule.matrix.characters import MatrixStyle, write_matrix
from chainrule.matrix.forming import Former
from chainrule.matrix.matrix_names import MatrixNames
from chainrule.matrix.matrix_styles import LATEX_MATRIX, TEXT_MATRIX
from chainrule.matrix.operations import MatrixNode
from chainrule.matrix.oriented import NoMatrixForm
from chainrule.render.arrange import known_ranks
from chainrule.render.formula import ShownFormula, equal, lettered_formula
from chainrule.render.in_notebooks import ShownAsText, displayed
from chainrule.render.latex import aligned
from chainrule.render.letters import with_letters


@dataclass(frozen=True, repr=False)
class MatrixLine(ShownAsText):
    """An equation in matrix form, its `target` and its `value`; both are None where there is none, for a `reason`.

    `index` is the same equation in index notation. `steps` say, in text and in LaTeX, for which steps of a family it
    holds.
    """

    index: ShownFormula = field(compare=False)
    target: MatrixNode | None = None
    value: MatrixNode | None = None
    reason: str = ""
    steps: tuple[str, str] = ("", "")

    def written(self, style: MatrixStyle, sign: str = " = ") -> str:
        """Return the equation in a style; "" where it has no matrix form."""
        if self.target is None or self.value is None:
            return ""
        return f"{write_matrix(self.target, style)}{sign}{write_matrix(self.value, style)}"

    def __str__(self) -> str:
        shown = (self.written(TEXT_MATRIX) or str(self.index)) + self.steps[0]
        return f"{shown}\n    no matrix form: {self.reason}" if self.reason else shown

    def __repr__(self) -> str:
        return str(self)

    def latex(self, sign: str = "=") -> str:
        """Return the equation as LaTeX for mathematics mode; without a matrix form a comment above it says why."""
        shown = (self.written(LATEX_MATRIX, f" {sign} ") or self.index.latex(sign)) + self.steps[1]
        return f"% no matrix form: {self.reason}\n{shown}" if self.reason else shown

    def mathml(self) -> str:
        """Return the equation as an element `math`, with its LaTeX as annotation."""
        from chainrule.matrix.matrix_mathml import MATHML_MATRIX, matrix_math
        from chainrule.render.mathml_formula import formula_mathml

        inner = self.written(MATHML_MATRIX, "<mo>=</mo>")
        if not inner:
            return formula_mathml(self.index, display=True)
        return matrix_math(inner, self.steps[0].strip(), self.latex(), str(self))

    def _repr_kinds_(self) -> dict[str, Callable[[], str]]:
        latex = partial(displayed, self.latex())
        return {**super()._repr_kinds_(), "text/html": self.mathml, "text/latex": latex}


@dataclass(frozen=True, repr=False)
class MatrixForms(ShownAsText):
    """Equations in matrix form, in the order in which they can be computed, and what tensors are called in them."""

    lines: tuple[MatrixLine, ...]
    names: MatrixNames = field(default=MatrixNames(), compare=False)

    def __iter__(self) -> Iterator[MatrixLine]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __str__(self) -> str:
        return "\n".join(map(str, self.lines))

    def __repr__(self) -> str:
        return str(self)

    def mathml(self) -> str:
        """Return all equations, an element `math` for each."""
        return "\n".join(line.mathml() for line in self.lines)

    def latex(self) -> str:
        """Return all equations as an `aligned` environment."""
        return aligned(line.latex("&=") for line in self.lines)

    def _repr_kinds_(self) -> dict[str, Callable[[], str]]:
        latex = partial(displayed, self.latex())
        return {**super()._repr_kinds_(), "text/html": self.mathml, "text/latex": latex}


def matrix_line(
    target: Expr,
    value: Expr,
    names: MatrixNames,
    *,
    declared: Mapping[str, Size] | None = None,
    symmetric: frozenset[Symbol] = frozenset(),
) -> MatrixLine:
    r"""Return `target = value` in matrix form, the rows of the target first.

    >>> from chainrule.expr.binding import reduce_over
    >>> from chainrule.expr.nodes import Index, Indexed, times
    >>> j, k = Index("j"), Index("k")
    >>> total = reduce_over("sum", [k], times(Indexed("W", (k, j)), Indexed("d", (k,))))
    >>> line = matrix_line(Indexed("u", (j,)), total, MatrixNames())
    >>> print(line, line.latex(), sep=", ")
    u = Wᵀ d, u = W^{\top} d
    """
    left, right = with_letters(target, value, taken=names.taken, declared=declared)
    known = known_ranks((left, right), names.ranks)
    index = replace(equal(*(lettered_formula(side, known) for side in (left, right))), naming=names.naming)
    former = Former(names, symmetric, _sizes_of_letters(left, right))
    try:
        shape = former.form(left)
        form = former.form(right)
        rows, columns = shape.rows, shape.columns
        if set(form.indices) - set(shape.indices):
            raise NoMatrixForm(f"the value has an index that {index.sides[0]} does not have")
        return MatrixLine(index, shape.node, former.shaped(form, rows, columns))
    except NoMatrixForm as none:
        return MatrixLine(index, reason=none.reason)
    except RecursionError:
        return MatrixLine(index, reason="it is nested too deeply to be searched for one")


def _sizes_of_letters(*sides: Expr) -> dict[str, Size | None]:
    """Return the letters of indices with their sizes, None where indices of several sizes have one letter."""
    parts = [part for side in sides for part in walk(side)]
    found = [i for part in parts if isinstance(part, Reduce) for i in part.indices]
    found += [i for part in parts for i in own_indices(part)]
    pairs = [(i.name, i.extent) for i in found]
    pairs += [(part.letter, part.extent) for part in parts if isinstance(part, ExtentValue)]
    sizes: dict[str, Size | None] = {}
    for letter, size in pairs:
        sizes[letter] = size if sizes.get(letter, size) == size else None
    return sizes
