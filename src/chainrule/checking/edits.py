"""Small changes to an expression: what a person may have written by mistake, each with the words for it.

An `Edit` is the whole expression with one place changed. Edits of an answer undo what is superfluous or swapped in it;
edits of the truth leave out what an answer may lack. Which of them explains anything is found out by evaluating them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, product

from chainrule.checking.lost import Lost, lost_terms
from chainrule.checking.sites import Edit, Local, everywhere, says, text_of
from chainrule.expr.binding import (
    Fresh,
    expressions_in,
    free_indices,
    map_operands,
    reduce_over,
    rename_indices,
    tensors_in,
)
from chainrule.expr.nodes import (
    MINUS_ONE,
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
from chainrule.expr.symbols import Derivative
from chainrule.simplify.arithmetic import normal

MOST_FACTORS = 3
"""No more factors than this are left out of a product at once."""


def swapped_indices(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield an entry, or a derivative of an unknown function, with two of its indices exchanged."""
    for new in _swapped(expr):
        yield Edit(says("{} is transposed: it should be {}", expr, new), new)


def swapped_everywhere(expr: Expr) -> Iterator[Edit]:
    """Yield an expression with the same two indices exchanged in all entries of one tensor, where it has several."""
    entries = [part for part in _parts(expr) if len(_positions(part)) > 1]
    for tensor, count in Counter(map(_read, entries)).items():
        first = next(part for part in entries if _read(part) == tensor)
        for a, b in combinations(range(len(_positions(first))) if count > 1 else (), 2):
            new = _all_exchanged(expr, tensor, a, b)
            if new != expr:
                words = "{} is transposed wherever it stands: it should be {}"
                yield Edit(says(words, first, _exchanged(first, a, b)), new)


def _parts(expr: Expr) -> Iterator[Expr]:
    yield expr
    for part in expressions_in(expr):
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
                yield Edit(says("{} has the wrong index: it should be {}", expr, new), new)


def other_tensor(others: Callable[[str], Iterator[str]]) -> Local:
    """Return what yields an entry of another tensor with the same indices in place of an entry."""

    def local(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
        if not isinstance(expr, Indexed) or not expr.indices:
            return
        for name in others(expr.tensor):
            new = Indexed(name, expr.indices, expr.guarded)
            yield Edit(says("{} stands where {} belongs", expr, new), new)

    return local


def summed(expr: Expr, loose: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the expression with a sum over the loose letters, around the whole or a part that holds them all."""
    letters = " and ".join(i.preferred for i in loose)
    words = f"{letters} {'is' if len(loose) == 1 else 'are'} not summed over: there is no sum over {letters}"

    def around(part: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
        if free_indices(part).issuperset(loose):
            whole = reduce_over("sum", loose, part)
            yield Edit(says(words + "; it should be {}", whole), whole)

    return everywhere(expr, around, ())


def turned_sign(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield a sum with the sign of one of its terms turned."""
    for term, turned in _terms_turned(expr):
        yield Edit(says("the sign of the term {} is wrong", term), turned)


def without_term(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield a sum without one of its terms, in the words for a superfluous one."""
    yield from (Edit(says("the term {} is superfluous", term), rest) for term, rest in _terms_left_out(expr))


def lacking_term(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the truth without one of its terms, in the words for a missing one."""
    yield from (Edit(says("the term {} is missing", term), rest) for term, rest in _terms_left_out(expr))


def lacking_term_of(whole: Expr) -> Local:
    """Return what yields the truth `whole` without a term, and names the sum that lacks it if that is not the whole."""

    def local(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
        if expr == whole:
            yield from lacking_term(expr, scope)
        else:
            for term, rest in _terms_left_out(expr):
                yield Edit(says("the term {} is missing next to {}", term, rest), rest)

    return local


def without_factor(whole: Expr, most: int = MOST_FACTORS) -> Local:
    """Return what yields a product in `whole` without one of its factors, or several, as superfluous ones."""

    def local(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
        for taken, rest in _factors_left_out(expr, most):
            if taken == MINUS_ONE:
                yield Edit(says("the sign of {} is wrong", expr), rest)
            else:
                yield Edit(_factorsays(taken, expr, whole, "is superfluous"), rest)

    return local


def lacking_factor(whole: Expr, most: int = MOST_FACTORS) -> Local:
    """Return what yields a product in `whole`, the truth, without one of its factors, or several, as missing ones."""

    def local(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
        for taken, rest in _factors_left_out(expr, most):
            if isinstance(taken, Product) and not tensors_in(rest):
                continue  # an answer without any tensor is no attempt at this product
            missing = "is missing"
            if isinstance(taken, Reduce) and isinstance(taken.body, Indexed):
                missing += f"; if it is always 1, the system can say so: given {text_of(taken)} = 1"
            yield Edit(_factorsays(taken, expr, whole, missing), rest, taken)

    return local


def lacking_sum(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the truth with one term of a sum, at an index that is there already, instead of the sum."""
    yield from lost_terms((), lambda bound, index: bound.extent == index.extent)(expr, scope)


def lacking_sign(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the truth with the sign of a term turned."""
    for term, turned in _terms_turned(expr):
        yield Edit(says("the term {} has the wrong sign", term), turned)


def lacking_transpose(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the truth with two indices of an entry exchanged."""
    for new in _swapped(expr):
        yield Edit(says("{} is transposed: it should be {}", new, expr), new)


def without_sum(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield a sum's body at an index that is there already, instead of the sum over it."""
    if not isinstance(expr, Reduce) or expr.op not in {"sum", "mean"}:
        return
    for bound, index in product(expr.indices, scope):
        if index.extent == bound.extent:
            body = Lost(expr, bound, (index,)).terms
            words = f"the {expr.op} over {bound.preferred} is superfluous: not {{}} but {{}}"
            yield Edit(says(words, expr, body), body)


def exchanged_letters(expr: Expr, indices: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the expression with two of the letters that are free in it exchanged."""
    for a, b in combinations(indices, 2):
        renamed = rename_indices(expr, {a: b, b: a})
        if renamed != expr:
            yield Edit(says(f"{a.preferred} and {b.preferred} are exchanged: it should be {{}}", renamed), renamed)


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
            return Derivative(of.tensor, *(entry.tensor for entry in wrt))
        case _:
            return ""


def _terms_turned(expr: Expr) -> Iterator[tuple[Expr, Expr]]:
    if isinstance(expr, Sum):
        for n, term in enumerate(expr.terms):
            yield term, plus(*expr.terms[:n], minus(term), *expr.terms[n + 1 :])


def _factorsays(taken: Expr, product: Expr, whole: Expr, end: str) -> Callable[[], str]:
    """Return what says "the factor x is missing", with the product that it belongs to if that is not the whole."""

    def say() -> str:
        plain = taken if tensors_in(taken) or free_indices(taken) else normal(taken, Fresh())
        text = f"({text_of(taken)})" if isinstance(taken, Sum) else text_of(plain)
        return f"the factor {text}" + ("" if product in {whole, taken} else f" of {text_of(product)}") + f" {end}"

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
