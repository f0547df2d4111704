"""What the commands are given to work on: a system in a text file, or the one inside a saved network.

A saved network is known by how its file begins, whatever its name; everything else is notation; `-` is the standard
input.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.errors import NotationError, OptionError
from chainrule.families.families import Families
from chainrule.notation.source import MAX_BYTES
from chainrule.reading import parse
from chainrule.system.model import System

if TYPE_CHECKING:
    from chainrule.network import Network


def is_saved(file: str) -> bool:
    """Say whether a file is a saved network, not a text: safetensors begin with a length of eight bytes, then `{`."""
    if file.endswith(".safetensors"):
        return True
    try:
        if not Path(file).is_file():
            return False  # what a pipe gives is gone once it was read
        with Path(file).open("rb") as stream:
            start = stream.read(9)
    except OSError:
        return False
    return len(start) == 9 and start[8:] == b"{" and b"\0" in start[:8]


def read_system(source: str, sizes: Mapping[str, int] | None = None) -> System:
    """Return the system in a file, of families that for these numbers of steps.

    Raises OptionError for a file that cannot be read, and as `parse` and `load` do.
    """
    return written_out_system(read_notation(source), sizes or {})


def written_out_system(found: System | Families, sizes: Mapping[str, int]) -> System:
    """Return a system as it is, and families for these numbers of steps. Raises OptionError where one is missing."""
    if not isinstance(found, Families):
        return found
    return found.at(**checked_sizes(found, sizes))


def sized(found: System | Families, sizes: Mapping[str, int], *, members: bool) -> System:
    """Return a system as it is, and families for these numbers of steps: of `members`, z[2; k], or of plain z2[k]."""
    if members and isinstance(found, Families):
        return found.members(**checked_sizes(found, sizes))
    return written_out_system(found, sizes)


def checked_sizes(found: Families, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return how many steps families have, by their letters. Raises OptionError where one is missing."""
    missing = next((n for n in found.letters if n not in {**found.sizes, **sizes}), "")
    if missing:
        raise OptionError(
            f"nothing says how many steps {missing} stands for",
            expected=f"a number: --size {missing}=3 where the command has it, or a line index {missing} = 3",
        )
    return {**found.sizes, **{letter: number for letter, number in sizes.items() if letter in found.letters}}


def read_notation(source: str) -> System | Families:
    """Return the system or the families in a file. Raises as `read_system` does."""
    if is_saved(source):
        from chainrule.network import load

        return load(source).system
    text = _standard_input() if source == "-" else _text(Path(source))
    try:
        found: System | Families = parse(text)
        return found
    except NotationError as error:
        raise NotationError(
            f"{'standard input' if source == '-' else source}, line {error.line}: {error.what}",
            where=error.where,
            expected=error.expected,
            advice=error.advice,
            line=error.line,
            column=error.column,
        ) from None


def read_network(file: str) -> Network:
    """Return a saved network. Raises OptionError for a file that is no such, and as `load` does."""
    from chainrule.network import load

    if not is_saved(file):
        known = Path(file).exists()
        raise OptionError(
            f"{file} is no saved network" if known else f"{file} cannot be read: there is no such file",
            expected="a file that --save wrote: a system alone has no numbers" if known else "a saved network",
            advice="Train one and save it: chainrule train digits --save digits.safetensors",
        )
    return load(file)


def _standard_input() -> str:
    if sys.stdin is None:
        raise OptionError("the standard input is closed", expected="a system in the notation")
    try:
        return sys.stdin.buffer.read(MAX_BYTES + 1).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OptionError("the standard input is not text in UTF-8") from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OptionError(
            f"{path} is not text in UTF-8",
            expected="a system in the notation, or a network saved as .safetensors",
            advice="A line of such a file reads, for example: z[j] = sum(i) W[j,i]*x[i] + b[j]",
        ) from None
    except OSError as error:
        raise OptionError(
            f"{path} cannot be read: {error.strerror or error}",
            expected="a file with a system in the notation, or a network saved as .safetensors",
        ) from None
