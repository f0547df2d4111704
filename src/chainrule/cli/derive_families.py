"""`chainrule derive` of families: every case of every derivative, with the steps that it holds for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chainrule.cli.terminal import columns, say
from chainrule.errors import DerivativeError, OptionError
from chainrule.expr.symbols import Symbol, Tensor, step_of
from chainrule.families.families import Families
from chainrule.families.family_backprop import FamilyBackprop
from chainrule.family_derivations import derivations, local_derivative
from chainrule.pipeline import family_backprop
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
    latex: bool,
    verify: bool,
) -> None:
    """Print the derivatives of families, as lines or with every step, or a local derivative between neighbours."""
    if of:
        _local(families, of, wrt, steps=steps, latex=latex, verify=verify)
        return
    tensors = [_named(name).partition("[")[0] for name in wrt]
    back = family_backprop(families, tensors or None)
    if not back.wrt:
        raise OptionError("the system has no params to derive by", advice="Say what is meant: --wrt z")
    asked = tensors or list(back.cases)
    if steps:
        say("\n\n".join(_pages(back, asked, names, where=where, latex=latex)))
    else:
        say(back.latex(names) if latex else "\n".join(back.lines(names)))
    if back.holds_for and not latex:
        say(f"\n{back.holds_for}")
    if verify:
        say()
        for name in asked:
            for ranges, derivation in derivations(back, name):
                held = f" for {ranges}" if ranges else ""
                say(f"{derivation.text(derivation.target)}{held}: {derivation.verify()}")


def _pages(back: FamilyBackprop, asked: Sequence[str], names: Naming, *, where: bool, latex: bool) -> Iterator[str]:
    for name in asked:
        for ranges, derivation in derivations(back, name):
            shown = with_names(derivation_document(derivation, where=where), names)
            page = document_latex(shown) if latex else document_text(shown, columns())
            title = f"for {ranges}\n" if ranges else ""
            yield (f"% {title}" if title and latex else title) + page


def _local(families: Families, of: str, wrt: Sequence[str], *, steps: bool, latex: bool, verify: bool) -> None:
    """Print ∂z[l+1; m]/∂z[l; k]."""
    if len(wrt) != 1:
        raise OptionError(f"a Jacobian is taken by one tensor, not {len(wrt)}", advice=f"Say which: --of {of} --wrt …")
    above, below = _named(of), _named(wrt[0])
    back = family_backprop(families, [below.partition("[")[0]])
    found = local_derivative(back, above, below)
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
