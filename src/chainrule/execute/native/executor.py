"""The native executor: systems compiled for the sizes of their inputs; what has no machine code runs on the reference.

A compiled program belongs to one set of extents, and of numbers in exponents, and is kept for the next inputs of those.
The plan says what became of the system; numbers never come from elsewhere than it says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.execute.inputs import check_inputs, is_batched
from chainrule.execute.native.compiled import Compiled, compile_program, dtype_of, exponents_given
from chainrule.execute.native.machine import Machine, host
from chainrule.execute.native.plan import plan_document
from chainrule.execute.native.threads import MOST
from chainrule.execute.native.training import Session
from chainrule.execute.protocol import Executable
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.facts import check_facts
from chainrule.execute.reference.scope import Scope
from chainrule.execute.registry import executor
from chainrule.execute.shortage import enough_memory
from chainrule.expr.binding import tensors_in
from chainrule.expr.sizes import Size, size_order
from chainrule.expr.symbols import Symbol, of_one_sample
from chainrule.lower.lowering import lower
from chainrule.lower.program import Unsupported
from chainrule.render.document_text import document_text
from chainrule.system.batching import batch
from chainrule.system.model import System

Array = npt.NDArray[Any]


class Native:
    """Machine code for the host, made in this process."""

    name = "native"
    most_threads = MOST

    def compile(
        self, system: System, *, dtype: Any = np.float32, outputs: Sequence[str] | None = None
    ) -> NativeExecutable:
        """Return the system made ready to run; it is compiled when the first inputs tell its extents.

        What is no output needs no memory of its own.
        """
        return NativeExecutable(system, np.dtype(dtype), host(), None if outputs is None else frozenset(outputs))

    def compile_training(
        self,
        system: System,
        values: Mapping[str, npt.ArrayLike],
        data: Mapping[str, npt.ArrayLike],
        *,
        batch_size: int,
        dtype: Any = np.float32,
        threads: int | None = None,
        metrics: Sequence[str] = (),
    ) -> Session:
        """Return whole epochs of a system of forward, cotangent and update equations as machine code.

        `values` are params and consts by name, `data` whole data sets with the samples in front;
        `threads` are as many as the work is worth unless given; `metrics` are equations to sum beside the cost. Raises
        Unsupported, which names what has no machine code: then `compile` and its `step` remain.
        """
        return Session(
            system, values, data, batch_size=batch_size, dtype=dtype, threads=threads, metrics=metrics, machine=host()
        )


@dataclass
class NativeExecutable:
    """A system as machine code, one program for each set of extents it has met."""

    system: System
    dtype: Any
    machine: Machine
    outputs: frozenset[str] | None = None
    _programs: dict[tuple[object, ...], Compiled] = field(default_factory=dict)
    _systems: dict[tuple[bool, bool], System] = field(default_factory=dict)
    _reference: Executable | None = None
    _last: Compiled | str = "nothing was run yet"

    @property
    def plan(self) -> str:
        """What ran last: the loops with their FLOPs and bytes, or why it was the reference."""
        if isinstance(self._last, str):
            return self._last
        return document_text(plan_document(self._last.program, self._last.module, self.dtype.itemsize))

    def evaluate(self, inputs: Mapping[str, npt.ArrayLike]) -> dict[str, Array]:
        """Return the value of every equation, or of every output that was asked for."""
        return self._run(inputs, with_updates=False)[0]

    def step(self, inputs: Mapping[str, npt.ArrayLike]) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return the value of every equation, and the new value of every tensor that has an update."""
        return self._run(inputs, with_updates=True)

    @enough_memory("the values of the system")
    def _run(
        self, inputs: Mapping[str, npt.ArrayLike], *, with_updates: bool
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        batched = self._system(with_updates, is_batched(self.system, inputs))
        checked = check_inputs(batched, inputs, dtype=self.dtype)
        values = dict(checked.values)
        try:
            scope = Scope(values, checked.sizes, batched.function, batched.declared, None, self.dtype)
            for declaration in batched.declarations:
                if declaration.value is not None and declaration.tensor not in values:
                    values[declaration.tensor] = evaluate_in(scope, declaration.value, declaration.indices)
            compiled = self._compiled(batched, checked.sizes, exponents_given(batched, checked.values))
        except Unsupported as signal:
            return self._on_reference(signal, inputs, with_updates)
        check_facts(batched, scope)
        known = frozenset(values)
        compiled.arena.put(values)
        compiled.step()
        wanted = self._outputs(batched)
        results: dict[str, Array] = {name: compiled.arena.take(name) for name in wanted}
        values.update(results)
        check_facts(batched, scope, known_before=known)
        self._last = compiled
        named: dict[str, Array] = {of_one_sample(n): results[n] for n in wanted if self._is_asked(n)}
        return named, {u.name: compiled.arena.take(u.name) for u in batched.updates}

    def _system(self, with_updates: bool, batched: bool) -> System:
        """Return the equations of one kind of run, made once."""
        key = with_updates, batched
        if key not in self._systems:
            system = self.system if with_updates else replace(self.system, updates=())
            self._systems[key] = batch(system) if batched else system
        return self._systems[key]

    def _compiled(self, system: System, sizes: Mapping[Size, int], consts: Mapping[str, Fraction]) -> Compiled:
        extents = sorted((size_order(size), n) for size, n in sizes.items())
        key = (*extents, bool(system.updates), *sorted(consts.items()))
        if key not in self._programs:
            lanes = self.machine.lanes(dtype_of(self.dtype))
            element = self.dtype.itemsize
            program = lower(system, sizes, self._outputs(system), lanes=lanes, element=element, consts=consts)
            self._programs[key] = compile_program(program, self.machine, self.dtype)
        return self._programs[key]

    def _is_asked(self, name: Symbol) -> bool:
        return self.outputs is None or of_one_sample(name) in self.outputs

    def _outputs(self, system: System) -> tuple[Symbol, ...]:
        """Return the equations whose values are wanted: those asked for, and those that facts are about."""
        about = frozenset().union(*(tensors_in(g.condition) for g in system.givens))
        return tuple(e.name for e in system.equations if self._is_asked(e.name) or e.name in about)

    def _on_reference(
        self, signal: Unsupported, inputs: Mapping[str, npt.ArrayLike], with_updates: bool
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """Run what has no machine code on the reference, and say so."""
        self._last = f"on the reference: there is no machine code yet for {signal.construct}"
        if self._reference is None:
            outputs = None if self.outputs is None else tuple(sorted(self.outputs))
            self._reference = executor("reference").compile(self.system, dtype=self.dtype, outputs=outputs)
        if with_updates:
            return self._reference.step(inputs)
        return self._reference.evaluate(inputs), {}
