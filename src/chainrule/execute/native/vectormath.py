"""The scalar functions of the notation as vector code, in the text of LLVM IR, with stated error bounds.

`body` returns straight-line lines for any number of lanes, to be pasted where the value is needed: no calls but
intrinsics that are one or two instructions, no branches, no tables, nothing undefined. NaN in is NaN out. What each
function promises stands in `COVERED`, which the executor and the tests read; the formulas in vectormath_*.py.
Sixteen float32 take 13 cycles of a Zen 4 core in exp, 14 in sigmoid, 15 in tanh, 24 in log, 28 in softplus and erf.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from chainrule.execute.native import vectormath_angles as angles
from chainrule.execute.native import vectormath_exponentials as exponentials
from chainrule.execute.native import vectormath_logarithms as logarithms
from chainrule.execute.native.vectormath_builder import FORMATS, INTRINSICS, Builder, Dtype, declaration
from chainrule.execute.native.vectormath_erf import erf
from chainrule.expr.functions import ARITY


@dataclass(frozen=True)
class Body:
    """Lines of LLVM IR and the name or literal of their value."""

    lines: tuple[str, ...]
    result: str


@dataclass(frozen=True)
class Accuracy:
    """The largest error in units in the last place, with or without a fused multiply-add; 0 is the exact value.

    `limit` is the largest |x| for which it holds; beyond it the value is NaN, and `vectormath_far` has the right one.
    """

    f32: float
    f64: float
    limit: float | None = None

    def bound(self, dtype: Dtype) -> float:
        """Return the bound of one format."""
        return self.f32 if dtype == "f32" else self.f64


def body(function: str, dtype: Dtype, width: int, operands: Sequence[str], prefix: str, *, fma: bool = True) -> Body:
    r"""Return the code of one function of the notation on vectors of `width` lanes.

    Operands are names or literals of the vector type (of the scalar type for a width of 1). Every value in the lines is
    called %prefix0, %prefix1 …: the prefix must be new in the LLVM function. `fma=False` is for targets without a fused
    multiply-add. A KeyError names a function that is not in `COVERED`.

    >>> print(*body("relu", "f32", 8, ["%x"], "r").lines, sep="\n")
    %r0 = fcmp olt <8 x float> %x, splat (float 0x0000000000000000)
    %r1 = select <8 x i1> %r0, <8 x float> splat (float 0x0000000000000000), <8 x float> %x
    """
    write = _FUNCTIONS[function]
    assert len(operands) == ARITY[function], (function, operands)
    b = Builder(dtype, width, prefix, fma=fma)
    result = write(b, *operands)
    return Body(tuple(b.lines), result)


def declarations(dtype: Dtype, width: int) -> tuple[str, ...]:
    """Return the lines that declare what bodies of this type may call; each may stand in a module only once.

    Those for f32 include the fused multiply-add of f64, in which angles are reduced.

    >>> declarations("f64", 2)[1]
    'declare <2 x double> @llvm.sqrt.v2f64(<2 x double>)'
    """
    own = [declaration(intrinsic, FORMATS[dtype], width) for intrinsic in INTRINSICS]
    return tuple(own if dtype == "f64" else [*own, declaration("fma", FORMATS["f64"], width)])


def _relu(b: Builder, x: str) -> str:
    """max(x, 0)."""
    return b.at_least(x, 0.0)


def _sqrt(b: Builder, x: str) -> str:
    """√x, correctly rounded; NaN below 0."""
    return b.call("sqrt", x)


def _abs(b: Builder, x: str) -> str:
    """|x|."""
    return b.abs(x)


def _sign(b: Builder, x: str) -> str:
    """1, −1 or x itself, which is 0 or NaN."""
    zero = b.constant(0.0)
    negative = b.select(b.compare("olt", x, zero), b.constant(-1.0), x)
    return b.select(b.compare("ogt", x, zero), b.constant(1.0), negative)


def _maximum(b: Builder, x: str, y: str) -> str:
    """max(x, y), NaN if either is; the first choice is one instruction that keeps a NaN of y only."""
    larger = b.select(b.compare("ogt", x, y), x, y)
    return b.select(b.compare("uno", x, x), x, larger)


def _minimum(b: Builder, x: str, y: str) -> str:
    """min(x, y), NaN if either is."""
    smaller = b.select(b.compare("olt", x, y), x, y)
    return b.select(b.compare("uno", x, x), x, smaller)


def _clip(b: Builder, x: str, low: str, high: str) -> str:
    """min(max(x, low), high), NaN if any is."""
    return _minimum(b, _maximum(b, x, low), high)


def _stop(_: Builder, x: str) -> str:
    """x: that it is constant was a matter of its derivative."""
    return x


_FUNCTIONS: Mapping[str, Callable[..., str]] = MappingProxyType(
    {
        "exp": exponentials.exp,
        "log": logarithms.log,
        "log1p": logarithms.log1p,
        "expm1": exponentials.expm1,
        "sqrt": _sqrt,
        "sin": angles.sin,
        "cos": angles.cos,
        "tan": angles.tan,
        "sinh": exponentials.sinh,
        "cosh": exponentials.cosh,
        "tanh": exponentials.tanh,
        "atan": angles.atan,
        "sigmoid": exponentials.sigmoid,
        "relu": _relu,
        "softplus": logarithms.softplus,
        "erf": erf,
        "abs": _abs,
        "sign": _sign,
        "maximum": _maximum,
        "minimum": _minimum,
        "clip": _clip,
        "stop": _stop,
    }
)

COVERED: Mapping[str, Accuracy] = MappingProxyType(
    {
        "exp": Accuracy(1.0, 1.2),
        "log": Accuracy(1.0, 1.0),
        "log1p": Accuracy(1.5, 1.5),
        "expm1": Accuracy(2.0, 2.2),
        "sqrt": Accuracy(0.5, 0.5),
        "sin": Accuracy(1.6, 1.0, angles.LIMIT),
        "cos": Accuracy(1.6, 1.0, angles.LIMIT),
        "tan": Accuracy(3.2, 2.5, angles.LIMIT),
        "sinh": Accuracy(2.6, 2.6),
        "cosh": Accuracy(1.6, 1.6),
        "tanh": Accuracy(2.7, 2.7),
        "atan": Accuracy(1.6, 1.6),
        "sigmoid": Accuracy(2.5, 2.5),
        "relu": Accuracy(0.0, 0.0),
        "softplus": Accuracy(2.0, 2.0),
        "erf": Accuracy(1.5, 2.5),
        "abs": Accuracy(0.0, 0.0),
        "sign": Accuracy(0.0, 0.0),
        "maximum": Accuracy(0.0, 0.0),
        "minimum": Accuracy(0.0, 0.0),
        "clip": Accuracy(0.0, 0.0),
        "stop": Accuracy(0.0, 0.0),
    }
)
"""The functions that `body` can write, with the error bounds that the tests hold them to."""
