"""`chainrule derive -e "x'*A*x"`: equations in matrix notation on the command line, without a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.cli.terminal import say
from chainrule.errors import OptionError

if TYPE_CHECKING:
    from chainrule.families.families import Families
    from chainrule.system.model import System

PLACE = "the expression"
"""What messages call the text, as they call a file by its name."""


def given_text(file: str, expression: str, kinds: str) -> System | Families:
    """Return the system in a file, or that of an expression. Raises OptionError unless there is one of them."""
    if bool(file) == bool(expression):
        raise OptionError(
            "there is a file and an expression" if file else "there is nothing to derive",
            expected="one of them: FILE, or -e TEXT",
            advice='For example: chainrule derive -e "x\'*A*x" --wrt x',
        )
    if expression:
        return _of_expression(expression, kinds)
    if kinds:
        raise OptionError("--kinds is for -e", advice="In a file stand lines such as: vector x")
    from chainrule.cli.systems import read_notation

    return read_notation(file)


def _of_expression(expression: str, kinds: str) -> System:
    """Return the system of an expression; what is assumed of its names is said on the standard error."""
    from chainrule.notation.matrix_texts.kinds import declares_kinds
    from chainrule.notation.matrix_texts.matrix_systems import as_declared, index_text, system_of

    for kind in kinds.split(";"):
        if kind.strip() and not declares_kinds(kind.strip()):
            raise OptionError(f"--kinds {kind.strip()} declares nothing", expected="--kinds 'scalar c; matrix A, B'")
    found = index_text("\n".join((kinds + ";" + expression).split(";")).lstrip("\n"), assuming=True)
    system = system_of(found)
    if found.assumed:
        say(f"Assumed: {as_declared(found.assumed)}; --kinds declares others.", err=True)
    return system


def asked_of(given: System | Families, of: str, expression: str) -> str:
    """Return the tensor that is derived: of an expression that is no scalar, the last equation."""
    from chainrule.families.families import Families

    if of or not expression or isinstance(given, Families) or given.cost or not given.equations:
        return of
    return str(given.equations[-1].name)
