"""`chainrule derive --why`: the reason for the chain rule's sum, with numbers of a file or random ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.explanation.why import Why
    from chainrule.pipeline import Backprop


def reasons(back: Backprop, asked: Sequence[str], values: Mapping[str, Any] | None, at: Sequence[str]) -> Iterator[Why]:
    """Yield the reason for each derivative asked for; where none is, for the first that adds up a whole tensor."""
    from chainrule.cli.explain import entry_named
    from chainrule.explanation.why import why

    for tensor in asked or [_nearest(back)]:
        yield why(back, tensor, values, entry_named(at) if at else None)


def _nearest(back: Backprop) -> str:
    """Return the tensor nearest to the cost whose derivative is a sum over entries, else the first asked for."""
    from chainrule.expr.symbols import Derivative

    cotangents, known = back.cotangents, set(back.forward.names())
    named = [e.name.wrt[0] for e in back.system.equations if isinstance(e.name, Derivative) and len(e.name.wrt) == 1]
    for tensor in (t for t in named if t in known):
        if any(part.indices and part.beyond is not None for part in cotangents.contributions(tensor)):
            return str(tensor)
    return back.wrt[0]
