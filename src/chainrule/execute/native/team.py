"""Several threads in one program: who does what, and where they wait for each other.

All threads run the same code (SPMD). An instruction that is worth it is split along one axis into whole tiles, so that
no bit depends on the number of threads; the others are the first thread's. Between instructions that touch the same
memory there is a barrier, which spins a while and then yields its core.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.execute.native.control import STOP, cells_at, seen
from chainrule.execute.native.machine import BYTES, Dtype
from chainrule.execute.native.schedule import Schedule
from chainrule.execute.native.writer import Writer
from chainrule.lower.program import Instruction, Program

WORTH = 4000.0
"""The cycles from which on an instruction is split."""
SPINS = 2000

BARRIER = f"""@arrived = internal global i64 0, align 64
@phase = internal global i64 0, align 64
@yield = global ptr null
declare void @llvm.x86.sse2.pause()

define internal void @barrier(i64 %nt) nounwind {{
entry:
  %phase = load atomic i64, ptr @phase acquire, align 8
  %before = atomicrmw add ptr @arrived, i64 1 acq_rel
  %mine = add i64 %before, 1
  %last = icmp eq i64 %mine, %nt
  br i1 %last, label %open, label %wait
open:
  store atomic i64 0, ptr @arrived release, align 8
  %next = add i64 %phase, 1
  store atomic i64 %next, ptr @phase release, align 8
  ret void
wait:
  %spins = phi i64 [ 0, %entry ], [ %more, %again ]
  %now = load atomic i64, ptr @phase acquire, align 8
  %same = icmp eq i64 %now, %phase
  br i1 %same, label %stay, label %leave
stay:
  PAUSE
  %more = add i64 %spins, 1
  %long = icmp ugt i64 %more, {SPINS}
  br i1 %long, label %give, label %again
give:
  %hand = load ptr, ptr @yield, align 8
  %null = icmp eq ptr %hand, null
  br i1 %null, label %again, label %call
call:
  call void %hand()
  br label %again
again:
  br label %wait
leave:
  ret void
}}"""


def barrier_text(x86: bool) -> str:
    """Return the barrier's function for the architecture."""
    text = BARRIER if x86 else BARRIER.replace("declare void @llvm.x86.sse2.pause()\n", "")
    return text.replace("PAUSE", "call void @llvm.x86.sse2.pause()" if x86 else "fence seq_cst")


def body_text(program: Program, dtype: Dtype, split: Sequence[bool], threads: bool, long: bool = False) -> str:
    """Return @body, which runs every instruction, with barriers where memory passes between threads.

    In a long program each instruction, but no barrier, is left out where the code is asked to stop.
    """
    w = Writer()
    w.lines = ["define internal void @body(ptr %m, ptr %ahead, i64 %tid, i64 %nt) nounwind {", "entry:"]
    first = w.value("icmp eq i64 %tid, 0") if threads else ""
    since: list[int] = []
    for number in range(len(program.instructions)):
        if threads and any(_meet(program, other, number) for other in since if split[other] or split[number]):
            w.line("call void @barrier(i64 %nt)")
            since = []
        since.append(number)
        mine = first if threads and not split[number] else ""
        if long:
            going = w.value(f"xor i1 {seen(w, cells_at(program, BYTES[dtype]), STOP)}, true")
            mine = w.value(f"and i1 {mine}, {going}") if mine else going
        after = w.guard(mine) if mine else ""
        w.line(f"call void @i{number}(ptr %m, ptr %ahead, i64 %tid, i64 %nt)")
        if after:
            w.unguard(after)
    w.line("ret void")
    return "\n".join([*w.lines, "}"])


def _meet(program: Program, one: int, other: int) -> bool:
    """Say whether one of two instructions writes memory that the other touches."""
    pairs = (
        (program.instructions[one], program.instructions[other]),
        (program.instructions[other], program.instructions[one]),
    )
    return any(_overlap(program, s.buffer, a.buffer) for x, y in pairs for s in x.stores for a in (*y.loads, *y.stores))


def _overlap(program: Program, left: str, right: str) -> bool:
    a, b = program.buffers[left], program.buffers[right]
    return a.offset < b.offset + b.size and b.offset < a.offset + a.size


def split_axis(instruction: Instruction, chosen: Schedule, lanes: int) -> str:
    """Return the axis with the most tiles, "" where the instruction is not worth splitting."""
    if chosen.cycles < WORTH:
        return ""
    counts = {}
    for axis, size in chosen.tile:
        extent = instruction.extent(axis)
        units = -(-extent // lanes) if axis == chosen.vector and not chosen.along else extent
        counts[axis] = units // size
    best = max(counts, key=lambda axis: counts[axis], default="")
    return best if best and counts[best] > 1 else ""


def share(w: Writer, count: int, step: int) -> tuple[str, str, str]:
    """Write a thread's share of `count` rounds: where it starts, where it ends, and whether it has any."""
    low = w.value(f"udiv i64 {w.value(f'mul i64 %tid, {count}')}, %nt")
    following = w.value("add i64 %tid, 1")
    high = w.value(f"udiv i64 {w.value(f'mul i64 {following}, {count}')}, %nt")
    start, end = w.value(f"mul i64 {low}, {step}"), w.value(f"mul i64 {high}, {step}")
    return start, end, w.value(f"icmp ult i64 {start}, {end}")


def is_last(w: Writer) -> str:
    """Write whether this is the last thread."""
    following = w.value("add i64 %tid, 1")
    return w.value(f"icmp eq i64 {following}, %nt")
