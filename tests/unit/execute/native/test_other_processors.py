"""Compiled programs on processors that this machine is not: 64-bit Arm under an emulator, x86-64 as Windows calls it.

Same text, same memory, same bits as on this machine, where conformance holds the programs to the reference. To run them
on Arm an aarch64-linux-gnu-gcc and a qemu-aarch64 are needed.
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.execute.inputs import check_inputs
from chainrule.execute.native.compiled import Compiled, compile_program
from chainrule.execute.native.machine import Machine, host, lowered
from chainrule.execute.native.schedule import is_transposition
from chainrule.execute.native.training import Session
from chainrule.execute.native.vectormath import COVERED
from chainrule.execute.reference.evaluation import Reference
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.scope import Scope
from chainrule.expr.functions import ARITY
from chainrule.lower.lowering import lower
from chainrule.notation import parse
from conformance.test_native import FORMS, inputs_of, tolerance
from dense import Dense, relative
from unit.execute.native.emulator import MICROSOFT, Job, Processor, arm, assert_same, run_here, run_there, value
from unit.execute.native.test_vectormath import specials
from unit.lower.test_guards import FORMS as GUARDED
from unit.lower.test_lookups import FORMS as LOOKED_UP

pytestmark = pytest.mark.oracle

NETWORKS = {
    "softmax": Dense((20, 17, 9, 5), "tanh", "softmax", "cross-entropy", decay=True, given=True),
    "turned": Dense((33, 16, 3), "relu", "sigmoid", "binary-cross-entropy", turned=(True, False)),
    "swish": Dense((8, 40, 1), "swish", "linear"),
}
# without and with instructions that are one atomic operation, with vectors of unknown length beside those of NEON
CPUS = ("generic", "neoverse-n1", "neoverse-v1")


def on(processor: Processor, level: str, name: str) -> Any:
    """Return a processor and the vectors that programs for it are written for, to be skipped without the tools."""
    why = processor.missing()
    return pytest.param(processor, level, id=name, marks=pytest.mark.skipif(bool(why), reason=why))


ARM = on(arm("generic"), "neon", "arm")
WINDOWS = [on(MICROSOFT, level, f"windows-{level}") for level in ("host", "avx2", "sse")]
EVERY = [*(on(arm(cpu), "neon", cpu) for cpu in CPUS), *WINDOWS]


def machine_of(level: str) -> Machine:
    return lowered(host(), level)


def started(network: Dense, level: str, dtype: str, threads: int) -> tuple[Session, Job]:
    """Return a network and the job to run five batches of seven samples in an order of their own."""
    data: dict[str, Any] = {n: d.astype(dtype) for n, d in network.data(31, 0).items()}
    options: dict[str, Any] = {"dtype": dtype, "threads": threads, "machine": machine_of(level)}
    session = Session(network.system(), network.values(0), data, batch_size=7, **options)
    rows = np.random.default_rng(1).integers(0, 31, 35)
    return session, Job(session.data, rows, 5, threads)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("processor", "level"), [ARM, WINDOWS[0]])
def test_training_leaves_the_same_bits(processor: Processor, level: str, name: str, dtype: str, tmp_path: Path) -> None:
    network = NETWORKS[name]
    session, job = started(network, level, dtype, 3)
    compiled, start = session.compiled, session.params()
    there = run_there(compiled, job, processor, tmp_path)
    assert_same(compiled, there, run_here(compiled, job))
    reference, expected = Reference().compile(network.system()), network.values(0)
    for batch in job.rows.reshape(5, 7):
        expected |= reference.step({**expected, **{n: d[batch] for n, d in network.data(31, 0).items()}})[1]
    params = {name: value(compiled, there, name) for name in start}
    assert relative(params, expected, list(start)) < tolerance(network, dtype)
    assert relative(start, expected, list(start)) > 1e-3


@pytest.mark.parametrize(("processor", "level"), EVERY)
def test_every_processor_trains_alike(processor: Processor, level: str, tmp_path: Path) -> None:
    session, job = started(NETWORKS["softmax"], level, "float32", 2)
    assert any(map(is_transposition, session.compiled.program.instructions))
    there = run_there(session.compiled, job, processor, tmp_path)
    assert_same(session.compiled, there, run_here(session.compiled, job))


def stepping(text: str, inputs: dict[str, Any], level: str, dtype: str) -> Compiled:
    """Return the program of forward equations with its inputs in memory."""
    system = parse(text)
    values = dict(inputs)
    sizes = check_inputs(system, {name: np.nan_to_num(given) for name, given in inputs.items()}).sizes
    scope = Scope(values, sizes, system.function, system.declared, None, np.dtype(dtype))
    for d in system.declarations:
        if d.value is not None:
            values[d.tensor] = evaluate_in(scope, d.value, d.indices)
    machine, element = machine_of(level), np.dtype(dtype).itemsize
    lanes = machine.lanes("f32" if dtype == "float32" else "f64")
    outputs = tuple(e.name for e in system.equations)
    compiled = compile_program(lower(system, sizes, outputs, lanes=lanes, element=element), machine, dtype)
    compiled.arena.put(values)
    return compiled


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("processor", "level"), EVERY)
def test_every_function_leaves_the_same_bits(processor: Processor, level: str, dtype: str, tmp_path: Path) -> None:
    letters = ("x", "y", "w")
    calls = {f: ", ".join(f"{letter}[j]" for letter in letters[: ARITY[f]]) for f in COVERED}
    text = "param x[j], y[j], w[j]\n" + "\n".join(f"r{f}[j] = {f}({given})" for f, given in calls.items())
    generator = np.random.default_rng(0)
    some = specials("f32" if dtype == "float32" else "f64")
    parts = [some, [np.nan], generator.normal(size=100), generator.normal(size=100) * 100, generator.normal(size=9)]
    numbers = np.concatenate(parts)
    inputs = {letter: numbers if letter == "x" else generator.permutation(numbers) for letter in letters}
    compiled = stepping(text, inputs, level, dtype)
    there = run_there(compiled, Job(), processor, tmp_path)
    assert_same(compiled, there, run_here(compiled, Job()))
    assert np.isfinite(value(compiled, there, "rsigmoid")).sum() == len(numbers) - 1


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(("processor", "level"), [ARM])
def test_forms_of_equations_leave_the_same_bits(
    processor: Processor, level: str, name: str, dtype: str, tmp_path: Path
) -> None:
    compiled = stepping(FORMS[name], inputs_of(FORMS[name]), level, dtype)
    there = run_there(compiled, Job(), processor, tmp_path)
    assert_same(compiled, there, run_here(compiled, Job()))


@pytest.mark.parametrize("name", [*GUARDED, *LOOKED_UP])
@pytest.mark.parametrize(("processor", "level"), [ARM])
def test_entries_at_marked_and_looked_up_places_leave_the_same_bits(
    processor: Processor, level: str, name: str, tmp_path: Path
) -> None:
    compiled = stepping(*(GUARDED | LOOKED_UP)[name], level, "float32")
    there = run_there(compiled, Job(), processor, tmp_path)
    assert_same(compiled, there, run_here(compiled, Job()))


@pytest.mark.parametrize(("processor", "level"), [ARM, WINDOWS[0]])
def test_a_constant_that_is_another_is_seen(processor: Processor, level: str, tmp_path: Path) -> None:
    compiled = stepping("param v[j]\nw[j] = 2*v[j] + 1", {"v": np.arange(9.0)}, level, "float32")
    two, three = "splat (float 0x4000000000000000)", "splat (float 0x4008000000000000)"
    assert two in compiled.module.text
    wrong = replace(compiled, module=replace(compiled.module, text=compiled.module.text.replace(two, three)))
    there = run_there(wrong, Job(), processor, tmp_path)
    with pytest.raises(AssertionError, match=r"w: at \(1,\) is np.float32\(4.0\), expected np.float32\(3.0\)"):
        assert_same(compiled, there, run_here(compiled, Job()))


@pytest.mark.parametrize(("processor", "level"), [ARM, WINDOWS[0]])
def test_memory_that_is_not_the_programs_cannot_be_read(processor: Processor, level: str, tmp_path: Path) -> None:
    session, job = started(NETWORKS["softmax"], level, "float32", 1)
    with pytest.raises(subprocess.CalledProcessError, match="SIGSEGV"):
        run_there(session.compiled, replace(job, rows=np.full_like(job.rows, 31)), processor, tmp_path)
