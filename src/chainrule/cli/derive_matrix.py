"""`chainrule derive --form matrix`: derivatives with W x, Wᵀ δ and ⊙, as text or as LaTeX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chainrule.cli.printed_as import asked_names
from chainrule.cli.terminal import MATRIX_FORMS, say
from chainrule.errors import OptionError
from chainrule.expr.symbols import Derivative

if TYPE_CHECKING:
    from chainrule.families.families import Families
    from chainrule.matrix.matrix_lines import MatrixForms
    from chainrule.render.printed_names import Names
    from chainrule.system.model import System

BOOK = "textbook"
"""The names that are given where --names says none: δ2, and ∇W2 for all others."""


@dataclass(frozen=True)
class MatrixOptions:
    """What is asked for: derivatives of the cost, of the tensor `of`, or second ones; and how they are written."""

    form: str
    wrt: Sequence[str]
    of: str
    hessian: bool
    batched: bool
    layout: str
    names: str
    forward: bool = False
    """Whether the equations that are derived stand above, for who gave them in another notation."""


def derive_matrix(
    given: System | Families, file: str, sizes: Mapping[str, int], asked: MatrixOptions, *, others: bool
) -> None:
    """Print derivatives in matrix form; of families, case by case, unless their numbers of steps are given."""
    from chainrule.cli.sized_families import in_members
    from chainrule.families.families import Families
    from chainrule.pipeline import backprop

    if asked.form not in MATRIX_FORMS:
        raise OptionError("--batched and --layout belong to the matrix form", advice="Add --form matrix.")
    if others:
        raise OptionError(
            "the matrix form is that of equations",
            expected="--wrt, --of, --hessian, --names, --size, --batched, --layout beside it, and no other option",
        )
    if isinstance(given, Families) and not sizes:
        _say(_of_families(given, asked), asked)
        return
    found = in_members(given, file, asked.wrt, asked.of, sizes, None)
    system, asked = found.system, replace(asked, wrt=found.wrt, of=found.of)
    if asked.of or asked.hessian:
        _say(_of_tensors(system, asked), asked)
        return
    back = backprop(system, list(asked.wrt) or None)
    if not back.wrt:
        raise OptionError(
            "the system has no params to differentiate with respect to", advice="Say what is meant: --wrt z"
        )
    names = asked_names(asked.names or BOOK)
    coupled = bool(system.batch) and not back.forward.batch
    batched: bool | str = system.batch if coupled else asked.batched
    forms = back.matrix(batched=batched, layout=asked.layout, names=names)
    if asked.forward:
        _say(_with_forward(back.system, forms, asked, names), asked)
        return
    _say(forms, asked)
    if asked.form == MATRIX_FORMS[0] and not asked.batched:
        for title, case in (case for tensor in back.wrt for case in back.cases(tensor)):
            say(f"  if {title}: {case.matrix(layout=asked.layout, names=names)}")


def _with_forward(system: System, derived: MatrixForms, asked: MatrixOptions, names: Names) -> MatrixForms:
    """Return lines of derivatives below those of the equations that were derived."""
    from chainrule.matrix.of_systems import matrix_forms

    forward = [e for e in system.equations if not isinstance(e.name, Derivative)]
    lines = matrix_forms(system, forward, layout=asked.layout, names=names).lines
    return replace(derived, lines=(*lines, *derived.lines))


def _say(forms: MatrixForms, asked: MatrixOptions) -> None:
    text, latex, _ = MATRIX_FORMS
    say(forms if asked.form == text else forms.latex() if asked.form == latex else forms.mathml())


def _of_families(families: Families, asked: MatrixOptions) -> MatrixForms:
    from chainrule.cli.sized_families import plain_name
    from chainrule.pipeline import family_backprop

    if asked.of or asked.hessian or asked.batched:
        raise OptionError(
            "--of, --hessian and --batched need to know how many steps there are", advice="Say how many: --size L=3"
        )
    tensors = [plain_name(name).partition("[")[0] for name in asked.wrt]
    back = family_backprop(families, tensors or None)
    return back.matrix(layout=asked.layout, names=asked_names(asked.names or BOOK))


def _of_tensors(system: System, asked: MatrixOptions) -> MatrixForms:
    """Return a Jacobian or second derivatives."""
    from chainrule import jacobians

    if asked.batched:
        raise OptionError("--batched is for the derivatives of a cost", advice="Leave it out.")
    if asked.of and (asked.hessian or len(asked.wrt) != 1):
        raise OptionError("a Jacobian is of one tensor by one other", advice=f"Write --of {asked.of} --wrt z")
    if asked.of:
        found = jacobians.jacobian(system, asked.of, asked.wrt[0])
    else:
        found = jacobians.hessian(system, asked.wrt or system.params)
    names = asked_names(asked.names or BOOK)
    forms = found.matrix(layout=asked.layout, names=names)
    return _with_forward(found, forms, asked, names) if asked.forward else forms
