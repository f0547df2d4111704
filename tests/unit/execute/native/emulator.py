"""Compiled programs run on processors that this machine is not, from the same memory, by a small program in C.

The text of a program does not depend on the processor, only on its vectors. So the same text is run here too, and both
must leave the same bits: no operation in it has a choice, but for which NaN it gives.
"""

from __future__ import annotations

import ctypes
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt

from chainrule.execute.native.arena import Arena
from chainrule.execute.native.compiled import Compiled
from chainrule.execute.native.compiler import LEVEL
from chainrule.execute.native.control import SIZE, cells_at
from chainrule.execute.native.threads import Team

Array = npt.NDArray[Any]
SOURCE = Path(__file__).parent / "emulator.c"


@dataclass(frozen=True)
class Processor:
    """What to compile for, the compiler that links it, and what runs the result; an empty cpu is that of the code."""

    triple: str
    cpu: str
    compiler: tuple[str, ...]
    runner: tuple[str, ...] = ()

    def missing(self) -> str:
        """Say what is missing to run code there, or ""."""
        tools = [t for t in (*self.compiler[:1], *self.runner[:1]) if shutil.which(t) is None]
        if not self.runner and (sys.platform != "linux" or platform.machine() != "x86_64"):
            tools.append("Linux on an x86-64 processor")
        return f"to run code for {self.triple} there is missing: {', '.join(tools)}" if tools else ""


def arm(cpu: str) -> Processor:
    """Return a processor of 64-bit Arm."""
    return Processor("aarch64-unknown-linux-gnu", cpu, ("aarch64-linux-gnu-gcc", "-static"), ("qemu-aarch64",))


MICROSOFT = Processor("x86_64-pc-windows-msvc-elf", "", ("gcc", "-DMICROSOFT"))
"""What Windows is given, an ELF object with calls as Windows has them; the functions of the C program call so too."""


@dataclass(frozen=True)
class Job:
    """What is done: one step on what is in memory, or, with data, several over samples."""

    data: Mapping[str, Array] = field(default_factory=dict)
    rows: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    steps: int = 1
    threads: int = 1


@dataclass(frozen=True)
class Outcome:
    """The memory afterwards, cells included, and the totals."""

    memory: bytes
    totals: tuple[float, ...]


def memory_of(compiled: Compiled) -> bytes:
    """Return all memory of a program, with the cells behind it."""
    return ctypes.string_at(compiled.arena.address, cells_at(compiled.program, compiled.arena.dtype.itemsize) + SIZE)


def run_here(compiled: Compiled, job: Job) -> Outcome:
    """Run a job in this process; the program's memory is changed."""
    if not job.data:
        compiled.step()
        return Outcome(memory_of(compiled), ())
    sources = (ctypes.c_void_p * len(job.data))(*(a.ctypes.data for a in job.data.values()))
    totals, cells = np.zeros(len(compiled.totals)), compiled.arena.cells
    given = (compiled.arena.address, ctypes.addressof(sources), job.rows.ctypes.data, job.steps, totals.ctypes.data)
    Team(job.threads).run(compiled.code, given, job.threads, cells, stops=False, steps=job.steps)
    return Outcome(memory_of(compiled), tuple(totals.tolist()))


def run_there(compiled: Compiled, job: Job, processor: Processor, folder: Path) -> Outcome:
    """Run a job on another processor, beginning with what is in memory now."""
    made, program = folder / "code.o", folder / "program"
    made.write_bytes(object_for(compiled, processor))
    libraries = ["-no-pie", "-pthread", "-z", "noexecstack"]
    subprocess.run([*processor.compiler, "-O1", *libraries, str(SOURCE), str(made), "-o", str(program)], check=True)
    before = memory_of(compiled)
    sizes = [a.nbytes for a in job.data.values()]
    numbers = [len(before), len(sizes), len(job.rows), job.steps, len(compiled.totals), job.threads, *sizes]
    given = [np.array(numbers, np.int64).tobytes(), before, *(a.tobytes() for a in job.data.values())]
    said = subprocess.run(
        [*processor.runner, str(program)],
        input=b"".join([*given, job.rows.tobytes()]),
        capture_output=True,
        timeout=120,
        check=True,
    ).stdout
    rest = said[len(before) :]
    assert rest[-8:] == bytes(8), "an access was outside its buffer"
    totals = np.frombuffer(rest[:-8], np.float64) if job.data else np.zeros(0)
    return Outcome(said[: len(before)], tuple(totals.tolist()))


def object_for(compiled: Compiled, processor: Processor) -> bytes:
    """Return the object file of a program for a processor, made as for a process."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    own = compiled.code.machine
    cpu, features = (processor.cpu, "") if processor.cpu else (own.cpu, own.features)
    target = llvm.Target.from_triple(processor.triple)
    machine = target.create_target_machine(cpu=cpu, features=features, opt=LEVEL, jit=True)
    return bytes(machine.emit_object(llvm.parse_assembly(compiled.module.text)))


def value(compiled: Compiled, outcome: Outcome, name: str) -> Array:
    """Return a buffer as a job left it."""
    arena = Arena(compiled.program, compiled.arena.dtype)
    ctypes.memmove(arena.address, outcome.memory, len(outcome.memory))
    return arena.take(name)


def assert_same(compiled: Compiled, actual: Outcome, expected: Outcome) -> None:
    """Raise AssertionError unless two jobs left the same bits; one NaN is as good as another."""
    end = cells_at(compiled.program, compiled.arena.dtype.itemsize)
    assert actual.memory[end:] == expected.memory[end:], "the cells differ"
    assert np.array_equal(actual.totals, expected.totals, equal_nan=True), (actual.totals, expected.totals)
    for name in compiled.program.buffers:
        left, right = value(compiled, actual, name), value(compiled, expected, name)
        same = (left.view(_bits(left)) == right.view(_bits(left))) | (np.isnan(left) & np.isnan(right))
        assert same.all(), f"{name}: {_first(left, right, same)}"


def _bits(array: Array) -> str:
    return f"u{array.dtype.itemsize}"


def _first(left: Array, right: Array, same: Array) -> str:
    place: Sequence[int] = tuple(int(n) for n in np.argwhere(~same)[0])
    return f"at {place} is {left[place]!r}, expected {right[place]!r}"  # type: ignore[index]
