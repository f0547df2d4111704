"""The text that the builder writes: exact constants, types for vectors and scalars, error-free sums and products."""

from __future__ import annotations

from fractions import Fraction

import pytest

from chainrule.execute.native.vectormath_builder import FORMATS, Builder, Dtype, declaration


def test_a_constant_is_rounded_to_its_format_and_written_as_the_bits_of_a_double() -> None:
    assert Builder("f32", 1, "m", fma=True).constant(0.1) == "0x3FB99999A0000000"
    assert Builder("f64", 1, "m", fma=True).constant(0.1) == "0x3FB999999999999A"
    assert Builder("f32", 4, "m", fma=True).constant(float("-inf")) == "splat (float 0xFFF0000000000000)"
    assert Builder("f64", 2, "m", fma=True).constant(float("nan")) == "splat (double 0x7FF8000000000000)"


def test_an_integer_is_taken_modulo_the_width_of_a_lane() -> None:
    assert Builder("f32", 1, "m", fma=True).integer(-1) == "4294967295"
    assert Builder("f64", 2, "m", fma=True).integer(-1) == "splat (i64 18446744073709551615)"
    assert Builder("f32", 1, "m", fma=True).pattern(1.0) == str(127 << 23)


def test_a_polynomial_is_horners_rule() -> None:
    b = Builder("f64", 1, "m", fma=True)
    assert b.polynomial("%x", (1.0, 2.0, 3.0)) == "%m1"
    assert b.lines == [
        "%m0 = call double @llvm.fma.f64(double 0x4008000000000000, double %x, double 0x4000000000000000)",
        "%m1 = call double @llvm.fma.f64(double %m0, double %x, double 0x3FF0000000000000)",
    ]


def test_without_hardware_a_multiply_add_is_a_product_and_a_sum() -> None:
    b = Builder("f32", 2, "m", fma=False)
    b.fma("%x", "%y", "%z")
    assert b.lines == ["%m0 = fmul <2 x float> %x, %y", "%m1 = fadd <2 x float> %m0, %z"]


def test_a_wider_builder_adds_to_the_same_lines() -> None:
    b = Builder("f32", 4, "m", fma=True)
    b.add("%x", "%y")
    wide = b.widened()
    assert wide.neg("%d") == "%m1"
    assert b.lines[1] == "%m1 = fneg <4 x double> %d"


def test_a_declaration_names_the_vector() -> None:
    assert declaration("copysign", FORMATS["f32"], 8) == (
        "declare <8 x float> @llvm.copysign.v8f32(<8 x float>, <8 x float>)"
    )
    assert declaration("fabs", FORMATS["f64"], 1) == "declare double @llvm.fabs.f64(double)"


def value(lines: list[str], name: str, given: dict[str, float]) -> float:
    """Interpret fadd, fsub, fmul and fneg of doubles."""
    values = dict(given)
    for line in lines:
        target, operation = line.split(" = ")
        words = operation.replace(",", "").split()
        x, *rest = (values[w] if w.startswith("%") else float.fromhex(w) for w in words[2:])
        values[target] = {
            "fadd": lambda x, y: x + y,
            "fsub": lambda x, y: x - y,
            "fmul": lambda x, y: x * y,
            "fneg": lambda x: -x,
        }[words[0]](x, *rest)
    return values[name]


class Literal(Builder):
    """A builder whose constants are hexadecimal numbers of Python, for `value`."""

    def constant(self, value: float) -> str:
        return value.hex()


@pytest.mark.parametrize(
    ("x", "y"), [(0.1, 0.3), (1e16, -1.0), (3.0, 1e-17), (123456789.123, 1.5707963267948966), (-0.7, 0.7)]
)
def test_sums_and_products_are_exact_as_pairs(x: float, y: float) -> None:
    dtype: Dtype = "f64"
    b = Literal(dtype, 1, "m", fma=False)
    given = {"%x": x, "%y": y}
    total, product = b.two_sum("%x", "%y"), b.product("%x", "%y")

    def exact(name: str) -> Fraction:
        return Fraction(value(b.lines, name, given))

    assert exact(total.high) + exact(total.low) == Fraction(x) + Fraction(y)
    assert exact(product.high) + exact(product.low) == Fraction(x) * Fraction(y)
    assert exact(total.high) == Fraction(x + y)
    assert exact(product.high) == Fraction(x * y)
