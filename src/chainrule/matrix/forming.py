"""From an expression in index notation to its matrix form.

An expression with one free index is a vector, one with two a matrix, and what it is made of has forms of its own: those
of a sum or of the arguments of a function are brought to the same rows and columns; those of a product, with the sums
over it, are the matter of `contractions`. What has a third index, a shifted or looked-up position, or an index as a
number, has no matrix form, and the index is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from chainrule.expr.binding import Fresh, open_reduce, position_indices
from chainrule.expr.nodes import (
    MINUS_ONE,
    Affine,
    Bracket,
    Call,
    Comparison,
    Condition,
    Constant,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Lookup,
    MatrixEntry,
    Number,
    Partial,
    Position,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
    number,
    product_factors,
)
from chainrule.expr.sizes import Size, StepSpan, Uninferred
from chainrule.expr.symbols import Symbol
from chainrule.matrix.composing import Transposer, addition, ones_like, opposite, power, root
from chainrule.matrix.contractions import IndexGraph
from chainrule.matrix.matrix_names import MatrixNames
from chainrule.matrix.operations import (
    AllOrAny,
    Amount,
    Choice,
    CountOf,
    DiagonalVector,
    FunctionOf,
    Holds,
    IdentityMatrix,
    Indicator,
    InverseOf,
    KnownConstant,
    MatrixNode,
    NumberedPart,
    Opposite,
    SummaryOf,
    SumOverSteps,
    UnitVector,
)
from chainrule.matrix.oriented import Aligner, NoMatrixForm, Oriented, named
from chainrule.render.text import expression_text

SUMS = ("sum", "mean")
MOST_TERMS = 100
"""No more terms than these are multiplied out in search of a form for one equation."""


class Former:
    """Finds the matrix forms of the parts of one equation.

    `letters` are those of its indices, each with the size of all indices that have it, None where sizes differ.
    """

    def __init__(
        self,
        names: MatrixNames,
        symmetric: frozenset[Symbol] = frozenset(),
        letters: Mapping[str, Size | None] | None = None,
    ) -> None:
        self.names = names
        self.align = Aligner(Transposer(symmetric))
        self.fresh = Fresh()
        self._letters = letters or {}
        self._left = MOST_TERMS

    def form(self, expr: Expr) -> Oriented:  # noqa: C901 -- one match over the nodes
        """Return the form of an expression. Raises NoMatrixForm."""
        match expr:
            case Number(value):
                return Oriented(opposite(Amount(-value)) if value < 0 else Amount(value))
            case Constant(name):
                return Oriented(KnownConstant(name))
            case ExtentValue(extent, letter):
                return Oriented(self._count(letter, extent))
            case IndexValue(Index() as step) if step.preferred in self.names.steps:
                return Oriented(KnownConstant(step.preferred))
            case IndexValue(position):
                raise NoMatrixForm(f"{_named_in(position)} {_stand(position)} in it as {_numbers(position)}")
            case Indexed(tensor, positions):
                return self._entry(expr, self.names.of(tensor, len(positions)), turned=self.names.turned(tensor))
            case Partial():
                return self._unknown(expr)
            case MatrixEntry():
                return self._of_matrix(expr)
            case Sum(terms):
                nodes, rows, columns = self.align.together([self.form(term) for term in terms])
                return Oriented(addition(nodes), rows, columns)
            case Reduce("sum", (step,), body) if self._is_step(step):
                inner = self.form(body)
                return Oriented(_over_steps(step, inner.node), inner.rows, inner.columns)
            case Product() | Reduce("sum" | "mean"):
                return self._product(expr)
            case Power(base, exponent):
                return self._power(base, exponent)
            case Call(function, arguments, order):
                return self._call(function, arguments, order)
            case Reduce(op):
                return self._extreme(op, expr)
            case Bracket(Comparison("=", IndexValue() | Number(), IndexValue() | Number()) as equal):
                return self._delta(*map(_place, (equal.left, equal.right)))
            case Bracket(condition):
                nodes, rows, columns = self._conditions((condition,), ())
                return Oriented(Indicator(nodes[0]), rows, columns)
            case Select(condition, then, otherwise):
                nodes, rows, columns = self._conditions((condition,), (then, otherwise))
                return Oriented(Choice(*nodes), rows, columns)
            case _:
                assert_never(expr)

    def shaped(self, form: Oriented, rows: Index | None, columns: Index | None) -> MatrixNode:
        """Return a form with the rows and columns of a target, the same along those that it does not have."""
        axes = len([index for index in (rows, columns) if index is not None])
        if not axes or set(form.indices) == {rows, columns} - {None}:
            return self._of_target(form, rows, columns)
        if not form.indices:
            return ones_like(form.node, axes)
        return self.align.spread(form, rows, columns)

    def _of_target(self, form: Oriented, rows: Index | None, columns: Index | None) -> MatrixNode:
        if rows is None and columns is not None:
            return self.align.transposed(self.align.column(form))
        crossed = len(form.indices) == 2 and (form.rows, form.columns) != (rows, columns)
        return self.align.transposed.term_by_term(form.node) if crossed else self.align.spread(form, rows, columns)

    def _entry(self, entry: Indexed, node: MatrixNode, *, turned: bool, shown: Expr | None = None) -> Oriented:
        """Return a tensor by its entry; one that is `turned` has its axes in the other order."""
        positions = entry.indices
        indices = [position for position in positions if isinstance(position, Index)]
        numbers = [p.constant if isinstance(p, Affine) and not p.terms else None for p in positions]
        numbered = len(indices) + len([n for n in numbers if n is not None])
        if entry.guarded or numbered < len(positions) or (turned and len(indices) < len(positions)):
            raise NoMatrixForm(_why_no_axis(entry))
        if len(indices) < len(positions):
            node = NumberedPart(node, tuple(numbers))
        if len(indices) > 2:
            raise NoMatrixForm(f"{_text(shown or entry)} has {len(indices)} indices, {named(indices)}")
        if len(indices) == 2 and indices[0] == indices[1]:
            return Oriented(DiagonalVector(node), indices[0])
        rows, columns = [*indices, None, None][:2]
        return Oriented(node, columns, rows) if turned else Oriented(node, rows, columns)

    def _count(self, letter: str, extent: Size) -> CountOf:
        """Return the number of values of an index, by a letter that stands for no other size in the equation."""
        known = [letter, *(other for other, size in self._letters.items() if size == extent)]
        fitting = next((one for one in known if self._letters.get(one, extent) == extent), None)
        if fitting is None:
            raise NoMatrixForm(f"{letter} stands for indices of several sizes, so that their number has no letter")
        return self.names.count(fitting)

    def _unknown(self, slope: Partial) -> Oriented:
        """Return the derivative of an unknown function; that of each sample's cost by what the sample has is a row."""
        of, by = slope.of, slope.wrt
        first = of.indices
        if len(first) == 1 and len(by) == 1 and by[0].tensor in self.names.stacked and by[0].indices[0] == first[0]:
            first = ()
        positions = (*first, *(p for one in by for p in one.indices))
        node = self.names.unknown(of.tensor, tuple(one.tensor for one in by), scalar=not first)
        turned = len(by) == 1 and first == of.indices and self.names.lies(len(first))
        return self._entry(Indexed(of.tensor, positions), node, turned=turned, shown=slope)

    def _delta(self, left: Position | None, right: Position | None) -> Oriented:
        """Return Kronecker's delta: the identity, or the vector with a 1 at a place."""
        match left, right:
            case Index(), Index() if "I" in self.names.taken:
                raise NoMatrixForm(f"I is a tensor here, so that [{left.preferred} = {right.preferred}] has no letter")
            case Index(), Index():
                if left.extent != right.extent:
                    raise NoMatrixForm(f"{left.preferred} and {right.preferred} are compared, and their ranges differ")
                return Oriented(IdentityMatrix(left.extent), left, right)
            case (Index() as index, Affine((), place)) | (Affine((), place), Index() as index):
                return Oriented(UnitVector(place, index.extent), index)
            case (Index() as index, Lookup(entry)) | (Lookup(entry), Index() as index) if not entry.indices:
                return Oriented(UnitVector(entry.tensor, index.extent), index)
            case _:
                sides = [side for side in (left, right) if side is not None]
                raise NoMatrixForm(f"{_named_in(*sides)} {_stand(*sides)} in it, compared as numbers")

    def _of_matrix(self, entry: MatrixEntry) -> Oriented:
        if entry.samples:
            raise NoMatrixForm(f"{_named_in(*entry.samples)} numbers matrices: {_text(entry)} has three indices")
        inner = self.names.of(entry.tensor, 2)
        if entry.function == "det":
            return Oriented(SummaryOf("det", inner))
        return self._entry(Indexed(entry.tensor, entry.indices), InverseOf(inner), turned=False, shown=entry)

    def _product(self, expr: Expr) -> Oriented:
        """Return the form of a product, or of sums over one."""
        level = self.fresh.level
        try:
            bound, factors, means = self._opened(expr)
            return self._contracted(bound, (*factors, *means))
        finally:
            self.fresh.level = level

    def _is_step(self, index: Index) -> bool:
        """Say whether a sum over an index goes over the steps of a family: it labels no axis."""
        unsized = isinstance(index.extent, Uninferred) and index.preferred in self.names.steps
        return unsized or isinstance(index.extent, StepSpan)

    def _opened(self, expr: Expr) -> tuple[list[Index], tuple[Expr, ...], tuple[Expr, ...]]:
        """Return the indices that are summed over, the factors, and what means divide by."""
        bound: list[Index] = []
        means: list[Expr] = []
        while isinstance(expr, Reduce) and expr.op in SUMS and not self._is_step(expr.indices[0]):
            op = expr.op
            indices, expr = open_reduce(expr, self.fresh)
            bound += indices
            means += [Power(ExtentValue(i.extent, i.preferred), MINUS_ONE) for i in indices if op == "mean"]
        return bound, product_factors(expr), tuple(means)

    def _contracted(self, bound: Sequence[Index], factors: Sequence[Expr]) -> Oriented:
        """Return the form of a product of factors with the sums over it."""
        found = IndexGraph(self.align)
        for place, factor in enumerate(factors):
            others = (*factors[:place], *factors[place + 1 :])
            try:
                if isinstance(factor, Power) and isinstance(factor.exponent, Number) and factor.exponent.value < 0:
                    found.divide(self.form(_reciprocal(factor.base, factor.exponent)))
                else:
                    found.multiply(self.form(factor))
            except NoMatrixForm as reason:
                if not reason.crowded or not isinstance(factor, Sum | Reduce):
                    raise
                return self._multiplied_out(bound, others, factor, reason)
        found.sum_over(bound, lambda index: self._count(index.preferred, index.extent))
        return found.form()

    def _multiplied_out(
        self, bound: Sequence[Index], others: Sequence[Expr], crowded: Sum | Reduce, reason: NoMatrixForm
    ) -> Oriented:
        """Return the form of a product with a sum in it that has too many indices for a form of its own."""
        self._left -= len(crowded.terms) if isinstance(crowded, Sum) else 1
        if self._left < 0:
            raise reason
        if isinstance(crowded, Sum):
            forms = [self._contracted(bound, (*others, *product_factors(term))) for term in crowded.terms]
            nodes, rows, columns = self.align.together(forms)
            return Oriented(addition(nodes), rows, columns)
        if crowded.op not in SUMS:
            raise reason
        inner, factors, means = self._opened(crowded)
        return self._contracted((*bound, *inner), (*others, *factors, *means))

    def _power(self, base: Expr, exponent: Expr) -> Oriented:
        if isinstance(exponent, Number) and exponent.value < 0:
            return self._contracted((), (Power(base, exponent),))
        forms = self.form(base), self.form(exponent)
        if not forms[1].indices:
            return Oriented(power(forms[0].node, forms[1].node, whole=not forms[0].indices), *forms[0].axes)
        nodes, rows, columns = self.align.together(forms)
        return Oriented(power(*nodes, whole=False), rows, columns)

    def _call(self, function: str, arguments: Sequence[Expr], order: int) -> Oriented:
        nodes, rows, columns = self.align.together([self.form(argument) for argument in arguments])
        if function == "sqrt" and rows is None:
            return Oriented(root(nodes[0]))
        return Oriented(FunctionOf(function, tuple(nodes), order), rows, columns)

    def _extreme(self, op: str, expr: Reduce) -> Oriented:
        """Return the largest, smallest entry of a vector or a matrix, or the product of all."""
        level = self.fresh.level
        indices, body = open_reduce(expr, self.fresh)
        form = self.form(body)
        self.fresh.level = level
        if not form.indices:
            return form
        if set(form.indices) - set(indices):
            raise NoMatrixForm(f"{op} runs over {named(indices)} alone, along one axis of a matrix")
        return Oriented(SummaryOf(op, self.align.column(form) if len(form.indices) == 1 else form.node))

    def _conditions(
        self, conditions: Sequence[Condition], values: Sequence[Expr]
    ) -> tuple[list[MatrixNode], Index | None, Index | None]:
        """Return conditions and values with the same rows and columns."""
        leaves = [side for condition in conditions for side in _sides(condition)]
        nodes, rows, columns = self.align.together([self.form(one) for one in (*leaves, *values)])
        left = iter(nodes)
        built = [_built(condition, left) for condition in conditions]
        return [*built, *left], rows, columns


def _place(side: Expr) -> Position | None:
    """Return the position that a side of an equation between indices is, None where it is none."""
    match side:
        case IndexValue(position):
            return position
        case Number(value) if value.denominator == 1:
            return Affine((), int(value))
        case _:
            return None


def _over_steps(step: Index, node: MatrixNode) -> MatrixNode:
    """Return a sum over steps, its sign in front."""
    if isinstance(node, Opposite):
        return opposite(_over_steps(step, node.of))
    ends = (step.extent.first, step.extent.last) if isinstance(step.extent, StepSpan) else ()
    return SumOverSteps(step.preferred, ends, node)


def _reciprocal(base: Expr, exponent: Number) -> Expr:
    """Return base^(−exponent)."""
    return base if exponent == MINUS_ONE else Power(base, number(-exponent.value))


def _sides(condition: Condition) -> list[Expr]:
    if isinstance(condition, Comparison):
        return [condition.left, condition.right]
    return [side for part in condition.operands for side in _sides(part)]


def _built(condition: Condition, sides: Iterator[MatrixNode]) -> MatrixNode:
    if isinstance(condition, Comparison):
        return Holds(condition.relation, next(sides), next(sides))
    return AllOrAny(condition.op, tuple(_built(part, sides) for part in condition.operands))


def _why_no_axis(entry: Indexed) -> str:
    """Say which position of an entry no row or column can be labelled by."""
    shown = _text(entry)
    for position in entry.indices:
        match position:
            case Lookup():
                return f"{shown} looks a position up, by {_named_in(position)}"
            case Affine(terms) if terms:
                return f"{_named_in(position)} {_stand(position)} in a shifted position, {shown}"
            case _:
                continue
    if entry.guarded:
        return f"{shown} is 0 outside of its tensor, whatever {_named_in(*entry.indices)} is"
    return f"{shown} is a part of what lies the other way"


def _stand(*positions: Position) -> str:
    """Return the verb for the indices in positions."""
    return "stands" if len({i for position in positions for i in position_indices(position)}) == 1 else "stand"


def _numbers(position: Position) -> str:
    return "a number" if len(position_indices(position)) == 1 else "numbers"


def _named_in(*positions: Position) -> str:
    """Return the letters of the indices in positions."""
    found = dict.fromkeys(index for position in positions for index in position_indices(position))
    return named(found) if found else "a number"


def _text(expr: Expr) -> str:
    return expression_text(expr)
