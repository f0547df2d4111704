"""`chainrule cache`: where compiled code is kept on disk, how much of it there is, and how to be rid of it."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.terminal import say
from chainrule.errors import escaped

HELP = """Show where compiled code is kept on disk, and how much of it there is.

\b
  chainrule cache
  chainrule cache --clear

A network that was trained before on this machine is not compiled again. CHAINRULE_CACHE_DIR names another folder,
CHAINRULE_CACHE=0 turns the cache off. Code is only loaded from files that nobody but you can write to.
"""


def cache(clear: Annotated[bool, typer.Option("--clear", help="Take all compiled code away.")] = False) -> None:
    """Show the cache, or empty it."""
    from chainrule.execute.native.object_files import code_cache

    found = code_cache()
    if found is None:
        say("off: CHAINRULE_CACHE is 0, or there is no home folder to keep compiled code in")
        return
    say(escaped(found.directory))
    refusal = found.refusal()
    if refusal:
        say(f"not used: {refusal}")
    if clear:
        count = found.clear()
        say(f"took {_programs(count)} away")
    else:
        sizes = found.sizes()
        say(f"{_programs(len(sizes))}, {sum(sizes.values()):,} bytes of at most {found.limit:,}")


def _programs(count: int) -> str:
    return f"{count} program" if count == 1 else f"{count:,} programs"
