"""Threefry and what is drawn with it, as vector code: words in the lanes of a vector, a pair of them in a double one.

The bits are those of `execute/threefry`, whose constants these are: additions, rotations and exclusive ors of words of
32 bits, as many lanes of them as of numbers. Lanes beyond an extent hold anything here too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from chainrule.execute.native import vectormath
from chainrule.execute.native.machine import Dtype
from chainrule.execute.native.vectormath_builder import Builder
from chainrule.execute.native.writer import Writer
from chainrule.execute.threefry import GROUPS, KEPT_BITS, PARITY, ROTATIONS, SCALE


class Words:
    """The operations on words of as many lanes as a vector of numbers has."""

    def __init__(self, writer: Writer, dtype: Dtype, lanes: int, fma: bool) -> None:
        self.w = writer
        self.dtype = dtype
        self.lanes = lanes
        self.fma = fma
        self.type = f"<{lanes} x i32>"
        self.numbers = f"<{lanes} x {'float' if dtype == 'f32' else 'double'}>"

    def constant(self, value: int) -> str:
        """Return a word in all lanes."""
        return f"splat (i32 {value})"

    def operation(self, name: str, left: str, right: str) -> str:
        """Return an operation of LLVM on words."""
        return self.w.value(f"{name} {self.type} {left}, {right}")

    def word(self, number: str) -> str:
        """Return a whole number as a word, modulo 2^32."""
        wide = f"<{self.lanes} x i64>"
        if self.dtype == "f32":
            return self.w.value(f"fptosi {self.numbers} {number} to {self.type}")
        whole = self.w.value(f"fptosi {self.numbers} {number} to {wide}")
        return self.w.value(f"trunc {wide} {whole} to {self.type}")

    def halves(self, high: str, low: str) -> str:
        """Return the word of two numbers below 2^16."""
        return self.operation("or", self.operation("shl", self.word(high), self.constant(16)), self.word(low))

    def pair(self, first: str, second: str) -> str:
        """Return two words as a vector of twice as many lanes."""
        lanes = ", ".join(f"i32 {n}" for n in range(2 * self.lanes))
        kind = f"<{2 * self.lanes} x i32>"
        return self.w.value(f"shufflevector {self.type} {first}, {self.type} {second}, {kind} <{lanes}>")

    def half(self, pair: str, number: int) -> str:
        """Return the first word of a pair, or the second."""
        start = number * self.lanes
        lanes = ", ".join(f"i32 {n}" for n in range(start, start + self.lanes))
        kind = f"<{2 * self.lanes} x i32>"
        return self.w.value(f"shufflevector {kind} {pair}, {kind} poison, {self.type} <{lanes}>")

    def threefry(self, pair: str, first: str, second: str) -> str:
        """Return two words enciphered under a key of two."""
        key = [self.half(pair, 0), self.half(pair, 1)]
        key.append(self.operation("xor", self.operation("xor", *key), self.constant(PARITY)))
        first, second = self.operation("add", first, key[0]), self.operation("add", second, key[1])
        for group in range(GROUPS):
            for bits in ROTATIONS[group % 2]:
                first = self.operation("add", first, second)
                second = self.operation("xor", self.rotated(second, bits), first)
            first = self.operation("add", first, key[(group + 1) % 3])
            counted = self.operation("add", key[(group + 2) % 3], self.constant(group + 1))
            second = self.operation("add", second, counted)
        return self.pair(first, second)

    def rotated(self, word: str, bits: int) -> str:
        """Return a word rotated to the left; LLVM makes one instruction of it where there is one."""
        left = self.operation("shl", word, self.constant(bits))
        return self.operation("or", left, self.operation("lshr", word, self.constant(32 - bits)))

    def fraction(self, word: str) -> str:
        """Return the number between 0 and 1 of a word, exactly."""
        upper = self.operation("lshr", word, self.constant(31 - KEPT_BITS))
        odd = self.operation("or", upper, self.constant(1))
        number = self.w.value(f"uitofp {self.type} {odd} to {self.numbers}")
        return self.scaled(number, SCALE)

    def scaled(self, number: str, factor: float) -> str:
        """Return a number times a constant."""
        constant = Builder(self.dtype, self.lanes, "", fma=self.fma).constant(factor)
        return self.w.value(f"fmul {self.numbers} {number}, {constant}")

    def function(self, name: str, number: str) -> str:
        """Return a function of a number within its limit."""
        body = vectormath.body(name, self.dtype, self.lanes, [number], self.w.prefix(), fma=self.fma)
        self.w.lines.extend("  " + line for line in body.lines)
        return body.result

    def uniform(self, pair: str) -> str:
        """Return a number drawn evenly between 0 and 1."""
        return self.fraction(self.half(pair, 0))

    def normal(self, pair: str) -> str:
        """Return a number drawn from N(0, 1): √(−2·log u)·cos(2π·v)."""
        first, second = (self.fraction(self.half(pair, n)) for n in range(2))
        size = self.function("sqrt", self.scaled(self.function("log", first), -2.0))
        angle = self.function("cos", self.scaled(second, 2 * math.pi))
        return self.w.value(f"fmul {self.numbers} {size}, {angle}")


DRAWS: Mapping[str, Callable[..., str]] = MappingProxyType(
    {
        "word": Words.word,
        "words": Words.halves,
        "word_sum": lambda words, left, right: words.operation("add", left, right),
        "word_product": lambda words, left, right: words.operation("mul", left, right),
        "key": Words.pair,
        "threefry": Words.threefry,
        "uniform": Words.uniform,
        "normal": Words.normal,
    }
)
"""The operations of programs that draw, and the functions of the notation that do."""


def draw(words: Words, operation: str, values: Sequence[str]) -> str:
    """Return the value of one of `DRAWS`."""
    return DRAWS[operation](words, *values)
