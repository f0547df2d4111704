"""`chainrule train FILE.npz --model FILE.eq`, and the commands that ask what it saved: arrays by their names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from chainrule.network import load
from unit.cli.commands import run
from unit.families.family_systems import SEQUENCES

TOKENS = """data tok[t] : int(v), keep[t], nxt[t] : int(v)
param E[v,d], W[v,d]
const c[d]
index v = 5, d = 3
batch n
h[t,d] = c[d]*keep[t]*E[tok[t],d]
z[t,v] = sum(d) W[v,d]*h[t,d]
p[t,v] = exp(z[t,v])/(sum(m) exp(z[t,m]))
cost C = -(mean(t) log(p[t,nxt[t]]))
"""
PAIRS = """data x[n,i], w[n,i]
param W[j,i]
index j = 2
a[n,j] = tanh(sum(i) W[j,i]*x[n,i])
b[n,j] = tanh(sum(i) W[j,i]*w[n,i])
s[n,m] = sum(j) a[n,j]*b[m,j]
p[n,m] = exp(s[n,m])/(sum(l) exp(s[n,l]))
cost C = -(mean(n) log(p[n,n]))
"""
DIGITS = """data x[c,p,q], y : int(k)
param W[k,c,p,q], b[k]
index k = 10
batch n
z[k] = (sum(c,p,q) W[k,c,p,q]*x[c,p,q]) + b[k]
f[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -log(f[y])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Systems and arrays for them."""
    draw = np.random.default_rng(0)
    for name, text in (("tokens", TOKENS), ("pairs", PAIRS), ("digits", DIGITS)):
        (tmp_path / f"{name}.eq").write_text(text, encoding="utf-8")
    tok = draw.integers(0, 5, (12, 4))
    data: dict[str, Any] = {"tok": tok, "keep": np.ones(tok.shape), "nxt": (tok + 1) % 5, "c": np.ones(3)}
    tests = {f"{name}_test": data[name][:5] for name in ("tok", "keep", "nxt")}
    np.savez(tmp_path / "tokens.npz", **data, **tests)
    x = draw.normal(size=(9, 3))
    np.savez(tmp_path / "pairs.npz", x=x, w=x + 0.1, W=draw.normal(size=(2, 3)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


def refusal(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    return result.stderr


def test_arrays_by_name_are_learned_from_and_asked_about(folder: Path) -> None:
    made = ["--epochs", 60, "--optimizer", "adam", "--learning-rate", 0.05, "--batch-size", 4]
    output = shown(run("train", "tokens.npz", "--model", "tokens.eq", *made, "--save", "net", "--json", "h.json"))
    assert "tokens: 12 samples for training, 5 others for testing.\n" in output
    assert "Network tokens.eq: tok[t], keep[t] → p[t,v], compared with nxt, 30 params, seed 0.\n" in output
    assert "Adam: learning rate 0.05, batches of 4, 60 epochs.\n" in output
    assert "100.00 % right on samples it has never seen, after 60 epochs" in output
    assert "  ∂C/∂E[v,d] = " in output
    assert "True class (rows) and predicted class (columns)" in output
    assert json.loads(Path("h.json").read_text())["settings"]["model"] == "tokens.eq"
    assert load("net").consts["c"].tolist() == [1.0, 1.0, 1.0]
    assert shown(run("show", "net")).startswith("net: tok[t], keep[t] → p[t,v], compared with nxt[t]\n")
    assert "net, tried on tokens.npz: 5 samples.\n" in shown(run("evaluate", "net", "tokens.npz"))
    assert "(5 of 5 right)" in shown(run("evaluate", "net", "tokens.npz"))
    assert "net, asked about tokens.npz: 5 samples." in shown(run("predict", "net", "tokens.npz"))
    explained = shown(run("explain", "net", "--of", "h", "--at", "t=1,d=2", "--data", "tokens.npz", "--sample", 3))
    assert "∂C/∂h[1,2] = Σ_v " in explained
    again = shown(run("train", "tokens.npz", "--model", "net", "--epochs", 1))
    assert "100.00 % right" in again


def test_an_output_with_classes_at_every_position_has_no_label_for_the_whole(folder: Path) -> None:
    shown(run("train", "tokens.npz", "--model", "tokens.eq", "--epochs", 1, "--save", "t.safetensors"))
    assert "label" not in shown(run("predict", "t.safetensors", "tokens.npz"))


def test_samples_that_are_named_in_the_equations(folder: Path) -> None:
    command = ["train", "pairs.npz", "--model", "pairs.eq", "--epochs", 3, "--batch-size", 4, "--output", "a"]
    output = shown(run(*command, "--save", "net"))
    assert "Network pairs.eq: x[n,i], w[n,i] → a[n,j], 6 params, seed 0.\n" in output
    assert "The equations that were derived and used\n" in output
    assert "asked about pairs.npz: 9 samples." in shown(run("predict", "net", "pairs.npz"))
    assert "cost  " in shown(run("evaluate", "net", "pairs.npz"))


def test_the_digits_come_as_images(folder: Path) -> None:
    command = ["train", "digits", "--model", "digits.eq", "--epochs", 2, "--batch-size", 100]
    output = shown(run(*command, "--save", "net", "--plot", "net.png"))
    assert "digits: 1,438 samples for training, 359 others for testing.\n" in output
    assert load("net").params["W"].shape == (10, 1, 8, 8)
    assert "accuracy  " in shown(run("evaluate", "net", "digits"))
    assert "359 samples" in shown(run("predict", "net", "digits", "--top", 1))
    assert "its class is " in shown(run("explain", "net", "--of", "z", "--at", "k=1"))
    np.save("some.npy", np.zeros((2, 1, 8, 8)))
    assert "some.npy: 2 samples" in shown(run("predict", "net", "some.npy"))


def test_what_does_not_fit_is_refused_before_the_training(folder: Path) -> None:
    train = ["train", "tokens.npz", "--model", "tokens.eq"]
    assert "--layers and --model are given: the system says what the network is" in refusal(*train, "--layers", "3,4")
    assert "no equation defines the output q" in refusal(*train, "--output", "q")
    assert "--validation-fraction is 0.01, which makes 0 of 12 samples" in refusal(
        *train, "--validation-fraction", 0.01
    )
    np.savez("half.npz", tok=np.zeros((2, 4), int), keep=np.ones((2, 4)), c=np.ones(3))
    assert "there is no array nxt\n  in half.npz" in refusal("train", "half.npz", "--model", "tokens.eq")
    np.savez("none.npz", c=np.ones(3))
    assert "the file has none of the data: it has c\n  in none.npz\n  an array for each of tok, keep, nxt" in refusal(
        "train", "none.npz", "--model", "tokens.eq"
    )
    np.savez("short.npz", tok=np.zeros((2, 4), int), keep=np.ones((2, 3)), nxt=np.zeros((2, 4), int), c=np.ones(3))
    assert "keep axis 0 (t) is 3 but tok axis 0 (t) is 4" in refusal("train", "short.npz", "--model", "tokens.eq")
    assert "const c[d] has no value" in refusal("train", "pairs.npz", "--model", "tokens.eq")
    assert "none.eq cannot be read" in refusal("train", "tokens.npz", "--model", "none.eq")
    assert "digits has images and labels, and the network takes x, w" in refusal(
        "train", "digits", "--model", "pairs.eq"
    )


def test_a_folder_of_files_is_read_piece_by_piece(folder: Path) -> None:
    with np.load("tokens.npz") as whole:
        for part, rows in (("train", slice(5, 12)), ("validation", slice(0, 5)), ("test", slice(0, 5))):
            (folder / "data" / part).mkdir(parents=True)
            arrays = {name: whole[name][rows] for name in ("tok", "keep", "nxt")}
            for number in (0, 1):
                half = {name: array[number::2] for name, array in arrays.items()}
                np.savez(folder / "data" / part / f"{number}.npz", **half)
    (folder / "const.eq").write_text(TOKENS.replace("const c[d]\n", "").replace("c[d]*", ""), encoding="utf-8")
    made = run("train", "data", "--model", "const.eq", "--epochs", "2")
    assert made.exit_code == 0, made.output
    assert "7 samples for training, 5 others for validation, 5 others for testing" in made.output
    refused = run("train", "data", "--model", "const.eq", "--epochs", "2", "--plot", "p.png")
    assert refused.exit_code != 0
    assert "--plot shows samples, and data is a folder" in refused.output


def test_sequences_for_a_family_are_one_array_of_the_file(folder: Path) -> None:
    (folder / "net.eq").write_text(SEQUENCES, encoding="utf-8")
    x = np.random.default_rng(0).normal(size=(12, 3, 2))
    y = (x.sum((1, 2)) > 0).astype(int)
    np.savez(folder / "data.npz", x_train=x, y_train=y, x_test=x[:5], y_test=y[:5])
    result = run("train", "data.npz", "--model", "net.eq", "--epochs", 1, "--save", "net.safetensors")
    assert "12 samples for training, 5 others for testing" in result.output
    assert "Network net.eq: x1[i], x2[i], x3[i] → p[k]" in result.output
    assert load(folder / "net.safetensors").predict(x).shape == (12, 2)
    asked = run("predict", "net.safetensors", "data.npz")
    assert asked.exit_code == 0, asked.output
