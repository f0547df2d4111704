"""How fast the cores multiply and add at this very moment, and read: the roof that all else is compared with.

A loop of independent fused multiply-adds in registers, as LLVM text, run on every core at once, each thread pinned to
one. On a shared machine a core may be taken away; then its figure falls, and the round that it belongs to is flagged.
Reading is a loop of vector loads over so many bytes again and again, by one core.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time

import numpy as np

from chainrule.execute.native.compiler import compile_text
from chainrule.execute.native.machine import host

CHAINS = 16
"""Independent accumulators: enough to hide the latency of a multiply-add on two units."""
READS, ONCE = 8, 8 << 20
"""Vectors that are read in a round, and bytes in one call."""


class Probe:
    """The compiled loop."""

    def __init__(self) -> None:
        machine = host()
        self._lanes = machine.lanes("f32")
        self._code = compile_text(_text(self._lanes) + "\n\n" + _reading(self._lanes), machine)
        self._loop = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p)(self._code.address("probe"))

    def gflops(self, cores: list[int], seconds: float = 0.02) -> list[float]:
        """Return what each of the cores does when all work at once, in 10⁹ operations a second."""
        results = [0.0] * len(cores)
        start = threading.Barrier(len(cores))

        def one(place: int) -> None:
            if hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(0, {cores[place]})
            results[place] = self._one(start, seconds)

        threads = [threading.Thread(target=one, args=(place,)) for place in range(len(cores))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    def gigabytes(self, size: int, seconds: float = 0.1) -> float:
        """Return the 10⁹ bytes that one core reads in a second from wherever that many bytes are kept."""
        size -= size % (READS * 4 * self._lanes)
        block = np.zeros(size + 64, np.uint8)
        start = block.ctypes.data + -block.ctypes.data % 64
        out = (ctypes.c_float * (READS * self._lanes))()
        kinds = (ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p)
        read = ctypes.CFUNCTYPE(None, *kinds)(self._code.address("read"))
        times = max(ONCE // size, 1)
        read(start, size, 1, out)
        done, began = 0, time.perf_counter()
        while (taken := time.perf_counter() - began) < seconds:
            read(start, size, times, out)
            done += times * size
        return done / taken / 1e9

    def _one(self, start: threading.Barrier, seconds: float) -> float:
        out = (ctypes.c_float * (CHAINS * self._lanes))()
        start.wait()
        rounds, done, began = 100_000, 0, time.perf_counter()
        while (taken := time.perf_counter() - began) < seconds:
            self._loop(rounds, out)
            done += rounds
        return 2 * done * CHAINS * self._lanes / taken / 1e9


def _text(lanes: int) -> str:
    kind = f"<{lanes} x float>"
    constant = "<" + ", ".join(["float 5.000000e-01"] * lanes) + ">"
    lines = [
        f"declare {kind} @llvm.fma.v{lanes}f32({kind}, {kind}, {kind})",
        "define void @probe(i64 %rounds, ptr %out) nounwind {",
        "entry:",
        "  br label %loop",
        "loop:",
        "  %round = phi i64 [ 0, %entry ], [ %next, %loop ]",
        *(f"  %a{n} = phi {kind} [ {constant}, %entry ], [ %b{n}, %loop ]" for n in range(CHAINS)),
        *(
            f"  %b{n} = call {kind} @llvm.fma.v{lanes}f32({kind} %a{n}, {kind} {constant}, {kind} {constant})"
            for n in range(CHAINS)
        ),
        "  %next = add i64 %round, 1",
        "  %more = icmp slt i64 %next, %rounds",
        "  br i1 %more, label %loop, label %done",
        "done:",
    ]
    return "\n".join([*lines, *_stored(CHAINS, lanes), "  ret void", "}"])


def _stored(count: int, lanes: int) -> list[str]:
    """Return the stores of all accumulators, without which the loops would be left out."""
    lines = []
    for n in range(count):
        lines += [
            f"  %q{n} = getelementptr float, ptr %out, i64 {n * lanes}",
            f"  store <{lanes} x float> %b{n}, ptr %q{n}, align 4",
        ]
    return lines


def _reading(lanes: int) -> str:
    kind, width = f"<{lanes} x float>", 4 * lanes
    lines = [
        "define void @read(ptr %start, i64 %size, i64 %times, ptr %out) nounwind {",
        "entry:",
        "  br label %outer",
        "outer:",
        "  %time = phi i64 [ 0, %entry ], [ %later, %again ]",
        "  br label %loop",
        "loop:",
        "  %at = phi i64 [ 0, %outer ], [ %next, %loop ]",
        *(f"  %a{n} = phi {kind} [ zeroinitializer, %outer ], [ %b{n}, %loop ]" for n in range(READS)),
    ]
    for n in range(READS):
        lines += [
            f"  %o{n} = add i64 %at, {n * width}",
            f"  %p{n} = getelementptr i8, ptr %start, i64 %o{n}",
            f"  %v{n} = load {kind}, ptr %p{n}, align {width}",
            f"  %b{n} = fadd {kind} %a{n}, %v{n}",
        ]
    lines += [
        f"  %next = add i64 %at, {READS * width}",
        "  %more = icmp slt i64 %next, %size",
        "  br i1 %more, label %loop, label %again",
        "again:",
        "  %later = add i64 %time, 1",
        "  %further = icmp slt i64 %later, %times",
        "  br i1 %further, label %outer, label %done",
        "done:",
    ]
    return "\n".join([*lines, *_stored(READS, lanes), "  ret void", "}"])
