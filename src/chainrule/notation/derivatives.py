"""Derivatives as written: ∂C/∂z[j], ∂a[k]/∂z[j], ∂²C/∂z∂z[i,j].

Such a name is that of a tensor, with the axes of what is differentiated and then those of what it is taken by;
positions stand behind each of them, or all at the end. In a system for all samples the letter of the sample stands
behind the cost too, ∂C[n]/∂z[n,j], or behind z alone. Only where the upper one is an unknown function with the lower
ones among its arguments, and no equation above defines the derivative, is it a symbol of its own, a `Partial`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lark import Token, Tree

from chainrule.errors import NotationError
from chainrule.expr.nodes import Indexed, Partial, Position
from chainrule.expr.symbols import Derivative, Steps, Tensor
from chainrule.notation.operators import superscript_of
from chainrule.notation.vocabulary import Vocabulary
from chainrule.render.text import position_text

ErrorAt: TypeAlias = Callable[..., NotationError]
"""Makes an error that points at a token: (what, token, expected=…)."""


@dataclass(frozen=True)
class Slot:
    """A place for a tensor in a derivative: its name, with the positions behind it, or None without brackets.

    `guarded` positions read 0 outside; a mark at any of the parts is one for all.
    """

    token: Token
    positions: tuple[Position, ...] | None
    guarded: bool = False
    superscript: Steps = ()

    @property
    def tensor(self) -> Tensor:
        """The tensor that is named."""
        return Tensor(str(self.token), self.superscript)


def derivative_of(
    tree: Tree[Token], parts: Sequence[Slot], vocabulary: Vocabulary, error: ErrorAt
) -> Indexed | Partial:
    """Return the entry or the symbol that a derivative stands for. Raises NotationError."""
    names = [part.tensor for part in parts]
    _check_order(tree, parts, error)
    ranks = [vocabulary.rank_of(name) for name in names]
    name = Derivative(names[0], *names[1:])
    of_samples = names[0] == vocabulary.costs and len(parts) == 2 and names[1] in vocabulary.ranks
    if of_samples and parts[0].positions:
        return _of_one_sample(name, parts, vocabulary, error)
    positions = _positions(parts, ranks, error)
    per_sample = vocabulary.per_sample.get(name)
    if per_sample is not None:
        return Indexed(per_sample, positions, guarded=any(part.guarded for part in parts))
    arguments = vocabulary.arguments_of(names[0])
    if name in vocabulary.written or not all(lower in arguments for lower in names[1:]):
        return Indexed(name, positions, guarded=any(part.guarded for part in parts))
    known = [rank or 0 for rank in ranks]
    if sum(known) != len(positions):
        raise error(
            f"{name} has {sum(known)} positions, not {len(positions)}",
            parts[0].token,
            expected="they are those of " + ", then of ".join(names),
        )
    ends = [sum(known[: n + 1]) for n in range(len(known))]
    entries = [Indexed(n, positions[end - rank : end]) for n, rank, end in zip(names, known, ends, strict=True)]
    return Partial(entries[0], tuple(entries[1:]))


def _of_one_sample(name: Derivative, parts: Sequence[Slot], vocabulary: Vocabulary, error: ErrorAt) -> Indexed:
    """Return ∂C[n]/∂z[n,j], the derivative of the cost of one sample by what belongs to it. Raises NotationError."""
    above, below = parts[0].positions or (), parts[1].positions or ()
    (by,), sample = name.wrt, position_text(above[0])
    known = vocabulary.per_sample.get(name)
    if known is None and name in vocabulary.written:
        raise error(
            f"∂{name.of}[{sample}]/∂{by}, one for each sample, is not derived",
            parts[0].token,
            expected=f"{name} without [{sample}], which is the mean over the samples",
            advice=f"Where {sample} stands nowhere, all is said of one sample, and so is {name}.",
        )
    if known is None or len(above) != 1 or below[:1] != above or len(below) != vocabulary.ranks[by]:
        rest = ",…" if vocabulary.ranks.get(by, 0) > 1 else ""
        raise error(
            f"the cost of a sample has derivatives by the {by} of that sample, by no other",
            parts[1].token,
            expected=f"one letter for the sample in both places, as in ∂{name.of}[{sample}]/∂{by}[{sample}{rest}]",
        )
    return Indexed(known, below, guarded=any(part.guarded for part in parts))


def _check_order(tree: Tree[Token], parts: Sequence[Slot], error: ErrorAt) -> None:
    """Check that ∂² stands over two ∂."""
    written = [c for c in tree.children if isinstance(c, Token) and c.type == "SUPERSCRIPT"]
    order = int(superscript_of(str(written[0])).value) if written else 1
    if order != len(parts) - 1:
        raise error(
            f"a derivative of order {order} is taken by {order}, not {len(parts) - 1}",
            parts[-1].token,
            expected="below stand as many ∂ as the order above says: ∂²C/∂z∂z[i,j]",
        )


def _positions(parts: Sequence[Slot], ranks: Sequence[int | None], error: ErrorAt) -> tuple[Position, ...]:
    """Return all positions, those behind each part, which must be as many as it has axes unless all are at the end."""
    flat = tuple(position for part in parts for position in part.positions or ())
    if all(part.positions is None for part in parts[:-1]):
        return flat
    for part, rank in zip(parts, ranks, strict=True):
        if rank is not None and rank != len(part.positions or ()):
            raise error(
                f"{part.tensor} has {rank} indices, not {len(part.positions or ())}",
                part.token,
                expected="positions stand behind each tensor, or all of them at the end",
            )
    return flat
