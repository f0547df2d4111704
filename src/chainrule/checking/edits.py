"""Small changes to an expression: what a person may have written by mistake, each with the words for it.

An `Edit` is the whole expression with one place changed. Edits of an answer undo what is superfluous or swapped in it;
edits of the truth leave out what an answer may lack. Which of them explains anything is found out by evaluating them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from chainrule.expr.binding import (
    Fresh,
    free_indices,
    map_operands,
    open_reduce,
    reduce_over,
    rename_indices,
    tensors_in,
)
from chainrule.expr.nodes import (
    Expr,
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
)
from chainrule.render.text import expression_text

MOST_TERMS = 64
"""An expression is not multiplied out further than this."""

MOST_FACTORS = 3
"""No more factors than this are left out of a product at once."""


@dataclass(frozen=True)
class Edit:
    """An expression with one place changed, and what that says about the one it was made of.

    `factor` is what was left out of a product, where something was.
    """

    words: str
    expr: Expr
    factor: Expr | None = None


Local = Callable[[Expr, tuple[Index, ...]], Iterator[Edit]]


def everywhere(expr: Expr, local: Local, scope: tuple[Index, ...], fresh: Fresh | None = None) -> Iterator[Edit]:
    """Yield the expression with one local change, at every place in turn, outermost first.

    `scope` are the indices that may stand at the place.
    """
    supply = fresh or Fresh()
    yield from local(expr, scope)
    if isinstance(expr, Reduce):
        indices, body = open_reduce(expr, supply)
        for edit in everywhere(body, local, (*scope, *indices), supply):
            yield replace(edit, expr=reduce_over(expr.op, indices, edit.expr))
        return
    parts: list[Expr] = []
    map_operands(expr, lambda part: _noted(part, parts))
    for place, part in enumerate(parts):
        for edit in everywhere(part, local, scope, supply):
            yield replace(edit, expr=_replaced(expr, place, edit.expr))


def swapped_indices(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield an entry, or a derivative of an unknown function, with two of its indices exchanged."""
    for new in _swapped(expr):
        yield Edit(f"{_text(expr)} is transposed: it should be {_text(new)}", new)


def other_index(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield an entry with one of its indices replaced by another one that is there."""
    positions = _positions(expr)
    for place, index in enumerate(positions):
        for other in scope:
            if isinstance(index, Index) and other != index:
                new = _with_positions(expr, (*positions[:place], other, *positions[place + 1 :]))
                yield Edit(f"{_text(expr)} has the wrong index: it should be {_text(new)}", new)


def summed(expr: Expr, loose: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the expression with a sum over the loose letters, around the whole or a part that holds them all."""
    letters = " and ".join(i.preferred for i in loose)
    words = f"{letters} {'is' if len(loose) == 1 else 'are'} not summed over: there is no sum over {letters}"

    def around(part: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
        if free_indices(part).issuperset(loose):
            whole = reduce_over("sum", loose, part)
            yield Edit(f"{words}; it should be {_text(whole)}", whole)

    return everywhere(expr, around, ())


def turned_sign(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield a sum with the sign of one of its terms turned."""
    for term, turned in _terms_turned(expr):
        yield Edit(f"the sign of the term {_text(term)} is wrong", turned)


def without_term(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield a sum without one of its terms, in the words for a superfluous one."""
    yield from (Edit(f"the term {_text(term)} is superfluous", rest) for term, rest in _terms_left_out(expr))


def lacking_term(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the truth without one of its terms, in the words for a missing one."""
    yield from (Edit(f"the term {_text(term)} is missing", rest) for term, rest in _terms_left_out(expr))


def without_factor(whole: Expr) -> Local:
    """Return what yields a product in `whole` without one to three of its factors, as superfluous ones."""

    def local(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
        for taken, rest in _factors_left_out(expr):
            yield Edit(f"{_factor_of(taken, expr, whole)} is superfluous", rest)

    return local


def lacking_factor(whole: Expr) -> Local:
    """Return what yields a product in `whole`, the truth, without one to three of its factors, as missing ones."""

    def local(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
        for taken, rest in _factors_left_out(expr):
            if isinstance(taken, Product) and not tensors_in(rest):
                continue  # an answer without any tensor is no attempt at this product
            words = f"{_factor_of(taken, expr, whole)} is missing"
            if isinstance(taken, Reduce) and isinstance(taken.body, Indexed):
                words += f"; if it is always 1, the system can say so: given {_text(taken)} = 1"
            yield Edit(words, rest, taken)

    return local


def lacking_sum(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the truth with one term of a sum instead of the sum."""
    for bound, index, body in _single_terms(expr, scope):
        only = f"only its term {bound.preferred} = {index.preferred} is there, the share of one path"
        yield Edit(f"the sum over {bound.preferred} is missing: {only}", body)


def lacking_sign(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the truth with the sign of a term turned."""
    for term, turned in _terms_turned(expr):
        yield Edit(f"the term {_text(term)} has the wrong sign", turned)


def lacking_transpose(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the truth with two indices of an entry exchanged."""
    for new in _swapped(expr):
        yield Edit(f"{_text(new)} is transposed: it should be {_text(expr)}", new)


def without_sum(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield a sum's body at an index that is there already, instead of the sum over it."""
    for bound, _, body in _single_terms(expr, scope):
        yield Edit(f"the sum over {bound.preferred} is superfluous: not {_text(expr)} but {_text(body)}", body)


def exchanged_letters(expr: Expr, indices: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the expression with two of the letters that are free in it exchanged."""
    for a, b in combinations(indices, 2):
        renamed = rename_indices(expr, {a: b, b: a})
        if renamed != expr:
            yield Edit(f"{a.preferred} and {b.preferred} are exchanged: it should be {_text(renamed)}", renamed)


def multiplied_out(expr: Expr) -> Expr:
    """Return the expression with products of sums, and sums of sums, taken apart as far as that stays short."""
    terms = _terms(expr, Fresh())
    return expr if terms is None or len(terms) > MOST_TERMS else plus(*terms)


def _terms(expr: Expr, fresh: Fresh) -> list[Expr] | None:
    """Return the terms of an expression multiplied out; None if they are too many."""
    match expr:
        case Sum(parts):
            found = [_terms(part, fresh) for part in parts]
            return None if any(f is None for f in found) else [t for f in found for t in f or ()]
        case Product(parts):
            products: list[Expr] = [times()]
            for part in parts:
                inner = _terms(part, fresh)
                if inner is None or len(products) * len(inner) > MOST_TERMS:
                    return None
                products = [times(product, term) for product in products for term in inner]
            return products
        case Reduce("sum" | "mean", _, _):
            indices, body = open_reduce(expr, fresh)
            inner = _terms(body, fresh)
            return None if inner is None else [reduce_over(expr.op, indices, term) for term in inner]
        case _:
            return [expr]


def _terms_left_out(expr: Expr) -> Iterator[tuple[Expr, Expr]]:
    if isinstance(expr, Sum):
        for n, term in enumerate(expr.terms):
            yield term, plus(*expr.terms[:n], *expr.terms[n + 1 :])


def _factors_left_out(expr: Expr) -> Iterator[tuple[Expr, Expr]]:
    factors = expr.factors if isinstance(expr, Product) else ()
    count = len(factors)
    for size in range(1, min(MOST_FACTORS, count - 1) + 1):
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
            changed = list(positions)
            changed[a], changed[b] = positions[b], positions[a]
            yield _with_positions(expr, tuple(changed))


def _terms_turned(expr: Expr) -> Iterator[tuple[Expr, Expr]]:
    if isinstance(expr, Sum):
        for n, term in enumerate(expr.terms):
            yield term, plus(*expr.terms[:n], minus(term), *expr.terms[n + 1 :])


def _factor_of(taken: Expr, product: Expr, whole: Expr) -> str:
    """Return "the factor x", with the product that it belongs to if that is not the whole."""
    text = f"({_text(taken)})" if isinstance(taken, Sum) else _text(taken)
    return f"the factor {text}" + ("" if product in {whole, taken} else f" of {_text(product)}")


def _single_terms(expr: Expr, scope: tuple[Index, ...]) -> Iterator[tuple[Index, Index, Expr]]:
    """Yield, for a sum over one index, that index, one that is there already, and the sum's body at the latter."""
    if isinstance(expr, Reduce) and expr.op in {"sum", "mean"} and len(expr.indices) == 1:
        (bound,) = expr.indices
        for index in scope:
            if index.extent == bound.extent:
                # Safe without opening: no binder below has the name of an index that is free here.
                yield bound, index, rename_indices(expr.body, {bound: index})


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


def _noted(part: Expr, parts: list[Expr]) -> Expr:
    parts.append(part)
    return part


def _replaced(expr: Expr, place: int, new: Expr) -> Expr:
    count = -1

    def choose(part: Expr) -> Expr:
        nonlocal count
        count += 1
        return new if count == place else part

    return map_operands(expr, choose)


def _text(expr: Expr) -> str:
    return expression_text(expr)
