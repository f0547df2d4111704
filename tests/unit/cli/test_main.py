"""What all commands share: help, version, errors without traceback, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import chainrule
from chainrule.cli.main import app
from chainrule.errors import OptionError

runner = CliRunner()


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_shows_examples_and_exit_codes(arguments: list[str]) -> None:
    result = runner.invoke(app, arguments)
    assert result.exit_code == 0
    assert "  chainrule train digits  " in result.output
    assert "Exit codes: 0 all went well; 1 it failed" in result.output
    assert "─" not in result.output


def test_help_of_a_command_shows_examples() -> None:
    result = runner.invoke(app, ["train", "--help"])
    assert result.exit_code == 0
    assert "\n    chainrule train digits\n" in result.output
    assert 'np.savez("data.npz", x_train=x, y_train=y)' in result.output
    for option in ("layers", "activation", "cost", "output", "optimizer", "learning-rate", "weight-decay", "epochs"):
        assert f"--{option} " in result.output
    assert all(name in result.output for name in ("gelu", "softplus", "swish", "mish"))
    for option in ("batch-size", "seed", "executor", "save", "json"):
        assert f"--{option} " in result.output


def test_version() -> None:
    result = runner.invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"chainrule {chainrule.__version__}\n")


@pytest.mark.parametrize("arguments", [["learn"], ["train"], ["train", "digits", "--rate", "1"], ["--verbose"]])
def test_usage_errors_have_exit_code_2(arguments: list[str]) -> None:
    result = runner.invoke(app, arguments)
    assert result.exit_code == 2
    assert "Error" in result.output


def test_errors_are_a_message_without_a_traceback() -> None:
    result = runner.invoke(app, ["train", "digits", "--epochs", "0"])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == "Error: --epochs is 0\n  a whole number, 1 or more\n"


@pytest.mark.parametrize(
    "arguments", [["--debug", "train", "digits", "--epochs", "0"], ["train", "digits", "--epochs", "0", "--debug"]]
)
def test_debug_lets_the_error_through(arguments: list[str]) -> None:
    result = runner.invoke(app, arguments)
    assert isinstance(result.exception, OptionError)


def test_the_program_in_a_process_of_its_own() -> None:
    """Plain output, no colours, in an encoding that lacks its characters too; the traceback only with --debug."""
    code = "from chainrule.cli.main import main; main()"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-X", "utf8=0", "-c", code, *arguments]
        environment = {"PYTHONIOENCODING": "ascii", "PYTHONPATH": ":".join(sys.path)}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    shown = run("--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith("Usage: chainrule [OPTIONS]")
    assert "\x1b" not in shown.stdout
    failed = run("train", "nowhere.npz")
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr.startswith("Error: nowhere.npz cannot be read: there is no such file\n")
    assert "Traceback" in run("train", "nowhere.npz", "--debug").stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_an_output_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "square.eq").write_text("param x\ncost C = x^2\n", encoding="utf-8")
    code = "from chainrule.cli.main import main; main()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-c", code, "derive", str(tmp_path / "square.eq")],
            stdout=full, stderr=subprocess.PIPE, text=True, env=environment, check=False,
        )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr == "Error: the output cannot be written: No space left on device\n"
