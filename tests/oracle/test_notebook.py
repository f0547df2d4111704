"""A notebook executed by a real Jupyter kernel: progress is one line that changes, results saved as mathematics."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from browser import look

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

SOURCE = Path(__file__).parents[2] / "src"
MADE = f"""import sys
sys.path.insert(0, {str(SOURCE)!r})
import numpy as np
import chainrule as cr
from chainrule import nn
x = np.random.default_rng(0).normal(size=(40, 4))
y = (x.sum(1) > 0).astype(int)
network = cr.Network([nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2), nn.Softmax()], cost=nn.CrossEntropy())"""
RUN = """import sys
import nbformat
from jupyter_client import KernelManager
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
manager = KernelManager()
manager.kernel_cmd = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
NotebookClient(notebook, km=manager, timeout=120).execute()
nbformat.write(notebook, sys.argv[1])"""
TRAIN = "history = cr.train(network, x, y, epochs=30, progress=True, executor={!r})"


def executed(folder: Path, *cells: str) -> list[list[Any]]:
    """Return the outputs of each cell, as they are saved; a process of its own takes the kernel's sockets with it."""
    for package in ("nbclient", "ipykernel"):
        pytest.importorskip(package, reason=f"{package} is not installed: pip install nbclient ipykernel")
    file = folder / "notebook.ipynb"
    made = [{"cell_type": "code", "source": c, "metadata": {}, "outputs": [], "execution_count": None} for c in cells]
    file.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}), encoding="utf-8")
    subprocess.run([sys.executable, "-c", RUN, str(file)], check=True, capture_output=True, timeout=240)
    return [cell["outputs"] for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]]


CONVERT = """import sys
import nbformat
from nbconvert import HTMLExporter
exporter = HTMLExporter(template_name="basic")
sys.stdout.write(exporter.from_notebook_node(nbformat.read(sys.argv[1], 4))[0])"""
SHOWN = """system = cr.parse('''data y[k]
param z[k]
a[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -(sum(k) y[k]*log(a[k]))''')
back = cr.backprop(system)"""


def converted(notebook: Path) -> str:
    """Return a notebook as the body of a web page."""
    pytest.importorskip("nbconvert", reason="nbconvert is not installed: pip install nbconvert")
    command = [sys.executable, "-c", CONVERT, str(notebook)]
    return subprocess.run(command, check=True, capture_output=True, timeout=240, text=True).stdout


def text(output: Any, kind: str = "text/plain") -> str:
    return "".join(output["data"][kind])


def test_progress_is_one_output_and_results_are_readable(tmp_path: Path) -> None:
    made, native, reference, summary, history, system = executed(
        tmp_path,
        MADE,
        TRAIN.format("native"),
        TRAIN.format("reference"),
        "network.summary()",
        "history",
        "network.system",
    )
    assert made == []
    for outputs in (native, reference):
        (line,) = outputs
        assert line["output_type"] == "display_data"
        assert list(line["data"]) == ["text/plain"]
        assert text(line).startswith("epoch 30 of 30   cost ")
    assert "Linear(4, 3)" in text(summary[0])
    assert text(summary[0], "text/html").startswith("<div><table>")
    assert sorted(system[0]["data"]) == ["text/html", "text/latex", "text/plain"]
    assert text(history[0]).startswith("epoch      cost  training accuracy   seconds\n    1 ")
    assert text(system[0]).startswith("data x[i], y[k]")


def test_a_notebook_as_a_web_page_has_mathematics(tmp_path: Path) -> None:
    cells = ("back", 'back.derivation("z")', 'cr.check(system, "∂C/∂z[k] = a[k] - y[k]")', 'cr.why(system, "z")')
    executed(tmp_path, MADE, SHOWN, *cells)
    page = converted(tmp_path / "notebook.ipynb")
    assert page.count("<math ") > 20
    found = look(f"<!DOCTYPE html><html><body>{page}</body></html>", tmp_path)
    assert all(width > 5 and height > 5 for _, _, width, height in found["formulas"])
    assert all(max(places) - min(places) < 1 for places in found["equals"])
    assert found["folded"].count(False) > 5
    assert found["notes"] == 0
