"""A derivation as a reader wants it: the sum over paths in full, each local derivative, then the collapse.

Made on demand from the cotangents, by the same simplifier and in the same order, so that it ends at the same result.
The sentences say why each term is there and why others vanish.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diff.backprop import Cotangents, Path
from chainrule.expr.binding import reduce_over, rename_indices
from chainrule.expr.deltas import plain_delta
from chainrule.expr.nodes import (
    Bracket,
    Expr,
    Index,
    Indexed,
    Partial,
    Product,
    Reduce,
    Select,
    Sum,
    plus,
    product_factors,
    times,
    walk,
)
from chainrule.render.text import expression_text
from chainrule.rewrite.rules import Derivation, Step


def derive(cotangents: Cotangents, tensor: str) -> Derivation:
    """Return the derivation of ∂C/∂tensor. Raises DerivativeError for an unknown tensor."""
    return _Writer(cotangents, tensor).derivation()


class _Writer:
    """Writes the derivation of one cotangent."""

    def __init__(self, cotangents: Cotangents, tensor: str) -> None:
        self._all = cotangents
        self._known = cotangents.of(tensor)
        self._tensor = tensor
        self._simplifier = cotangents.simplifier
        self._target = cotangents.entry(tensor, self._known.indices)
        self._result = self._simplifier.present(self._known.value)
        self._taken = tuple(cotangents.graph.reads)

    def derivation(self) -> Derivation:
        """Return the whole."""
        paths = self._all.paths(self._tensor) if self._tensor != self._all.cost else ()
        if self._all.is_whole(self._tensor):
            convention = f"{self._tensor} holds whole numbers: its derivative is 0 by convention"
            return Derivation(self._target, (), self._result, (convention,), (), self._taken)
        if not paths:
            why = f"no path leads from {self._text(self._own_entry())} to {self._all.cost}, so nothing is added up"
            steps: tuple[Step, ...] = (Step("chain rule", why, self._target, self._result),)
        elif len(paths) == 1 and paths[0].user == self._all.cost:
            steps = self._of_the_cost(paths[0])
        else:
            steps = tuple(self._over_paths(paths))
        remarks = tuple(self._vector_form(path) for path in paths if len(paths) == 1 and len(path.indices) == 1)
        said = tuple(remark for remark in remarks if remark)
        return Derivation(self._target, steps, self._result, said, self._known.put_in, self._taken)

    def _vector_form(self, path: Path) -> str:
        """Return Σ_k ∂h/∂g[k]·∂g[k]/∂x[j] as the product of a gradient and a column of the Jacobian matrix."""
        if path.local != path.partial or not isinstance(path.upstream, Partial):
            return ""
        column = self._text(Partial(Indexed(path.user), (self._own_entry(),)))
        return f"as a product of vectors: {self._text(self._target)} = ∇{self._all.cost} · {column}"

    def _own_entry(self) -> Indexed:
        return Indexed(self._tensor, self._known.indices)

    def _text(self, expr: Expr) -> str:
        return expression_text(expr, taken=self._taken)

    def _of_the_cost(self, path: Path) -> tuple[Step, ...]:
        """The cost reads the tensor itself, and nothing else does: one local derivative is all."""
        if path.local == path.partial:
            own = self._text(self._own_entry())
            why = f"{self._all.cost} is an unknown function of {own}: its derivative is a symbol"
            return (Step("unknown function", why, self._target, self._result),)
        return self._local_steps(path, self._target)

    def _local_steps(self, path: Path, target: Expr) -> tuple[Step, ...]:
        order = (*path.indices, *self._known.indices)
        begun = self._simplifier.arranged(path.raw, order)
        first = Step("differentiate", "; ".join(path.notes) or "the derivative", target, begun)
        return (first, *self._simplifier.steps(path.raw, order))

    def _over_paths(self, paths: tuple[Path, ...]) -> Iterator[Step]:
        symbolic = plus(*(self._share(path) for path in paths))
        yield Step("chain rule", self._why_a_sum(paths), self._target, symbolic, remark=self._what_a_share_is(paths))
        for path in paths:
            if path.user == self._all.cost:
                yield self._direct_share(path)
            elif path.local != path.partial:
                yield self._local(path)
        for name in dict.fromkeys(self._known.put_in):
            path = next(p for p in paths if p.user == name)
            value = self._simplifier.present(self._all.put_in_value(path))
            yield Step("put in", f"{self._text(path.upstream)} was derived before", path.upstream, value)
        inserted = plus(*(self._inserted(path) for path in paths))
        arranged = self._simplifier.arranged(inserted, self._known.indices)
        if arranged != symbolic:
            yield Step("put in", "each factor is replaced by what it was found to be", symbolic, arranged)
        yield from self._simplifier.steps(inserted, self._known.indices)

    def _share(self, path: Path) -> Expr:
        if path.user == self._all.cost:
            return self._simplifier.present(path.local)
        return reduce_over("sum", path.indices, times(path.upstream, path.partial))

    def _inserted(self, path: Path) -> Expr:
        if path.user == self._all.cost:
            return path.local
        upstream = self._all.put_in_value(path) if path.user in self._known.put_in else path.upstream
        return reduce_over("sum", path.indices, times(upstream, path.local))

    def _direct_share(self, path: Path) -> Step:
        begun = self._simplifier.arranged(path.raw, self._known.indices)
        own = self._text(self._own_entry())
        words = "; ".join((f"the share of {own} itself, everything else held fixed", *path.notes))
        return Step("direct share", words, begun, self._simplifier.present(path.local))

    def _local(self, path: Path) -> Step:
        after = with_target_letters(self._simplifier.present(path.local), path, self._known.indices)
        steps = self._local_steps(path, path.partial)
        if steps[-1].after != after:
            same = "where the delta is 1 both indices are the same"
            steps = (*steps, Step("the delta renames", same, steps[-1].after, after))
        detail = Derivation(path.partial, steps, after, remarks=(self._why_zero(path),), taken=self._taken)
        return Step("local derivative", "; ".join(path.notes), path.partial, after, "", self._why_zero(path), detail)

    def _why_a_sum(self, paths: tuple[Path, ...]) -> str:
        ways = [
            f"every {self._text(Indexed(p.user, p.indices))}" if p.indices else p.user
            for p in paths
            if p.user != self._all.cost
        ]
        own = self._text(self._own_entry())
        direct = f", and reads {own} itself" if any(p.user == self._all.cost for p in paths) else ""
        return f"{self._all.cost} depends on {own} through {' and '.join(ways)}{direct}: one product per path, added up"

    def _what_a_share_is(self, paths: tuple[Path, ...]) -> str:
        path = next(p for p in paths if p.user != self._all.cost)
        if not path.indices:
            return ""
        entry = self._text(times(path.upstream, path.partial))
        count = "·".join(f"extent({i.preferred})" for i in path.indices)
        return (
            f"{entry} is the share of one path, not the whole derivative; so the sum is not {count} times one term, "
            "it adds up different shares"
        )

    def _why_zero(self, path: Path) -> str:
        """Say which of the terms ∂u[k]/∂v[j] vanish, and why."""
        user = self._text(Indexed(path.user, path.indices))
        own = self._text(self._own_entry())
        pairs = list(tied(path, self._known.indices))
        if pairs:
            same = dict(pairs)
            only = Indexed(path.user, tuple(same.get(i, i) for i in path.indices))
            unlike = " or ".join(f"{k.preferred} ≠ {j.preferred}" for k, j in pairs)
            return f"diagonal: only {self._text(only)} depends on {own}, so the terms with {unlike} vanish"
        if not path.indices:
            return ""
        if may_vanish(path.local):
            return f"where its brackets are false, {user} does not depend on {own}, and the term vanishes"
        if any(isinstance(part, Bracket) for part in walk(path.local)):
            return f"not diagonal: every {user} moves with {own}, so no term vanishes"
        return f"every {user} depends on {own}, so no term vanishes"


def tied(path: Path, target: tuple[Index, ...]) -> Iterator[tuple[Index, Index]]:
    """Yield the pairs (k, j) of indices of u and of v that a Kronecker delta before the whole local derivative ties."""
    for factor in product_factors(path.local):
        pair = plain_delta(factor)
        if pair and pair[0] in path.indices and pair[1] in target:
            yield pair


def may_vanish(expr: Expr) -> bool:
    """Say whether brackets or choices can make the whole expression zero."""
    match expr:
        case Bracket() | Select():
            return True
        case Product(factors):
            return any(map(may_vanish, factors))
        case Sum(terms):
            return all(map(may_vanish, terms))
        case Reduce(_, _, body):
            return may_vanish(body)
        case _:
            return False


def with_target_letters(shown: Expr, path: Path, target: tuple[Index, ...]) -> Expr:
    """Return a diagonal local derivative [k = j]·f(k) as [k = j]·f(j), in the letters of what is differentiated by."""
    pairs = dict(tied(path, target))
    if not pairs or not isinstance(shown, Product):
        return shown
    return Product(tuple(f if isinstance(f, Bracket) else rename_indices(f, pairs) for f in shown.factors))
