"""`chainrule explain`: a saved network, a sample, an entry; and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from chainrule.explanation import explain
from chainrule.network import load
from unit.cli.commands import run, write_data, write_network
from unit.data.idx_files import write_mnist

LINE = """data x[i], y
param w[i]
p = sum(i) w[i]*x[i]
cost C = 1/2*(p - y)^2 + 1/2*(sum(i) w[i]^2)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("networks")
    write_network(made / "digits.safetensors")
    write_network(made / "three.safetensors", 3)
    write_data(made / "train.npz")
    write_data(made / "test.npz", test=True)
    (made / "text.eq").write_text("param w\ncost C = w^2\n", encoding="utf-8")
    (made / "line.eq").write_text(LINE, encoding="utf-8")
    (made / "batch.eq").write_text(f"batch n\n{LINE}", encoding="utf-8")
    (made / "line.json").write_text('{"x": [1, 2], "y": 1, "w": [0.5, 1.0]}', encoding="utf-8")
    (made / "list.json").write_text("[1, 2]", encoding="utf-8")
    (made / "broken.json").write_text("{", encoding="utf-8")
    (made / "ragged.json").write_text('{"x": [1, [2]], "y": 1, "w": [0.5, 1.0]}', encoding="utf-8")
    np.savez(made / "line.npz", x=[1.0, 2.0], y=1.0, w=[0.5, 1.0])
    np.savez(made / "batch.npz", x=[[1.0, 2.0], [3.0, 4.0]], y=[1.0, 1.0], w=[0.5, 1.0])
    np.savez(made / "other.npz", q=[1.0])
    return made


def test_one_error_of_a_digit_is_opened(folder: Path) -> None:
    from chainrule.data import digits_split

    result = run("explain", folder / "digits.safetensors", "--of", "z1", "--at", "j=3", "--sample", 7)
    assert result.exit_code == 0
    data = digits_split()
    assert data.x_test is not None
    assert data.y_test is not None
    network = load(folder / "digits.safetensors")
    label, said = data.y_test[7], network.classify(data.x_test[7:8])[0]
    heading, _, rest = result.output.partition("\n\n")
    expected = f"its class is {label}, and the network predicts {said}."
    assert heading == f"Sample 7 of the test samples, digits: {expected}"
    found = explain(network, network.inputs(data.x_test[7], data.y_test[7]), of="z1", at={"j": 3})
    assert rest == f"{found}\n"


def digit(folder: Path, number: int) -> dict[str, npt.ArrayLike]:
    """Return the inputs of the network of digits for one of those to test with."""
    from chainrule.data import digits_split

    data = digits_split()
    assert data.x_test is not None
    assert data.y_test is not None
    return load(folder / "digits.safetensors").inputs(data.x_test[number], data.y_test[number])


@pytest.mark.parametrize("at", [["--at", "k=4", "--at", "j=2"], ["--at", "j=2,k=4"], ["--at", " k = 4 , j = 2 "]])
def test_an_entry_of_several_indices(folder: Path, at: list[str]) -> None:
    result = run("explain", folder / "digits.safetensors", "--of", "W2", *at)
    assert "∂C/∂W2[4,2] = a1[2]·∂C/∂z2[4]" in result.output


@pytest.mark.parametrize(("data", "name", "samples"), [("train", "training samples", 12), ("test", "test samples", 5)])
def test_other_data(folder: Path, data: str, name: str, samples: int) -> None:
    arguments = ["explain", folder / "three.safetensors", "--of", "z1", "--at", "j=0", "--data", folder / f"{data}.npz"]
    assert f"Sample 4 of the {name}" in run(*arguments, "--sample", 4).output
    refused = run(*arguments, "--sample", samples)
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"Error: there is no sample {samples}\n  0 … {samples - 1}, of the {name}")


def test_paths_and_fewer_terms(folder: Path) -> None:
    arguments = ["explain", folder / "digits.safetensors", "--of", "z1", "--at", "j=0"]
    assert "the contributions add up" in run(*arguments, "--paths").output
    assert "… stands for 8 smaller terms together." in run(*arguments, "--top", 2).output


def test_a_network_of_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = write_network(tmp_path / "mnist.safetensors", features=784)
    files = write_mnist(tmp_path / "files")
    question = ("explain", network, "--of", "z1", "--at", "j=0", "--sample", 3)
    monkeypatch.delenv("CHAINRULE_DATA", raising=False)
    assert "--data FILE.npz, or --data-dir DIR for MNIST" in run(*question).stderr
    output = run(*question, "--data-dir", files).output
    assert "Sample 3 of the test samples, mnist: its class is 3, and the network predicts" in output
    monkeypatch.setenv("CHAINRULE_DATA", str(files))
    assert run(*question).output == output
    said = run(*question, "--data-dir", files, "--data", "x.npz").stderr
    assert "both --data and --data-dir are given" in said


@pytest.mark.parametrize("data", ["line.json", "line.npz"])
def test_a_system_with_the_values_of_a_file(folder: Path, data: str) -> None:
    arguments = ["explain", folder / "line.eq", "--data", folder / data, "--of", "w", "--at", "i=0", "--paths"]
    output = run(*arguments).output
    assert output.startswith("∂C/∂w[0] = w[0] + x[0]·(p − y)\n")
    assert "2 paths from w[0] to C; ∂C/∂w[0] is the sum of their products" in output
    assert ["1", "w[0] → p → C", "1.5000", "75 %", "1.5000"] in [
        re.split(r" {2,}", row.strip()) for row in output.splitlines()
    ]
    assert output.endswith("The backward pass gives the same, ∂C/∂w[0] = 2, to the last digit.\n")


def test_one_sample_of_a_system_with_a_batch(folder: Path) -> None:
    arguments = ["explain", folder / "batch.eq", "--data", folder / "batch.npz", "--of", "w", "--at", "i=1"]
    assert "  x[1]·(p − y) = 2·1.5000 = 3\n" in run(*arguments).output
    assert "  x[1]·(p − y) = 4·4.5000 = 18\n" in run(*arguments, "--sample", 1).output


def test_json_holds_what_the_text_says_with_all_digits(folder: Path) -> None:
    arguments = ["explain", folder / "digits.safetensors", "--of", "z1", "--at", "j=3", "--sample", 7]
    whole = json.loads(run(*arguments, "--json").output)
    sample, explanation = whole["document"]["nodes"]
    assert whole["version"] == 1
    assert sample["nodes"][0]["words"] == [run(*arguments).output.partition("\n")[0]]
    found = explain(load(folder / "digits.safetensors"), digit(folder, 7), of="z1", at=3)
    assert explanation["nodes"][-1]["nodes"][0]["words"][-1] == {"number": found.value}
    assert explanation == json.loads(found.to_json())["document"]


def test_json_of_a_system_with_its_paths(folder: Path) -> None:
    asked = ["explain", folder / "line.eq", "--data", folder / "line.json", "--of", "w", "--at", "i=0", "--paths"]
    document = json.loads(run(*asked, "--json").output)["document"]
    assert [node["role"] for node in document["nodes"]][:3] == ["equation", "term", "term"]
    (paths,) = document["nodes"][-1]["nodes"]
    assert paths["role"] == "paths"
    assert paths["nodes"][1]["nodes"][0]["rows"][0][2] == {"number": 1.5}


def test_quantiles_that_are_asked_for(folder: Path) -> None:
    arguments = ["explain", folder / "digits.safetensors", "--of", "z1", "--at", "j=0"]
    assert "Quantiles of the 10 terms: 10 % " in run(*arguments, "--quantiles", "0.1,0.5").output
    assert "Quantiles" not in run(*arguments).output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["text.eq", "--of", "w"], "text.eq is a system without numbers\n  a file with a value for each of w"),
        (["none.eq", "--of", "w"], "none.eq cannot be read"),
        (["line.eq", "--of", "w", "--data", "none.json"], "the file cannot be read: No such file"),
        (["line.eq", "--of", "w", "--data", "broken.json"], "this is not JSON: "),
        (["line.eq", "--of", "w", "--data", "list.json"], "this is not an object of JSON\n  in list.json"),
        (["line.eq", "--of", "w", "--data", "ragged.json"], "x"),
        (["line.eq", "--of", "w", "--data", "text.eq"], "this is not an .npz archive"),
        (["line.eq", "--of", "w", "--data", "other.npz"], "Write one with np.savez('other.npz', x=x, y=y, w=w)"),
        (["line.eq", "--of", "w", "--at", "i=0", "--data", "line.npz", "--sample", 1], "sample 1 was asked for"),
        (["digits.safetensors", "--of", "z1", "--quantiles", "a"], "--quantiles 'a' is no list of levels"),
        (["digits.safetensors", "--of", "z1", "--quantiles", "2"], "2 is no level of a quantile"),
        (["missing.safetensors", "--of", "w"], "missing.safetensors"),
        (["three.safetensors", "--of", "z1"], "the network takes 3 numbers, and the digits have 64"),
        (["digits.safetensors", "--of", "z1"], "∂C/∂z1[j] has a value for each j: which one is meant?"),
        (["digits.safetensors", "--of", "z1", "--at", "j=6"], "j = 6 is no entry of ∂C/∂z1[j]\n  j = 0 … 5"),
        (["digits.safetensors", "--of", "z1", "--at", "k=0"], "∂C/∂z1[j] has no index k"),
        (["digits.safetensors", "--of", "z1", "--at", "j"], "--at 'j' is no entry\n  a letter and a whole number"),
        (["digits.safetensors", "--of", "z1", "--at", "j=-1"], "--at 'j=-1' is no entry"),
        (["digits.safetensors", "--of", "z1", "--at", "j=1,j=2"], "--at gives j twice"),
        (["digits.safetensors", "--of", "q"], "no tensor is named q"),
        (["digits.safetensors", "--of", "z1", "--at", "j=0", "--sample", "-1"], "there is no sample -1"),
        (["three.safetensors", "--of", "z1", "--data", "text.eq"], "text.eq"),
    ],
)
def test_what_is_wrong_is_one_message_with_exit_code_2(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(folder)
    result = run("explain", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_help_shows_examples() -> None:
    assert "\n    chainrule explain digits.safetensors --of z1 --at j=3 --sample 7\n" in run("explain", "-h").output


def test_an_explanation_is_latex_too(folder: Path) -> None:
    latex = run(
        "explain", folder / "digits.safetensors", "--of", "z1", "--at", "j=0", "--paths", "--form", "latex"
    ).output
    assert latex.isascii()
    assert r"\frac{\partial C}{\partial z^{1}_{0}} = a^{1}_{0}" in latex
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") > 1
    assert r"$W^{2}_{k0}$" in latex or r"$W^{2}_{k, 0}$" in latex
