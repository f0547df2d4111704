"""What a system becomes on its way to machine code, level by level, as text to read.

program: buffers and loop nests; loops: the tiles and the order of loops that were chosen, with the work of each; llvm:
the text that LLVM is given; asm: the machine code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.errors import MOST_LISTED, OptionError, listed
from chainrule.execute.native.compiled import dtype_of
from chainrule.execute.native.compiler import compile_text
from chainrule.execute.native.machine import Machine, host
from chainrule.execute.native.module import module
from chainrule.execute.native.plan import loops_document
from chainrule.expr.sizes import Size
from chainrule.lower.lowering import lower
from chainrule.lower.program import Program, Unsupported
from chainrule.lower.text import program_document
from chainrule.render.document_text import document_lines
from chainrule.system.batching import batch
from chainrule.system.derived import solve
from chainrule.system.model import System

LEVELS = ("program", "loops", "llvm", "asm")


def show(
    system: System, level: str, sizes: Mapping[str, int], *, dtype: Any = np.float32, machine: Machine | None = None
) -> str:
    """Return one level of a system; `sizes` are extents by the letter of the index.

    With updates only they and the cost are computed, else every equation. Raises OptionError for an unknown level, an
    extent that is missing, and a system that has no machine code.
    """
    if level not in LEVELS:
        raise OptionError(f"there is no level {level!r}", expected="one of " + listed(LEVELS))
    machine = machine or host()
    batched = batch(system)
    try:
        program = _lowered(batched, extents_by_letter(batched, sizes), machine, dtype)
        if level == "program":
            return "".join(f"{line}\n" for line in document_lines(program_document(program)))
        made = module(program, machine, dtype_of(dtype))
        if level == "loops":
            loops = loops_document(program, made.schedules, np.dtype(dtype).itemsize)
            return "".join(f"{line}\n" for line in document_lines(loops))
        return made.text if level == "llvm" else compile_text(made.text, machine).assembly()
    except Unsupported as signal:
        raise OptionError(
            f"there is no machine code yet for {signal.construct}", advice="The reference executor runs the system."
        ) from None


def _lowered(system: System, sizes: Mapping[Size, int], machine: Machine, dtype: Any) -> Program:
    outputs = (system.cost,) if system.updates and system.cost else tuple(e.name for e in system.equations)
    lanes = machine.lanes(dtype_of(dtype))
    return lower(system, sizes, outputs, lanes=lanes, element=np.dtype(dtype).itemsize)


def extents_by_letter(system: System, sizes: Mapping[str, int]) -> dict[Size, int]:
    """Return the extents of a batched system. Raises OptionError that lists the letters which have none."""
    result = dict(system.size)
    indices = [i for d in system.declarations for i in d.indices]
    for index in (*indices, *system.indices):
        if index.preferred in sizes:
            result[index.extent] = sizes[index.preferred]
    missing = list(dict.fromkeys(i.preferred for i in indices if i.extent not in result))
    if missing:
        raise OptionError(
            "machine code is made for known extents; missing are those of " + listed(missing),
            advice="Give them: " + " ".join(f"--size {letter}=…" for letter in missing[:MOST_LISTED]),
        )
    return solve(system.derived, result)
