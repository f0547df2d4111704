"""`chainrule derive`: derivatives of a system, of its cost or of a tensor, as equations or with every step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chainrule.cli.arguments import NamesOption, as_utf8, read_size
from chainrule.cli.terminal import (
    FORM_HELP,
    FORMS,
    MATRIX_FORMS,
    MATRIX_HELP,
    WEB,
    check_form,
    columns,
    say,
    show_document,
)

if TYPE_CHECKING:
    from chainrule.jacobians import Jacobian
    from chainrule.pipeline import Backprop
    from chainrule.rewrite.rules import Derivation
    from chainrule.system.model import System

HELP = """Derive the backward pass of a system with the chain rule.

\b
  chainrule derive softmax.eq
  chainrule derive softmax.eq --wrt z --steps
  chainrule derive softmax.eq --wrt z --steps --verify
  chainrule derive softmax.eq --wrt z --steps --where
  chainrule derive softmax.eq --wrt z --why
  chainrule derive softmax.eq --wrt z --compare sigmoid.eq
  chainrule derive softmax.eq --of a --wrt z --steps
  chainrule derive softmax.eq --hessian --wrt z
  chainrule derive digits.safetensors --wrt z1 --form latex
  chainrule derive network.eq --names textbook
  chainrule derive network.eq --form matrix --batched
  chainrule derive -e "x'*A*x" --wrt x

FILE holds equations such as a[k] = sigmoid(z[k]), one a line, and what is data and param; - reads them from
the standard input. Without --steps the equations of the derivatives are shown, with those of every name in
them; with --steps and without --wrt the whole backward pass is derived on one page. With --why the reason for
the sum that the chain rule begins with is shown, in formulas and in numbers: random ones, or those of --data at
the entry --at. With --of a it is the Jacobian ∂a/∂z that is derived, with --hessian the second derivatives of
the cost. With -e the text is in matrix notation; capital letters are matrices, Greek letters scalars, other letters
vectors, unless --kinds says otherwise.
"""
EXPRESSION_HELP = "Instead of FILE: equations in matrix notation, A*x, with ; between them."


def derive(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A system in the notation, or a saved network.")] = "",
    expression: Annotated[
        str, typer.Option("--expression", "-e", metavar="TEXT", callback=as_utf8, help=EXPRESSION_HELP)
    ] = "",
    kinds: Annotated[
        str, typer.Option(metavar="TEXT", callback=as_utf8, help="With -e: 'scalar c; symmetric matrix A'.")
    ] = "",
    wrt: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", callback=as_utf8, help="What to derive by; may be repeated. Default: all params."),
    ] = None,
    of: Annotated[
        str,
        typer.Option(
            metavar="NAME", callback=as_utf8, help="What to derive instead of the cost: a Jacobian, by one --wrt."
        ),
    ] = "",
    hessian: Annotated[bool, typer.Option("--hessian", help="Derive the second derivatives of the cost.")] = False,
    steps: Annotated[bool, typer.Option("--steps", help="Show every step and the law it rests on.")] = False,
    why: Annotated[
        bool, typer.Option("--why", help="Show why the chain rule is a sum: what moves, and what the cost changes by.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --why: values, FILE.npz or FILE.json. Default: random.")
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(metavar="j=1", callback=as_utf8, help="With --why: which entry moves. Default: the second."),
    ] = None,
    where: Annotated[
        bool, typer.Option("--where", help="With --steps: name the function in chainrule's code that took each step.")
    ] = False,
    form: Annotated[
        str, typer.Option(help=FORM_HELP + MATRIX_HELP + " Default: index, with -e matrix.", show_default=False)
    ] = "",
    batched: Annotated[
        bool, typer.Option("--batched", help="With --form matrix: for all samples, a row for each.")
    ] = False,
    layout: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="With --form matrix: mixed, gradients as what they are by; numerator; denominator."
        ),
    ] = "mixed",
    names: NamesOption = "",
    compare: Annotated[
        str, typer.Option(metavar="OTHER", help="Another system: show where the two derivations part.")
    ] = "",
    verify: Annotated[
        bool, typer.Option("--verify", help="Evaluate both sides of every step at random points.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the same as JSON, for programs.")] = False,
    size: Annotated[
        list[str] | None,
        typer.Option(metavar="L=3", callback=as_utf8, help="Of families: how many steps there are. Default: any."),
    ] = None,
) -> None:
    """Derive the backward pass of a system with the chain rule."""
    from chainrule.cli.derive_expression import PLACE, asked_of, given_text
    from chainrule.cli.derive_why import reasons
    from chainrule.cli.derived_page import verifications
    from chainrule.cli.sized_families import in_members
    from chainrule.errors import OptionError
    from chainrule.families.families import Families
    from chainrule.notation.symbol_names import asked_tensor
    from chainrule.pipeline import backprop
    from chainrule.render.document import Group

    others = bool(steps or why or compare or json or verify or where or data or at)
    form = form or ("matrix" if expression and not others else "index")
    if form in MATRIX_FORMS or batched or layout != "mixed":
        from chainrule.cli.derive_matrix import MatrixOptions, derive_matrix

        given = given_text(file, expression, kinds)
        of = of if hessian else asked_of(given, of, expression)
        wanted_form = MatrixOptions(form, wrt or (), of, hessian, batched, layout, names, forward=bool(expression))
        derive_matrix(given, file or PLACE, dict(map(read_size, size or [])), wanted_form, others=others)
        return
    _check_options(form, compare, steps=steps, where=where, json=json, other=bool(of or hessian))
    _check_names(names, others=bool(compare or json or of or hessian or why))
    _check_why(why, data, at, alone=not (of or hessian or steps or compare or verify or form != "index"))
    given, sizes = given_text(file, expression, kinds), dict(map(read_size, size or []))
    file, of = file or PLACE, of if hessian else asked_of(given, of, expression)
    if isinstance(given, Families) and not sizes and data is None:
        from chainrule.cli.derive_families import Wanted, families_command
        from chainrule.cli.printed_as import names_in_print, words_of

        called = names_in_print(names, words_of(given), given.head.cost)
        wanted = Wanted(file, of, wrt or [], called, steps, where, form, verify, json, compare)
        families_command(given, wanted, at or [], why=why, hessian=hessian)
        return
    found_in = in_members(given, file, wrt or [], of, sizes, data)
    system, of = found_in.system, found_in.of
    asked = [asked_tensor(name, system) for name in found_in.wrt]
    if of or hessian:
        found = _jacobian(system, of, asked, hessian=hessian)
        _show_jacobian(found, steps=steps, where=where, form=form, verify=verify, json=json)
        return
    back = backprop(system, asked or None)
    if not back.wrt:
        raise OptionError(
            "the system has no params to differentiate with respect to", advice="Say what is meant: --wrt z"
        )
    if why:
        pages = list(reasons(back, asked, found_in.values, at or []))
        show_document(Group(tuple(Group((one.document(),), apart=True) for one in pages)), json=json, width=columns())
        return
    if form in WEB or json:
        _show_whole(back, (file, compare), names, one_page=not asked, steps=steps, verify=verify, form=form, json=json)
        return
    if names:
        _show_named(back, names, asked, steps=steps, where=where, form=form)
        _say_verified(verifications(back, file, None, "") if verify else ())
        return
    if steps and not (asked or compare):
        show_document(back.steps(where=where), width=columns(), form=form)
        shown = back.derivations().values() if verify else ()
        _say_verified(f"{derivation.text(derivation.target)}: {back.verify(derivation)}" for derivation in shown)
        return
    other = _other(compare, back.wrt) if compare else None
    for block in _blocks(back, other, (file, compare), steps=steps, where=where, latex=form == "latex"):
        say(block)
    _say_verified(verifications(back, file, other, compare) if verify else ())


def _show_whole(
    back: Backprop,
    files: tuple[str, str],
    names: str,
    *,
    one_page: bool,
    steps: bool,
    verify: bool,
    form: str,
    json: bool,
) -> None:
    """Print all that is asked for as one document."""
    from chainrule.cli.derived_page import backward_document, compared_document
    from chainrule.cli.printed_as import names_in_print
    from chainrule.render.printed_names import with_names

    if files[1]:
        found = compared_document(back, _other(files[1], back.wrt), files, verify=verify)
    else:
        found = backward_document(back, one_page=one_page, steps=steps, verify=verify)
    naming = names_in_print(names, tuple(back.forward.names()), back.forward.cost)
    show_document(with_names(found, naming) if names else found, json=json, form=form)


def _show_named(back: Backprop, names: str, asked: list[str], *, steps: bool, where: bool, form: str) -> None:
    """Print derivatives with names of a book or of one's own."""
    from chainrule.cli.derived_page import equations_of
    from chainrule.cli.printed_as import names_in_print, say_named_equations, show_named
    from chainrule.render.document import Group
    from chainrule.rewrite.derivation_text import derivation_document

    naming = names_in_print(names, tuple(back.forward.names()), back.forward.cost)
    if not steps and form == "latex":
        say_named_equations(equations_of(back), naming)
        return
    shown = tuple(Group((derivation_document(back.derivation(t), where=where),), apart=True) for t in back.wrt)
    page = Group(shown) if asked else back.steps(where=where)
    show_named(page if steps else equations_of(back), naming, columns() if steps else None, form)


def _say_verified(lines: Iterable[str]) -> None:
    """Print what verification found, a blank line before it."""
    for number, line in enumerate(lines):
        if not number:
            say()
        say(line)


def _check_options(form: str, compare: str, *, steps: bool, where: bool, json: bool, other: bool) -> None:
    """Raise OptionError for options that do not go together; `other` than the cost's are the derivatives asked for."""
    from chainrule.errors import OptionError

    check_form(form, (*FORMS, *MATRIX_FORMS))
    if json and (where or compare or form != "index"):
        raise OptionError("JSON has text and LaTeX of one derivation", advice="Leave --form, --compare, --where out.")
    if where and (not steps or form != "index" or compare):
        raise OptionError("--where belongs to the steps of one derivation, as text", advice="Write --steps --where.")
    if compare and other:
        raise OptionError("only derivatives of the cost are compared", advice="Leave --compare out.")


def _check_names(names: str, *, others: bool) -> None:
    """Raise OptionError for names beside options that have none."""
    from chainrule.errors import OptionError

    if names and others:
        raise OptionError("--names is for the derivatives of a cost", advice="Leave it out.")


def _check_why(why: bool, data: Path | None, at: list[str] | None, *, alone: bool) -> None:
    """Raise OptionError for options that do not go with --why, or only with it."""
    from chainrule.errors import OptionError

    if why and not alone:
        raise OptionError(
            "--why cannot be combined with other options",
            advice="Leave out all options but --wrt, --data, --at, --json.",
        )
    if not why and (data is not None or at):
        raise OptionError("--data and --at are for the numbers of --why", advice="Add --why, or see chainrule explain.")


def _other(compare: str, wrt: Sequence[str]) -> Backprop:
    """Return the backward pass of the system that is compared, by the same tensors."""
    from chainrule.cli.systems import read_system
    from chainrule.errors import DerivativeError
    from chainrule.pipeline import backprop

    system = read_system(compare)
    missing = [tensor for tensor in wrt if tensor not in {*system.declared, *system.defined}]
    if missing:
        raise DerivativeError(
            f"no tensor of {compare} is named {missing[0]}",
            expected="derivatives by tensors that both files have",
            advice="Choose one with --wrt.",
        )
    return backprop(system, list(wrt))


def _blocks(
    back: Backprop, other: Backprop | None, names: tuple[str, str], *, steps: bool, where: bool, latex: bool
) -> Iterator[str]:
    """Yield what is printed, a derivation each, or all equations at once."""
    if other is not None:
        from chainrule.render.document_latex import document_latex
        from chainrule.rewrite.compared import compared_document
        from chainrule.rewrite.derivation_text import derivations_compared

        for tensor in back.wrt:
            both = back.derivation(tensor), other.derivation(tensor)
            if latex:
                yield document_latex(compared_document(*both, names))
            else:
                yield derivations_compared(*both, names, columns())
    elif steps:
        yield "\n\n".join(_page(back.derivation(tensor), where=where, latex=latex) for tensor in back.wrt)
    elif latex:
        from chainrule.system.printing import system_latex

        yield system_latex(back.system.with_equations(back.derived))
    else:
        from chainrule.cli.derived_page import equations_of
        from chainrule.render.document_text import document_text

        yield document_text(equations_of(back))


def _page(derivation: Derivation, *, where: bool, latex: bool) -> str:
    from chainrule.rewrite.derivation_text import derivation_latex, derivation_text

    return derivation_latex(derivation) if latex else derivation_text(derivation, columns(), where=where)


def _jacobian(system: System, of: str, asked: list[str], *, hessian: bool) -> Jacobian:
    """Return the Jacobian or the Hessian that is asked for."""
    from chainrule import jacobians
    from chainrule.errors import OptionError

    if of and hessian:
        raise OptionError("a Hessian is of the cost", advice="Leave --of out, or --hessian.")
    if hessian:
        return jacobians.hessian(system, asked or system.params)
    if len(asked) != 1:
        raise OptionError(
            f"a Jacobian is taken by one tensor, not {len(asked)}", advice=f"Say which: --of {of} --wrt z"
        )
    return jacobians.jacobian(system, of, asked[0])


def _show_jacobian(found: Jacobian, *, steps: bool, where: bool, form: str, verify: bool, json: bool) -> None:
    """Print a Jacobian or a Hessian."""
    from chainrule.cli.derived_page import jacobian_document

    if json or form in WEB:
        show_document(jacobian_document(found, steps=steps, verify=verify), json=json, form=form)
        return
    latex = form == "latex"
    derivations = [found.derivation(name) for name in found.results]
    if steps:
        say("\n\n".join(_page(derivation, where=where, latex=latex) for derivation in derivations))
    else:
        say(found.latex() if latex else repr(found))
    if verify:
        say()
        for derivation in derivations:
            say(f"{derivation.text(derivation.target)}: {found.verify(derivation)}")
