"""What `chainrule derive` shows, as documents: equations, every step, two systems compared, verification."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from chainrule.pipeline import Backprop
from chainrule.render.document import Group, Line, words
from chainrule.rewrite.derivation_text import derivation_document
from chainrule.system.system_document import equations_document

if TYPE_CHECKING:
    from chainrule.jacobians import Jacobian
    from chainrule.rewrite.rules import Derivation


def backward_document(back: Backprop, *, one_page: bool, steps: bool, verify: bool) -> Group:
    """Return the derivatives of a cost: their equations, or every step; `one_page` for the whole backward pass."""
    derivations = [back.derivation(tensor) for tensor in back.wrt]
    page = back.steps() if steps and one_page else None
    return derivatives_document(derivations, equations_of(back), back, page, steps=steps, verify=verify)


def jacobian_document(found: Jacobian, *, steps: bool, verify: bool) -> Group:
    """Return a Jacobian or a Hessian: its equations, or every step."""
    derivations = [found.derivation(name) for name in found.results]
    return derivatives_document(derivations, found.document(), found, steps=steps, verify=verify)


def compared_document(back: Backprop, other: Backprop, names: tuple[str, str], *, verify: bool) -> Group:
    """Return the derivations of two systems beside each other."""
    from chainrule.rewrite import compared

    pairs = [(back.derivation(tensor), other.derivation(tensor)) for tensor in back.wrt]
    pages = tuple(Group((compared.compared_document(*pair, names),), apart=True) for pair in pairs)
    said = tuple(Line((line,)) for line in verifications(back, names[0], other, names[1])) if verify else ()
    return Group((*pages, Group(said, role="verification", apart=True)) if said else pages, role="derivatives")


def derivatives_document(
    derivations: Sequence[Derivation],
    equations: Group,
    by: Backprop | Jacobian,
    page: Group | None = None,
    *,
    steps: bool,
    verify: bool,
) -> Group:
    """Return what is shown, as one document: every step or the equations, and what verification says."""
    each = page.nodes if page is not None else tuple(map(derivation_document, derivations))
    shown = each if steps else (equations,)
    said = [Line((f"{d.text(d.target)}: {by.verify(d)}",)) for d in derivations if verify]
    verified = [Group(tuple(said), role="verification", apart=True)] if said else []
    return Group((*shown, *verified), role="derivatives")


def equations_of(back: Backprop) -> Group:
    """Return the equations of the derivatives asked for, and of every name in them."""
    shown = equations_document(back.system, back.derived)
    cases = [
        Line(words("if ", title.words, ": ", case.equation_formula()))
        for tensor in back.wrt
        for title, case in back.cases(tensor)
    ]
    return Group((shown, *([Group(tuple(cases), role="cases", indent=2)] if cases else [])))


def verifications(back: Backprop, file: str, other: Backprop | None, compare: str) -> Iterator[str]:
    """Yield what verification says of each derivation, of those of another system too."""
    for which, name in ((back, f"{file}: " if other else ""), (other, f"{compare}: ")):
        if which is not None:
            for derivation in map(which.derivation, which.wrt):
                yield f"{name}{derivation.text(derivation.target)}: {which.verify(derivation)}"
