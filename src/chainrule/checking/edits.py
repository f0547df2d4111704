"""Small changes to an expression: what a person may have written by mistake, each with the words for it.

An `Edit` is the whole expression with one place changed. Edits of an answer undo what is superfluous or swapped in it;
edits of the truth leave out what an answer may lack. Which of them explains anything is found out by evaluating them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

from chainrule.checking.places import Place, closed, opened, operands_of, places_of
from chainrule.expr.binding import (
    Fresh,
    free_indices,
    map_operands,
    reduce_over,
    rename_indices,
    substitute_indices,
    tensors_in,
)
from chainrule.expr.nodes import (
    Affine,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    MatrixEntry,
    Number,
    Partial,
    Position,
    Power,
    Product,
    Reduce,
    Sum,
    minus,
    plus,
    times,
    walk,
)
from chainrule.render.text import expression_text
from chainrule.simplify.arithmetic import normal
from chainrule.system.model import derivative_name, derivative_parts, is_derivative

MOST_FACTORS = 3
"""No more factors than this are left out of a product at once."""


@dataclass(frozen=True)
class Edit:
    """An expression with one place changed, and what that says about the one it was made of.

    `say` makes the words, which most edits are never asked for; `factor` is what was left out of a product, where
    something was.
    """

    say: Callable[[], str]
    expr: Expr
    factor: Expr | None = None

    @property
    def words(self) -> str:
        """What the edit says."""
        return self.say()


Local = Callable[[Expr, tuple[Index, ...]], Iterator[Edit]]


def everywhere(expr: Expr, local: Local, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the expression with one local change, at every place in turn, outermost first.

    `scope` are the indices that may stand at the place.
    """
    for edit in edits_at(places_of(opened(expr, Fresh()), scope), local):
        yield replace(edit, expr=closed(edit.expr))


def edits_at(places: Sequence[Place], local: Local) -> Iterator[Edit]:
    """Yield the expression with one local change at each of its places in turn; its reductions stay open."""
    for place in places:
        for edit in local(place.node, place.scope):
            yield replace(edit, expr=place.put(edit.expr))


@dataclass(frozen=True)
class Lost:
    """A sum of which only some terms are left: the one of `bound` at `places`."""

    whole: Reduce
    bound: Index
    places: tuple[Position, ...]

    @property
    def terms(self) -> Expr:
        """The terms that are left."""
        others = tuple(i for i in self.whole.indices if i != self.bound)
        bodies = (substitute_indices(self.whole.body, {self.bound: place}) for place in self.places)
        return plus(*(Reduce(self.whole.op, others, body) if others else body for body in bodies))

    def one_path(self) -> str:
        """Say that one term is there and the others are not."""
        missing = f"the {self.whole.op} over {self.bound.preferred} is missing"
        user, by = self._user, self._reads
        if by:
            why = f"every entry of {user} may depend on {by}, and {_text(self.terms)} is the share of one path alone"
            return f"{missing}: {why}; each path adds its product, {_text(self.whole)}"
        return f"{missing}: only its term {self._at} is there" + (", the share of one path" if user else "")

    def some_paths(self) -> str:
        """Say that some terms are there and the others are not."""
        whole, user, by = _text(self.whole), self._user, self._reads
        if not user:
            return f"only the terms {self._at} of {whole} are there"
        why = f"every entry of {user} may depend on {by}, and each path" if by else "each path"
        only = f"only the terms {self._at} of the {self.whole.op} over {self.bound.preferred} are there"
        return f"{only}, the shares of {len(self.places)} paths: {why} adds its product, {whole}"

    def counted(self) -> str:
        """Say that one term stands, multiplied by their number, for all of them."""
        number = f"extent({self.bound.preferred})"
        if not self._user:
            return f"it is {number} times the term {self._at} of {_text(self.whole)}, whose terms differ"
        return (
            f"it is {number} times the share of one path, {self._at}: the shares of the paths differ, so each is added "
            f"once, {_text(self.whole)}"
        )

    @property
    def _at(self) -> str:
        letter = self.bound.preferred
        return " and ".join(
            f"{letter} = {p.preferred if isinstance(p, Index) else p.constant if isinstance(p, Affine) else p}"
            for p in self.places
        )

    @property
    def _user(self) -> str:
        """The tensor u whose ∂C/∂u[…] the terms have as a factor, so that they are shares of paths; "" for others."""
        for part in walk(self.whole.body):
            match part:
                case Indexed(tensor, positions) if is_derivative(tensor) and self.bound in positions:
                    return derivative_parts(tensor)[-1]
                case Partial(Indexed(_, ()), (Indexed(tensor, positions),)) if self.bound in positions:
                    return tensor
                case _:
                    pass
        return ""

    @property
    def _reads(self) -> str:
        """The entry that an unknown u is differentiated by in the terms, "" where u is known."""
        for part in walk(self.whole.body):
            if isinstance(part, Partial) and part.of.tensor == self._user:
                return _text(part.wrt[0])
        return ""


def swapped_indices(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield an entry, or a derivative of an unknown function, with two of its indices exchanged."""
    for new in _swapped(expr):
        yield Edit(_says("{} is transposed: it should be {}", expr, new), new)


def swapped_everywhere(expr: Expr) -> Iterator[Edit]:
    """Yield an expression with the same two indices exchanged in all entries of one tensor, where it has several."""
    entries = [part for part in _parts(expr) if len(_positions(part)) > 1]
    for tensor, count in Counter(map(_read, entries)).items():
        first = next(part for part in entries if _read(part) == tensor)
        for a, b in combinations(range(len(_positions(first))) if count > 1 else (), 2):
            new = _all_exchanged(expr, tensor, a, b)
            if new != expr:
                words = "{} is transposed wherever it stands: it should be {}"
                yield Edit(_says(words, first, _exchanged(first, a, b)), new)


def _parts(expr: Expr) -> Iterator[Expr]:
    yield expr
    for part in operands_of(expr):
        yield from _parts(part)


def _all_exchanged(expr: Expr, tensor: str, a: int, b: int) -> Expr:
    if _read(expr) == tensor:
        return _exchanged(expr, a, b)
    return map_operands(expr, lambda part: _all_exchanged(part, tensor, a, b))


def other_index(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield an entry with one of its indices replaced by another one that is there."""
    positions = _positions(expr)
    for place, index in enumerate(positions):
        for other in scope:
            if isinstance(index, Index) and other != index:
                new = _with_positions(expr, (*positions[:place], other, *positions[place + 1 :]))
                yield Edit(_says("{} has the wrong index: it should be {}", expr, new), new)


def other_tensor(others: Callable[[str], Iterator[str]]) -> Local:
    """Return what yields an entry of another tensor with the same indices in place of an entry."""

    def local(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
        if not isinstance(expr, Indexed) or not expr.indices:
            return
        for name in others(expr.tensor):
            new = Indexed(name, expr.indices, expr.guarded)
            yield Edit(_says("{} stands where {} belongs", expr, new), new)

    return local


def summed(expr: Expr, loose: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the expression with a sum over the loose letters, around the whole or a part that holds them all."""
    letters = " and ".join(i.preferred for i in loose)
    words = f"{letters} {'is' if len(loose) == 1 else 'are'} not summed over: there is no sum over {letters}"

    def around(part: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
        if free_indices(part).issuperset(loose):
            whole = reduce_over("sum", loose, part)
            yield Edit(_says(words + "; it should be {}", whole), whole)

    return everywhere(expr, around, ())


def turned_sign(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield a sum with the sign of one of its terms turned."""
    for term, turned in _terms_turned(expr):
        yield Edit(_says("the sign of the term {} is wrong", term), turned)


def without_term(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield a sum without one of its terms, in the words for a superfluous one."""
    yield from (Edit(_says("the term {} is superfluous", term), rest) for term, rest in _terms_left_out(expr))


def lacking_term(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the truth without one of its terms, in the words for a missing one."""
    yield from (Edit(_says("the term {} is missing", term), rest) for term, rest in _terms_left_out(expr))


def without_factor(whole: Expr, most: int = MOST_FACTORS) -> Local:
    """Return what yields a product in `whole` without one of its factors, or several, as superfluous ones."""

    def local(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
        for taken, rest in _factors_left_out(expr, most):
            yield Edit(_factor_says(taken, expr, whole, "is superfluous"), rest)

    return local


def lacking_factor(whole: Expr, most: int = MOST_FACTORS) -> Local:
    """Return what yields a product in `whole`, the truth, without one of its factors, or several, as missing ones."""

    def local(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
        for taken, rest in _factors_left_out(expr, most):
            if isinstance(taken, Product) and not tensors_in(rest):
                continue  # an answer without any tensor is no attempt at this product
            missing = "is missing"
            if isinstance(taken, Reduce) and isinstance(taken.body, Indexed):
                missing += f"; if it is always 1, the system can say so: given {_text(taken)} = 1"
            yield Edit(_factor_says(taken, expr, whole, missing), rest, taken)

    return local


def lacking_sum(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the truth with one term of a sum, at an index that is there already, instead of the sum."""
    yield from lost_terms((), lambda bound, index: bound.extent == index.extent)(expr, scope)


def lost_terms(numbers: Collection[int], alike: Callable[[Index, Index], bool]) -> Local:
    """Return what yields some terms of a sum in the truth instead of the sum, or as many times one of them.

    They are those at the numbers, one by one and together, and those at indices that are there already; `alike` says
    which of these may stand for the index of the sum.
    """
    constants = tuple(Affine((), number) for number in sorted(numbers))

    def local(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
        if not isinstance(expr, Reduce) or expr.op not in {"sum", "mean"}:
            return
        for bound in expr.indices:
            for index in scope:
                if alike(bound, index):
                    yield from _one_term(expr, bound, index)
            for constant in constants:
                yield from _one_term(expr, bound, constant)
            if len(constants) > 1:
                lost = Lost(expr, bound, constants)
                yield Edit(lost.some_paths, lost.terms)

    return local


def _one_term(whole: Reduce, bound: Index, place: Position) -> Iterator[Edit]:
    lost = Lost(whole, bound, (place,))
    yield Edit(lost.one_path, lost.terms)
    if whole.op == "sum":
        yield Edit(lost.counted, times(ExtentValue(bound.extent, bound.preferred), lost.terms))


def lacking_sign(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the truth with the sign of a term turned."""
    for term, turned in _terms_turned(expr):
        yield Edit(_says("the term {} has the wrong sign", term), turned)


def lacking_transpose(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the truth with two indices of an entry exchanged."""
    for new in _swapped(expr):
        yield Edit(_says("{} is transposed: it should be {}", new, expr), new)


def without_sum(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield a sum's body at an index that is there already, instead of the sum over it."""
    if not isinstance(expr, Reduce) or expr.op not in {"sum", "mean"}:
        return
    for bound, index in product(expr.indices, scope):
        if index.extent == bound.extent:
            body = Lost(expr, bound, (index,)).terms
            words = f"the {expr.op} over {bound.preferred} is superfluous: not {{}} but {{}}"
            yield Edit(_says(words, expr, body), body)


def exchanged_letters(expr: Expr, indices: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the expression with two of the letters that are free in it exchanged."""
    for a, b in combinations(indices, 2):
        renamed = rename_indices(expr, {a: b, b: a})
        if renamed != expr:
            yield Edit(_says(f"{a.preferred} and {b.preferred} are exchanged: it should be {{}}", renamed), renamed)


def _terms_left_out(expr: Expr) -> Iterator[tuple[Expr, Expr]]:
    if isinstance(expr, Sum):
        for n, term in enumerate(expr.terms):
            yield term, plus(*expr.terms[:n], *expr.terms[n + 1 :])


def _factors_left_out(expr: Expr, most: int) -> Iterator[tuple[Expr, Expr]]:
    factors = expr.factors if isinstance(expr, Product) else ()
    count = len(factors)
    for size in range(1, min(most, count - 1) + 1):
        for chosen in combinations(range(count), size):
            taken = times(*(factors[n] for n in chosen))
            yield taken, times(*(f for n, f in enumerate(factors) if n not in chosen))
    match expr:
        case Power(base, Number(exponent)) if exponent > 1:
            yield base, base if exponent == 2 else Power(base, Number(exponent - 1))
        case _:
            pass


def _swapped(expr: Expr) -> Iterator[Expr]:
    positions = _positions(expr)
    for a, b in combinations(range(len(positions)), 2):
        if positions[a] != positions[b]:
            yield _exchanged(expr, a, b)


def _exchanged(entry: Expr, a: int, b: int) -> Expr:
    """Return an entry with two of its positions exchanged."""
    positions = list(_positions(entry))
    positions[a], positions[b] = positions[b], positions[a]
    return _with_positions(entry, tuple(positions))


def _read(node: Expr) -> str:
    """Return what an entry is read from, "" for what is no entry."""
    match node:
        case Indexed(tensor):
            return tensor
        case MatrixEntry(function, tensor):
            return f"{function}({tensor})"
        case Partial(of, wrt):
            return derivative_name(of.tensor, *(entry.tensor for entry in wrt))
        case _:
            return ""


def _terms_turned(expr: Expr) -> Iterator[tuple[Expr, Expr]]:
    if isinstance(expr, Sum):
        for n, term in enumerate(expr.terms):
            yield term, plus(*expr.terms[:n], minus(term), *expr.terms[n + 1 :])


def _factor_says(taken: Expr, product: Expr, whole: Expr, end: str) -> Callable[[], str]:
    """Return what says "the factor x is missing", with the product that it belongs to if that is not the whole."""

    def say() -> str:
        plain = taken if tensors_in(taken) or free_indices(taken) else normal(taken, Fresh())
        text = f"({_text(taken)})" if isinstance(taken, Sum) else _text(plain)
        return f"the factor {text}" + ("" if product in {whole, taken} else f" of {_text(product)}") + f" {end}"

    return say


def _positions(expr: Expr) -> tuple[Position, ...]:
    match expr:
        case Indexed(_, positions):
            return positions
        case MatrixEntry(_, _, positions):
            return positions
        case Partial(of, wrt):
            return tuple(p for entry in (of, *wrt) for p in entry.indices)
        case _:
            return ()


def _with_positions(expr: Expr, positions: tuple[Position, ...]) -> Expr:
    """Return an entry or a derivative of an unknown function with other positions."""
    match expr:
        case Indexed(tensor, _, guarded):
            return Indexed(tensor, positions, guarded)
        case MatrixEntry():
            return replace(expr, indices=positions)
        case Partial(of, wrt):
            entries = []
            for entry in (of, *wrt):
                entries.append(Indexed(entry.tensor, positions[: len(entry.indices)], entry.guarded))
                positions = positions[len(entry.indices) :]
            return Partial(entries[0], tuple(entries[1:]))
        case _:
            return expr


def _says(template: str, *parts: Expr) -> Callable[[], str]:
    """Return what makes the words, with the text of the parts in their places, when somebody asks."""
    return lambda: template.format(*map(_text, parts))


def _text(expr: Expr) -> str:
    return expression_text(closed(expr))
