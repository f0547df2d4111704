"""LLVM text becomes machine code in this process. No optimisation pass is run: the text is written as it shall be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.execute.native.machine import Machine


@dataclass(frozen=True)
class Code:
    """Compiled functions: their addresses by name. The engine owns the memory they are in."""

    engine: Any
    module: Any
    machine: Machine

    def address(self, name: str) -> int:
        """Return where a function or variable is."""
        found = self.engine.get_function_address(name) or self.engine.get_global_value_address(name)
        assert found, name
        return int(found)

    def assembly(self) -> str:
        """Return the machine code as assembly text."""
        return str(_target_machine(self.machine).emit_assembly(self.module))


def compile_text(text: str, machine: Machine) -> Code:
    """Return the compiled module."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    parsed = llvm.parse_assembly(text)
    parsed.verify()
    engine = llvm.create_mcjit_compiler(parsed, _target_machine(machine))
    engine.finalize_object()
    return Code(engine, parsed, machine)


def _target_machine(machine: Machine) -> Any:
    import llvmlite.binding as llvm

    target = llvm.Target.from_default_triple()
    return target.create_target_machine(cpu=machine.cpu, features=machine.features, opt=2, jit=True)
