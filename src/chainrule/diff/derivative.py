"""The derivative of one expression by one entry of a tensor, as calculus writes it, nothing simplified.

Each node has its rule: sums term by term, products factor by factor, the chain rule for calls, reductions under their
sign, and at the bottom ∂v[i]/∂v[j] = [i = j], a Kronecker delta per axis. The laws used are noted, for the derivation.
What has no rule raises; nothing is silently zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import assert_never

from chainrule.diff.powers import by_base, by_exponent, refuse_tower
from chainrule.diff.scalars import rectified, scalar_derivative, statement
from chainrule.errors import DerivativeError
from chainrule.expr.binding import Fresh, open_reduce, reduce_over, rename_indices, tensors_in
from chainrule.expr.extrema import taken_of
from chainrule.expr.functions import DRAWN, FUNCTIONS, HOLDING
from chainrule.expr.nodes import (
    MINUS_ONE,
    ONE,
    ZERO,
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
    Logic,
    MatrixEntry,
    Number,
    Partial,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
    delta,
    number,
    over,
    plus,
    times,
    walk,
)
from chainrule.expr.symbols import Symbol, Tensor
from chainrule.render.document import Words, words
from chainrule.render.formula import formula, primed, whole
from chainrule.render.text import expression_text
from chainrule.system.drawn import drawn_in
from chainrule.system.model import FunctionDefinition
from chainrule.system.user_functions import put_arguments

TERM_BY_TERM = "a sum is differentiated term by term"
PRODUCT_RULE = "product rule", "`(u·v)' = u'·v + u·v'`"
QUOTIENT_RULE = "quotient rule", "`(u/v)' = (u'·v − u·v')/v^2`"
POWER_RULE = "power rule", "`(u^n)' = n·u^(n−1)·u'`"
RECIPROCAL_RULE = "reciprocal", "`(1/u)' = −u'/u^2`"


@dataclass
class Differentiator:
    """Differentiates by the entry `wrt`. `own` is the entry whose equation is differentiated, for max and min.

    `functions` are those that the system defines, `unknown` the arguments of each unknown function of tensors, `consts`
    those with a value; `notes` collects the laws used, with their names, in order, and `first_delta` is the first entry
    that became Kronecker deltas.
    """

    wrt: Indexed
    change: Symbol | None = None
    own: Indexed | None = None
    functions: Mapping[str, FunctionDefinition] = field(default_factory=dict)
    unknown: Mapping[Symbol, tuple[Symbol, ...]] = field(default_factory=dict)
    consts: Mapping[str, Fraction] = field(default_factory=dict)
    fresh: Fresh = field(default_factory=Fresh)
    notes: dict[tuple[str, str | Words], None] = field(default_factory=dict)
    first_delta: Partial | None = None

    @property
    def delta_law(self) -> tuple[str, Words] | None:
        """The law of the Kronecker deltas, None if there are none."""
        if self.first_delta is None:
            return None
        return "Kronecker delta", words(formula(self.first_delta), " is 1 for the same entry and 0 for any other")

    def of(self, expr: Expr) -> Expr:  # noqa: C901 -- one match over the nodes
        """Return ∂expr/∂wrt; 0 where the tensor does not occur."""
        if not self.depends(expr):
            return ZERO
        match expr:
            case Number() | Constant() | ExtentValue() | IndexValue():
                return ZERO
            case Indexed():
                return self._entry(expr)
            case Sum(terms):
                self._note("sum rule", TERM_BY_TERM)
                return plus(*(d for d in map(self.operand, terms) if d != ZERO))
            case Product(factors):
                return self._product(factors)
            case Power(base, exponent):
                return self._power(base, exponent)
            case Call():
                return self._call(expr)
            case Reduce():
                return self._reduce(expr)
            case Bracket():
                self._note("bracket", "a bracket is constant but for jumps: its derivative is 0 by convention")
                return ZERO
            case Select(condition, then, otherwise):
                self._note("choice", "each branch is differentiated")
                return Select(condition, self.operand(then), self.operand(otherwise))
            case MatrixEntry():
                return self._matrix(expr)
            case Partial():
                return self._partial(expr)
            case _:
                assert_never(expr)

    def operand(self, expr: Expr) -> Expr:
        """Return the derivative of what stands in the expression that is differentiated."""
        return self.of(expr)

    def factor(self, expr: Expr, *, quotient: bool) -> Expr:
        """Return the derivative of a factor; in a `quotient` it may be what the others are divided by."""
        return self.operand(expr)

    def depends(self, expr: Expr) -> bool:
        """Say whether the tensor occurs, as an argument of an unknown function whose derivative occurs too."""
        if self.wrt.tensor in tensors_in(expr):
            return True
        named = (part.of.tensor for part in walk(expr) if isinstance(part, Partial)) if self.unknown else ()
        return any(self.wrt.tensor in self.unknown.get(name, ()) for name in named)

    def _partial(self, partial: Partial) -> Expr:
        """∂/∂v of ∂f/∂u is ∂²f/∂u∂v for an argument v of the unknown f; which comes first does not matter (Schwarz)."""
        if partial.of.tensor not in self.unknown:
            raise DerivativeError(
                f"no rule for the derivative of {expression_text(partial)}",
                expected="a derivative of an unknown function of tensors, whose arguments are declared",
                advice=f"Declare it: abstract {partial.of.tensor}(…), or give it an equation.",
            )
        arguments = self.unknown[partial.of.tensor]
        if self.wrt.tensor not in arguments:
            return ZERO
        self._note("unknown function", words("the derivative of ", whole(partial.of.tensor), " is unknown, too"))
        by = sorted((*partial.wrt, self.wrt), key=lambda entry: arguments.index(entry.tensor))
        return self._along(Partial(partial.of, tuple(by)))

    def _note(self, rule: str, law: str | Words) -> None:
        self.notes[rule, law] = None

    def _entry(self, entry: Indexed) -> Expr:
        if entry.tensor != self.wrt.tensor:
            reads = " only says where to read: its derivative is 0 by convention"
            self._note("lookup", words(whole(self.wrt.tensor), reads))
            return ZERO
        if self.change is not None:
            return Indexed(self.change, entry.indices, entry.guarded)
        deltas = []
        for mine, other in zip(entry.indices, self.wrt.indices, strict=True):
            assert isinstance(other, Index)
            if isinstance(mine, Affine) and not mine.terms:
                deltas.append(Bracket(Comparison("=", IndexValue(other), number(mine.constant))))
            else:
                deltas.append(delta(mine, other))
        if deltas and self.first_delta is None:
            self.first_delta = Partial(entry, (self.wrt,))
        return times(*deltas) if deltas else ONE

    def _matrix(self, entry: MatrixEntry) -> Expr:
        """∂det(X)/∂X[i,j] = det(X)·inv(X)[j,i]; ∂inv(X)[k,l]/∂X[i,j] = −inv(X)[k,i]·inv(X)[j,l]."""
        *_, row, column = self.wrt.indices
        if entry.function == "det":
            self._note("derivative of det", "`∂det(X)/∂X[i,j] = det(X)·inv(X)[j,i]`")
            return self._along(times(entry, MatrixEntry("inv", entry.tensor, (column, row))))
        self._note("derivative of inv", "`∂inv(X)[k,m]/∂X[i,j] = −inv(X)[k,i]·inv(X)[j,m]`")
        first, last = entry.indices
        left, right = (first, row), (column, last)
        return self._along(times(MINUS_ONE, *(MatrixEntry("inv", entry.tensor, places) for places in (left, right))))

    def _along(self, by_entry: Expr) -> Expr:
        """Return a derivative by one entry; where a change is asked for, Σ_m of it times that of each entry."""
        if self.change is None:
            return by_entry
        indices = tuple(i for i in self.wrt.indices if isinstance(i, Index))
        return reduce_over("sum", indices, times(by_entry, Indexed(self.change, indices)))

    def _product(self, factors: tuple[Expr, ...]) -> Expr:
        depending = [n for n, f in enumerate(factors) if self.depends(f)]
        quotient = len(depending) > 1 and any(_is_inverse(factors[n]) for n in depending)
        if len(depending) > 1:
            self._note(*(QUOTIENT_RULE if quotient else PRODUCT_RULE))
        for function in dict.fromkeys(name for f in factors for name in drawn_in(f)):
            self._note(f"derivative of {function}", statement(function))
        terms = []
        for n in depending:
            inner = self.factor(factors[n], quotient=quotient)
            if inner != ZERO:
                terms.append(times(*factors[:n], inner, *factors[n + 1 :]))
        return plus(*terms)

    def _power(self, base: Expr, exponent: Expr) -> Expr:
        terms = []
        if self.depends(base):
            if isinstance(exponent, Number):
                self._note(*(RECIPROCAL_RULE if exponent.value == -1 else POWER_RULE))
                lower = exponent.value - 1
                outer = base if lower == 1 else Power(base, Number(lower))
                terms.append(times(exponent, outer, self.operand(base)))
            else:
                outer, rule = by_base(base, exponent, self.consts)
                self._note("power rule", rule)
                terms.append(times(outer, self.operand(base)))
        if self.depends(exponent):
            refuse_tower(Power(base, exponent))
            outer, rule = by_exponent(base, exponent, self.consts)
            self._note("exponential", rule)
            terms.append(times(outer, self.operand(exponent)))
        return plus(*(t for t in terms if t != ZERO))

    def _call(self, call: Call) -> Expr:
        definition = self.functions.get(call.function)
        if definition is not None and definition.body is None:
            if len(call.arguments) != 1:
                raise DerivativeError(
                    f"no rule for the derivative of the unknown function '{call.function}' of several arguments",
                    expected="an unknown scalar function has one argument",
                    advice="Write it as an unknown function of tensors: abstract a[k](z[j], w[i])",
                )
            self._note(
                "unknown function", words(primed(call.function), " is the derivative of ", whole(Tensor(call.function)))
            )
            outer: Expr = Call(call.function, call.arguments, call.order + 1)
            return self._times_inner(outer, call.arguments[0])
        if definition is not None:
            raise AssertionError("functions with a body are inlined before differentiating")
        against_zero = rectified(call)
        if against_zero is not None:
            inner, derivative, law = against_zero
            self._note(f"derivative of {call.function}", law)
            return self._times_inner(put_arguments(derivative, {"t": inner}, self.fresh), inner)
        if call.function in DRAWN | HOLDING:
            self._note(f"derivative of {call.function}", statement(call.function))
            return ZERO
        terms = []
        for n, argument in enumerate(call.arguments):
            if not self.depends(argument):
                continue
            self._note(f"derivative of {call.function}", statement(call.function))
            actual = dict(zip(FUNCTIONS[call.function].parameters, call.arguments, strict=True))
            terms.append(
                self._times_inner(put_arguments(scalar_derivative(call.function, n), actual, self.fresh), argument)
            )
        return plus(*(t for t in terms if t != ZERO))

    def _times_inner(self, outer: Expr, argument: Expr) -> Expr:
        inner = self.operand(argument)
        return inner if inner == ZERO else outer if inner == ONE else times(outer, inner)

    def _reduce(self, expr: Reduce) -> Expr:
        level = self.fresh.level
        closed = self._opened(expr, *open_reduce(expr, self.fresh))
        self.fresh.level = level
        return closed

    def _opened(self, expr: Reduce, indices: tuple[Index, ...], body: Expr) -> Expr:
        match expr.op:
            case "sum" | "mean":
                self._note("sum rule", TERM_BY_TERM)
                inner = self.operand(body)
                return inner if inner == ZERO else reduce_over(expr.op, indices, inner)
            case "max" | "min":
                return self._extremum(expr, indices, body)
            case "prod":
                return self._prod(indices, body)
            case _:
                raise DerivativeError(
                    f"no derivative for the reduction '{expr.op}'", advice="Known: sum, mean, max, min, prod"
                )

    def _extremum(self, expr: Reduce, indices: tuple[Index, ...], body: Expr) -> Expr:
        """∂/∂v max(i) t[i] = Σ_i [t[i] = m]·∂t[i]/∂v / Σ_i [t[i] = m], m the maximum: ties share equally."""
        assert self.own is not None, "prepare gives every maximum an equation of its own"
        condition, body = taken_of(expr.op, body)
        assert isinstance(body, Indexed), "prepare names what a maximum is taken of"
        said = f"that of the entry that attains the {expr.op}imum; ties share it equally by convention"
        self._note(f"derivative of {expr.op}", said)
        attained: Expr = Bracket(Comparison("=", body, self.own))
        if condition is not None:
            attained = times(Bracket(condition), attained)
        ties = reduce_over("sum", indices, attained)
        inner = self.operand(body)
        share = reduce_over("sum", indices, times(attained, inner))
        return over(share, ties)

    def _prod(self, indices: tuple[Index, ...], body: Expr) -> Expr:
        """∂/∂v prod(i) t[i] = Σ_i ∂t[i]/∂v · prod(k) where([k = i], 1, t[k]): right where a factor is 0, too."""
        self._note("product rule", "one factor is differentiated at a time")
        others = tuple(self.fresh.index(i) for i in indices)
        renamed = rename_indices(body, dict(zip(indices, others, strict=True)))
        same = bracket_all(others, indices)
        rest = reduce_over("prod", others, Select(same, ONE, renamed))
        inner = self.operand(body)
        return reduce_over("sum", indices, times(rest, inner))


def _is_inverse(expr: Expr) -> bool:
    """Say whether a product with this factor is a quotient."""
    return isinstance(expr, Power) and isinstance(expr.exponent, Number) and expr.exponent.value < 0


def bracket_all(left: tuple[Index, ...], right: tuple[Index, ...]) -> Condition:
    """Return the condition that all indices agree pairwise."""
    parts = tuple(Comparison("=", IndexValue(a), IndexValue(b)) for a, b in zip(left, right, strict=True))
    return parts[0] if len(parts) == 1 else Logic("and", parts)
