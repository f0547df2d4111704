"""What is divided by its own sum adds up to 1: of a[k] = exp(z[k])/Σ_m exp(z[m]) it is known that Σ_k a[k] = 1.

Nobody says which equations are such. Every quotient is summed over each of its indices, and where a number comes out,
that is a fact. It holds wherever a has the value of its equation, so not for derivatives by a that are derived again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from chainrule.expr.binding import open_reduce, reduce_over, rename_indices
from chainrule.expr.nodes import Expr, Index, Indexed, Number, Power, Reduce, Sum, product_factors, walk
from chainrule.rewrite.rules import Rewrite, Rule
from chainrule.simplify.arithmetic import add, close, multiply
from chainrule.simplify.context import Context, Fact, length
from chainrule.simplify.recognise import recognise
from chainrule.simplify.sums import known_sum


def shares_of(
    target: Indexed, value: Expr, simplify: Callable[[Expr, Sequence[Index]], Expr], total: Callable[[Expr], Expr]
) -> Iterator[Fact]:
    """Yield Σ_k target = c for the indices k for which it is a number. `total` puts a sum in the place of its name."""
    if not any(_is_total(factor) for factor in product_factors(value)):
        return
    indices = tuple(i for i in target.indices if isinstance(i, Index))
    variables = {i: Index(f"?{i.name}", i.extent, i.letter) for i in indices}
    for index in indices:
        others = tuple(variables[i] for i in indices if i != index)
        names = {i: variables[i] for i in indices if i != index}
        found = simplify(reduce_over("sum", (index,), rename_indices(total(value), names)), others)
        if isinstance(found, Number):
            pattern = reduce_over("sum", (index,), rename_indices(target, names))
            yield Fact(pattern, found, others)


def _is_total(factor: Expr) -> bool:
    """Say whether a factor divides by something in which, or by whose name, there is a sum."""
    match factor:
        case Power(base, Number(exponent)) if exponent < 0:
            return isinstance(base, Indexed) or any(isinstance(part, Reduce) for part in walk(base))
        case _:
            return False


def use_share(expr: Expr, context: Context) -> Rewrite | None:
    """sum(k) a[k] = 1 where a[k] is e[k]/(sum(m) e[m])."""
    return recognise(expr, context.shares) if isinstance(expr, Reduce) else None


def share_out(expr: Expr, context: Context) -> Expr | None:
    """1 - (sum(k) a[k]*(1 + b[k])) = -(sum(k) a[k]*b[k]) where sum(k) a[k] = 1 and the line gets shorter."""
    if not isinstance(expr, Sum) or not context.shares:
        return None
    for place, term in enumerate(expr.terms):
        apart = _apart(term, context)
        if apart is not None:
            whole = add((*expr.terms[:place], *apart, *expr.terms[place + 1 :]))
            if length(whole) < length(expr):
                return whole
    return None


def _apart(term: Expr, context: Context) -> tuple[Expr, Expr] | None:
    """Return c*s and c*(sum(k) a[k]*b[k]) of c*(sum(k) a[k]*(1 + b[k])), s being what sum(k) a[k] is known to be."""
    factors = product_factors(term)
    sums = [f for f in factors if isinstance(f, Reduce) and f.op == "sum"]
    if len(sums) != 1:
        return None
    outside = [f for f in factors if f not in sums]
    bound, body = open_reduce(sums[0], context.fresh)
    inner = product_factors(body)
    for place, part in enumerate(inner):
        if not isinstance(part, Sum):
            continue
        others = inner[:place] + inner[place + 1 :]
        for one in part.terms:
            alone = known_sum(close("sum", bound, multiply((*others, one))), context)
            if not any(isinstance(node, Reduce) for node in walk(alone)):
                left = multiply((*others, add(t for t in part.terms if t != one)))
                rest = known_sum(close("sum", bound, left), context)
                return multiply((*outside, alone)), multiply((*outside, rest))
    return None


SHARES: tuple[Rule[Context], ...] = (
    Rule(
        "the sum is 1",
        "`Σ_k a[k] = 1`, where `a[k] = e[k]/(Σ_m e[m])`",
        use_share,
        (Reduce,),
    ),
    Rule("the sum is 1", "`1 − Σ_k a[k]·(1 + b[k]) = −Σ_k a[k]·b[k]`, where `Σ_k a[k] = 1`", share_out, (Sum,)),
)
