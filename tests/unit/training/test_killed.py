"""A training that is killed, at any moment: its file is whole, at most one epoch is lost, and the end is the same."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from chainrule.network import load
from chainrule.training.checkpoint import read_checkpoint

EPOCHS = 60
CHILD = f"""
import sys
import numpy as np
from chainrule import nn
from chainrule.network import Network
from chainrule.training import EarlyStopping, train

def tell(report):
    if report.finished is not None:
        print(report.epoch, flush=True)

draw = np.random.default_rng(0)
x, y = draw.normal(size=(2003, 24)), draw.integers(5, size=2003)
network = Network([nn.Linear(24, 40), nn.Sigmoid(), nn.Linear(40, 5), nn.Softmax()], cost=nn.CrossEntropy())
path, executor, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]) or None
history = train(
    network, x, y, epochs={EPOCHS}, batch_size=10, validation_fraction=0.1, early_stopping=EarlyStopping(1000),
    executor=executor, threads=threads, checkpoint=path, resume=True, progress=tell,
)
network.save(path + ".net")
print("done", flush=True)
"""


def start(path: Path, executor: str, threads: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", CHILD, str(path), executor, str(threads)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def told(child: subprocess.Popen[str], lines: int) -> str:
    """Return the last of so many lines; "" at the end of the output."""
    assert child.stdout is not None
    line = ""
    for _ in range(lines):
        line = child.stdout.readline().strip()
        if line in ("", "done"):
            break
    return line


def finished(path: Path, executor: str, threads: int) -> bytes:
    with start(path, executor, threads) as child:
        assert told(child, EPOCHS + 1) == "done"
        assert child.wait() == 0
    return path.with_name(path.name + ".net").read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is sent to a process")
@pytest.mark.parametrize(
    ("executor", "threads", "seed"),
    [
        ("native", 1, 0),
        pytest.param("native", 2, 1, marks=pytest.mark.slow),
        pytest.param("reference", 0, 2, marks=pytest.mark.slow),
        *(pytest.param("native", 1, seed, marks=pytest.mark.slow) for seed in range(3, 9)),
    ],
)
def test_a_killed_training_loses_at_most_an_epoch(tmp_path: Path, executor: str, threads: int, seed: int) -> None:
    draw, path = random.Random(seed), tmp_path / "run"
    for _ in range(4):
        with start(path, executor, threads) as child:
            line = told(child, draw.randint(1, 12))
            time.sleep(draw.uniform(0.0, 0.02))
            child.send_signal(signal.SIGKILL)
            later = child.stdout.read().split() if child.stdout else []
        last = next((text for text in reversed([line, *later]) if text.isdigit()), "0")
        assert int(last) <= len(read_checkpoint(path).epochs) <= int(last) + 1
    assert 0 < int(last) < EPOCHS, "the test is to kill on the way"
    resumed = finished(path, executor, threads)
    unbroken = finished(tmp_path / "unbroken", executor, threads)
    assert resumed == unbroken
    epochs = [[epoch.cost for epoch in read_checkpoint(p).epochs] for p in (path, tmp_path / "unbroken")]
    assert epochs[0] == epochs[1]
    assert np.isfinite(epochs[0]).all()
    assert not list(tmp_path.glob(".*"))


@pytest.mark.skipif(os.name != "posix", reason="SIGINT is sent to a process")
@pytest.mark.parametrize(
    ("sent", "code"),
    [("SIGINT", 130), ("SIGTERM", 143), pytest.param("SIGHUP", 129, marks=pytest.mark.slow)],
)
def test_ctrl_c_and_signals_end_the_command_with_what_was_learned(tmp_path: Path, sent: str, code: int) -> None:
    """Whatever the moment: the network is saved, the checkpoint is that of the last whole epoch."""
    run, net = tmp_path / "run", tmp_path / "net.safetensors"
    program = "from chainrule.cli.main import main; main()"
    options = ["--epochs", "1000000", "--checkpoint", run, "--save", net, "--batch-size", "1", "--patience", "1000000"]
    command = [sys.executable, "-c", program, "train", "digits", "--validation-fraction", "0.1", *map(str, options)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        end = time.monotonic() + 60
        while not run.exists():
            assert time.monotonic() < end, "no epoch ended"
            time.sleep(0.01)
        child.send_signal(getattr(signal, sent))
        output, _ = child.communicate(timeout=60)
    assert child.returncode == code
    assert "Interrupted; the network keeps what it has learned so far." in output
    assert f"The network is saved in {net}." in output
    epochs = read_checkpoint(run).epochs
    assert load(net).trained["epochs"] <= len(epochs) + 1  # interrupted between the two, the checkpoint is one behind
    assert not list(tmp_path.glob(".*.part"))
