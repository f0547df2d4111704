"""From an expression to its layout: what goes under a bar, which signs are subtractions, where parentheses stand.

It is exact: a parser that follows the rules of docs/notation.md reads the text of a layout back to the very expression,
so nothing is reordered, folded or tidied here. Works from the leaves up through a table, without recursion.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import accumulate
from typing import assert_never, cast

from chainrule.expr.extrema import taken_of
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
    Logic,
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
    walk,
)
from chainrule.expr.sizes import Literal, StepSpan
from chainrule.expr.symbols import Derivative, tensors_of
from chainrule.render.layout import (
    UNIT,
    AffineNumber,
    Applied,
    BigOperator,
    Cases,
    Chain,
    Connective,
    Denial,
    Entry,
    ExtentOf,
    Factors,
    Iverson,
    Layout,
    Letter,
    Level,
    Matrix,
    Named,
    NamedSlope,
    Negative,
    Parenthesised,
    Quotient,
    Rate,
    Relation,
    Slope,
    Superscript,
    Terms,
    fit,
)
from chainrule.render.names import certain_groups, layer_of, likely_groups
from chainrule.render.numerals import numeral

SPREADING = ("sum", "mean")
"""Reductions whose body may be a product without parentheses."""


def arrange(root: Expr | Condition, ranks: Mapping[str, int]) -> Layout:
    """Return the layout of an expression or condition whose indices are named by their letters.

    `ranks` of tensors say which positions of ∂a/∂z[k,j] belong to a; where they do not, all stay at the end.
    """
    arranged = _Arrangement(ranks)
    for node in reversed(tuple(walk(root))):
        if id(node) not in arranged.layouts:
            arranged.layouts[id(node)] = arranged.build(node)
    return arranged.layouts[id(root)]


def known_ranks(nodes: Iterable[Expr | Condition], ranks: Mapping[str, int] | None) -> Mapping[str, int]:
    """Return the ranks of the tensors with entries in the nodes, and those known otherwise."""
    entries = (part for node in nodes for part in walk(node) if isinstance(part, Indexed))
    seen: dict[str, int] = {entry.tensor: len(entry.indices) for entry in entries}
    # Chained, not copied: a system of many tensors is printed equation by equation.
    return ChainMap(seen, dict[str, int]() if ranks is None else cast("dict[str, int]", ranks))


class _Arrangement:
    """The layouts of all parts of one expression; they are kept by identity, as equal sizes may differ in letter."""

    def __init__(self, ranks: Mapping[str, int]) -> None:
        self.layouts: dict[int, Layout] = {}
        self.ranks = ranks

    def at(self, node: Expr | Condition, level: Level) -> Layout:
        """Return the layout of a part, in parentheses if it is looser than the level."""
        return fit(self.layouts[id(node)], level)

    def build(self, node: Expr | Condition) -> Layout:  # noqa: C901 -- one match over the nodes
        """Return the layout of a node whose parts have theirs."""
        match node:
            case Number(value):
                return Negative(numeral(-value)) if value < 0 else numeral(value)
            case Constant(name):
                return Named(name)
            case ExtentValue(_, letter):
                return ExtentOf(letter, letter in self.ranks or letter.upper() in self.ranks)
            case IndexValue(position):
                return self._value(position)
            case Indexed(Derivative() as derivative):
                return self._derivative(derivative, node)
            case Indexed():
                return self._entry(node)
            case Partial(of, wrt):
                return Slope(self._named(of), tuple(self._named(w) for w in wrt))
            case MatrixEntry(function, tensor, positions, samples):
                return Matrix(function, self._entry(Indexed(tensor, samples)), positions)
            case Sum(terms):
                return Terms(tuple(self._term(term) for term in terms))
            case Product(factors):
                return self._product(factors)
            case Power(base):
                alone = _is_inverse(node) and not isinstance(base, Number)
                return Quotient(UNIT, self.at(base, Level.POWER)) if alone else self._power(node)
            case Call("∂", (of, by)):
                inner, entry = self.layouts[id(of)], self.layouts[id(by)]
                return Slope(inner, (entry,)) if isinstance(inner, Entry | Applied) else Rate(inner, entry)
            case Call(function, arguments, order):
                return Applied(function, tuple(self.at(a, Level.SUM) for a in arguments), order)
            case Reduce(op, indices, body):
                return BigOperator(op, tuple(map(_range, indices)), self._body(op, *taken_of(op, body)))
            case Comparison("=", Reduce("onehot") as fact, _):
                return self.at(fact, Level.SUM)
            case Comparison(relation, left, right):
                return Relation(relation, self.at(left, Level.SUM), self.at(right, Level.SUM))
            case Logic("not", (part,)):
                return Denial(self.at(part, Level.ATOM))
            case Logic("and", parts):
                return self._conjunction(parts)
            case Logic(op, parts):
                return Connective(op, tuple(self.at(part, Level.RELATION) for part in parts))
            case Bracket(condition):
                return Iverson(self.at(condition, Level.LOGIC))
            case Select(condition, then, otherwise):
                branches = self.at(then, Level.SUM), self.at(otherwise, Level.SUM)
                return Cases(self.at(condition, Level.LOGIC), *branches)
            case _:
                assert_never(node)

    def _value(self, position: Position) -> Layout:
        match position:
            case Index(name):
                return Letter(name)
            case Affine():
                return AffineNumber(position)
            case Lookup(entry):
                return self._entry(entry)
            case _:
                assert_never(position)

    def _conjunction(self, parts: tuple[Condition, ...]) -> Layout:
        """Lay out conditions joined by `and`; comparisons of one direction that meet in the middle are one chain."""
        runs: list[list[Condition]] = []
        for part in parts:
            if runs and _meet(runs[-1][-1], part):
                runs[-1].append(part)
            else:
                runs.append([part])
        done = tuple(self._run_of(run) for run in runs)
        return done[0] if len(done) == 1 else Connective("and", done)

    def _run_of(self, run: list[Condition]) -> Layout:
        links = [part for part in run if isinstance(part, Comparison)]
        if len(run) == 1 or len(links) < len(run):
            return self.at(run[0], Level.RELATION)
        sides = (links[0].left, *(link.right for link in links))
        return Chain(tuple(self.at(side, Level.SUM) for side in sides), tuple(link.relation for link in links))

    def _derivative(self, derivative: Derivative, entry: Indexed) -> Layout:
        parts, positions, shared = tensors_of(derivative), entry.indices, len(derivative.along)
        ranks: dict[str, int] = {part: self.ranks[part] - shared for part in parts if part in self.ranks}
        groups = certain_groups(parts, len(positions) - shared, ranks)
        if groups is not None:
            return self._split(derivative, groups, entry)
        likely = likely_groups(parts, len(positions) - shared, ranks)
        guess = None if likely is None else self._split(derivative, likely, entry)
        known = tuple((part, bool(self.ranks.get(part))) for part in parts)
        return NamedSlope(derivative, positions, entry.guarded, guess, known)

    def _named(self, entry: Indexed) -> Layout:
        """Return an entry that stands in a slope; one that is a derivative itself stands in parentheses."""
        if isinstance(entry.tensor, Derivative):
            return Parenthesised(self._derivative(entry.tensor, entry))
        return self._entry(entry)

    def _entry(self, entry: Indexed) -> Entry:
        stem, layer = layer_of(entry.tensor)
        apart = bool(layer) and stem in self.ranks
        return Entry(entry.tensor, entry.indices, entry.guarded, apart)

    def _split(self, derivative: Derivative, groups: tuple[int, ...], entry: Indexed) -> Slope:
        """Return a derivative with so many of its positions at each of its tensors; a mark stands at the last with any.

        The positions that it goes along are those of all of them: ∂C[n]/∂z[n,j].
        """
        shared, own = entry.indices[: len(derivative.along)], entry.indices[len(derivative.along) :]
        shares = [(*shared, *own[end - size : end]) for size, end in zip(groups, accumulate(groups), strict=True)]
        pairs = zip(tensors_of(derivative), shares, strict=True)
        parts = [self._entry(Indexed(tensor, share)) for tensor, share in pairs]
        marked = max((n for n, part in enumerate(parts) if part.positions), default=None) if entry.guarded else None
        of, *wrt = (replace(part, guarded=True) if n == marked else part for n, part in enumerate(parts))
        return Slope(of, tuple(wrt))

    def _term(self, term: Expr) -> Layout:
        layout = self.layouts[id(term)]
        return layout if isinstance(layout, Negative) else fit(layout, Level.PRODUCT)

    def _body(self, op: str, condition: Condition | None, body: Expr) -> Layout:
        if condition is not None:
            return Factors((Iverson(self.at(condition, Level.LOGIC)), self.at(body, Level.SLOPE)))
        return self._term(body) if op in SPREADING else self.at(body, Level.SLOPE)

    def _power(self, node: Power) -> Layout:
        return Superscript(self.at(node.base, Level.ATOM), self.at(node.exponent, Level.POWER))

    def _product(self, factors: tuple[Expr, ...]) -> Layout:
        """Lay out a product; a negative number in front becomes a minus sign, and -1 nothing but that."""
        first, *others = factors
        if not isinstance(first, Number):
            return self._chain([], list(factors))
        size = abs(first.value)
        # A number after the sign would be read together with it: -1*2*a keeps its 1.
        silent = first == MINUS_ONE and not isinstance(others[0], Number)
        body = self._chain([] if silent else [numeral(size)], others)
        return Negative(body) if first.value < 0 else body

    def _chain(self, front: list[Layout], factors: list[Expr]) -> Layout:
        """Lay out factors from left to right; inverse ones in a row make a bar under those before them."""
        done: list[Layout] = []
        current = front
        place = 0
        while place < len(factors):
            run = [] if current == [UNIT] else self._run(factors, place, literal=place == 0)
            if run:
                above = Factors(tuple(current)) if len(current) > 1 else current[0] if current else UNIT
                done.append(Quotient(above, self._below(run)))
                current = []
                place += len(run)
            else:
                current = [*current, self._factor(factors[place], last=place == len(factors) - 1)]
                place += 1
        parts = (*done, *current)
        return Factors(parts) if len(parts) > 1 else parts[0]

    def _run(self, factors: list[Expr], place: int, *, literal: bool) -> list[Expr]:
        """Return the bases of the inverse factors from a place on that can stand under one bar.

        After a mere number (`literal`), a single number under the bar would be read as one fraction with it.
        """
        bases: list[Expr] = []
        for factor in factors[place:]:
            if not isinstance(factor, Power) or not _is_inverse(factor):
                break
            bases.append(factor.base)
        return [] if literal and len(bases) == 1 and isinstance(bases[0], Number) else bases

    def _below(self, bases: list[Expr]) -> Layout:
        if len(bases) == 1:
            return self.at(bases[0], Level.POWER)
        return Parenthesised(self._product(tuple(bases)))

    def _factor(self, factor: Expr, *, last: bool) -> Layout:
        if isinstance(factor, Power):
            return self._power(factor)
        layout = self.layouts[id(factor)]
        return layout if last and isinstance(layout, BigOperator) else fit(layout, Level.SLOPE)


def _meet(first: Condition, second: Condition) -> bool:
    """Say whether a < b and b < c are written a < b < c."""
    if not (isinstance(first, Comparison) and isinstance(second, Comparison)):
        return False
    same_way = any(first.relation in way and second.relation in way for way in (("<", "<="), (">", ">=")))
    return same_way and first.right == second.left


def _is_inverse(node: Power) -> bool:
    """Say whether a power can stand under a bar; the inverse of a product cannot, it would be read factor by factor."""
    return node.exponent == MINUS_ONE and not isinstance(node.base, Product)


def _range(index: Index) -> str:
    match index.extent:
        case Literal(count):
            return f"{index.name}<{count}"
        case StepSpan(first, last):
            return f"{index.name}={first}..{last}"
        case _:
            return index.name
