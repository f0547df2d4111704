"""What rules may know while they simplify one expression: fresh names, and the facts that can be recognised.

A `Fact` says that a pattern equals a named quantity (an equation of the system) or follows from a `given`. Its
variables are the indices that may take any value. The context is made anew for each expression, so names depend on it
alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chainrule.expr.binding import Fresh
from chainrule.expr.nodes import Bracket, Call, Condition, Expr, Index, MatrixEntry, Number, Reduce, operands, walk
from chainrule.expr.shared import Node, kept
from chainrule.expr.sizes import Size
from chainrule.simplify import arithmetic


@dataclass(frozen=True, eq=False)
class Fact(Node):
    """pattern = replacement, for all values of the variables. `assumption` is the text of a `given`, or ""."""

    pattern: Expr
    replacement: Expr
    variables: tuple[Index, ...]
    assumption: str = ""


@dataclass(frozen=True)
class Ranges:
    """How far indices run: `least` is how many entries an axis has at least, since the system reads them by number.

    `sizes` are the extents that are known, `axes` those of the axes of a tensor.
    """

    least: Mapping[Size, int] = field(default_factory=dict)
    sizes: Mapping[Size, int] = field(default_factory=dict)
    axes: Mapping[str, tuple[Size, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """The algebra of one run of `simplify`; `names` are the facts that equations state, `givens` the others.

    `shares` are what sums over a named tensor come to, by the equation that defines it.
    """

    fresh: Fresh
    names: tuple[Fact, ...] = ()
    givens: tuple[Fact, ...] = ()
    shares: tuple[Fact, ...] = ()
    ranges: Ranges = field(default_factory=Ranges)

    def rebuild(self, expr: Expr) -> Expr:
        """Return the arithmetic normal form of a node with normal operands."""
        return arithmetic.renormal(expr)

    def close(self, op: str, indices: Sequence[Index], body: Expr) -> Expr:
        """Return the arithmetic normal form of a reduction of a normal body."""
        return arithmetic.close(op, indices, body)


@kept
def length(expr: Expr | Condition) -> int:
    """Return how long it is to read: its nodes, a sign as nothing, a call, det, inv as three, a reduction as four."""
    if isinstance(expr, Number):
        return 1 if expr.value.denominator == 1 else 2
    own = 3 if isinstance(expr, Call | MatrixEntry) else 4 if isinstance(expr, Reduce) else 1
    return own + sum([length(p) for p in operands(expr) if not (isinstance(p, Number) and p.value in (1, -1))])


def measure(expr: Expr) -> tuple[int, int, int]:
    """Return (brackets, reductions, length); a rule with an inverse applies only where this falls."""
    brackets = reductions = 0
    for part in walk(expr):
        brackets += 1 if isinstance(part, Bracket) else 0
        reductions += len(part.indices) if isinstance(part, Reduce) else 0
    return brackets, reductions, length(expr)
