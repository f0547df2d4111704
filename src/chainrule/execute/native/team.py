"""Several threads in one program: who does what, and where they wait for each other.

All threads run the same code (SPMD). What is split, and where threads wait, is decided in `partition`; here is how
that is written: a thread's share of the tiles along an axis, and a barrier, which spins a while and then yields.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chainrule.execute.native.control import STOP, cells_at, seen
from chainrule.execute.native.machine import BYTES, Dtype
from chainrule.execute.native.schedule import LoopSchedule
from chainrule.execute.native.writer import Writer
from chainrule.lower.program import Program

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


def body_text(
    program: Program,
    dtype: Dtype,
    chosen: Sequence[LoopSchedule],
    waits: Sequence[bool],
    threads: bool,
    long: bool = False,
) -> str:
    """Return @body, which runs every instruction, with barriers before those that have to wait.

    In a long program each instruction, but no barrier, is left out where the code is asked to stop.
    """
    w = Writer()
    w.lines = ["define internal void @body(ptr %m, ptr %ahead, i64 %tid, i64 %nt) nounwind {", "entry:"]
    first = is_first(w) if threads else ""
    for number, (own, wait) in enumerate(zip(chosen, waits, strict=True)):
        if wait:
            w.line("call void @barrier(i64 %nt)")
        mine = first if threads and not own.split else ""
        if long:
            going = w.value(f"xor i1 {seen(w, cells_at(program, BYTES[dtype]), STOP)}, true")
            mine = w.value(f"and i1 {mine}, {going}") if mine else going
        after = w.guard(mine) if mine else ""
        w.line(f"call void @i{number}(ptr %m, ptr %ahead, i64 %tid, i64 %nt)")
        if after:
            w.unguard(after)
    w.line("ret void")
    return "\n".join([*w.lines, "}"])


def share(w: Writer, count: int, step: int) -> tuple[str, str, str]:
    """Write a thread's share of `count` rounds: where it starts, where it ends, and whether it has any."""
    low = w.value(f"udiv i64 {w.value(f'mul i64 %tid, {count}')}, %nt")
    following = w.value("add i64 %tid, 1")
    high = w.value(f"udiv i64 {w.value(f'mul i64 {following}, {count}')}, %nt")
    start, end = w.value(f"mul i64 {low}, {step}"), w.value(f"mul i64 {high}, {step}")
    return start, end, w.value(f"icmp ult i64 {start}, {end}")


def is_first(w: Writer) -> str:
    """Write whether this is the first thread, whose share is never the largest: it takes the remainder."""
    return w.value("icmp eq i64 %tid, 0")


def tiled(
    w: Writer,
    full: int,
    rest: int,
    step: int,
    divided: bool,
    end: Callable[[str], str],
    write: Callable[[int | str, bool, str], None],
) -> None:
    """Write the rounds along an axis: `full` whole tiles of `step` values, then, where `rest`, the tile at the edge.

    Where the axis is `divided`, threads share the whole tiles, and the first has the edge. `write` is given where a
    tile begins, whether it is a whole one, and, in a loop, where that starts; `end` may change where a loop ends.
    """
    if full > 1:
        start, last, some = share(w, full, step) if divided else ("0", str(full * step), "")
        after = w.guard(some) if some else ""
        loop = w.open(start)
        write(loop.index, True, start)
        w.close(loop, step, end(last))
        if after:
            w.unguard(after)
    elif full:
        write(0, True, "")
    if rest:
        after = w.guard(is_first(w)) if divided else ""
        write(full * step, False, "")
        if after:
            w.unguard(after)
