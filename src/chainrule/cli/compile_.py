"""`chainrule compile`: what a system becomes on its way to machine code."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.arguments import as_utf8, read_size
from chainrule.cli.terminal import say

HELP = """Show what a system becomes on its way to machine code.

\b
  chainrule compile net.eq --size i=784 --size j=30 --size k=10 --size n=10
  chainrule compile net.eq --show loops --size i=784 --size j=30 --size k=10 --size n=10
  chainrule compile net.eq --show asm --dtype float64 --size j=3

The levels are program (buffers and loop nests, each with its equations), loops (the tiles that were chosen, with
the work of each), llvm and asm. With updates the step of training is shown: forward pass, derived backward pass
and updates in one program; without, the forward equations.
"""


def compile_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A system in the notation, or a saved network.")],
    show: Annotated[str, typer.Option(help="program, loops, llvm or asm.")] = "program",
    size: Annotated[
        list[str] | None,
        typer.Option(metavar="LETTER=NUMBER", callback=as_utf8, help="The extent of an index; may be repeated."),
    ] = None,
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
) -> None:
    """Show what a system becomes on its way to machine code."""
    from chainrule.cli.systems import read_system
    from chainrule.errors import OptionError
    from chainrule.execute.native.levels import show as shown
    from chainrule.pipeline import training_step

    if dtype not in {"float32", "float64"}:
        raise OptionError(f"the type is {dtype!r}", expected="float32 or float64")
    sizes = dict(read_size(text) for text in size or [])
    system = read_system(file, sizes)
    step = training_step(system) if system.updates else system
    say(shown(step, show, sizes, dtype=dtype))
