"""Which machine this is, from what LLVM says of it, and which others it can stand for."""

from __future__ import annotations

import platform

import llvmlite.binding as llvm
import pytest
from llvmlite.binding.targets import FeatureMap

from chainrule.execute.native.machine import Machine, host, lowered

AVX512 = ("avx512f", "avx512dq", "avx512vl", "avx2", "fma")


def told(monkeypatch: pytest.MonkeyPatch, triple: str, cpu: str, *features: str) -> Machine:
    """Return the host where LLVM says that it is another."""
    monkeypatch.setattr(llvm, "get_default_triple", lambda: triple)
    monkeypatch.setattr(llvm, "get_host_cpu_name", lambda: cpu)
    monkeypatch.setattr(llvm, "get_host_cpu_features", lambda: FeatureMap(dict.fromkeys(features, True)))
    return host()


@pytest.mark.parametrize(
    ("triple", "features", "name"),
    [
        ("x86_64-unknown-linux-gnu", AVX512, "avx512"),
        ("x86_64-pc-windows-msvc", AVX512[1:], "avx2"),
        ("x86_64-apple-darwin20.6.0", AVX512[3:4], "sse"),
        ("arm64-apple-darwin23.1.0", (), "neon"),
        ("aarch64-unknown-linux-gnu", ("neon", "sve"), "neon"),
        ("aarch64-pc-windows-msvc", ("neon",), "neon"),
    ],
)
def test_the_host_has_the_vectors_that_llvm_knows_of(
    monkeypatch: pytest.MonkeyPatch, triple: str, features: tuple[str, ...], name: str
) -> None:
    machine = told(monkeypatch, triple, "this one", *features)
    assert (machine.name, machine.cpu) == (name, "this one")
    assert machine.fma == (name != "sse")
    assert machine.lanes("f32") == 2 * machine.lanes("f64") == {"avx512": 16, "avx2": 8}.get(name, 4)


def test_an_emulated_process_is_not_what_it_runs_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "ARM64")
    assert told(monkeypatch, "x86_64-pc-windows-msvc", "x86-64-v2").name == "sse"


@pytest.mark.parametrize(
    ("level", "shape"),
    [("avx2", ("avx2", 32, 16, True, "haswell")), ("sse", ("sse", 16, 16, False, "x86-64")), ("avx512", None)],
)
def test_code_for_an_older_x86_runs_on_a_newer(level: str, shape: tuple[str, int, int, bool, str] | None) -> None:
    machine = Machine("avx512", 64, 32, True, "znver4", "+avx512f")
    assert lowered(machine, level) == (Machine(*shape) if shape else machine)


def test_the_vectors_of_one_architecture_run_with_the_instructions_of_another() -> None:
    x86, arm = Machine("avx512", 64, 32, True, "znver4", "+fma"), Machine("neon", 16, 32, True, "apple-m1", "+aes")
    assert lowered(x86, "neon") == Machine("neon", 16, 32, True, "znver4", "+fma")
    assert lowered(arm, "sse") == Machine("neon", 16, 16, False, "apple-m1", "+aes")


def test_longer_vectors_than_its_own_a_machine_does_not_stand_for() -> None:
    old, arm = Machine("sse", 16, 16, False), Machine("neon", 16, 32, True, "apple-m1")
    assert lowered(old, "avx2") == old
    assert lowered(arm, "avx2") == arm
