"""`chainrule check`: a derivative worked out by hand, right or wrong, and where and how it differs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chainrule.cli.arguments import NamesOption, as_utf8, read_size
from chainrule.cli.conversion import PlainCommand
from chainrule.cli.terminal import FORM_HELP, check_form, say, show_document

HELP = """Check a derivative worked out by hand, in any algebraic form.

\b
  chainrule check softmax.eq --wrt z 'a[j] - y[j]'
  chainrule check softmax.eq '∂C/∂z[j] = exp(z[j])/(sum(m) exp(z[m])) - y[j]'
  chainrule check digits.safetensors --wrt z1 'a1[j]*(1 - a1[j])*(sum(k) W2[k,j]*∂C/∂z2[k])'

The answer may use its own index letters, and name the derivatives of other tensors, ∂C/∂z2[k]. It is right if it
has the value of the derived one at random points; else the verdict says where it differs, and what was probably
forgotten. Exit code: 0 right, 1 wrong, 2 a file or an answer that cannot be read, or an answer that goes round in a
circle: ∂C/∂z by ∂C/∂b where z is computed from b.
"""


class AnswerCommand(PlainCommand):
    """A command whose arguments may begin with a minus, as in -(y[j] - a[j])."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Shield what begins with a minus and is none of the options."""
        known = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        shielded = [a if a.partition("=")[0] in known or a in {"-", "--"} else _shielded(a) for a in args]
        rest: list[str] = super().parse_args(ctx, shielded)
        return rest


COMMAND = AnswerCommand


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A system in the notation, or a saved network.")],
    answer: Annotated[
        str,
        typer.Argument(metavar="ANSWER", callback=as_utf8, help="A right side, or a whole equation ∂C/∂z[j] = …."),
    ],
    wrt: Annotated[
        str, typer.Option(metavar="NAME", callback=as_utf8, help="What a right side alone is the derivative by.")
    ] = "",
    form: Annotated[str, typer.Option(help=FORM_HELP)] = "index",
    names: NamesOption = "",
    size: Annotated[
        list[str] | None,
        typer.Option(metavar="L=3", callback=as_utf8, help="Of families: how many steps there are."),
    ] = None,
) -> None:
    """Check a derivative worked out by hand, in any algebraic form."""
    from chainrule.checking import check as check_answer
    from chainrule.cli.systems import read_notation, sized

    check_form(form)
    given = read_notation(file.strip())
    system = sized(given, dict(map(read_size, size)), members=";" in f"{answer}{wrt}") if size else given
    verdict = check_answer(system, answer.strip(), wrt=wrt or None)
    if names or form != "index":
        from chainrule.cli.printed_as import named_document

        show_document(named_document(verdict.document(), names or "plain", system), form=form)
    else:
        say(str(verdict))
    raise typer.Exit(0 if verdict else 1)


def _shielded(argument: str) -> str:
    return f" {argument}" if argument.startswith("-") else argument
