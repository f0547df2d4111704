"""What the machine's vectors are: lanes, registers, a fused multiply-add or none; asked of LLVM, never guessed.

The level can be lowered (`avx2`, `sse`, `neon`) to see what code for another machine does on this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

Dtype = Literal["f32", "f64"]
BYTES: dict[Dtype, int] = {"f32": 4, "f64": 8}


@dataclass(frozen=True)
class Machine:
    """Vectors of `width` bytes in `registers` registers; `features` are what LLVM is told, "" for the host's own."""

    name: str
    width: int
    registers: int
    fma: bool
    cpu: str = ""
    features: str = ""

    def lanes(self, dtype: Dtype) -> int:
        """Return the numbers of a type in one vector."""
        return self.width // BYTES[dtype]


def host() -> Machine:
    """Return this machine."""
    import llvmlite.binding as llvm

    features: Mapping[str, bool] = llvm.get_host_cpu_features()
    flags = features.flatten()  # type: ignore[attr-defined]
    cpu = llvm.get_host_cpu_name()
    # not platform.machine(): of an emulated process it tells the machine underneath
    if llvm.get_default_triple().startswith(("aarch64", "arm64")):
        return Machine("neon", 16, 32, True, cpu, flags)
    if features.get("avx512f") and features.get("avx512dq") and features.get("avx512vl"):
        return Machine("avx512", 64, 32, True, cpu, flags + ",-prefer-256-bit")
    if features.get("avx2") and features.get("fma"):
        return Machine("avx2", 32, 16, True, cpu, flags)
    return Machine("sse", 16, 16, False, cpu, flags)


def lowered(machine: Machine, level: str) -> Machine:
    """Return a machine with the vectors of another, `avx2`, `sse` or `neon`, whose code this one can run: for tests.

    It is the machine itself where its own vectors are shorter, and for another level.
    """
    made = _LEVELS.get(level)
    if made is None or made.width > machine.width:
        return machine
    if "neon" not in (machine.name, level):
        return made
    # one architecture's program in the other's instructions; by the name they wait alike
    return replace(made, name="neon", cpu=machine.cpu, features=machine.features)


_LEVELS: Mapping[str, Machine] = MappingProxyType(
    {
        "avx2": Machine("avx2", 32, 16, True, "haswell"),
        "sse": Machine("sse", 16, 16, False, "x86-64"),
        "neon": Machine("neon", 16, 32, True),
    }
)
