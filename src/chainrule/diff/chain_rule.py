"""The chain rule of several variables, the one formula that all derivatives here are made by, in either direction.

    back from a cost:   ∂C/∂v[j]     =  Σ over the u that read v,  Σ_k  ∂C/∂u[k]·∂u[k]/∂v[j]
    forward from a w:   ∂u[k]/∂w[j]  =  Σ over the v that u reads, Σ_m  ∂u[k]/∂v[m]·∂v[m]/∂w[j]

One product for each path, added up: a function of several variables changes by the sum of what reaches it through each
of them. Of the two factors one is local, an equation differentiated on its own; the other lies beyond it and is derived
by the same rule. Which tensors there are, in which letters, and whether the factor beyond stands by its name or is
inlined, others decide: the graph, `axis_letters` and `inlining`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from chainrule.diff.local import Local
from chainrule.expr.binding import reduce_over, rename_indices
from chainrule.expr.nodes import Expr, Index, plus, times
from chainrule.expr.symbols import Symbol


@dataclass(frozen=True)
class Contribution:
    """What reaches a derivative through one tensor, whose `indices` are summed over.

    `local` is the derivative of one equation. `beyond` is the other factor by its name, ∂C/∂u[k] on the way back and
    ∂v[m]/∂w[j] on the way `forward`; it is None where the local derivative is all. `inlined` is what the factor beyond
    was derived to be, where that is written instead of its name.
    """

    through: Symbol
    indices: tuple[Index, ...]
    local: Local
    beyond: Expr | None
    forward: bool = False
    inlined: Expr | None = None

    def with_inlined(self, indices: tuple[Index, ...], value: Expr) -> Contribution:
        """Return the contribution with what the factor beyond was derived to be, a value in these indices."""
        return replace(self, inlined=rename_indices(value, dict(zip(indices, self.indices, strict=True))))


Factor = Callable[[Contribution], Expr | None]


def derived(contribution: Contribution) -> Expr:
    """Return the local derivative, simplified."""
    return contribution.local.value


def symbolic(contribution: Contribution) -> Expr:
    """Return the local derivative by its name, ∂u[k]/∂v[j]; its value where nothing lies beyond."""
    return contribution.local.value if contribution.beyond is None else contribution.local.partial


def named(contribution: Contribution) -> Expr | None:
    """Return the factor beyond by its name."""
    return contribution.beyond


def written(contribution: Contribution) -> Expr | None:
    """Return the factor beyond as it is to be written: inlined, or by its name."""
    return contribution.beyond if contribution.inlined is None else contribution.inlined


def product(contribution: Contribution, local: Factor = derived, beyond: Factor = written) -> Expr:
    """Return the product of one path, ∂C/∂u[k]·∂u[k]/∂v[j]; the local derivative where that is all."""
    near, far = local(contribution), beyond(contribution)
    assert near is not None
    if far is None:
        return near
    return times(near, far) if contribution.forward else times(far, near)


def chain_rule(contributions: Iterable[Contribution], local: Factor = derived, beyond: Factor = written) -> Expr:
    """Return Σ over the contributions, Σ over the indices of each, of its product."""
    return plus(
        *(
            product(one, local, beyond)
            if one.beyond is None
            else reduce_over("sum", one.indices, product(one, local, beyond))
            for one in contributions
        )
    )
