"""Loops over arrays around the bodies of vectormath, compiled in this process, and errors counted in last places."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding as llvm
import mpmath
import numpy as np
import numpy.typing as npt

from chainrule.execute.native import vectormath
from chainrule.execute.native.vectormath_builder import FORMATS, Dtype
from chainrule.expr.functions import ARITY

Floats = npt.NDArray[np.floating[Any]]
NUMPY: dict[Dtype, type[np.floating[Any]]] = {"f32": np.float32, "f64": np.float64}


def loop_text(function: str, dtype: Dtype, width: int, *, fma: bool) -> str:
    """Return a module whose @apply(ptr of each operand, ptr out, count) maps a body over arrays."""
    scalar = FORMATS[dtype].name
    vector = scalar if width == 1 else f"<{width} x {scalar}>"
    operands = [f"%x{k}" for k in range(ARITY[function])]
    body = vectormath.body(function, dtype, width, operands, "m", fma=fma)
    loads = [
        line
        for k, operand in enumerate(operands)
        for line in (
            f"%from{k} = getelementptr {scalar}, ptr %in{k}, i64 %i",
            f"{operand} = load {vector}, ptr %from{k}, align 4",
        )
    ]
    parameters = ", ".join([*(f"ptr %in{k}" for k in range(len(operands))), "ptr %out", "i64 %count"])
    return "\n".join(
        [
            *vectormath.declarations(dtype, width),
            f"define void @apply({parameters}) {{",
            "entry:",
            "br label %loop",
            "loop:",
            "%i = phi i64 [0, %entry], [%next, %loop]",
            *loads,
            *body.lines,
            f"%to = getelementptr {scalar}, ptr %out, i64 %i",
            f"store {vector} {body.result}, ptr %to, align 4",
            f"%next = add i64 %i, {width}",
            "%more = icmp slt i64 %next, %count",
            "br i1 %more, label %loop, label %done",
            "done:",
            "ret void",
            "}",
        ]
    )


def compiled(function: str, dtype: Dtype, width: int, *, fma: bool = True) -> Callable[..., Floats]:
    """Return a function of arrays, whose length must be a multiple of the width."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(loop_text(function, dtype, width, fma=fma))
    module.verify()
    target = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten()
    )
    engine = llvm.create_mcjit_compiler(module, target)
    engine.finalize_object()
    address = engine.get_function_address("apply")
    count = ARITY[function]
    native = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (count + 1), ctypes.c_int64)(address)

    def apply(*operands: Floats) -> Floats:
        given = [np.ascontiguousarray(operand, dtype=NUMPY[dtype]) for operand in operands]
        out = np.full_like(given[0], 0.125)
        assert len(given) == count
        assert len(out) % width == 0
        native(*[array.ctypes.data for array in (*given, out)], len(out))
        return out

    # The machine code lives as long as its engine.
    apply.engine = engine  # type: ignore[attr-defined]
    return apply


def assembly(function: str, dtype: Dtype, width: int, triple: str, cpu: str, *, fma: bool) -> str:
    """Return the machine code of a body for another machine, as text."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    module = llvm.parse_assembly(loop_text(function, dtype, width, fma=fma))
    target = llvm.Target.from_triple(triple).create_target_machine(cpu=cpu)
    return str(target.emit_assembly(module))


def ulp_errors(actual: Floats, exact: Sequence[Any], dtype: Dtype) -> npt.NDArray[np.float64]:
    """Return |actual − exact| in units in the last place of the exact values; inf where NaN or ∞ do not agree.

    An infinity, and what rounds to one, counts as 2^128 or 2^1024, so that a bound holds at the edge of overflow too.
    """
    fmt = FORMATS[dtype]
    least = 1 - fmt.bias - fmt.fraction
    beyond = mpmath.mpf(2) ** (fmt.bias + 1)
    errors = np.zeros(len(actual))
    for place, (value, wanted) in enumerate(zip(actual.tolist(), exact, strict=True)):
        if mpmath.isnan(wanted) or mpmath.isnan(value):
            errors[place] = 0.0 if mpmath.isnan(wanted) and mpmath.isnan(value) else np.inf
            continue
        if mpmath.isinf(wanted):
            errors[place] = 0.0 if value == wanted else np.inf
            continue
        wanted = max(min(wanted, beyond), -beyond)
        got = mpmath.mpf(value) if np.isfinite(value) else beyond * np.sign(value)
        size = least if wanted == 0 else min(max(mpmath.frexp(wanted)[1] - 1, 1 - fmt.bias), fmt.bias) - fmt.fraction
        errors[place] = min(float(mpmath.ldexp(abs(got - wanted), -int(size))), 1e300)
    return errors
