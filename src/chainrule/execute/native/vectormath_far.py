"""sin, cos and tan of angles beyond `angles.LIMIT`, one lane after the other: few programs ever meet one.

x = m·2^e is multiplied by the 192 bits of 2/π that matter there, those above them giving whole turns (M. Payne and
R. Hanek, Radian reduction for trigonometric functions, SIGNUM Newsletter 18, 1983). No number of float64 comes nearer
to a multiple of π/2 than 2^-61, so what is left has more than 64 good bits, and the kernels are those of other angles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from types import MappingProxyType

from chainrule.execute.native import vectormath_angles as angles
from chainrule.execute.native.vectormath_builder import Builder, Dtype

TWO_OVER_PI = (
    "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921c"
    "fe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980f"
    "ef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d08"
    "56033046fc7b6bab"
)
"""The bits of 2/π behind the point, in hexadecimal."""

FAR: Mapping[str, Callable[[Builder, angles.Quadrant], str]] = MappingProxyType(
    {"sin": angles.turned_sine, "cos": angles.turned_cosine, "tan": angles.turned_tangent}
)
"""The functions that have such code, and what makes their value of a quadrant."""


def far_name(function: str) -> str:
    """Return the name of the function that computes the lanes beyond the limit."""
    return f"@far_{function}"


def far_definitions(functions: Iterable[str], dtype: Dtype, width: int, *, fma: bool) -> str:
    """Return the text of what `far_name` calls for these functions, "" for none; once in a module."""
    wanted = list(functions)
    if not wanted:
        return ""
    words = [0, *(int(TWO_OVER_PI[n : n + 16], 16) for n in range(0, len(TWO_OVER_PI), 16))]
    table = ", ".join(f"i64 {word}" for word in words)
    head = [
        f"@two_over_pi = internal constant [{len(words)} x i64] [{table}], align 64",
        "declare i64 @llvm.fshl.i64(i64, i64, i64)",
        "declare i128 @llvm.ctlz.i128(i128, i1)",
        *_scalar_declarations(dtype, width),
    ]
    return "\n\n".join(["\n".join(head), *(_definition(function, dtype, width, fma) for function in wanted)])


def _scalar_declarations(dtype: Dtype, width: int) -> list[str]:
    """Return what one lane calls and vectors of this width do not declare."""
    if width == 1:
        return []
    scalars = ["declare double @llvm.fma.f64(double, double, double)", "declare double @llvm.fabs.f64(double)"]
    return [*scalars, "declare float @llvm.fma.f32(float, float, float)"] if dtype == "f32" else scalars


def _definition(function: str, dtype: Dtype, width: int, fma: bool) -> str:
    """Return the function of (x, near): near, and the value itself in the lanes whose |x| is beyond the limit."""
    one = Builder(dtype, 1, "v", fma=fma)
    vector = f"<{width} x {one.type}>"
    double = one if dtype == "f64" else one.widened()
    angle = "%x" if double is one else one.cast("fpext", one.type, "%x", double.type)
    value = _value(function, one, double, angle)
    scalar, limit = double.type, double.constant(angles.LIMIT)
    infinity = double.constant(float("inf"))
    return "\n".join(
        [
            f"define internal {vector} {far_name(function)}({vector} %all, {vector} %near) nounwind noinline {{",
            "entry:",
            "br label %lane",
            "lane:",
            "%n = phi i64 [ 0, %entry ], [ %next, %after ]",
            f"%so = phi {vector} [ %near, %entry ], [ %then, %after ]",
            f"%x = extractelement {vector} %all, i64 %n",
            *([] if double is one else [f"%w = fpext {one.type} %x to {scalar}"]),
            f"%size = call {scalar} @llvm.fabs.f64({scalar} {'%x' if double is one else '%w'})",
            f"%beyond = fcmp ogt {scalar} %size, {limit}",
            f"%finite = fcmp olt {scalar} %size, {infinity}",
            "%far = and i1 %beyond, %finite",
            "br i1 %far, label %reduce, label %after",
            "reduce:",
            *one.lines,
            f"%done = insertelement {vector} %so, {one.type} {value}, i64 %n",
            "br label %after",
            "after:",
            f"%then = phi {vector} [ %so, %lane ], [ %done, %reduce ]",
            "%next = add i64 %n, 1",
            f"%more = icmp slt i64 %next, {width}",
            "br i1 %more, label %lane, label %end",
            "end:",
            f"ret {vector} %then",
            "}",
        ]
    )


def _value(function: str, one: Builder, double: Builder, angle: str) -> str:
    """Return the value for one angle beyond the limit."""
    quadrant = _reduced(double, angle)
    if double is not one:
        count = one.cast("trunc", "i64", quadrant.count, "i32")
        total = double.add(quadrant.rest, quadrant.tail or double.constant(0.0))
        quadrant = angles.Quadrant(count, one.cast("fptrunc", "double", total, "float"), None)
    return FAR[function](one, quadrant)


def _reduced(b: Builder, x: str) -> angles.Quadrant:
    """Return n modulo 4 and r of x = n·π/2 + r."""
    bits = b.bits(x)
    negative = b.test("slt", bits, b.integer(0))
    exponent = b.integer_op("and", b.integer_op("lshr", bits, b.integer(52)), b.integer(0x7FF))
    fraction = b.integer_op("and", bits, b.integer((1 << 52) - 1))
    significand = b.integer_op("or", fraction, b.integer(1 << 52))
    # x = ±significand·2^e with e = exponent − 1075; the bit of 2/π worth 2 there stands at 62 + e in the table.
    count, left = _turns(b, significand, _window(b, b.integer_op("sub", exponent, b.integer(1075 - 62))))
    high, low = _halves(b, left)
    flipped = b.test("slt", b.emit(f"trunc i128 {b.emit(f'lshr i128 {left}, 64')} to i64"), b.integer(0))
    sign = b.emit(f"xor i1 {negative}, {flipped}")
    product = b.product(high, b.constant(angles.HALF_PI[0]))
    error = b.fma(low, b.constant(angles.HALF_PI[0]), b.fma(high, b.constant(angles.HALF_PI[1]), product.low))
    rest = b.add(product.high, error)
    tail = b.add(b.sub(product.high, rest), error)
    turns = b.emit(f"select i1 {negative}, i64 {b.integer_op('sub', b.integer(0), count)}, i64 {count}")
    return angles.Quadrant(turns, b.select(sign, b.neg(rest), rest), b.select(sign, b.neg(tail), tail))


def _window(b: Builder, place: str) -> list[str]:
    """Return 192 bits of the table from a place on, as three words, the first one first."""
    word, offset = b.integer_op("lshr", place, b.integer(6)), b.integer_op("and", place, b.integer(63))
    start = b.emit(f"getelementptr i64, ptr @two_over_pi, i64 {word}")
    at = [start, *(b.emit(f"getelementptr i64, ptr {start}, i64 {n}") for n in (1, 2, 3))]
    words = [b.emit(f"load i64, ptr {one}") for one in at]
    return [
        b.emit(f"call i64 @llvm.fshl.i64(i64 {above}, i64 {below}, i64 {offset})") for above, below in pairwise(words)
    ]


def _turns(b: Builder, significand: str, window: list[str]) -> tuple[str, str]:
    """Return n, the quarter turns nearest to significand·window, modulo 4, and what is left as i128, in 2^-126."""
    first, second, third = (_wide_product(b, significand, word) for word in window)
    middle = b.emit(f"add i128 {second}, {b.emit(f'lshr i128 {third}, 64')}")
    whole = b.emit(f"add i128 {b.emit(f'shl i128 {first}, 64')}, {middle}")
    half = b.emit(f"add i128 {whole}, {1 << 125}")
    count = b.emit(f"lshr i128 {half}, 126")
    left = b.emit(f"sub i128 {whole}, {b.emit(f'shl i128 {count}, 126')}")
    return b.emit(f"trunc i128 {count} to i64"), left


def _wide_product(b: Builder, x: str, y: str) -> str:
    wide = [b.emit(f"zext i64 {value} to i128") for value in (x, y)]
    return b.emit(f"mul i128 {wide[0]}, {wide[1]}")


def _halves(b: Builder, left: str) -> tuple[str, str]:
    """Return |left|·2^-126 as a sum of two numbers: its first 53 bits, and the 63 bits behind them."""
    size = b.emit(f"sub i128 0, {left}")
    size = b.emit(f"select i1 {b.emit(f'icmp slt i128 {left}, 0')}, i128 {size}, i128 {left}")
    zeros = b.emit(f"call i128 @llvm.ctlz.i128(i128 {size}, i1 false)")
    shifted = b.emit(f"shl i128 {size}, {zeros}")
    first = b.emit(f"trunc i128 {b.emit(f'lshr i128 {shifted}, 75')} to i64")
    behind = b.emit(f"trunc i128 {b.emit(f'lshr i128 {shifted}, 12')} to i64")
    behind = b.integer_op("and", behind, b.integer((1 << 63) - 1))
    zeros = b.emit(f"trunc i128 {zeros} to i64")
    parts = []
    for whole, weight in ((first, 75 - 126), (behind, 12 - 126)):
        exponent = b.integer_op("sub", b.integer(1023 + weight), zeros)
        scale = b.from_bits(b.integer_op("shl", exponent, b.integer(52)))
        parts.append(b.mul(b.cast("sitofp", "i64", whole, "double"), scale))
    return parts[0], parts[1]
