"""`chainrule predict`, `evaluate` and `show`: what they tell of a saved network, write, and refuse."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.network import Network
from chainrule.notation import parse
from unit.cli.commands import run, write_network, write_systems
from unit.network.builders import classifier, clusters

X, LABELS = clusters(30)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A trained network of three classes."""
    network = classifier()
    cr.train(network, X, LABELS, epochs=60, optimizer=nn.SGD(1.0))
    network.save(tmp_path / "net.safetensors")
    return tmp_path / "net.safetensors"


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """A trained network of two numbers."""
    network = Network([nn.Linear(4, 2)], cost=nn.QuadraticCost())
    cr.train(network, X, X[:, :2] / 2, epochs=5, optimizer=nn.SGD(0.1))
    network.save(tmp_path / "numbers.safetensors")
    return tmp_path / "numbers.safetensors"


def shown(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def refusal(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    return result.stderr


def saved(path: Path, array: Any) -> Path:
    np.save(path, array)
    return path


def test_labels_and_probabilities(model: Path, tmp_path: Path) -> None:
    output = shown("predict", model, saved(tmp_path / "x.npy", X), "--top", 2)
    lines = output.splitlines()
    assert lines[0] == f"{model}, asked about {tmp_path / 'x.npy'}: 30 samples."
    assert lines[2].split() == ["sample", "label", "probability", "next"]
    first = cr.load(model).predict(X)[0]
    order = np.argsort(-first)
    assert lines[3].split() == [
        "0", str(order[0]), f"{first[order[0]]:.4f}",
        f"{order[1]}", f"({first[order[1]]:.4f}),", f"{order[2]}", f"({first[order[2]]:.4f})",
    ]  # fmt: skip
    assert lines[-1].strip() == "… and 28 more"


def test_numbers_that_come_out(numbers: Path, tmp_path: Path) -> None:
    np.savetxt(tmp_path / "x.csv", X[:3], delimiter=",")
    lines = shown("predict", numbers, tmp_path / "x.csv").splitlines()
    assert lines[2].split() == ["sample", "output", "0", "output", "1"]
    assert lines[4].split() == ["1", *(f"{v:.5g}" for v in cr.load(numbers).predict(X[1]))]


def test_a_single_output_of_a_classifier(tmp_path: Path) -> None:
    network = Network([nn.Linear(4, 1), nn.Sigmoid()], cost=nn.BinaryCrossEntropy())
    cr.train(network, X, LABELS == 1, epochs=200, optimizer=nn.SGD(1.0))
    network.save(tmp_path / "net.safetensors")
    lines = shown("predict", tmp_path / "net.safetensors", saved(tmp_path / "x.npy", X[:3])).splitlines()
    assert [line.split()[1] for line in lines[3:6]] == ["0", "1", "0"]
    assert all(float(line.split()[2]) > 0.5 for line in lines[3:6])


def test_what_is_written(model: Path, numbers: Path, tmp_path: Path) -> None:
    samples = saved(tmp_path / "x.npy", X)
    expected, labels = cr.load(model).predict(X), cr.load(model).classify(X)
    for name in ("out.csv", "out.npy", "out.npz"):
        assert f"All of them are written to {tmp_path / name}." in shown(
            "predict", model, samples, "--output", tmp_path / name
        )
    with (tmp_path / "out.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["label"]) for row in rows] == labels.tolist()
    assert [[float(row[f"output{k}"]) for k in range(3)] for row in rows] == expected.tolist()
    assert np.array_equal(np.load(tmp_path / "out.npy"), expected)
    with np.load(tmp_path / "out.npz") as arrays:
        assert np.array_equal(arrays["labels"], labels)
        assert np.array_equal(arrays["outputs"], expected)
    shown("predict", numbers, samples, "--output", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().splitlines()[0] == "output0,output1"
    shown("predict", numbers, samples, "--output", tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz") as arrays:
        assert list(arrays) == ["outputs"]


def test_the_digits(tmp_path: Path) -> None:
    network = write_network(tmp_path / "net.safetensors")
    assert "asked about the test samples, digits: 359 samples." in shown("predict", network, "digits")
    output = shown("evaluate", network, "digits")
    assert f"{network}, tried on the test samples, digits: 359 samples." in output


def test_cost_accuracy_and_confusions(model: Path, tmp_path: Path) -> None:
    labels = LABELS.copy()
    labels[:3] = 1
    np.savez(tmp_path / "data.npz", x=X, y=labels)
    output = shown("evaluate", model, tmp_path / "data.npz")
    network = cr.load(model)
    cost, _ = cr.value_and_grad(network.system, network.inputs(X, labels))
    assert f"cost                 {cost:.4g}\n" in output
    assert "accuracy             93.33 %   (28 of 30 right)\n" in output
    assert "True class (rows) and predicted class (columns)" in output
    assert ["1", "1", "10", "1", "83.3", "%"] in [line.split() for line in output.splitlines()]


def test_the_error_of_numbers(numbers: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x_train=X, y_train=X[:, :2])
    output = shown("evaluate", numbers, tmp_path / "data.npz")
    error = np.abs(cr.load(numbers).predict(X) - X[:, :2]).mean()
    assert f"mean absolute error  {error:.4g}\n" in output
    assert "accuracy" not in output


def test_what_is_in_a_network(model: Path) -> None:
    output = shown("show", model)
    assert f"{model}: 4 inputs, 3 outputs\n" in output
    assert "layers      Linear(4, 3), Sigmoid(), Linear(3, 3), Softmax()\ncost        CrossEntropy()\n" in output
    assert "trained     30 samples, 60 epochs, batches of 32, seed 0, with the native executor\n" in output
    assert "in training, accuracy 100.00 % on the training data\n" in output
    table = {line.split()[0]: line.split()[1:] for line in output.splitlines() if "×" in line or "in all" in line}
    array = cr.load(model).params["W1"]
    numbers = [f"{v:.4g}".replace("-", "−") for v in (array.min(), array.max(), np.sqrt(np.mean(array**2)))]
    assert table["W1"] == ["3×4", "12", *numbers]
    assert table["in"] == ["all", "27"]
    assert "  δ1[j] = ∂C/∂z1[j] = a1[j]·(1 − a1[j])·Σ_k W2[k,j]·δ2[k]\n" in output
    assert "learning_rate = 1" in output


def test_a_network_of_which_little_is_known(tmp_path: Path) -> None:
    text = "data x[i], y[k]\nparam w[k,i], c\nbatch n\nz[k] = c*(sum(i) w[k,i]*x[i])\ncost C = sum(k) (z[k] - y[k])^2"
    network = Network.from_system(parse(text), {"w": np.ones((2, 3)), "c": 0.5}, output="z")
    network.save(tmp_path / "own.safetensors")
    output = shown("show", tmp_path / "own.safetensors")
    assert "3 inputs, 2 outputs\ntrained     nothing is known of it\n" in output
    assert ["c", "number", "1", "0.5", "0.5", "0.5"] in [line.split() for line in output.splitlines()]


def test_a_network_says_what_is_frozen(model: Path, tmp_path: Path) -> None:
    network = cr.load(model)
    assert "frozen" not in shown("show", model)
    network.freeze(1)
    network.save(tmp_path / "some.safetensors")
    assert "\nfrozen      W1, b1\n" in shown("show", tmp_path / "some.safetensors")


def test_what_was_learned_is_remembered(model: Path, tmp_path: Path) -> None:
    network = cr.load(model)
    assert network.trained["samples"] == 30
    again = tmp_path / "again.safetensors"
    network.save(again)
    assert again.read_bytes() == model.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["predict", "net.eq", "digits"], "net.eq is no saved network\n  a file that --save wrote"),
        (["evaluate", "net.eq", "digits"], "net.eq is no saved network"),
        (["predict", "none", "digits"], "none cannot be read: there is no such file\n  a saved network"),
        (["show", "net.eq"], "net.eq is no saved network"),
        (["show", "none.safetensors"], "the file cannot be read: No such file"),
        (
            ["predict", "MODEL", "none.csv"],
            "none.csv cannot be read: there is no such file\n  digits, mnist, or a file",
        ),
        (["evaluate", "MODEL", "."], ". cannot be read: it is a folder\n  digits, mnist, or an .npz"),
        (["predict", "MODEL", "digits"], "digits has 64 numbers in each sample, but layer 1, Linear(4, 3), takes 4"),
        (
            ["evaluate", "MODEL", "digits"],
            "x has 64 numbers in each sample, but layer 1, Linear(4, 3), takes 4\n  in digits",
        ),
        (["predict", "MODEL", "digits", "--data-dir", "."], "--data-dir is for mnist, and the data are digits"),
        (["predict", "MODEL", "x.csv", "--data-dir", "."], "--data-dir is for mnist, and the data are x.csv"),
        (["predict", "MODEL", "digits", "--output", "labels.txt"], "--output labels.txt has no format that is known"),
        (["predict", "MODEL", "x.csv", "--output", "x.csv"], "--output x.csv is a file that is read"),
        (["predict", "MODEL", "x.csv", "--output", "none/x.csv"], "there is no folder none"),
    ],
)
def test_what_is_refused(model: Path, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_systems(model.parent))
    (model.parent / "net.eq").write_text("param x\ncost C = x", encoding="utf-8")
    assert said in refusal(*(model if argument == "MODEL" else argument for argument in arguments))


@pytest.mark.parametrize("command", [["show"], ["predict", "digits"], ["evaluate", "digits"], ["derive"]])
def test_a_checkpoint_is_no_network_and_what_it_is_for(tmp_path: Path, command: list[str]) -> None:
    path = tmp_path / "digits.run"
    cr.train(classifier(), X, LABELS, epochs=1, checkpoint=path)
    assert refusal(command[0], path, *command[1:]) == (
        "Error: the file is a checkpoint of a training, and no network of chainrule\n"
        f"  in {path}\n  a file written by Network.save\n"
        "  Training goes on with chainrule train … --checkpoint FILE --resume; with --save it leaves a network.\n"
    )


def test_answers_that_do_not_fit(model: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x=X, y=LABELS + 1)
    said = refusal("evaluate", model, tmp_path / "data.npz")
    assert f"y[2] is 3, but the network has 3 outputs\n  in {tmp_path / 'data.npz'}\n" in said


def test_a_saved_network_is_known_whatever_its_name(model: Path, tmp_path: Path) -> None:
    other = tmp_path / "model.st"
    other.write_bytes(model.read_bytes())
    for command in (["show"], ["derive"], ["explain", "--of", "z1", "--at", "j=0"]):
        named = [command[0], other, *command[1:]]
        found = run(*named)
        if command[0] == "explain":
            assert "the network takes 4 numbers, and the digits have 64" in found.output
        else:
            assert found.exit_code == 0, found.output


def test_equal_layers_of_a_network_stand_once(tmp_path: Path) -> None:
    layers = [layer for _ in range(3) for layer in (nn.Linear(2, 2), nn.Tanh())]
    Network(layers, cost=nn.QuadraticCost()).save(tmp_path / "deep.safetensors")
    assert "\n  for l = 1..L:\n      z[l; j] = Σ_i W[l; j,i]·a[l-1; i] + b[l; j]\n" in shown(
        "show", tmp_path / "deep.safetensors"
    )
    assert "\n  z2[k] = Σ_j W2[k,j]·a1[j] + b2[k]\n" in shown("show", tmp_path / "deep.safetensors", "--flat")
