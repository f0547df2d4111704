"""Arrays of a file that no command reads: those that are meant as data are refused, others are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chainrule.data.part_names import unread
from chainrule.errors import DataFileError
from unit.cli.commands import run

LINE = "data x[i], y, v\nparam w[i]\nbatch n\na = sum(i) w[i]*x[i]\ncost C = v*(a - y)^2\n"
X, Y = np.linspace(0, 1, 8).reshape(4, 2), np.arange(4) % 2


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "line.eq").write_text(LINE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(*arguments: object) -> str:
    result = run("train", "d.npz", "--epochs", 1, *arguments)
    return result.stderr if result.exit_code else result.stdout


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("x_val", "x_validation"),
        ("x_valid", "x_validation"),
        ("X_dev", "x_validation"),
        ("val_x", "x_validation"),
        ("x_tset", "x_test"),
        ("xtest", "x_test"),
        ("x_training", "x_train"),
        ("test_x", "x_test"),
        ("tokn_test", "token_test"),
    ],
)
def test_a_name_near_that_of_a_part_is_refused(name: str, meant: str) -> None:
    with pytest.raises(DataFileError, match=f"the array {name} would not be read\n.*\n  Did you mean {meant}"):
        unread(["y", name], ["x", "y", "token"])


@pytest.mark.parametrize("name", ["foo", "y_names", "x_mean", "ids_test", "weights", "x1", "test"])
def test_other_names_are_told_and_not_refused(name: str) -> None:
    assert unread(["x", "y", "y_test", name], ["x", "y"]) == (name,)


def test_a_part_that_is_there_is_not_meant_by_another_name() -> None:
    assert unread(["x_test", "x_tset"], ["x"]) == ("x_tset",)


def test_validation_data_under_the_name_of_another_library_are_not_passed_over(folder: Path) -> None:
    np.savez("d.npz", x_train=X, y_train=Y, x_val=X, y_val=Y)
    assert "the array x_val would not be read\n  in d.npz" in said("--layers", "3")
    np.savez("d.npz", x=X, y=Y, v=np.ones(4), x_val=X)
    assert "Did you mean x_validation?" in said("--model", "line.eq")


def test_what_is_left_in_the_file_is_told(folder: Path) -> None:
    np.savez("d.npz", x_train=X, y_train=Y, foo=X)
    assert "Note: nothing reads foo in the file.\n" in said()
    np.savez("d.npz", x=X, y=Y, v=np.ones(4), E=X, ids=Y)
    assert "Note: nothing reads E, ids in the file.\n" in said("--model", "line.eq")
    np.savez("d.npz", x=X, y=Y, v=np.ones(4), w=X[0])
    assert "Note: nothing" not in said("--model", "line.eq")


def test_an_array_that_is_missing_is_looked_for_among_all_names_of_the_file(folder: Path) -> None:
    parts = {f"{name}{part}": Y for name in "xy" for part in ("", "_validation", "_test")}
    np.savez("d.npz", **parts, v_validation=Y, v_test=Y, tv=Y)
    names = "x, x_validation, x_test, y, y_validation, y_test, v_validation, v_test, tv"
    assert "there is no array v\n" in said("--model", "line.eq")
    assert f"The file has {names}. If tv is meant, rename it v." in said("--model", "line.eq")
