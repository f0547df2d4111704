"""The forms in which the truth can stand beside an answer: as derived, with names put in, as the sum over all paths.

An answer that lacks something is the truth without it in one of these forms. All are equal to the truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.checking.sites import opened
from chainrule.diff.backprop import Cotangents
from chainrule.diff.chain_rule import Contribution, chain_rule, named
from chainrule.diff.derivations import tied
from chainrule.expr.binding import (
    Fresh,
    open_reduce,
    reduce_over,
    rename_indices,
    rewrite_bottom_up,
    substitute_indices,
)
from chainrule.expr.nodes import (
    Bracket,
    Expr,
    Index,
    Indexed,
    Partial,
    Position,
    Product,
    Reduce,
    Sum,
    plus,
    product_factors,
    times,
)
from chainrule.expr.symbols import taken_by
from chainrule.render.text import expression_text

MOST_TERMS = 64
"""An expression is not multiplied out further than this."""


@dataclass(frozen=True)
class Form:
    """A form of an answer or of the truth, its reductions opened; `apart` says that it was multiplied out for it."""

    expr: Expr
    apart: bool = False


def forms_of(truth: Expr, tensor: str, cotangents: Cotangents) -> tuple[Form, ...]:
    """Return the truth as it stands, then multiplied out, with the ∂C/∂t it names put in, and as a sum over paths."""
    inlined = cotangents.simplifier.arranged(_with_values(truth, cotangents))
    paths = over_paths(tensor, cotangents)
    return _forms(
        (truth, False),
        (terms_apart(truth, cotangents), True),
        (inlined, False),
        (terms_apart(inlined, cotangents), True),
        *([] if paths is None else [(paths, False)]),
    )


def forms_of_answer(value: Expr, cotangents: Cotangents) -> tuple[Form, ...]:
    """Return an answer as it stands, then multiplied out."""
    return _forms((value, False), (terms_apart(value, cotangents), True))


def _forms(*written: tuple[Expr, bool]) -> tuple[Form, ...]:
    apart: dict[Expr, bool] = {}
    for expr, is_apart in written:
        apart.setdefault(expr, is_apart)
    return tuple(Form(opened(expr, Fresh()), is_apart) for expr, is_apart in apart.items())


def terms_apart(expr: Expr, cotangents: Cotangents) -> Expr:
    """Return an expression multiplied out, each term as a book would write it."""
    whole = multiplied_out(expr)
    if not isinstance(whole, Sum):
        return expr
    return plus(*(cotangents.simplifier.arranged(term) for term in whole.terms))


def over_paths(tensor: str, cotangents: Cotangents) -> Expr | None:
    """Return Σ over all paths of ∂C/∂u[k]·∂u[k]/∂v[j], each local derivative as it was found; None without a path."""
    found = cotangents.contributions(tensor)
    return chain_rule(found, beyond=named) if found else None


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


def users_of(tensor: str, cotangents: Cotangents) -> tuple[str, ...]:
    """Return the tensors u whose ∂C/∂u the sum over paths names."""
    return tuple(one.through for one in cotangents.contributions(tensor) if one.beyond is not None)


def diagonal_derivatives(tensor: str, cotangents: Cotangents) -> Iterator[tuple[str, Expr]]:
    """Yield ∂u[j]/∂v[j] as text and value for every u whose entries depend on their own entry of v alone."""
    target = cotangents.of(tensor).indices
    for one in cotangents.contributions(tensor):
        pairs = dict(tied(one.local.value, one.indices, target))
        if one.indices and len(pairs) == len(one.indices):
            factors = product_factors(one.local.value)
            value = times(*(rename_indices(f, pairs) for f in factors if not isinstance(f, Bracket)))
            yield _local_name(one, pairs, target), value


def _local_name(one: Contribution, pairs: dict[Index, Index], target: tuple[Index, ...]) -> str:
    user = Indexed(one.through, tuple(pairs[i] for i in one.indices))
    return expression_text(Partial(user, (Indexed(one.local.partial.wrt[0].tensor, target),)))


def _with_values(truth: Expr, cotangents: Cotangents) -> Expr:
    """Return the truth with every ∂C/∂t that it names replaced by what that is."""

    def change(node: Expr) -> Expr:
        by = taken_by(node.tensor, cotangents.cost) if isinstance(node, Indexed) else None
        if not isinstance(node, Indexed) or by is None:
            return node
        known = cotangents.of(by)
        places: dict[Index, Position] = dict(zip(known.indices, node.indices, strict=True))
        return substitute_indices(known.value, places)

    return rewrite_bottom_up(truth, change, Fresh())
