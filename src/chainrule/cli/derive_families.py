"""`chainrule derive` of families: every case of every derivative, with the steps that it holds for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chainrule.cli.terminal import WEB, columns, say, show_document
from chainrule.errors import DerivativeError, OptionError
from chainrule.expr.symbols import Symbol, Tensor, step_of
from chainrule.families.families import Families
from chainrule.families.family_backprop import FamilyBackprop
from chainrule.family_derivations import derivations, local_derivative
from chainrule.pipeline import family_backprop
from chainrule.render.document import Group, Line, Node
from chainrule.render.document_latex import document_latex
from chainrule.render.document_text import document_text
from chainrule.render.printed_names import Naming, with_names
from chainrule.rewrite.derivation_text import derivation_document, derivation_latex, derivation_text


def derive_families(
    families: Families,
    of: str,
    wrt: Sequence[str],
    names: Naming,
    *,
    steps: bool,
    where: bool,
    form: str,
    verify: bool,
) -> None:
    """Print the derivatives of families, as lines or with every step, or a local derivative between neighbours."""
    if of:
        _local(families, of, wrt, steps=steps, form=form, verify=verify)
        return
    tensors = [_named(name).partition("[")[0] for name in wrt]
    back = family_backprop(families, tensors or None)
    if not back.wrt:
        raise OptionError("the system has no params to derive by", advice="Say what is meant: --wrt z")
    asked = tensors or list(back.cases)
    if form in WEB:
        page = _document(back, asked, steps=steps, where=where, verify=verify)
        show_document(with_names(page, names), form=form)
        return
    latex = form == "latex"
    if steps:
        say("\n\n".join(_pages(back, asked, names, where=where, latex=latex)))
    else:
        say(back.latex(names) if latex else "\n".join(back.lines(names)))
    if back.holds_for and not latex:
        say(f"\n{back.holds_for}")
    if verify:
        say()
        for line in _verified(back, asked):
            say(line)


def _verified(back: FamilyBackprop, asked: Sequence[str]) -> Iterator[str]:
    for name in asked:
        for ranges, derivation in derivations(back, name):
            held = f" for {ranges}" if ranges else ""
            yield f"{derivation.text(derivation.target)}{held}: {derivation.verify()}"


def _document(back: FamilyBackprop, asked: Sequence[str], *, steps: bool, where: bool, verify: bool) -> Group:
    """Return all that is asked for as one document."""
    shown: list[Node] = [back.document()]
    if steps:
        found = [each for name in asked for each in derivations(back, name)]
        shown = [
            Group((*([Line((f"for {ranges}",))] if ranges else []), derivation_document(one, where=where)), apart=True)
            for ranges, one in found
        ]
    said = [*([back.holds_for] if steps and back.holds_for else []), *(_verified(back, asked) if verify else ())]
    lines = [Group(tuple(Line((one,)) for one in said), apart=True)] if said else []
    return Group((*shown, *lines), role="derivatives")


def _pages(back: FamilyBackprop, asked: Sequence[str], names: Naming, *, where: bool, latex: bool) -> Iterator[str]:
    for name in asked:
        for ranges, derivation in derivations(back, name):
            shown = with_names(derivation_document(derivation, where=where), names)
            page = document_latex(shown) if latex else document_text(shown, columns())
            title = f"for {ranges}\n" if ranges else ""
            yield (f"% {title}" if title and latex else title) + page


def _local(families: Families, of: str, wrt: Sequence[str], *, steps: bool, form: str, verify: bool) -> None:
    """Print ∂z[l+1; m]/∂z[l; k]."""
    if len(wrt) != 1:
        raise OptionError(f"a Jacobian is taken by one tensor, not {len(wrt)}", advice=f"Say which: --of {of} --wrt …")
    above, below = _named(of), _named(wrt[0])
    back = family_backprop(families, [below.partition("[")[0]])
    found = local_derivative(back, above, below)
    if form in WEB:
        from chainrule.cli.derived_page import jacobian_document

        show_document(jacobian_document(found, steps=steps, verify=verify), form=form)
        return
    latex = form == "latex"
    for name in found.results if steps else ():
        derivation = found.derivation(name)
        say(derivation_latex(derivation) if latex else derivation_text(derivation, columns()))
    if not steps:
        say(found.latex() if latex else repr(found))
    if verify:
        for name in found.results:
            say(f"\n{found.verify(found.derivation(name))}")


def _named(text: str) -> Symbol:
    """Return the tensor of ∂C/∂z[l+1; k], z[l+1] or z. Raises DerivativeError."""
    name, _, inside = text.rpartition("∂")[2].partition("[")
    written = inside.rstrip("]").partition(";")[0]
    steps = [step_of(part) for part in written.split(",")] if written.strip() else []
    found = tuple(step for step in steps if step is not None)
    if not name.strip() or len(found) != len(steps):
        raise DerivativeError(f"'{text}' names no tensor", expected="a name, or one with a superscript: z[l+1]")
    return Tensor(name.strip(), found)
