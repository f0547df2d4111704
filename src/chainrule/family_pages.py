"""Derivations of families as pages: what a case is of, what the names in it mean, and what the parts add up to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from chainrule.expr.symbols import Derivative, Symbol, Tensor, tensors_of
from chainrule.families.family_backprop import FamilyBackprop
from chainrule.families.windows import APART, REST
from chainrule.family_derivations import CaseDerivation, derivations, without_apart
from chainrule.render.document import Group, Heading, Line, Node, Note, Words, joined, words
from chainrule.render.formula import ShownFormula, whole
from chainrule.render.layout import Entry, Layout, NamedSlope, Slope, Whole
from chainrule.render.relaid import Change, relaid, with_formulas, with_parts_changed
from chainrule.rewrite.backward_page import Told
from chainrule.rewrite.derivation_text import derivation_document


def family_page(back: FamilyBackprop, names: Sequence[str] = (), *, where: bool = False) -> Group:
    """Return the derivations by some tensors, else of the whole backward pass, on one page, from the cost backwards.

    What is a single sum that a Kronecker delta leaves one term of takes two lines where the whole pass is told.
    """
    told, pages = Told(), list[Group]()
    shares = False
    for name in names or back.order:
        for found in derivations(back, name):
            brief = not names and name in back.wrt
            page = told.in_short(found.derivation) if brief else None
            inner = Group(page) if page is not None else told.in_full(found.derivation, where=where)
            if names:
                inner = derivation_document(found.derivation, where=where)
            pages.append(told_of_case(back, found, inner, introduced=not names and shares))
            shares = shares or bool(found.over)
    return Group(tuple(pages), role="derivatives")


def case_page(back: FamilyBackprop, found: CaseDerivation, *, where: bool = False) -> Group:
    """Return the derivation of a case, below the steps that it holds for.

    Names that were made for it are explained, and the rest of the cost has the name of the cost.
    """
    return told_of_case(back, found, derivation_document(found.derivation, where=where))


def told_of_case(
    back: FamilyBackprop, found: CaseDerivation, page: Group, *, introduced: bool = False, whole: bool = True
) -> Group:
    """Return what is said of a case with what is to be said around it: the names, and the `whole` that parts add up to.

    That shares add up may have been `introduced`.
    """
    change = _renamed(found.window.beyond, back)
    shown = _without_tautologies(with_formulas(page, lambda one: with_parts_changed(one, change)))
    head = [Heading((f"for {found.ranges}",))] if found.ranges and whole else []
    parts = list(_parts(found))[introduced and bool(found.over) :]
    said = [Line(line) for line in (*parts, *_explained(back, found, page, shown)) if line]
    result = str(with_parts_changed(found.derivation.equation_formula(), change))
    last = [Line(words("so ", found.case))] if whole and str(found.case) != result else []
    return Group((*head, *said, shown, *last), role="case", apart=True)


def _renamed(beyond: Symbol, back: FamilyBackprop) -> Change:
    """Return what gives the parts of a formula the names that they have in the family.

    ∂R/∂u is ∂C/∂u, for R, the part of C that is not known here: u has no other way to C.
    """

    def change(layout: Layout) -> Layout | None:
        match layout:
            case Slope(Entry(tensor, ()), below) if tensor == beyond:
                cost = Entry(back.forward.head.cost, (), guarded=False)
                return Slope(cost, tuple(relaid(one, change) for one in below))
            case Entry(Tensor() as tensor) | Whole(Tensor() as tensor) if tensor.name.startswith(APART):
                return replace(layout, tensor=without_apart(tensor))
            case _:
                return None

    return change


def _held_fixed(back: FamilyBackprop, tensor: Tensor) -> Words:
    """Say why an entry does not move where others read it."""
    derivative = whole(Derivative(back.forward.head.cost, tensor))
    start = words(derivative, " holds all that comes through ", whole(tensor))
    return words(start, ", so where others read ", whole(tensor), " it is held fixed here.")


def _without_tautologies(node: Node) -> Node:
    """Return a document without equations whose two sides have come to be the same."""
    match node:
        case Group(nodes):
            return replace(node, nodes=tuple(map(_without_tautologies, nodes)))
        case Line(said) | Note(said):
            return replace(node, words=_sensible(said))
        case _:
            return node


def _sensible(said: Words) -> Words:
    """Return words without equations that say nothing, and without what joins them to others."""
    kept = list(said)
    for place in reversed(range(len(kept))):
        part = kept[place]
        if isinstance(part, ShownFormula) and _says_nothing(part):
            last = place + 2 >= len(kept) or kept[place + 1] == " and "
            del kept[place - 1 if last and place > 1 else place : place + 1 if last and place > 1 else place + 2]
    return tuple(kept)


def _says_nothing(equation: ShownFormula) -> bool:
    sides = [str(ShownFormula((side,))) for side in equation.sides]
    return len(sides) > len(set(sides))


def _parts(found: CaseDerivation) -> Iterator[Words]:
    """Say what is derived where a derivative is the sum of the shares of all steps, or of several parts."""
    if found.copy is None:
        return
    tensor, readers = whole(found.window.tensor), joined(tuple(map(whole, found.window.readers)), " and ")
    reads = " reads" if len(found.window.readers) == 1 else " read"
    derivative = whole(Derivative(found.window.system.cost, found.window.tensor))
    if found.over:
        start = f"Every step {found.over} reads the same "
        yield words(start, tensor, ", so ", derivative, " is the sum of their shares.")
    else:
        yield words(derivative, " is the sum of what comes through each equation that reads ", tensor, ".")
    yield words("Here ", whole(found.copy), " is ", tensor, " as ", readers, reads, " it.")


def _explained(back: FamilyBackprop, found: CaseDerivation, page: Node, shown: Node) -> Iterator[Words]:
    """Say what the names mean that are shown and the family has not, and which entries are held fixed."""
    own = {t.name for t in back.forward.tensors()} | {str(t) for t in back.forward.head.names()}
    equations: list[ShownFormula] = []
    apart = [name for name in _named_in(page) if name.name.startswith(APART)]
    for name in (*_named_in(shown), *apart):
        if name == found.window.beyond:
            yield words(whole(name), " is the part of ", whole(back.forward.head.cost), " that other steps make.")
        elif name.startswith(REST):
            yield words(whole(name), " is what the other steps add to the sum.")
        elif name.startswith(APART):
            yield _held_fixed(back, without_apart(name))
        elif name.name not in own and name not in (found.copy, found.tensor):
            equations += back.named_sum(name.name) or found.named_argument(name)
    if equations:
        distinct = tuple({str(one): one for one in equations}.values())
        yield words("Here ", joined(distinct, " and "), ".")


def _named_in(page: Node) -> list[Tensor]:
    """Return the tensors that the formulas of a page name, in order."""
    found: dict[Tensor, None] = {}

    def look(layout: Layout) -> None:
        match layout:
            case Entry(Tensor() as tensor) | Whole(Tensor() as tensor):
                found.setdefault(tensor)
            case NamedSlope(tensor):
                found.update(dict.fromkeys(t for t in tensors_of(tensor) if isinstance(t, Tensor)))

    def formula(one: ShownFormula) -> ShownFormula:
        for side in one.sides:
            relaid(side, look)
        return one

    with_formulas(page, formula)
    return list(found)
