"""The command line: `chainrule COMMAND …`. One module for each command; here is what all of them share.

Errors that a user can cause end in one message and an exit code, without a traceback unless `--debug` is given. A
command is a function in a module of its own that loads what it needs when it is called, so that `--help` is quick.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from chainrule.cli.interruption import GONE, INTERRUPTED, Ending, endings
from chainrule.cli.lazily import LazyGroup
from chainrule.cli.terminal import say
from chainrule.errors import ChainruleError, TrainingError, VerificationError, escaped
from chainrule.version import __version__

_STDERR = 2
SHORT = "there is not enough memory\n  Give smaller files, or fewer samples at a time."
FAILURES = (TrainingError, VerificationError)
"""Errors that are no fault of the input: exit code 1. All others have 2, as a wrong option has."""

HELP = """Backpropagation you can read, check and run.

\b
  chainrule train digits                   train a network on 1,797 handwritten digits
  chainrule train data.npz --layers 4,8,3  train one on your own x_train, y_train
  chainrule train --help                   all there is to train with
  chainrule predict MODEL samples.csv      ask a saved network about samples
  chainrule evaluate MODEL data.npz        try it on samples whose answers are known
  chainrule show MODEL                     its layers, params and equations, and what it was trained on
  chainrule derive FILE --wrt z --steps    derive ∂C/∂z from the equations in FILE, line by line
  chainrule explain MODEL --of z1 --at j=3 open a derivative of a saved network into its terms
  chainrule check FILE --wrt z 'a[j] - y'  check a derivative that you found yourself
  chainrule compile FILE --size j=30       show what the equations become on their way to machine code
  chainrule cache                          where compiled code is kept, and how much of it there is

Exit codes: 0 all went well; 1 it failed, such as a cost that became infinite; 2 an option, a file or its
content is wrong; 130 interrupted, 143 by SIGTERM; 141 nobody reads the output. With --debug an error shows its
traceback.
"""


class Commands(LazyGroup):
    """The commands, with errors turned into messages; --debug may stand anywhere in the line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take --debug to the front, where it is an option of all commands."""
        end = args.index("--") if "--" in args else len(args)
        found = [a for a in args[:end] if a == "--debug"]
        with _told():
            rest: list[str] = super().parse_args(
                ctx, [*found[:1], *(a for a in args[:end] if a != "--debug"), *args[end:]]
            )
        return rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            with endings(), _told():
                return super().invoke(ctx)
        except (ChainruleError, MemoryError) as error:
            if ctx.params.get("debug"):
                raise
            say(f"Error: {error if isinstance(error, ChainruleError) else SHORT}", err=True)
            raise typer.Exit(1 if isinstance(error, FAILURES) else 2) from None


@contextmanager
def _told() -> Iterator[None]:
    """Turn the end of a command, or of its reader, into an exit code; an error in its line may name a file, escaped."""
    try:
        yield
    except KeyboardInterrupt as end:
        say("Interrupted.", err=True)
        raise typer.Exit(end.code if isinstance(end, Ending) else INTERRUPTED) from None
    except BrokenPipeError:
        raise typer.Exit(GONE) from None
    except Exception as error:
        if isinstance(getattr(error, "message", None), str):
            error.message = escaped(error.message, keep="\n")  # type: ignore[attr-defined]
        raise


app = typer.Typer(
    name="chainrule",
    cls=Commands,
    help=HELP,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"chainrule {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def common(
    ctx: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Show the help where no command is given."""
    if ctx.invoked_subcommand is None:
        say(ctx.get_help())


def main() -> None:
    """Run the command line of this process.

    Garbage is not looked for, neither meanwhile nor at the end: a command is short. A training has it looked for.
    """
    _open_streams()
    gc.disable()
    try:
        try:
            app(prog_name="chainrule")
        finally:
            gc.freeze()
            gc.enable()
            sys.stdout.flush()
    except OSError as error:
        sys.stdout = None  # what is left in it would be tried again at the end
        sys.exit(
            GONE if isinstance(error, BrokenPipeError) else f"Error: the output cannot be written: {_reason(error)}"
        )


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _open_streams() -> None:
    """Have the standard streams take all that is printed; what is printed to one that is closed is dropped.

    A closed one leaves its number to the next file that is opened, which libraries would then print to.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        pass
    os.close(handle)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 -- open to the end
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
