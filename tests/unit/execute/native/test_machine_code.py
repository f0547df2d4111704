"""Machine code by itself: schedules, copies between layouts, checked mode, and what is shown of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chainrule.errors import InputError, OptionError
from chainrule.execute.native.compiled import compile_program
from chainrule.execute.native.executor import Native
from chainrule.execute.native.levels import show
from chainrule.execute.native.machine import Machine, host, lowered
from chainrule.execute.native.module import module
from chainrule.execute.native.schedule import is_transposition, schedules
from chainrule.expr import sizes as of
from chainrule.expr.linear import LinearForm
from chainrule.lower.lowering import lower
from chainrule.lower.program import Access, Buffer, Instruction, Load, LoopAxis, Program, Store
from chainrule.notation import parse
from dense import Dense

WIDE = Machine("avx512", 64, 32, True)


def copying(rows: int, columns: int, lanes: int) -> Program:
    """Return a program that copies A[i,j] to B with the other axis innermost."""
    wide, tall = -(-columns // lanes) * lanes, -(-rows // lanes) * lanes
    a = Buffer("A", "param", (rows, columns), (wide, 1), rows * wide + lanes)
    b = Buffer("B", "output", (rows, columns), (1, tall), columns * tall + lanes, a.size)
    load, store = Access("A", LinearForm({"i": wide, "j": 1}, 0)), Access("B", LinearForm({"i": 1, "j": tall}, 0))
    copy = Instruction("B", (LoopAxis("i", rows), LoopAxis("j", columns)), None, (Load(load), Store(store, 0)))
    return Program({"A": a, "B": b}, (copy,), b.offset + b.size, lanes)


@pytest.mark.parametrize("level", ["host", "avx2", "sse"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (16, 16), (17, 33), (40, 7), (32, 64)])
def test_a_copy_between_layouts_moves_every_entry(shape: tuple[int, int], dtype: str, level: str) -> None:
    machine = lowered(host(), level)
    program = copying(*shape, machine.lanes("f32" if dtype == "float32" else "f64"))
    compiled = compile_program(program, machine, dtype)
    values = np.arange(float(shape[0] * shape[1])).reshape(shape) + 1
    compiled.arena.put({"A": values})
    compiled.step()
    assert np.array_equal(compiled.arena.take("B"), values)
    assert is_transposition(program.instructions[0])


@pytest.mark.parametrize("shape", [(256, 784, 1024), (10, 784, 30), (64, 256, 128), (1, 1, 1), (17, 3, 31)])
@pytest.mark.parametrize("registers", [16, 32])
def test_tiles_fit_the_registers(shape: tuple[int, int, int], registers: int) -> None:
    system = parse("param x[n,i], W[i,j]\nz[n,j] = sum(i) W[i,j]*x[n,i]")
    sizes = dict(zip((of.Axis("x", 0), of.Axis("x", 1), of.Axis("W", 1)), shape, strict=True))
    program = lower(system, sizes, ("z",))
    chosen = schedules(program.instructions[-1], replace(WIDE, registers=registers), "f32")[0]
    held = np.prod([size for _, size in chosen.tile])
    assert held + dict(chosen.tile).get(chosen.vector, 1) + 1 <= registers


def test_a_large_product_is_tiled_so_that_multiplying_is_the_limit() -> None:
    system = parse("param x[n,i], W[i,j]\nz[n,j] = sum(i) W[i,j]*x[n,i]")
    sizes = dict(zip((of.Axis("x", 0), of.Axis("x", 1), of.Axis("W", 1)), (256, 784, 1024), strict=True))
    chosen = schedules(lower(system, sizes, ("z",)).instructions[-1], WIDE, "f32")[0]
    assert chosen.vector == "j"
    assert np.prod([size for _, size in chosen.tile]) >= 24


def test_the_same_program_gives_the_same_text() -> None:
    program = copying(17, 33, 16)
    assert module(program, WIDE, "f32").text == module(program, WIDE, "f32").text


def test_checked_mode_finds_an_access_outside_its_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verifier would refuse this program; here it is run, to see that its code would not get away with it."""
    machine = host()
    system = parse("param v[j]\nw[j] = 2*v[j]")
    program = lower(system, {of.Axis("v", 0): 100}, ("w",), lanes=machine.lanes("f32"))
    instruction = program.instructions[0]
    code = tuple(
        replace(op, access=replace(op.access, place=op.access.place.plus(64))) if isinstance(op, Store) else op
        for op in instruction.code
    )
    wrong = replace(program, instructions=(replace(instruction, code=code),))
    monkeypatch.setenv("CHAINRULE_CHECKED", "1")
    compile_program(program, machine, "float32").step()
    with pytest.raises(RuntimeError, match="native code left a buffer"):
        compile_program(wrong, machine, "float32").step()


def test_the_executable_refuses_what_the_reference_refuses() -> None:
    network = Dense((3, 2))
    inputs = {**network.values(0), **network.data(4, 0)}
    executable = Native().compile(network.system())
    with pytest.raises(InputError, match="missing inputs"):
        executable.evaluate({"x": inputs["x"]})
    with pytest.raises(InputError, match="axis"):
        executable.evaluate({**inputs, "b1": np.zeros((2, 2))})
    with pytest.raises(InputError, match="finite"):
        executable.evaluate({**inputs, "b1": np.full(2, np.nan)})


def test_every_level_can_be_shown() -> None:
    system = Dense((20, 16, 3)).system()
    sizes = {"i": 20, "j1": 16, "k": 3, "n": 8}
    program, loops, llvm, assembly = (show(system, level, sizes) for level in ("program", "loops", "llvm", "asm"))
    assert "acc = sum over i < 20" in program
    assert "FLOPs" in loops
    assert "define internal void @i0(" in llvm
    assert "step:" in assembly
    assert "∂C/∂W1[j1,i] = mean(n) x[n,i]·∂C[n]/∂z1[n,j1]" in loops


@pytest.mark.parametrize(
    ("level", "sizes", "message"),
    [
        ("bytes", {}, "there is no level 'bytes'"),
        ("program", {"i": 20, "n": 2}, "missing are those of k, j1"),
    ],
)
def test_what_cannot_be_shown_is_told(level: str, sizes: dict[str, int], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        show(Dense((20, 3)).system() if level == "bytes" else Dense((20, 4, 3)).system(), level, sizes)


def test_a_system_without_machine_code_cannot_be_shown() -> None:
    with pytest.raises(OptionError, match="there is no machine code yet for a power whose exponent is no number"):
        show(parse("param v[j]\nw[j] = v[j]^v[j]"), "program", {"j": 3})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_long_sum_of_large_matrices_is_cut_into_blocks_and_stays_the_same(dtype: str) -> None:
    system = parse("param x[n,i], W[i,j], b[j]\nz[n,j] = relu((sum(i) W[i,j]*x[n,i]) + b[j])")
    generator = np.random.default_rng(0)
    inputs = {"x": generator.normal(size=(140, 801)), "W": generator.normal(size=(801, 1001)), "b": np.ones(1001)}
    executable = Native().compile(system, dtype=dtype)
    actual = executable.evaluate(inputs)["z"]
    assert executable.plan.count("z: ") == 4
    expected = np.maximum(inputs["x"] @ inputs["W"] + 1, 0)
    np.testing.assert_allclose(actual, expected, atol=1e-11 if dtype == "float64" else 1e-3)
