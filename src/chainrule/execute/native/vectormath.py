"""The scalar functions of the notation as vector code, in the text of LLVM IR, with stated error bounds.

`body` returns straight-line lines for any number of lanes, to be pasted where the value is needed: no calls but
intrinsics that are one or two instructions, no branches, no tables, nothing undefined. NaN in is NaN out. What each
function promises stands in `COVERED`, which the executor and the tests read. The formulas stand in the vectormath_* modules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from chainrule.execute.native import vectormath_exponentials as exponentials
from chainrule.execute.native import vectormath_logarithms as logarithms
from chainrule.execute.native.vectormath_builder import FORMATS, INTRINSICS, Builder, Dtype, declaration
from chainrule.expr.functions import ARITY


@dataclass(frozen=True)
class Body:
    """Lines of LLVM IR and the name or literal of their value."""

    lines: tuple[str, ...]
    result: str


def body(function: str, dtype: Dtype, width: int, operands: Sequence[str], prefix: str, *, fma: bool = True) -> Body:
    """Return the code of one function of the notation on vectors of `width` lanes.

    Operands are names or literals of the vector type (of the scalar type for a width of 1). Every value in the lines is
    called %prefix0, %prefix1 …: the prefix must be new in the LLVM function. `fma=False` is for targets without a fused
    multiply-add. A KeyError names a function that is not in `COVERED`.

    >>> print(*body("relu", "f32", 8, ["%x"], "r").lines, sep="\\n")
    %r0 = fcmp olt <8 x float> %x, splat (float 0x0000000000000000)
    %r1 = select <8 x i1> %r0, <8 x float> splat (float 0x0000000000000000), <8 x float> %x
    """
    assert len(operands) == ARITY[function], (function, operands)
    b = Builder(dtype, width, prefix, fma=fma)
    result = _FUNCTIONS[function](b, *operands)
    return Body(tuple(b.lines), result)


def declarations(dtype: Dtype, width: int) -> tuple[str, ...]:
    """Return the lines that declare what bodies of this type may call; each may stand in a module only once.

    >>> declarations("f64", 2)[1]
    'declare <2 x double> @llvm.sqrt.v2f64(<2 x double>)'
    """
    return tuple(declaration(intrinsic, FORMATS[dtype], width) for intrinsic in INTRINSICS)


def _relu(b: Builder, x: str) -> str:
    """max(x, 0)."""
    return b.at_least(x, 0.0)


def _sqrt(b: Builder, x: str) -> str:
    """√x, correctly rounded."""
    return b.call("sqrt", x)


_FUNCTIONS: Mapping[str, Callable[..., str]] = MappingProxyType(
    {
        "exp": exponentials.exp,
        "sigmoid": exponentials.sigmoid,
        "tanh": exponentials.tanh,
        "log": logarithms.log,
        "relu": _relu,
        "sqrt": _sqrt,
    }
)
