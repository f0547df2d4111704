"""`chainrule derive --why`: the reason for the chain rule's sum, with numbers of a file or random ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.explanation.why import Why
    from chainrule.pipeline import Backprop


def reasons(back: Backprop, file: str, asked: Sequence[str], data: Path | None, at: Sequence[str]) -> Iterator[Why]:
    """Yield the reason for each derivative asked for; where none is, for the first that adds up a whole tensor."""
    from chainrule.cli.explain import entry_named
    from chainrule.cli.values import read_values
    from chainrule.explanation.why import why

    values = None if data is None else read_values(back.forward, file, data)
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
