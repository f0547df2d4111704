"""Streams that are closed, readers that go away, locales without UTF-8, signals: an exit code, never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chainrule.cli import train_progress
from chainrule.cli.console import Outlet
from chainrule.cli.interruption import Ending, endings
from chainrule.network import load
from unit.cli.commands import run, write_systems

PROGRAM = [sys.executable, "-c", "from chainrule.cli.main import main; main()"]
POSIX = pytest.mark.skipif(os.name != "posix", reason="streams and signals of POSIX")


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **more}


@POSIX
@pytest.mark.parametrize(
    ("closing", "arguments", "code", "said"),
    [
        (">&-", "derive {folder}/softmax.eq", 0, ""),
        (">&-", "derive {folder}/missing.eq", 2, "Error: "),
        ("2>&-", "derive {folder}/missing.eq", 2, ""),
        ("<&-", "derive -", 2, "Error: the standard input is closed\n"),
    ],
)
def test_a_closed_stream_ends_no_command(closing: str, arguments: str, code: int, said: str, tmp_path: Path) -> None:
    command = arguments.format(folder=write_systems(tmp_path)).split()
    shell = ["sh", "-c", f'"$@" {closing}', "sh", *PROGRAM, *command]
    done = subprocess.run(shell, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith(said)
    assert "Traceback" not in done.stderr


@POSIX
def test_nobody_reads_the_output(tmp_path: Path) -> None:
    command = [*PROGRAM, "derive", str(write_systems(tmp_path) / "softmax.eq"), "--steps"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, env=environment(), stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_training_that_nobody_reads_ends_with_what_was_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write, lines = tmp_path / "net.safetensors", Outlet.write, []

    def break_off(outlet: Outlet, text: str) -> int:
        lines.append(text)
        if "epoch" in text and "cost" in text:
            outlet.lost = BrokenPipeError(32, "Broken pipe")
        return write(outlet, text)

    monkeypatch.setattr(Outlet, "write", break_off)
    result = run("train", "digits", "--epochs", 50, "--layers", "64,2,10", "--save", path)
    assert result.exit_code == 141
    assert 1 <= load(path).trained["epochs"] < 5  # type: ignore[operator]
    assert train_progress.INDENT in "".join(lines)


@POSIX
@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}], ids=["mode", "no mode"])
def test_arguments_in_utf8_are_read_in_any_locale(locale: dict[str, str], tmp_path: Path) -> None:
    system = write_systems(tmp_path) / "softmax.eq"
    named = system.rename(tmp_path / "σ∂.eq")
    done = subprocess.run(
        [*PROGRAM, "check", os.fsencode(named), "∂C/∂z[j] = a[j] − y[j]".encode()],
        env=environment(**locale), capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().startswith("Right: ")


@POSIX
def test_notation_from_a_pipe_is_read_once(tmp_path: Path) -> None:
    """As in `chainrule derive <(make-system)`: what was read to see whether it is a network would be lost."""
    reading, writing = os.pipe()
    os.write(writing, b"param w\ncost C = w^2\n")
    os.close(writing)
    result = run("derive", f"/dev/fd/{reading}")
    os.close(reading)
    assert (result.exit_code, result.output) == (0, "∂C/∂w = 2·w\n")


@POSIX
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_is_told_as_an_interruption_with_the_code_of_shells(name: str, code: int) -> None:
    number, before = getattr(signal, name), signal.getsignal(getattr(signal, name))
    with endings() as ending, endings() as inner:
        with pytest.raises(KeyboardInterrupt) as caught:
            signal.raise_signal(number)
        assert isinstance(caught.value, Ending)
        assert (caught.value.code, inner.code, ending.code) == (code, code, 130)
    assert signal.getsignal(number) is before


@POSIX
def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with endings():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_before_the_first_step_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def come(*_: object) -> None:
        raise Ending(143)

    monkeypatch.setattr("chainrule.cli.train_job.read_data", come)
    result = run("train", "digits")
    assert (result.exit_code, result.output) == (143, "Interrupted.\n")


def test_memory_that_runs_out_anywhere_else_is_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def come(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("chainrule.cli.train_job.read_data", come)
    result = run("train", "digits")
    assert result.exit_code == 2
    assert result.output.startswith("Error: there is not enough memory\n")
