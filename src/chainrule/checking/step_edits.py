"""Entries of the wrong step or layer: a[l; k] for a[l-1; k], W[l; m,k]·∂C/∂z[l; m] for the same at l+1."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from chainrule.checking.sites import Edit, Local, says
from chainrule.expr.binding import map_operands
from chainrule.expr.nodes import Expr, Index, Indexed, Partial, walk
from chainrule.expr.symbols import Derivative, Steps, Symbol, Tensor

OTHER_STEP = "is of the wrong step"
_WORDS = f"{{}} {OTHER_STEP}: it should be {{}}"


def other_step(known: Collection[str], unknown: Collection[str] = ()) -> Local:
    """Return what yields an expression with its tensors at other steps, as far as these are known.

    A single entry may be at any other step, the nearest first; all entries of an expression are one step away.
    Derivatives of an `unknown` cost are symbols.
    """

    def local(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
        if isinstance(expr, Indexed):
            for other in _others(expr.tensor, known):
                new = _entry(other, expr, unknown)
                yield Edit(says(_WORDS, expr, new), new)
            return
        raised = {part.tensor: _steps(part.tensor) for part in walk(expr) if isinstance(part, Indexed)}
        if sum(map(bool, raised.values())) > 1:
            for place in range(max(map(len, raised.values()))):
                for shift in (1, -1):
                    shifted = _all_shifted(expr, place, shift, known)
                    if shifted is not None and shifted != expr:
                        yield Edit(says(_WORDS, expr, shifted), shifted)

    return local


def _entry(tensor: Symbol, before: Indexed, unknown: Collection[str]) -> Expr:
    entry = Indexed(tensor, before.indices, before.guarded)
    if isinstance(tensor, Derivative) and tensor in unknown:
        return Partial(Indexed(tensor.of), (Indexed(tensor.wrt[0], before.indices, before.guarded),))
    return entry


def _others(tensor: Symbol, known: Collection[str]) -> Iterator[Symbol]:
    own = _raised(tensor)
    if own is None or not own.superscript:
        return
    like = [other for other in map(_raised, _symbols(known)) if other is not None and _is_like(other, own)]
    for other in sorted(dict.fromkeys(like), key=lambda one: _distance(one.superscript, own.superscript)):
        moved = _with(tensor, other)
        if moved in known and moved != tensor:
            yield moved


def _is_like(other: Tensor, own: Tensor) -> bool:
    return other.name == own.name and len(other.superscript) == len(own.superscript)


def _symbols(known: Collection[str]) -> Iterator[Symbol]:
    return (one for one in known if isinstance(one, Tensor | Derivative))


def _raised(tensor: Symbol) -> Tensor | None:
    """Return the tensor that is read, or that a derivative of the cost is taken by."""
    match tensor:
        case Tensor():
            return tensor
        case Derivative(_, (Tensor() as by,)):
            return by
        case _:
            return None


def _with(tensor: Symbol, other: Tensor) -> Symbol:
    return Derivative(tensor.of, other, along=tensor.along) if isinstance(tensor, Derivative) else other


def _steps(tensor: Symbol) -> Steps:
    own = _raised(tensor)
    return () if own is None else own.superscript


def _distance(one: Steps, other: Steps) -> tuple[bool, int, str]:
    letters = any(a != b for (a, _), (b, _) in zip(one, other, strict=True))
    return letters, sum(abs(a - b) for (_, a), (_, b) in zip(one, other, strict=True)), str(one)


def _all_shifted(expr: Expr, place: int, shift: int, known: Collection[str]) -> Expr | None:
    """Return an expression with all superscripts further on by a shift, None where one of them is not known.

    The derivative of an unknown function, which is no entry, is none that could be.
    """
    missing: list[Symbol] = [part.of.tensor for part in walk(expr) if isinstance(part, Partial)]

    def moved(tensor: Symbol) -> Symbol:
        own = _raised(tensor)
        if own is None or len(own.superscript) <= place:
            return tensor
        letter, number = own.superscript[place]
        raised = (*own.superscript[:place], (letter, number + shift), *own.superscript[place + 1 :])
        new = _with(tensor, Tensor(own.name, raised))
        if new not in known:
            missing.append(new)
        return new

    def change(node: Expr) -> Expr:
        if isinstance(node, Indexed):
            return Indexed(moved(node.tensor), node.indices, node.guarded)
        return map_operands(node, change)

    shifted = change(expr)
    return None if missing else shifted
