"""Operations on one vector of numbers, written as LLVM text: arithmetic, choices, functions, and where lanes meet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from chainrule.execute.native import vectormath
from chainrule.execute.native.draws import DRAWS, Words, draw
from chainrule.execute.native.machine import Dtype
from chainrule.execute.native.vectormath_builder import Builder
from chainrule.execute.native.vectormath_far import far_name
from chainrule.execute.native.writer import Writer
from chainrule.expr.functions import ARITY
from chainrule.lower.program import Unsupported

_ARITHMETIC: Mapping[str, str] = MappingProxyType(
    {"add": "fadd", "subtract": "fsub", "multiply": "fmul", "divide": "fdiv"}
)
_RELATIONS: Mapping[str, str] = MappingProxyType(
    {"=": "oeq", "!=": "une", "<": "olt", "<=": "ole", ">": "ogt", ">=": "oge"}
)
_IDENTITIES: Mapping[str, float] = MappingProxyType({"sum": 0.0, "prod": 1.0, "max": -math.inf, "min": math.inf})


class Lanes:
    """The operations of one vector type in one function. Values are names or literals."""

    def __init__(self, writer: Writer, dtype: Dtype, lanes: int, fma: bool) -> None:
        self.w = writer
        self.dtype = dtype
        self.lanes = lanes
        self.fma = fma
        self.scalar = "float" if dtype == "f32" else "double"
        self.type = f"<{lanes} x {self.scalar}>"
        self.mask = f"<{lanes} x i1>"
        self._literals = Builder(dtype, lanes, "", fma=fma)

    def number(self, value: float) -> str:
        """Return a number in all lanes."""
        return self._literals.constant(value)

    def splat(self, scalar: str) -> str:
        """Return a scalar in all lanes."""
        first = self.w.value(f"insertelement {self.type} poison, {self.scalar} {scalar}, i64 0")
        return self.shuffled(first, "poison", [0] * self.lanes)

    def ramp(self) -> str:
        """Return 0, 1, 2 … in the lanes."""
        items = ", ".join(f"{self.scalar} {float(n)!r}" for n in range(self.lanes))
        return f"<{items}>"

    def shuffled(self, first: str, second: str, lanes: Sequence[int]) -> str:
        """Return lanes chosen from two vectors."""
        chosen = ", ".join(f"i32 {n}" for n in lanes)
        return self.w.value(f"shufflevector {self.type} {first}, {self.type} {second}, <{len(lanes)} x i32> <{chosen}>")

    def apply(self, function: str, values: Sequence[str]) -> str:
        """Return a function's value. Raises Unsupported for one that has no vector code yet."""
        if function in _ARITHMETIC:
            return self.w.value(f"{_ARITHMETIC[function]} {self.type} {values[0]}, {values[1]}")
        if function in _RELATIONS:
            return self.compared(_RELATIONS[function], *values)
        match function:
            case "negate":
                return self.w.value(f"fneg {self.type} {values[0]}")
            case "fma":
                return self.multiply_add(*values)
            case "choose":
                return self.chosen(*values)
            case "and" | "or":
                return self.w.value(f"{function} {self.mask} {values[0]}, {values[1]}")
            case "not":
                return self.w.value(f"xor {self.mask} {values[0]}, splat (i1 true)")
            case "maximum" | "minimum":
                return self.extremum(function, *values)
        if function in DRAWS:
            return draw(Words(self.w, self.dtype, self.lanes, self.fma), function, values)
        return self.called(function, values)

    def called(self, function: str, values: Sequence[str]) -> str:
        """Return the value of a function of the notation."""
        try:
            body = vectormath.body(function, self.dtype, self.lanes, values, self.w.prefix(), fma=self.fma)
        except KeyError:
            assert function in ARITY, function
            raise Unsupported(f"the function {function}") from None
        self.w.lines.extend("  " + line for line in body.lines)
        limit = vectormath.COVERED[function].limit
        return body.result if limit is None else self._far(function, values[0], body.result, limit)

    def _far(self, function: str, x: str, near: str, limit: float) -> str:
        """Return the value also in lanes whose |x| is beyond the limit of straight-line code."""
        suffix = f"v{self.lanes}{self.dtype}"
        size = self.w.value(f"call {self.type} @llvm.fabs.{suffix}({self.type} {x})")
        beyond = self.w.value(f"bitcast {self.mask} {self.compared('ogt', size, self.number(limit))} to i{self.lanes}")
        before = self.w.block
        after = self.w.guard(self.w.value(f"icmp ne i{self.lanes} {beyond}, 0"))
        inside = self.w.block
        far = self.w.value(f"call {self.type} {far_name(function)}({self.type} {x}, {self.type} {near})")
        self.w.unguard(after)
        return self.w.value(f"phi {self.type} [ {near}, %{before} ], [ {far}, %{inside} ]")

    def compared(self, relation: str, left: str, right: str) -> str:
        """Return the mask of a comparison."""
        return self.w.value(f"fcmp {relation} {self.type} {left}, {right}")

    def chosen(self, mask: str, then: str, otherwise: str) -> str:
        """Return one value where the mask is true, else the other."""
        return self.w.value(f"select {self.mask} {mask}, {self.type} {then}, {self.type} {otherwise}")

    def extremum(self, function: str, left: str, right: str) -> str:
        """Return the larger or smaller; NaN if either is."""
        better = self.compared("ogt" if function == "maximum" else "olt", left, right)
        nan = self.compared("uno", left, left)
        return self.chosen(self.w.value(f"or {self.mask} {better}, {nan}"), left, right)

    def multiply_add(self, left: str, right: str, term: str) -> str:
        """Return left·right + term."""
        if not self.fma:
            return self.apply("add", [self.apply("multiply", [left, right]), term])
        suffix = f"v{self.lanes}{self.dtype}"
        arguments = ", ".join(f"{self.type} {v}" for v in (left, right, term))
        return self.w.value(f"call {self.type} @llvm.fma.{suffix}({arguments})")

    def identity(self, op: str) -> float:
        """Return what a reduction begins with."""
        return _IDENTITIES[op]

    def combine(self, op: str, left: str, right: str) -> str:
        """Return one step of a reduction."""
        names = {"sum": "add", "prod": "multiply", "max": "maximum", "min": "minimum"}
        return self.apply(names[op], [left, right])

    def masked(self, value: str, count: int, op: str) -> str:
        """Return the value with what does not change a reduction in all but the first lanes."""
        bits = ", ".join(f"i1 {'true' if n < count else 'false'}" for n in range(self.lanes))
        return self.chosen(f"<{bits}>", value, self.number(self.identity(op)))

    def across(self, op: str, value: str) -> str:
        """Return the reduction over the lanes, in all of them."""
        distance = self.lanes // 2
        while distance:
            other = self.shuffled(value, "poison", [n ^ distance for n in range(self.lanes)])
            value = self.combine(op, value, other)
            distance //= 2
        return value

    def all_across(self, op: str, values: Sequence[str]) -> list[str]:
        """Return the reduction of each of several vectors over its lanes, in all lanes; the same bits as one by one.

        Two vectors of which each has some values in blocks of lanes become one with all of them in blocks of half the
        size, until one vector is left.
        """
        results: list[str] = []
        for start in range(0, len(values), self.lanes):
            some = list(values[start : start + self.lanes])
            count = len(some)
            block = self.lanes
            while len(some) > 1:
                some += [some[-1]] * (len(some) % 2)
                some = [self._halved(op, one, other, block) for one, other in zip(some[::2], some[1::2], strict=True)]
                block //= 2
            one = some[0]
            distance = block // 2
            while distance:
                one = self.combine(op, one, self.shuffled(one, "poison", [n ^ distance for n in range(self.lanes)]))
                distance //= 2
            results += [self.shuffled(one, "poison", [place * block] * self.lanes) for place in range(count)]
        return results

    def _halved(self, op: str, one: str, other: str, block: int) -> str:
        """Return two vectors of blocks as one of half as large blocks: the halves of each block combined."""
        firsts = [n for n in range(2 * self.lanes) if n % block < block // 2]
        left = self.shuffled(one, other, firsts)
        return self.combine(op, left, self.shuffled(one, other, [n + block // 2 for n in firsts]))
