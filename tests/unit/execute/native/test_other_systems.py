"""What is done otherwise where the system is not Linux, as far as that can be seen on any."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from dataclasses import replace
from types import SimpleNamespace

import llvmlite.binding as llvm
import numpy as np
import pytest

from chainrule.execute.native import threads
from chainrule.execute.native.compiler import _emitted, _target_machine
from chainrule.execute.native.levels import extents_by_letter
from chainrule.execute.native.machine import BYTES, Dtype, Machine
from chainrule.execute.native.module import module
from chainrule.execute.native.training import TOTAL, Session, with_totals
from chainrule.lower.lowering import lower
from chainrule.lower.program import Program
from chainrule.system.batching import batch
from dense import Dense

NETWORK = Dense((40, 64, 10), "relu", "softmax", "cross-entropy")
SMALL = Dense((20, 17, 9, 5), "tanh", "softmax", "cross-entropy", decay=True)
LARGE = Dense((64, 32, 10), "relu", "softmax", "cross-entropy", given=True)
SIZES = {SMALL: {"i": 20, "j1": 17, "j2": 9, "k": 5, "n": 7}, LARGE: {"i": 64, "j1": 32, "k": 10, "n": 32}}
AVX512, AVX2 = Machine("avx512", 64, 32, True, "x86-64-v4"), Machine("avx2", 32, 16, True, "x86-64-v3")
SSE, NEON = Machine("sse", 16, 16, False, "x86-64"), Machine("neon", 16, 32, True, "generic")
TARGETS = {
    "Linux on x86": ("x86_64-unknown-linux-gnu", AVX512),
    "Linux on Arm": ("aarch64-unknown-linux-gnu", NEON),
    "macOS on Intel": ("x86_64-apple-darwin20.6.0", AVX2),
    "macOS on Arm": ("arm64-apple-darwin23.1.0", Machine("neon", 16, 32, True, "apple-m1")),
    "Windows on AVX2": ("x86_64-pc-windows-msvc-elf", AVX2),
    "Windows on SSE": ("x86_64-pc-windows-msvc-elf", SSE),
}


NAME = re.compile(
    r"(?:\bmovabsq?\s+\$|\b(?:callq?|jmpq?|bl)\s+|:(?:abs_g\d(?:_nc)?|got|got_lo12|lo12):)(_*[a-z]\w*)"
    r"|\b(_\w+)@(?:GOTPAGE|PAGE|GOTPCREL)"
)
"""Where assembly names a function or variable, on x86 or Arm, of Linux, Windows or macOS."""


def program(network: Dense, machine: Machine, dtype: Dtype) -> Program:
    """Return a step of training."""
    system = with_totals(batch(network.system()), ())
    sizes = extents_by_letter(system, SIZES[network])
    return lower(system, sizes, (TOTAL,), lanes=machine.lanes(dtype), element=BYTES[dtype])


def text_of(network: Dense, machine: Machine, dtype: Dtype, threads: int) -> str:
    made = program(network, machine, dtype)
    return module(made, machine, dtype, data=("x", "y"), totals=(TOTAL,), threads=threads).text


def foreign(triple: str, machine: Machine, text: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the names in machine code for a system that are not those of the program's text."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    monkeypatch.setattr(llvm.Target, "from_default_triple", lambda: llvm.Target.from_triple(triple))
    assembly = str(_target_machine(machine).emit_assembly(llvm.parse_assembly(text)))
    names = {one or other for one, other in NAME.findall(assembly)}
    prefix = "_" if "apple" in triple else ""
    assert {prefix + name for name in ("body", "i0")} <= names
    return names - {prefix + name for name in re.findall(r"@(\w+)", text)}


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("name", TARGETS)
def test_code_needs_nothing_from_elsewhere(name: str, dtype: Dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    triple, machine = TARGETS[name]
    assert foreign(triple, machine, text_of(SMALL, machine, dtype, 2), monkeypatch) == set()


def test_windows_itself_has_what_large_frames_need(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers of 64 bytes that are put aside can take more than a page of the stack, which it wants to be told."""
    text = text_of(LARGE, AVX512, "f64", 1)
    assert foreign("x86_64-pc-windows-msvc-elf", AVX512, text, monkeypatch) == {"__chkstk"}


def test_what_is_needed_from_elsewhere_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_of(SMALL, replace(SSE, fma=True), "f32", 1)
    assert foreign("x86_64-pc-windows-msvc-elf", SSE, text, monkeypatch) == {"fmaf"}


def test_windows_is_given_elf(monkeypatch: pytest.MonkeyPatch) -> None:
    """LLVM's MCJIT loads nothing else there; llvmlite sees to it for code that is made for a process."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", "nt")
        patch.setattr(llvm, "get_default_triple", lambda: "x86_64-pc-windows-msvc")
        patch.setattr(llvm.Target, "from_default_triple", lambda: llvm.Target.from_triple("x86_64-pc-windows-msvc"))
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        target = _target_machine(SSE)
    assert target.triple == "x86_64-pc-windows-msvc-elf"
    assert _emitted("define void @step(ptr %m) {\n  ret void\n}", target)[:4] == b"\x7fELF"


def bits() -> list[object]:
    session = Session(NETWORK.system(), NETWORK.values(0), NETWORK.data(64, 0), batch_size=32, threads=3)
    return [session.run_epoch(np.arange(64)), *(value.tobytes() for value in session.params().values())]


def test_threads_go_where_they_like_on_a_system_that_does_not_pin_them(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = bits()
    for name in ("sched_getaffinity", "sched_setaffinity"):
        monkeypatch.delattr(os, name, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert threads.cores() == (0, 1, 2, 3, 4, 5)
    assert bits() == expected
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads.cores() == (0,)


def test_on_windows_a_thread_gives_up_its_core_by_a_function_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = bits()
    function = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 0)
    libraries: list[str] = []

    def library(name: str) -> SimpleNamespace:
        libraries.append(name)
        return SimpleNamespace(SwitchToThread=function)

    monkeypatch.setattr(ctypes, "WinDLL", library, raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    assert threads._yielding() == ctypes.cast(function, ctypes.c_void_p).value
    assert bits() == expected
    assert set(libraries) == {"kernel32"}
