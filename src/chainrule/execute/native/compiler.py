"""LLVM text becomes machine code in this process. No optimisation pass is run: the text is written as it shall be.

The object file is made first and then loaded, whether it comes from LLVM or from the cache on disk: both go the same
way, and a program that was compiled before is not even parsed.
"""

from __future__ import annotations

import platform
import struct
import sys
from dataclasses import dataclass
from typing import Any

from chainrule.execute.native.machine import Machine
from chainrule.execute.native.object_files import code_cache, key_of
from chainrule.version import __version__

LEVEL = 2
"""LLVM's level of optimisation, that of instruction selection, scheduling and registers."""


@dataclass(frozen=True)
class MachineCode:
    """Compiled functions: their addresses by name. The engine owns the memory they are in."""

    engine: Any
    text: str
    machine: Machine

    def address(self, name: str) -> int:
        """Return where a function or variable is."""
        found = self.engine.get_function_address(name) or self.engine.get_global_value_address(name)
        assert found, name
        return int(found)

    def assembly(self) -> str:
        """Return the machine code as assembly text."""
        import llvmlite.binding as llvm

        return str(_target_machine(self.machine).emit_assembly(llvm.parse_assembly(self.text)))


def compile_text(text: str, machine: Machine) -> MachineCode:
    """Return the compiled module, from the cache if it was compiled before."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = _target_machine(machine)
    cache = code_cache()
    key = "" if cache is None else code_key(text, machine)
    known = None if cache is None else cache.load(key)
    code = _emitted(text, target) if known is None else known
    if cache is not None and known is None:
        cache.store(key, code)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return MachineCode(engine, text, machine)


def code_key(text: str, machine: Machine) -> str:
    """Return the key of machine code: the text, the processor, and the versions of all that has a part in it."""
    import llvmlite
    import llvmlite.binding as llvm

    versions = (__version__, llvmlite.__version__, ".".join(map(str, llvm.llvm_version_info)))
    system = (llvm.get_default_triple(), sys.platform, platform.machine(), sys.byteorder, str(struct.calcsize("P")))
    return key_of((text, machine.cpu, machine.features, f"jit, level {LEVEL}", *versions, *system))


def _emitted(text: str, target: Any) -> bytes:
    """Return the object file of a module."""
    import llvmlite.binding as llvm

    parsed = llvm.parse_assembly(text)
    parsed.verify()
    return bytes(target.emit_object(parsed))


def _target_machine(machine: Machine) -> Any:
    import llvmlite.binding as llvm

    target = llvm.Target.from_default_triple()
    return target.create_target_machine(cpu=machine.cpu, features=machine.features, opt=LEVEL, jit=True)
