"""What reaches the terminal: nothing that it obeys, whatever files and their names hold; and no traceback."""

from __future__ import annotations

import errno
import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.cli.console import Outlet, PlainConsole
from chainrule.cli.show import training_text
from chainrule.network.files import MODEL, read_file, write_file
from unit.cli.commands import run, write_network, write_systems

EVIL = "x\x1b[31m\x1b]0;title\x07\u202e\u200b\nfaked line\r\t\x9b2J"
SHOWN = r"x\x1b[31m\x1b]0;title\x07\u202e\u200b\nfaked line\r\t\x9b2J"


def checked(*arguments: object, stdin: bytes | None = None, code: int = 2) -> str:
    """Run a command, and return what it printed, in which a terminal finds nothing to obey."""
    result = run(*arguments, stdin=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    raw = {c for c in result.output if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} - {"\n", "\t"}
    assert not raw
    assert "Traceback" not in result.output
    return result.output


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_network(tmp_path / "net.safetensors")


def altered(path: Path, **facts: str) -> Path:
    """Write a saved network anew with other facts, and a checksum of them."""
    found, params = read_file(path, MODEL)
    write_file(path, MODEL, {**found, **facts}, params)
    return path


def test_layers_and_cost_are_escaped(model: Path) -> None:
    output = checked("show", altered(model, layers=json.dumps([EVIL, "[red]b[/red]", "字"]), cost=EVIL), code=0)
    assert f"layers      {SHOWN}, [red]b[/red], 字\n" in output
    assert f"cost        {SHOWN}\n" in output


TRAINED: list[tuple[dict[str, Any], str]] = [
    ({}, "nothing is known of it"),
    ({"foo": "bar"}, "foo bar"),
    ({"data": EVIL, "measured_on": EVIL, "accuracy": 0.5}, f"on {SHOWN}"),
    ({EVIL: 3}, f"{SHOWN} 3"),
    ({"samples": "many", "epochs": "all", "batch_size": "5"}, "samples many, epochs all, batch size 5"),
    ({"samples": True, "epochs": 1.5}, "samples True, 1.5 epochs"),
    ({"accuracy": "high", "error": "low", "cost": "none"}, "cost none, accuracy high, error low"),
    ({"accuracy": 10**400}, "accuracy 1000"),
    ({"accuracy": float("nan"), "cost": float("inf")}, "cost inf, accuracy nan"),
    ({"data": "%s {} {0} [red] :smile:", "executor": "[bold]"}, "on %s {} {0} [red] :smile:, with the [bold] executor"),
    ({"data": "\ud800"}, r"on \ud800"),
    ({"data": "a" * 5000}, "on " + "a" * 60 + "…"),
]


@pytest.mark.parametrize(("trained", "said"), TRAINED, ids=range(len(TRAINED)))
def test_whatever_a_file_says_of_its_training_is_shown(model: Path, trained: dict[str, Any], said: str) -> None:
    assert said in checked("show", altered(model, trained=json.dumps(trained)), code=0)


@pytest.mark.parametrize(
    "text", ["[1]", "3", "null", '{"a": null}', '{"a": [1]}', "[" * 9000, '{"a":' * 9000, "", "{", "9" * 5000]
)
def test_what_is_no_such_dict_is_refused(model: Path, text: str) -> None:  # fmt: skip
    assert "what the file says of the training makes no sense" in checked("show", altered(model, trained=text))


def test_a_training_in_words_is_as_before() -> None:
    facts = {"data": "digits", "samples": 1438, "epochs": 1, "batch_size": 16, "seed": 12345, "executor": "native"}
    told = "on digits, 1,438 samples, 1 epoch, batches of 16, seed 12345, with the native executor"
    assert training_text(facts) == [told]
    measured = {"cost": 0.25, "accuracy": 0.9, "measured_on": "test"}
    assert training_text({**facts, **measured})[1] == "cost 0.25 in training, accuracy 90.00 % on the test data"


def test_names_of_files_are_escaped_everywhere(model: Path, tmp_path: Path) -> None:
    evil = EVIL.replace("/", "")
    named = model.rename(tmp_path / f"{evil}.safetensors")
    assert f"{SHOWN}.safetensors: 64 inputs" in checked("show", named, code=0)
    output = tmp_path / f"{evil}.csv"
    asked = checked("predict", named, "digits", "--output", output, code=0)
    assert f"{SHOWN}.safetensors, asked about the test samples" in asked
    assert f"written to {tmp_path}/{SHOWN}.csv" in asked
    assert f"{SHOWN}.safetensors, tried on" in checked("evaluate", named, "digits", code=0)
    for command in (
        ["show", f"{evil}.x"],
        ["derive", f"{evil}.x"],
        ["train", f"{evil}.npz"],
        ["predict", named, f"{evil}.csv"],
    ):
        assert SHOWN in checked(*command)
    assert r"x\x1b[31m\x1b]0;title" in checked("show", named, evil)
    assert r"No such option: --\x1b" in checked("show", "--\x1b")
    assert r"No such command '\x1b[1m'" in checked("\x1b[1m")
    assert f"in {tmp_path}/{SHOWN}.npz" in checked("predict", named, damaged(tmp_path / f"{evil}.npz"))
    trained = ["--epochs", 1, "--layers", "64,2,10", "--json", tmp_path / f"{evil}.json"]
    assert f"saved in {tmp_path}/{SHOWN}.json." in checked("train", "digits", *trained, code=0)


def damaged(path: Path) -> Path:
    path.write_bytes(b"PK\x03\x04\x1b")
    return path


def test_members_of_archives_and_headers_of_tables_are_escaped(model: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", **{EVIL.replace("\n", "").replace("/", ""): np.zeros(2)})
    assert r"x\x1b[31m\x1b]0;title\x07\u202e" in checked("predict", model, tmp_path / "data.npz")
    (tmp_path / "data.csv").write_text("a\x1b[31m\u202e,b\n1,\x1b[1m2\n", encoding="utf-8")
    assert r"column 2 (b) holds '\x1b[1m2'" in checked("predict", model, tmp_path / "data.csv")
    (tmp_path / "data.csv").write_text("b,a\x1b[31m\u202e\n1,c\n", encoding="utf-8")
    assert r"column 2 (a\x1b[31m\u202e) holds 'c'" in checked("predict", model, tmp_path / "data.csv")


@pytest.mark.parametrize(
    "text", ["param w\x1b[31m", "param w\ncost C = w + \u202e2", "param w # \x1b\ncost C = \x07", "\x9b"]
)
def test_a_text_is_shown_escaped_where_it_is_wrong(text: str, tmp_path: Path) -> None:  # fmt: skip
    (tmp_path / "system.eq").write_text(text, encoding="utf-8")
    assert "\\" in checked("derive", tmp_path / "system.eq")
    assert "\\" in checked("derive", "-", stdin=text.encode())
    assert "\\" in checked("check", write_systems(tmp_path) / "softmax.eq", "--wrt", "z", text)


@pytest.mark.parametrize("option", ["--json", "--save", "--checkpoint", "--plot"])
def test_a_dash_is_no_file(option: str) -> None:
    said = f"Error: {option} is -: what it writes does not go to the standard output\n"
    assert said in checked("train", "digits", option, "-")


def test_a_name_in_other_letters_is_printed_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "σ.eq").write_text("param вес\ncost Ц = вес^2", encoding="utf-8")
    assert checked("derive", tmp_path / "σ.eq", code=0) == "∂Ц/∂вес = 2·вес\n"


def test_a_console_prints_texts_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    PlainConsole().print("[red]x[/red] :smile: a[j] \x1b[31m", style="bold")
    assert capsys.readouterr().out == "[red]x[/red] :smile: a[j] \\x1b[31m\n"


class Gone:
    """A stream that nobody reads."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    def flush(self) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


def test_an_outlet_keeps_the_error_for_later() -> None:
    outlet = Outlet(Gone())  # type: ignore[arg-type]
    outlet.check()
    assert outlet.write("text") == 4
    outlet.flush()
    with pytest.raises(BrokenPipeError):
        outlet.check()
