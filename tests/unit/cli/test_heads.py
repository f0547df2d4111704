"""Networks with several heads on the command line: trained, asked, explained and trained on without a circle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from unit.cli.commands import run

TWO = """data x[i], y : int(k), v
param W[k,i], b[k], u[i]
index k = 3, i = 2
batch n
z[k] = sum(i) W[k,i]*x[i] + b[k]
f[k] = exp(z[k])/(sum(m) exp(z[m]))
o = sum(i) u[i]*x[i]
cost C = -log(f[y]) + (o - v)^2
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    draw = np.random.default_rng(0)
    (tmp_path / "two.eq").write_text(TWO, encoding="utf-8")
    x = draw.normal(size=(20, 2))
    np.savez(tmp_path / "d.npz", x=x, y=draw.integers(0, 3, 20), v=x[:, 0])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return str(result.stdout)


@pytest.mark.parametrize("output", [(), ("--output", "f,o")])
def test_two_heads_are_asked_and_explained_named_or_not(folder: Path, output: tuple[str, ...]) -> None:
    shown("train", "d.npz", "--model", "two.eq", "--epochs", 2, "--save", "n.safetensors", *output)
    lines = shown("predict", "n.safetensors", "d.npz", "--output", "both.npz").splitlines()
    assert lines[2].split() == ["sample", "f", "0", "f", "1", "f", "2", "o"]
    network = cr.load("n.safetensors")
    named = cr.Network.from_system(network.system, network.values, output=("f", "o"))
    expected = named.predict({"x": np.load("d.npz")["x"]})
    with np.load("both.npz") as arrays:
        assert set(arrays) == {"f", "o"}
        assert all(np.array_equal(arrays[name], expected[name]) for name in arrays)
    shown("predict", "n.safetensors", "d.npz", "--output", "both.csv")
    rows = np.loadtxt("both.csv", delimiter=",", skiprows=1)
    assert np.array_equal(rows, np.column_stack([expected["f"], expected["o"]]))
    assert Path("both.csv").read_text().startswith("f0,f1,f2,o\n")
    assert "Sample 0 of d.npz." in shown("explain", "n.safetensors", "--data", "d.npz", "--of", "W", "--at", "k=1,i=0")
    assert "cost" in shown("evaluate", "n.safetensors", "d.npz")


def test_one_head_of_two_is_asked_for(folder: Path) -> None:
    shown("train", "d.npz", "--model", "two.eq", "--epochs", 2, "--save", "n.safetensors")
    lines = shown("predict", "n.safetensors", "d.npz", "--of", "f").splitlines()
    assert lines[2].split()[:2] == ["sample", "label"]
    refused = run("predict", "n.safetensors", "d.npz", "--of", "q")
    assert "no equation defines the output q" in refused.stderr


def test_a_saved_network_is_trained_on_with_other_outputs(folder: Path) -> None:
    shown("train", "d.npz", "--model", "two.eq", "--epochs", 1, "--save", "n.safetensors")
    shown("train", "d.npz", "--model", "n.safetensors", "--output", "o", "--epochs", 1, "--save", "m.safetensors")
    assert cr.load("m.safetensors").ends.outputs == ("o",)


def test_what_compares_with_nothing_is_asked_for_by_name(folder: Path) -> None:
    text = "data x\nparam w, c\nbatch n\nr = w*x\ns = c*x\ncost C = exp(r) + exp(-s) - r\n"
    Path("free.eq").write_text(text, encoding="utf-8")
    np.savez("q.npz", x=[1.0, 2.0])
    shown("train", "q.npz", "--model", "free.eq", "--epochs", 1, "--save", "n.safetensors")
    refused = run("predict", "n.safetensors", "q.npz")
    assert "what comes out of the network is not one thing\n  the name of a tensor" in refused.stderr
    assert "Say which: --of s" in refused.stderr
    assert "sample" in shown("predict", "n.safetensors", "q.npz", "--of", "r")


def test_the_advice_of_python_names_every_head() -> None:
    network = cr.Network.from_system(cr.parse(TWO))
    with pytest.raises(cr.ChainruleError, match=r'from_system\(…, output=\("f", "o"\)\)'):
        network.predict({"x": [1.0, 2.0]})
