"""An answer as written by a person: which derivative it is of, and its right side, in the names of the system.

`∂C/∂z[p] = a[p] − y[p]` may choose its own letters; a right side alone is matched to the axes of what it is of, by
letter first, then by extent. Nothing is judged here: a letter that is left over, or that would have two extents, is
noted for the judge.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chainrule.checking.between import Between, between, derivatives_between, with_values
from chainrule.checking.circular import Circle, circle_in
from chainrule.checking.names import named_derivatives, with_names
from chainrule.checking.primes import without_primes
from chainrule.diff.backprop import Cotangents
from chainrule.errors import NotationError, listed
from chainrule.expr.binding import (
    free_in_order,
    map_operands,
    rename_indices,
)
from chainrule.expr.functions import ARITY
from chainrule.expr.nodes import Expr, Index, Indexed, Partial, Reduce, walk
from chainrule.expr.sizes import UNINFERRED
from chainrule.expr.symbols import Derivative, Symbol, taken_by
from chainrule.notation import named_symbol, parse_expression
from chainrule.notation.source import Source
from chainrule.notation.symbol_names import asked_tensor
from chainrule.system.locations import did_you_mean
from chainrule.system.model import System
from chainrule.system.sizes.infer import infer_expression

_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True)
class Answer:
    """`∂C/∂tensor[indices] = value`. `loose` are letters that stand free in the value and not on the left.

    `two_ways` are the derivatives ∂u/∂v in it that may mean two things; with `total` they were read as total ones.
    """

    tensor: Symbol
    indices: tuple[Index, ...]
    value: Expr
    loose: tuple[Index, ...]
    two_ways: tuple[Between, ...] = ()
    total: bool = False

    @property
    def loose_letters(self) -> str:
        """What is wrong with the letters that stand free, as a clause."""
        letters = ", ".join(i.preferred for i in self.loose)
        verb = "stands" if len(self.loose) == 1 else "stand"
        return f"{letters} {verb} free on the right but not on the left, and no sum runs over {letters}"


def tensor_of(text: str, system: System, wrt: str | None) -> Symbol:
    """Return the tensor that an answer is a derivative by. Raises NotationError if it does not say."""
    target = _target(text, system)
    if target is not None:
        answered = taken_by(target.tensor, system.cost)
        assert answered is not None
        asked = answered if wrt is None else _by(wrt, system)
        if asked != answered:
            raise _at(text, 0, f"the answer is of {target.tensor}, asked for is {asked}")
        return answered
    if wrt is None:
        if len(system.params) != 1:
            raise _at(
                text,
                0,
                "the answer does not say what it is the derivative of",
                expected=f"∂{system.cost}/∂… = … with one of {listed(system.params)}",
            )
        return system.params[0]
    tensor = _by(wrt, system)
    if tensor not in set(system.names()):
        advice = did_you_mean(tensor, dict.fromkeys(system.names(), 0))
        raise NotationError(f"no tensor is named {tensor}", expected=listed(system.names()), advice=advice)
    return system.symbol(tensor)


def read_answer(
    text: str, tensor: Symbol, cotangents: Cotangents, *, total: bool = False, circles: bool = False
) -> Answer:
    """Return an answer in the names of the system, with each ∂u/∂v as it was derived.

    Where u reads v and depends on it through others too, ∂u/∂v is the derivative of u's equation, or with `total` that
    in which the others move along. Raises NotationError, with a caret, for what cannot be read, and unless `circles`
    are wanted too for what goes round in one.
    """
    system = cotangents.system
    answer = read_entries(text, tensor, system, cotangents.of(tensor).indices)
    value = _with_local_derivatives(answer.value, cotangents, text, total=total)
    named = (between(name, cotangents) for name in derivatives_between(answer.value, cotangents))
    two_ways = tuple(one for one in named if one is not None and one.two_ways)
    circle = None if circles else circle_in(value, answer.indices, tensor, cotangents)
    if circle is not None:
        raise circular(text, circle)
    return replace(answer, value=value, loose=_loose(value, answer.indices), two_ways=two_ways, total=total)


def read_entries(text: str, tensor: Symbol, system: System, axes: Sequence[Index]) -> Answer:
    """Return an answer for the derivative with these axes as it is written, in the names of a system.

    Raises NotationError, with a caret, for what cannot be read.
    """
    target, (start, right) = _target(text, system), sides_of(text)[-1]
    letters = axes if target is None else tuple(i for i in target.indices if isinstance(i, Index))
    indices = tuple(Index(i.name, axis.extent) for i, axis in zip(letters, axes, strict=True))
    try:
        value = _parsed(text, start, right, system, indices)
    except NotationError:
        own = _with_own_letter(text, system, indices) if target is None else None
        if own is None:
            raise
        value = own
    extents = {i.name: i.extent for i in indices}
    value = rename_indices(value, {i: Index(i.name, extents.get(i.name, i.extent)) for i in free_in_order(value)})
    if target is None:
        value = rename_indices(value, _matched(free_in_order(value), indices))
    return Answer(tensor, indices, value, _loose(value, indices))


def between_target(text: str, system: System) -> Derivative | None:
    """Return the derivative on the left if it is one of a tensor that is no cost, by one other; else None."""
    (start, side), *others = sides_of(text)
    if not others:
        return None
    try:
        target = _parsed(text, start, side, system, ())
    except NotationError:
        return None
    match target:
        case Indexed(Derivative(of, (by,)) as name) if of != system.cost and {of, by} <= {*system.names()}:
            return name
        case Partial(Indexed(of), (Indexed(by),)) if of != system.cost:
            return Derivative(of, by)
        case _:
            return None


def read_between(text: str, name: Derivative, cotangents: Cotangents) -> Answer:
    """Return an answer for ∂u/∂v in the names of the system, with the letters of u, then of v. Raises NotationError."""
    system, (start, side) = cotangents.system, sides_of(text)[0]
    target = _parsed(text, start, side, system, ())
    match target:
        case Partial(Indexed(_, above), (Indexed(_, below),)):
            letters = (*above, *below)
        case Indexed(_, positions):
            letters = positions
        case _:
            letters = ()
    if not all(isinstance(p, Index) for p in letters) or len(set(letters)) < len(letters):
        raise _at(text, start, "the left side names entries by distinct letters", expected="one letter for each index")
    axes = (*system.axes(name.of), *system.axes(name.wrt[0]))
    indices = tuple(Index(i.name, axis.extent) for i, axis in zip(letters, axes, strict=True) if isinstance(i, Index))
    start, right = sides_of(text)[-1]
    value = _parsed(text, start, right, system, indices)
    extents = {i.name: i.extent for i in indices}
    value = rename_indices(value, {i: Index(i.name, extents.get(i.name, i.extent)) for i in free_in_order(value)})
    if name in derivatives_between(value, cotangents):
        raise _at(text, max(start, text.find("∂", start)), f"the answer names {name} itself on the right")
    value = _with_local_derivatives(value, cotangents, text, total=False)
    return Answer(name.wrt[0], indices, value, _loose(value, indices))


def _loose(value: Expr, indices: Sequence[Index]) -> tuple[Index, ...]:
    return tuple(i for i in free_in_order(value) if i not in indices)


def _with_own_letter(text: str, system: System, indices: tuple[Index, ...]) -> Expr | None:
    """Return a right side whose letter for the one axis stands in no position that says how far it runs; else None."""
    words = dict.fromkeys(re.findall(r"[^\W\d]\w*", text))
    if len(indices) != 1 or indices[0].name in words:
        return None
    names = {*map(str, system.names()), *system.function, *ARITY}
    compared = {word for inside in re.findall(r"\[([^\[\]]*)\]", text) for word in re.findall(r"\w+", inside)}
    for word in (one for one in words if one not in names and (len(one) == 1 or one in compared)):
        own = Index(word, indices[0].extent)
        try:
            value = _parsed(text, 0, text, system, (own,))
        except NotationError:
            continue
        if own in free_in_order(value):
            return rename_indices(value, {own: indices[0]})
    return None


def circular(text: str, circle: Circle) -> NotationError:
    """Return the error for an answer that goes round in a circle; its caret points at the derivative that makes it."""
    start, _ = sides_of(text)[-1]
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
    named = (taken_by(part.tensor, cost) for part in walk(value) if isinstance(part, Indexed))
    return tuple(dict.fromkeys(by for by in named if by is not None))


def inferred_again(value: Expr, indices: Sequence[Index], system: System) -> Expr:
    """Return a value whose entries have been changed, with the extents that its letters have now.

    Free letters take those of `indices`. Raises TypecheckError where a letter has none.
    """
    known = {i.name: i for i in indices}
    open_value = rename_indices(value, {i: Index(i.name, UNINFERRED, i.letter) for i in free_in_order(value)})
    settled = infer_expression(system, without_extents(open_value))
    return rename_indices(settled, {i: known[i.name] for i in free_in_order(settled) if i.name in known})


def without_extents(expr: Expr) -> Expr:
    """Return an expression without the extents of its bound indices, for `typecheck` to find them."""
    if isinstance(expr, Reduce):
        bare = {i: Index(i.name, UNINFERRED, i.letter) for i in expr.indices}
        return Reduce(expr.op, tuple(bare.values()), without_extents(rename_indices(expr.body, bare)))
    return map_operands(expr, without_extents)


def sides_of(text: str) -> list[tuple[int, str]]:
    """Return what stands between the = outside all brackets, each part with the place where it begins."""
    depth, start = 0, 0
    sides = []
    for place, mark in enumerate(text):
        depth += (mark in _OPEN) - (mark in _CLOSE)
        if mark == "=" and depth == 0 and text[place - 1 : place] not in {"<", ">", "!"}:
            sides.append((start, text[start:place]))
            start = place + 1
    return [*sides, (start, text[start:])]


def _target(text: str, system: System) -> Indexed | None:
    """Return the derivative that stands on the left, with distinct letters as indices; None for a right side alone.

    It may have two names, δ2[k] = ∂C/∂z2[k] = …, as a network's equations are printed.
    """
    target: Indexed | None = None
    for start, side in sides_of(text)[:-1]:
        found = _left_side(text, start, side, system)
        if target is not None and found != target:
            raise _at(text, start, f"this is another derivative than {target.tensor}", expected="one answer at a time")
        target = found
    return target


def _left_side(text: str, start: int, side: str, system: System) -> Indexed:
    """Return a derivative of the cost, with distinct letters as indices."""
    target = _parsed(text, start, side, system, ())
    match target:
        case Partial(Indexed(of), (Indexed(tensor, positions),)) if of == system.cost:
            target = Indexed(Derivative(of, tensor), positions)
        case Indexed(tensor, positions) if taken_by(tensor, system.cost) is not None:
            pass
        case _ if start:
            expected = "what the derivative is equal to, once"
            raise _at(text, start, "there is more than one right side", expected=expected)
        case _:
            expected = f"a derivative of the cost, such as {_example(system)}"
            raise _at(text, 0, "this is not what is asked for", expected=expected)
    if not all(isinstance(p, Index) for p in positions) or len(set(positions)) < len(positions):
        raise _at(text, start, "the left side names entries by distinct letters", expected="one letter for each index")
    return target


def _parsed(text: str, start: int, part: str, system: System, indices: tuple[Index, ...]) -> Expr:
    """Return a part of the answer as an expression; its errors point into the whole text."""
    readable, names = with_names(system)
    before = "".join(c if c == "\n" else " " for c in text[:start])
    try:
        value = parse_expression(before + part, readable, indices, meant=without_primes)
    except NotationError as error:
        lines = text.split("\n")
        start = sum(len(line) + 1 for line in lines[: max(0, error.line - 1)])
        place = min(start + max(0, error.column - 1), len(text))
        raise _at(text, place, error.what, expected=error.expected, advice=error.advice) from None
    return named_derivatives(value, names, system)


def _at(text: str, place: int, what: str, *, expected: str = "", advice: str = "") -> NotationError:
    return Source(text).error(what, place, expected=expected, advice=advice)


def _by(name: str, system: System) -> str:
    """Return the tensor that somebody asks about by its name, or by that of ∂C/∂tensor."""
    named = named_symbol(name)
    if not isinstance(named, Derivative):
        return asked_tensor(name, system)
    by = asked_tensor(name, system) if named.of == system.cost and len(named.wrt) == 1 else None
    if by is not None:
        return by
    raise NotationError(
        f"{name} is not a first derivative of the cost {system.cost}",
        expected=f"a tensor, or a derivative such as {_example(system)}",
        advice="Answers for other derivatives cannot be checked; jacobian and hessian derive them.",
    )


def _example(system: System) -> Derivative:
    return Derivative(system.cost, *(system.params or ("z",))[:1])


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


def _with_local_derivatives(value: Expr, cotangents: Cotangents, text: str, *, total: bool) -> Expr:
    """Return the value with every ∂u[k]/∂v[j] as derived. Raises NotationError where u does not depend on v."""
    strange = next((t for t in derivatives_between(value, cotangents) if between(t, cotangents) is None), None)
    if strange is not None:
        expected = f"∂{cotangents.cost}/∂… of any tensor, and ∂u/∂v where u depends on v"
        raise _at(text, max(0, text.find(f"∂{strange.of}")), f"{strange} is not derived here", expected=expected)
    return with_values(value, cotangents, total=total)
