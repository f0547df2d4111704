"""`chainrule derive` of families: every case of every derivative, with the steps that it holds for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chainrule import jacobians
from chainrule.cli.systems import read_notation
from chainrule.cli.terminal import WEB, columns, say, show_document
from chainrule.errors import DerivativeError, OptionError
from chainrule.expr.symbols import Symbol, Tensor, step_of
from chainrule.families.families import Families
from chainrule.families.family_backprop import FamilyBackprop
from chainrule.family_derivations import compared_cases, derivations, held_fixed, in_family_names, local_derivative
from chainrule.family_pages import family_page, told_of_case
from chainrule.pipeline import family_backprop
from chainrule.render.document import Group, Heading, Line, Node
from chainrule.render.printed_names import Naming, with_names
from chainrule.render.text import whole_text
from chainrule.rewrite.compared import compared_document
from chainrule.rewrite.derivation_text import derivation_latex, derivation_text


@dataclass(frozen=True)
class Wanted:
    """What is asked of families, as the options of the command say it."""

    file: str
    of: str
    wrt: Sequence[str]
    names: Naming
    steps: bool = False
    where: bool = False
    form: str = "index"
    verify: bool = False
    json: bool = False
    compare: str = ""

    @property
    def latex(self) -> bool:
        """Whether LaTeX is asked for."""
        return self.form == "latex"

    @property
    def tensors(self) -> list[str]:
        """The names of the tensors that are derived by, without superscripts."""
        return [named_in(name).partition("[")[0] for name in self.wrt]


def families_command(families: Families, wanted: Wanted, at: Sequence[str], *, why: bool, hessian: bool) -> None:
    """Print what is asked of families."""
    if hessian:
        _twice(families, wanted)
    elif why:
        explain_why(families, at, wanted)
    elif wanted.compare:
        compare_families(families, read_notation(wanted.compare), wanted)
    else:
        derive_families(families, wanted)


def derive_families(families: Families, wanted: Wanted) -> None:
    """Print the derivatives of families, as lines or with every step, or a local derivative between neighbours."""
    if wanted.of:
        _local(families, wanted)
        return
    back = _back(families, wanted)
    shown = with_names(_document(back, wanted), wanted.names)
    if wanted.json or wanted.form in WEB:
        verified = Group(tuple(Line((line,)) for line in _verified(back, wanted)), role="verification", apart=True)
        whole = Group((shown, verified), role="derivatives") if wanted.verify else shown
        show_document(whole, json=wanted.json, form=wanted.form)
        return
    if wanted.latex and not wanted.steps:
        say(back.latex(wanted.names))
    else:
        show_document(shown, width=columns() if wanted.steps else None, form=wanted.form)
    if wanted.verify:
        say()
        for line in _verified(back, wanted):
            say(line)


def _back(families: Families, wanted: Wanted) -> FamilyBackprop:
    back = family_backprop(families, wanted.tensors or None)
    if not back.wrt:
        raise OptionError(
            "the system has no params to differentiate with respect to", advice="Say what is meant: --wrt z"
        )
    return back


def _twice(families: Families, wanted: Wanted) -> None:
    """Print the second derivatives of families."""
    if wanted.of:
        raise OptionError("a Hessian is of the cost", advice="Leave --of out, or --hessian.")
    if wanted.steps or wanted.verify or wanted.json or wanted.compare:
        raise OptionError(
            "--hessian of a family is shown without steps",
            expected="no --steps, --verify, --json or --compare",
            advice="A family written out has all of them: --size L=3",
        )
    found = jacobians.hessian(families, wanted.tensors or None)
    say(found.latex() if wanted.latex else str(found))


def _document(back: FamilyBackprop, wanted: Wanted) -> Group:
    """Return all cases as equations, or with every step; from how many steps on they hold stands below."""
    below = [Group((Line((back.holds_for,)),), apart=True)] if back.holds_for and not wanted.latex else []
    if wanted.steps:
        return Group((family_page(back, wanted.tensors, where=wanted.where), *below))
    return Group((back.document(),), role="derivatives")


def _verified(back: FamilyBackprop, wanted: Wanted) -> Iterator[str]:
    for name in wanted.tensors or back.order:
        for found in derivations(back, name):
            derivation, held = found.derivation, f" for {found.ranges}" if found.ranges else ""
            yield f"{derivation.text(derivation.target)}{held}: {derivation.verify()}"


def compare_families(families: Families, other: object, wanted: Wanted) -> None:
    """Print where the derivations of two families part, case by case."""
    files = wanted.file, wanted.compare
    if not isinstance(other, Families):
        raise OptionError(f"{files[1]} has no 'for' line", expected="a family, as the other one is")
    both = _back(families, wanted), family_backprop(other, _back(families, wanted).wrt)
    pages: list[Node] = []
    for name in wanted.tensors or both[0].wrt:
        left, right = ([*derivations(back, name)] for back in both)
        pairs = [pair for one in left for other in right if (pair := compared_cases(one, other)) is not None]
        for one, other, ranges in pairs:
            page = compared_document(one.derivation, other.derivation, files)
            head = [Heading((f"for {ranges}",))] if ranges else []
            pages.append(Group((*head, told_of_case(both[0], one, page, whole=False)), apart=True))
        if not pairs:
            raise DerivativeError(f"no case of the derivatives by {name} is one of both files")
    lines = (
        [f"{file}: {line}" for line in _verified(back, wanted)] if wanted.verify else []
        for back, file in zip(both, files, strict=True)
    )
    said = [Group(tuple(Line((one,)) for one in found), apart=True) for found in lines if found]
    if wanted.form in WEB:
        show_document(Group((*pages, *said)), form=wanted.form)
        return
    show_document(Group(tuple(pages)), width=columns(), form=wanted.form)
    for group in said:
        say()
        show_document(group)


def explain_why(families: Families, at: Sequence[str], wanted: Wanted) -> None:
    """Print the reason for the sum of each case, in formulas and at a random point of its window."""
    from chainrule.cli.explain import entry_named
    from chainrule.explanation.why import why

    back = _back(families, wanted)
    pages = [
        told_of_case(back, found, why(found.back, found.tensor, None, entry_named(at) if at else None).document())
        for name in wanted.tensors or _nearest(back)
        for found in derivations(back, name)
    ]
    show_document(Group(tuple(pages)), json=wanted.json, width=columns())


def _nearest(back: FamilyBackprop) -> Iterable[str]:
    """Return the tensor nearest to the cost of whose derivatives one is a sum over entries, else the first."""
    for name in back.order:
        for found in derivations(back, name):
            parts = found.back.cotangents.contributions(found.tensor)
            if any(part.indices and part.beyond is not None for part in parts):
                return (name,)
    return back.wrt[:1]


def _local(families: Families, wanted: Wanted) -> None:
    """Print ∂z[l+1; m]/∂z[l; k]."""
    if len(wanted.wrt) != 1:
        said = f"a Jacobian is taken by one tensor, not {len(wanted.wrt)}"
        raise OptionError(said, advice=f"Say which: --of {wanted.of} --wrt …")
    above, below = named_in(wanted.of), named_in(wanted.wrt[0])
    back = family_backprop(families, [below.partition("[")[0]])
    found = local_derivative(back, above, below)
    if wanted.json:
        show_document(found.document(), json=True)
        return
    if wanted.form in WEB:
        from chainrule.cli.derived_page import jacobian_document

        show_document(jacobian_document(found, steps=wanted.steps, verify=wanted.verify), form=wanted.form)
        return
    for name in found.results if wanted.steps else ():
        derivation = found.derivation(name)
        say(derivation_latex(derivation) if wanted.latex else derivation_text(derivation, columns()))
    if not wanted.steps:
        shown = in_family_names(found)
        say(shown.latex() if wanted.latex else repr(shown))
    held = " and ".join(map(whole_text, held_fixed(back, above, below)))
    if held and not wanted.latex:
        say(f"\nwith {held} held fixed: the direct part of the total derivative")
    if wanted.verify:
        for name in found.results:
            say(f"\n{found.verify(found.derivation(name))}")


def named_in(text: str) -> Symbol:
    """Return the tensor of ∂C/∂z[l+1; k], z[l+1] or z. Raises DerivativeError."""
    name, _, inside = text.rpartition("∂")[2].partition("[")
    written = inside.rstrip("]").partition(";")[0]
    steps = [step_of(part) for part in written.split(",")] if written.strip() else []
    found = tuple(step for step in steps if step is not None)
    if not name.strip() or len(found) != len(steps):
        raise DerivativeError(f"'{text}' names no tensor", expected="a name, or one with a superscript: z[l+1]")
    return Tensor(name.strip(), found)
