"""An answer as written by a person: which derivative it is of, and its right side, in the names of the system.

`∂C/∂z[p] = a[p] − y[p]` may choose its own letters; a right side alone is matched to the axes of what it is of, by
letter first, then by extent. Nothing is judged here: a letter that is left over, or that would have two extents, is
noted for the judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chainrule.checking.circular import Circle, circle_in
from chainrule.diff.backprop import Cotangents, Path
from chainrule.errors import NotationError, listed
from chainrule.expr.binding import (
    Fresh,
    free_in_order,
    map_operands,
    rename_indices,
    rewrite_bottom_up,
    substitute_indices,
    tensors_in,
)
from chainrule.expr.nodes import UNSETTLED, Expr, Extent, Index, Indexed, Partial, Position, Reduce, walk
from chainrule.notation import parse_expression
from chainrule.notation.source import Source
from chainrule.system.model import System, derivative_name, derivative_parts, is_derivative
from chainrule.system.places import did_you_mean
from chainrule.system.typecheck import settle_expression

_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True)
class Answer:
    """`∂C/∂tensor[indices] = value`. `loose` are letters that stand free in the value and not on the left."""

    tensor: str
    indices: tuple[Index, ...]
    value: Expr
    loose: tuple[Index, ...]


@dataclass(frozen=True)
class Clash:
    """A letter that labels axes of different extents in an answer."""

    letter: str
    axes: tuple[str, ...]

    @property
    def words(self) -> str:
        """The clash as a clause."""
        return f"index {self.letter} would run over {' and '.join(self.axes)}, which may differ in extent"


def tensor_of(text: str, system: System, wrt: str | None) -> str:
    """Return the tensor that an answer is a derivative by. Raises NotationError if it does not say."""
    left, _ = _sides(text)
    if left:
        target = _left_side(text, left, system)
        tensor = target.wrt[0].tensor if isinstance(target, Partial) else derivative_parts(target.tensor)[1]
        if wrt is not None and _by(wrt, system) != tensor:
            asked = _by(wrt, system)
            raise _at(text, 0, f"the answer is of {derivative_name(system.cost, tensor)}, asked for is {asked}")
        return tensor
    if wrt is None:
        only = system.params[0] if len(system.params) == 1 else ""
        if not only:
            raise _at(
                text,
                0,
                "the answer does not say what it is the derivative of",
                expected=f"∂{system.cost}/∂… = … with one of {listed(system.params)}",
            )
        return only
    tensor = _by(wrt, system)
    if tensor not in set(system.names()):
        advice = did_you_mean(tensor, dict.fromkeys(system.names(), 0))
        raise NotationError(f"no tensor is named {tensor}", expected=listed(system.names()), advice=advice)
    return tensor


def read_answer(text: str, tensor: str, cotangents: Cotangents) -> Answer:
    """Return an answer in the names of the system; ∂u/∂v of an equation u is put in as it was derived.

    Raises NotationError, with a caret, for what cannot be read.
    """
    system = cotangents.system
    left, right = _sides(text)
    axes = cotangents.of(tensor).indices
    if left:
        target = _left_side(text, left, system)
        entry = target.wrt[0] if isinstance(target, Partial) else target
        indices = tuple(
            Index(i.name, axis.extent) for i, axis in zip(entry.indices, axes, strict=True) if isinstance(i, Index)
        )
    else:
        indices = tuple(Index(i.name, i.extent) for i in axes)
    value = _parsed(text, right, system, indices)
    extents = {i.name: i.extent for i in indices}
    value = rename_indices(value, {i: Index(i.name, extents.get(i.name, i.extent)) for i in free_in_order(value)})
    value = _with_local_derivatives(value, cotangents, text)
    free = free_in_order(value)
    if not left:
        value = rename_indices(value, _matched(free, indices))
    circle = circle_in(value, indices, tensor, cotangents)
    if circle is not None:
        raise circular(text, circle)
    loose = tuple(i for i in free_in_order(value) if i not in indices)
    return Answer(tensor, indices, value, loose)


def circular(text: str, circle: Circle) -> NotationError:
    """Return the error for an answer that goes round in a circle; its caret points at the derivative that makes it."""
    start = len(text) - len(_sides(text)[1])
    place = text.find(circle.name, start)
    return _at(
        text,
        place if place >= 0 else max(start, text.find("∂", start)),
        circle.what,
        expected=circle.expected,
        advice=circle.advice,
    )


def derivatives_named(value: Expr, cost: str) -> tuple[str, ...]:
    """Return the tensors t of all ∂C/∂t that stand in a value, in order."""
    prefix = derivative_name(cost, "")
    entries = (part.tensor for part in walk(value) if isinstance(part, Indexed))
    return tuple(dict.fromkeys(name.removeprefix(prefix) for name in entries if name.startswith(prefix)))


def clashes(answer: Answer, system: System) -> tuple[Clash, ...]:
    """Return the letters that label axes of different extents, as a transposed entry makes them."""
    labelled: dict[str, dict[Extent, str]] = {}
    letters = {i.name: i.preferred for i in answer.indices}
    target = Indexed(derivative_name(system.cost, answer.tensor), answer.indices)
    for entry in (target, *(part for part in walk(answer.value) if isinstance(part, Indexed))):
        for axis, index in zip(system.axes(entry.tensor), entry.indices, strict=True):
            if isinstance(index, Index):
                letters[index.name] = index.preferred
                labelled.setdefault(index.name, {}).setdefault(axis.extent, f"axis {axis.preferred} of {entry.tensor}")
    sizes = {n: {system.size.get(extent, extent) for extent in axes} for n, axes in labelled.items()}
    return tuple(Clash(letters[n], tuple(axes.values())) for n, axes in labelled.items() if len(sizes[n]) > 1)


def settled_again(value: Expr, indices: Sequence[Index], system: System) -> Expr:
    """Return a value whose entries have been changed, with the extents that its letters have now.

    Free letters take those of `indices`. Raises TypecheckError where a letter has none.
    """
    known = {i.name: i for i in indices}
    open_value = rename_indices(value, {i: Index(i.name, UNSETTLED, i.letter) for i in free_in_order(value)})
    settled = settle_expression(system, without_extents(open_value))
    return rename_indices(settled, {i: known[i.name] for i in free_in_order(settled) if i.name in known})


def without_extents(expr: Expr) -> Expr:
    """Return an expression without the extents of its bound indices, for `typecheck` to find them."""
    if isinstance(expr, Reduce):
        bare = {i: Index(i.name, UNSETTLED, i.letter) for i in expr.indices}
        return Reduce(expr.op, tuple(bare.values()), without_extents(rename_indices(expr.body, bare)))
    return map_operands(expr, without_extents)


def _sides(text: str) -> tuple[str, str]:
    """Return the text left of the first = outside all brackets, and the text right of it; ("", text) without one."""
    depth = 0
    for place, mark in enumerate(text):
        depth += (mark in _OPEN) - (mark in _CLOSE)
        if mark == "=" and depth == 0 and text[place - 1 : place] not in {"<", ">", "!"}:
            return text[:place], text[place + 1 :]
    return "", text


def _left_side(text: str, left: str, system: System) -> Indexed | Partial:
    """Return the derivative that stands on the left, with distinct letters as indices."""
    target = _parsed(text, left, system, (), at_start=True)
    prefix = derivative_name(system.cost, "")
    match target:
        case Indexed(tensor, positions) if tensor.startswith(prefix) and len(derivative_parts(tensor)) == 2:
            pass
        case Partial(Indexed(of), (Indexed(_, positions),)) if of == system.cost:
            pass
        case _:
            expected = f"a derivative of the cost, such as {prefix}{(system.params or ('z',))[0]}"
            raise _at(text, 0, "this is not what is asked for", expected=expected)
    if not all(isinstance(p, Index) for p in positions) or len(set(positions)) < len(positions):
        raise _at(text, 0, "the left side names entries by distinct letters", expected="one letter for each index")
    return target


def _parsed(text: str, part: str, system: System, indices: tuple[Index, ...], *, at_start: bool = False) -> Expr:
    """Return a side of the answer as an expression; its errors point into the whole text."""
    before = 0 if at_start else len(text) - len(part)
    try:
        return parse_expression("".join(c if c == "\n" else " " for c in text[:before]) + part, system, indices)
    except NotationError as error:
        lines = text.split("\n")
        start = sum(len(line) + 1 for line in lines[: max(0, error.line - 1)])
        place = min(start + max(0, error.column - 1), len(text))
        raise _at(text, place, error.what, expected=error.expected, advice=error.advice) from None


def _at(text: str, place: int, what: str, *, expected: str = "", advice: str = "") -> NotationError:
    return Source(text).error(what, place, expected=expected, advice=advice)


def _by(name: str, system: System) -> str:
    """Return the tensor that somebody asks about by its name, or by that of ∂C/∂tensor."""
    if not is_derivative(name):
        return name
    of, *wrt = derivative_parts(name)
    if of == system.cost and len(wrt) == 1:
        return wrt[0]
    raise NotationError(
        f"{name} is not a first derivative of the cost {system.cost}",
        expected=f"a tensor, or a derivative such as {derivative_name(system.cost, (system.params or ('z',))[0])}",
        advice="Answers for other derivatives cannot be checked; jacobian and hessian derive them.",
    )


def _matched(free: tuple[Index, ...], indices: tuple[Index, ...]) -> dict[Index, Index]:
    """Return new names for the free letters that are not those of the axes: an axis of that extent that is left."""
    used = {i.name for i in free}
    left = [axis for axis in indices if axis.name not in used]
    renamed: dict[Index, Index] = {}
    for index in free:
        if index in indices:
            continue
        axis = next((a for a in left if a.extent == index.extent), None)
        if axis is not None:
            left.remove(axis)
            renamed[index] = axis
    return renamed


def _with_local_derivatives(value: Expr, cotangents: Cotangents, text: str) -> Expr:
    """Return the value with every ∂u[k]/∂v[j], u an equation that reads v, as derived."""
    fresh = Fresh()

    def change(node: Expr) -> Expr:
        if not isinstance(node, Indexed) or not is_derivative(node.tensor):
            return node
        of, *wrt = derivative_parts(node.tensor)
        if of == cotangents.cost and len(wrt) == 1:
            return node
        local = _local(node, of, wrt, cotangents)
        if local is None:
            expected = f"∂{cotangents.cost}/∂… of any tensor, and ∂u/∂v where the equation of u reads v"
            raise _at(text, max(0, text.find("∂" + of)), f"{node.tensor} is not derived here", expected=expected)
        return local

    if all(t.startswith(derivative_name(cotangents.cost, "")) or not is_derivative(t) for t in tensors_in(value)):
        return value
    return rewrite_bottom_up(value, change, fresh)


def _local(node: Indexed, of: str, wrt: Sequence[str], cotangents: Cotangents) -> Expr | None:
    if len(wrt) != 1:
        return None
    path = next(_paths_through(cotangents, wrt[0], of), None)
    if path is None:
        return None
    own = len(path.indices)
    places: dict[Index, Position] = dict(zip(path.indices, node.indices[:own], strict=True))
    entry = path.partial.wrt[0]
    by = [i for i in entry.indices if isinstance(i, Index)]
    places |= dict(zip(by, node.indices[own:], strict=True))
    return substitute_indices(path.local, places)


def _paths_through(cotangents: Cotangents, wrt: str, of: str) -> Iterator[Path]:
    return (path for path in cotangents.paths(wrt) if path.user == of)
