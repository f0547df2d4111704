"""Where an axis of a sum begins and ends for a tile: the ends of its range, computed from where the tile is."""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.execute.native.writer import Writer
from chainrule.expr.linear import LinearForm
from chainrule.lower.program import Range


def limits(w: Writer, one: Range, extent: int, starts: Mapping[str, int | str]) -> tuple[str, str]:
    """Write from which value on and before which an axis of so many values goes; no value where they are the same."""
    first, last, step = one.ends
    low = _larger(w, _form(w, first, starts), 0)
    if step > 1:
        low = w.value(f"udiv i64 {w.value(f'add i64 {low}, {step - 1}')}, {step}")
    high = w.value(f"add i64 {_larger(w, _form(w, last, starts), -step)}, {step}")
    if step > 1:
        high = w.value(f"udiv i64 {high}, {step}")
    below = w.value(f"icmp slt i64 {high}, {extent}")
    return low, w.value(f"select i1 {below}, i64 {high}, i64 {extent}")


def _larger(w: Writer, value: str, number: int) -> str:
    above = w.value(f"icmp sgt i64 {value}, {number}")
    return w.value(f"select i1 {above}, i64 {value}, i64 {number}")


def _form(w: Writer, form: LinearForm[str, int], starts: Mapping[str, int | str]) -> str:
    total = str(form.constant)
    for axis, coefficient in form.terms.items():
        total = w.value(f"add i64 {total}, {w.value(f'mul i64 {starts[axis]}, {coefficient}')}")
    return total
