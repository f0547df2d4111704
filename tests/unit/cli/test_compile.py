"""`chainrule compile` shows every level, and refuses what makes no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.cli.commands import run

STEP = """data x[i], y[k]
param W[k,i]
const eta = 0.1
batch n
a[k] = sigmoid(sum(i) W[k,i]*x[i])
cost C = 1/2*(sum(k) (a[k] - y[k])^2)
update W[k,i] = W[k,i] - eta*∂C/∂W[k,i]
"""
SIZES = ("--size", "i=5", "--size", "k=3", "--size", "n=4")


@pytest.fixture
def step(tmp_path: Path) -> Path:
    file = tmp_path / "step.eq"
    file.write_text(STEP, encoding="utf-8")
    return file


@pytest.mark.parametrize(("level", "said"), [("program", "W"), ("loops", "FLOP"), ("llvm", "define"), ("asm", "ret")])
def test_every_level_is_shown(step: Path, level: str, said: str) -> None:
    result = run("compile", step, "--show", level, *SIZES)
    assert result.exit_code == 0, result.output
    assert said in result.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--dtype", "float16"), "float32 or float64"),
        (("--size", "i"), "--size i says no extent"),
        (("--show", "bytes", *SIZES), "bytes"),
        ((), "extent"),
    ],
)
def test_what_makes_no_sense_is_refused(step: Path, options: tuple[str, ...], said: str) -> None:
    result = run("compile", step, *options)
    assert result.exit_code == 2
    assert said in result.output
