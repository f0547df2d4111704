"""Samples without answers from .npy, .npz and .csv: what is read, and what is refused by line and column."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.data.arrays import load_pair
from chainrule.data.sample_files import load_samples
from chainrule.errors import DataFileError

X = np.arange(6.0).reshape(2, 3)


def written(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    match content:
        case str() | bytes():
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        case dict():
            np.savez(path, **content)
        case _:
            np.save(path, content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.npy", X),
        ("x.npy", X.astype(np.int8)),
        ("x.npy", X.reshape(2, 3, 1)),
        ("x.npz", {"x": X, "x_train": X + 1}),
        ("x.npz", {"x_test": X, "x_train": X + 1, "other": X}),
        ("x.csv", "0,1,2\n3,4,5\n"),
        ("x.csv", "a,b,c\r\n 0,1,2.0\r\n\r\n3,4,5e0"),
        ("x.csv", '\ufeff"one, two",b,c\n"0",1,2\n3,4,5\n'),
        ("x.csv", "# x,y,z\n0,1,2\n3,4,5\n"),
        ("x.csv", '# saved by "hand, "today\n\n # twice\r\na,b,c\n0, 1 , 2\n#,"\n3,4,5\n# end'),
        ("X.CSV", "0,1,2\n3,4,5"),
    ],
)
def test_what_is_read(tmp_path: Path, name: str, content: Any) -> None:
    found = load_samples(written(tmp_path, name, content))
    assert found.dtype == np.float64
    assert found.tolist() == X.tolist()


def test_one_sample(tmp_path: Path) -> None:
    assert load_samples(written(tmp_path, "x.npy", X[1])).tolist() == [[3.0, 4.0, 5.0]]
    assert load_samples(written(tmp_path, "x.csv", "3,4,5")).tolist() == [[3.0, 4.0, 5.0]]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.csv", "a,b\n1,2\n3,much\n", "line 3, column 2 (b) holds 'much'\n"),
        ("x.csv", "1,2\n\n3,\n", "line 3, column 2 holds nothing"),
        ("x.csv", "1,2\n3,nan\n", "line 2, column 2 holds 'nan'\n"),
        ("x.csv", "1,2\n3,1e999\n", "line 2, column 2 holds '1e999'"),
        ("x.csv", "a,b\n1,2\n3,4,5\n", "line 3 has 3 values, the names above 2"),
        ("x.csv", "1,2\n3\n", "line 2 has 1 values, the first line 2"),
        ("x.csv", "a,b\n", "there is no sample in the file"),
        ("x.csv", "", "there is no sample in the file"),
        ("x.csv", '"1,5";2;3\n', "line 1 has semicolons between its values\n"),
        ("x.csv", "a;b\n1.5;2\n", "line 2 has semicolons between its values\n"),
        ("x.csv", "1\t2\n", "line 1 has tabs between its values\n"),
        ("x.csv", "1 2 3 4\n", "line 1 has spaces between its values\n"),
        ("x.csv", " 1.0e+00  2\n3 4\n", "with np.savetxt(path, x, delimiter=',')."),
        ("x.csv", "a b\n1 2\n", "line 2 has spaces between its values\n"),
        ("x.csv", "# 1 2\n1,5 2,5\n", "line 2 has spaces between its values\n"),
        ("x.csv", "# a\n1,2\n3,much\n", "line 3, column 2 holds 'much'\n"),
        ("x.csv", "# 1,2\n", "there is no sample in the file"),
        ("x.csv", b"\xff\xfe1", "the file is not text in UTF-8"),
        ("x.csv", "1,2\n" + "3" * 140_000 + ",4\n", "line 2 cannot be read: field larger than"),
        ("x.npy", np.array(["a"]), "has the type <U1"),
        ("x.npy", np.array([[1.0, np.inf]]), "x[0, 1] is inf"),
        ("x.npy", np.zeros((0, 3)), "the array has the shape (0, 3)"),
        ("x.npy", np.array(1.0), "the array has the shape ()"),
        ("x.npy", b"\x93NUMPY", "the array cannot be read: "),
        ("x.npy", "1,2", "the array cannot be read: "),
        ("x.npy", np.array([[1], [1, 2]], object), "Pad or cut them, then: x = np.stack(rows)"),
        ("x.npz", {"y": X}, "there is no array x: the file holds y"),
        ("x.npz", {"x": np.array([{}])}, "holds Python objects, which are never loaded"),
        ("x.txt", "1,2", "the name ends in .txt\n"),
        ("x", "1,2", "the name ends in nothing\n"),
    ],
)
def test_what_is_refused(tmp_path: Path, name: str, content: Any, said: str) -> None:
    path = tmp_path / name
    if isinstance(content, str | bytes):
        written(tmp_path, name, content)
    else:
        with path.open("wb") as stream:
            np.savez(stream, **content) if isinstance(content, dict) else np.save(stream, content)
    with pytest.raises(DataFileError) as caught:
        load_samples(path)
    assert said in str(caught.value)
    assert f"in {path}" in str(caught.value)


@pytest.mark.parametrize("name", ["x.csv", "x.npy", "x.npz"])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataFileError, match="the file cannot be read: No such file"):
        load_samples(tmp_path / name)


def test_a_header_that_promises_too_much_takes_no_memory(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000), }".ljust(117) + b"\n"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with pytest.raises(DataFileError, match="its header promises 8,000,000,000,000 bytes"):
        load_samples(written(tmp_path, "x.npy", content))
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", content)
    with pytest.raises(DataFileError, match="its header promises 8,000,000,000,000 bytes"):
        load_samples(tmp_path / "x.npz")


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"x": X, "y": [0, 1]}, [0, 1]),
        ({"x": X, "y": [0, 1], "x_test": X, "y_test": [1, 0]}, [1, 0]),
        ({"x_train": X, "y_train": [1, 1], "x_test": X}, [1, 1]),
    ],
)
def test_samples_with_answers(tmp_path: Path, arrays: dict[str, Any], expected: list[int]) -> None:
    x, y = load_pair(written(tmp_path, "x.npz", arrays))
    assert x.tolist() == X.tolist()
    assert y.tolist() == expected


def test_samples_whose_answers_are_missing(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="there is x_test, but not the other of the two"):
        load_pair(written(tmp_path, "x.npz", {"x_test": X}))
