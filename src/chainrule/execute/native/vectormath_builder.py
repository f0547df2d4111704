"""Straight-line LLVM IR for one vector type: the small language in which the scalar functions are written.

A `Builder` turns calls such as `b.fma(x, y, z)` into SSA lines of text and returns their names, so that a function
reads like its formula. Text, not IR objects: it goes into the text of a kernel as it stands. Constants are rounded to
the type once, here, and written exactly. No fast-math flags: the bits are those of the operations as written.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

T = TypeVar("T")
Dtype = Literal["f32", "f64"]


@dataclass(frozen=True)
class Format:
    """A floating-point format of IEEE 754: its LLVM name, the bits of its fraction, its exponent's bias."""

    name: str
    suffix: str
    bits: int
    fraction: int
    bias: int

    @property
    def magic(self) -> float:
        """1.5·2^fraction: a small number added to it is rounded to an integer that stands in the lowest bits."""
        return 1.5 * 2.0**self.fraction

    @property
    def smallest_normal(self) -> float:
        """Return 2^(1 − bias), below which numbers lose bits."""
        return 2.0 ** (1 - self.bias)

    def round(self, value: float) -> float:
        """Return the number of this format nearest to `value`."""
        return float(struct.unpack("<f", struct.pack("<f", value))[0]) if self.bits == 32 else value

    def pattern(self, value: float) -> int:
        """Return the bits of `value` in this format, as an unsigned integer."""
        code, integer = ("<f", "<I") if self.bits == 32 else ("<d", "<Q")
        return int(struct.unpack(integer, struct.pack(code, value))[0])


@dataclass(frozen=True)
class Pair:
    """A number as the sum of two: `low` is what `high` could not hold."""

    high: str
    low: str


FORMATS: dict[str, Format] = {"f32": Format("float", "f32", 32, 23, 127), "f64": Format("double", "f64", 64, 52, 1023)}


class Builder:
    """Emit lines for vectors of `width` lanes of one format; values are names or literals, as strings.

    A width of 1 gives plain scalars. With `fma=False`, a fused multiply-add is written as a product and a sum.

    >>> b = Builder("f32", 4, "e", fma=True)
    >>> b.mul("%x", b.constant(0.5))
    '%e0'
    >>> b.lines
    ['%e0 = fmul <4 x float> %x, splat (float 0x3FE0000000000000)']
    """

    def __init__(self, dtype: Dtype, width: int, prefix: str, *, fma: bool) -> None:
        self.format = FORMATS[dtype]
        self.dtype = dtype
        self.width = width
        self.prefix = prefix
        self.has_fma = fma
        self.lines: list[str] = []
        self.type = _vector(self.format.name, width)
        self.integers = _vector(f"i{self.format.bits}", width)
        self.mask = _vector("i1", width)

    # -- constants

    def constant(self, value: float) -> str:
        """Return a literal, the same in every lane; LLVM writes floats as the bits of a double too."""
        bits = FORMATS["f64"].pattern(self.format.round(value))
        return self._splat(self.format.name, f"0x{bits:016X}")

    def integer(self, value: int) -> str:
        """Return an integer literal of the width of a lane; `value` is taken modulo 2^bits."""
        return self._splat(f"i{self.format.bits}", str(value % (1 << self.format.bits)))

    def pattern(self, value: float) -> str:
        """Return the bits of a floating-point constant as an integer literal."""
        return self.integer(self.format.pattern(value))

    def pick(self, single: T, double: T) -> T:
        """Return what belongs to this format of the two."""
        return single if self.format.bits == 32 else double

    def _splat(self, scalar: str, text: str) -> str:
        return text if self.width == 1 else f"splat ({scalar} {text})"

    # -- arithmetic

    def emit(self, operation: str) -> str:
        """Add one line and return the name of its value."""
        name = f"%{self.prefix}{len(self.lines)}"
        self.lines.append(f"{name} = {operation}")
        return name

    def add(self, x: str, y: str) -> str:
        """Return x + y."""
        return self.emit(f"fadd {self.type} {x}, {y}")

    def sub(self, x: str, y: str) -> str:
        """Return x − y."""
        return self.emit(f"fsub {self.type} {x}, {y}")

    def mul(self, x: str, y: str) -> str:
        """Return x·y."""
        return self.emit(f"fmul {self.type} {x}, {y}")

    def div(self, x: str, y: str) -> str:
        """Return x/y."""
        return self.emit(f"fdiv {self.type} {x}, {y}")

    def neg(self, x: str) -> str:
        """Return −x, zeros and NaN included."""
        return self.emit(f"fneg {self.type} {x}")

    def fma(self, x: str, y: str, z: str) -> str:
        """Return x·y + z, rounded once where the hardware can."""
        return self.call("fma", x, y, z) if self.has_fma else self.add(self.mul(x, y), z)

    def call(self, intrinsic: str, *operands: str) -> str:
        """Return the value of one of `INTRINSICS`."""
        given = ", ".join(f"{self.type} {operand}" for operand in operands)
        return self.emit(f"call {self.type} {intrinsic_name(intrinsic, self.format, self.width)}({given})")

    def abs(self, x: str) -> str:
        """Return |x|."""
        return self.call("fabs", x)

    def copysign(self, x: str, sign: str) -> str:
        """Return |x| with the sign of `sign`."""
        return self.call("copysign", x, sign)

    def polynomial(self, x: str, coefficients: Sequence[float]) -> str:
        """Return c_0 + c_1·x + c_2·x² + …, by Horner's rule: the fewest operations; loops hide its latency."""
        value = self.constant(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            value = self.fma(value, x, self.constant(coefficient))
        return value

    # -- error-free sums and products

    def two_sum(self, x: str, y: str) -> Pair:
        """Return x + y = high + low exactly (Knuth)."""
        high = self.add(x, y)
        back = self.sub(high, x)
        return Pair(high, self.add(self.sub(x, self.sub(high, back)), self.sub(y, back)))

    def product(self, x: str, y: str) -> Pair:
        """Return x·y = high + low exactly, by Dekker's splitting where there is no fused multiply-add."""
        high = self.mul(x, y)
        if self.has_fma:
            return Pair(high, self.fma(x, y, self.neg(high)))
        left, right = self._halves(x), self._halves(y)
        low = self.sub(self.mul(left.high, right.high), high)
        low = self.add(self.add(low, self.mul(left.high, right.low)), self.mul(left.low, right.high))
        return Pair(high, self.add(low, self.mul(left.low, right.low)))

    def _halves(self, x: str) -> Pair:
        """Return x as a sum of two numbers of half as many bits (Veltkamp)."""
        scaled = self.mul(x, self.constant(2.0 ** ((self.format.fraction + 2) // 2) + 1.0))
        high = self.sub(scaled, self.sub(scaled, x))
        return Pair(high, self.sub(x, high))

    def cancelling_fma(self, x: str, y: str, z: str) -> str:
        """Return x·y + z for a z so close to −x·y that the sum is representable: exactly, with and without hardware."""
        if self.has_fma:
            return self.fma(x, y, z)
        product = self.product(x, y)
        return self.add(self.add(z, product.high), product.low)

    # -- choices

    def compare(self, relation: str, x: str, y: str) -> str:
        """Return the mask of a comparison, one of LLVM's: olt, ogt, oeq …, uno (one of the two is NaN)."""
        return self.emit(f"fcmp {relation} {self.type} {x}, {y}")

    def select(self, mask: str, x: str, y: str) -> str:
        """Return x where the mask is true, else y."""
        return self.emit(f"select {self.mask} {mask}, {self.type} {x}, {self.type} {y}")

    def at_least(self, x: str, low: float) -> str:
        """Return max(x, low) for a number `low`; NaN stays. Written so that it is one instruction."""
        bound = self.constant(low)
        return self.select(self.compare("olt", x, bound), bound, x)

    def at_most(self, x: str, high: float) -> str:
        """Return min(x, high) for a number `high`; NaN stays. Written so that it is one instruction."""
        bound = self.constant(high)
        return self.select(self.compare("ogt", x, bound), bound, x)

    def clamp(self, x: str, low: float, high: float) -> str:
        """Return x between two numbers; NaN stays."""
        return self.at_most(self.at_least(x, low), high)

    # -- bits and types

    def bits(self, x: str) -> str:
        """Return the bits of x as integers."""
        return self.emit(f"bitcast {self.type} {x} to {self.integers}")

    def from_bits(self, i: str) -> str:
        """Return the numbers whose bits are i."""
        return self.emit(f"bitcast {self.integers} {i} to {self.type}")

    def integer_op(self, operation: str, i: str, j: str) -> str:
        """Return an integer operation of LLVM: add, sub, and, or, xor, shl, lshr, ashr."""
        return self.emit(f"{operation} {self.integers} {i}, {j}")

    def test(self, relation: str, i: str, j: str) -> str:
        """Return the mask of a comparison of integers: eq, ne, ult, slt and so on."""
        return self.emit(f"icmp {relation} {self.integers} {i}, {j}")

    def cast(self, operation: str, from_type: str, x: str, to_type: str) -> str:
        """Return a conversion of LLVM: fpext, fptrunc, trunc, zext."""
        return self.emit(f"{operation} {from_type} {x} to {to_type}")

    def widened(self) -> Builder:
        """Return a builder of as many lanes of f64, which adds to the same lines."""
        wide = Builder("f64", self.width, self.prefix, fma=self.has_fma)
        wide.lines = self.lines
        return wide


INTRINSICS: dict[str, int] = {"fma": 3, "sqrt": 1, "fabs": 1, "copysign": 2}
"""The intrinsics that a `Builder` may call, with their number of operands; each is one or two instructions."""


def intrinsic_name(intrinsic: str, fmt: Format, width: int) -> str:
    """Return the full name, `@llvm.fma.v16f32`."""
    return f"@llvm.{intrinsic}.{fmt.suffix if width == 1 else f'v{width}{fmt.suffix}'}"


def declaration(intrinsic: str, fmt: Format, width: int) -> str:
    """Return the line that declares an intrinsic."""
    kind = _vector(fmt.name, width)
    return f"declare {kind} {intrinsic_name(intrinsic, fmt, width)}({', '.join([kind] * INTRINSICS[intrinsic])})"


def _vector(scalar: str, width: int) -> str:
    return scalar if width == 1 else f"<{width} x {scalar}>"
