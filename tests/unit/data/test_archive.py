"""Files that are no archive, damaged, cut short or made to mislead: refused by name, never a crash."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import load_npz
from chainrule.errors import DataFileError

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 2, 0, 1, 2])


def archive_bytes() -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, x_train=X, y_train=Y)
    return stream.getvalue()


def refusal(path: Path) -> str:
    with pytest.raises(DataFileError) as caught:
        load_npz(path)
    assert f"in {path}" in str(caught.value)
    return str(caught.value)


def refusal_of(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "points.npz"
    path.write_bytes(content)
    return refusal(path)


def with_member(content: bytes) -> bytes:
    """Return an archive whose x_train is these bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x_train.npy", content)
    return stream.getvalue()


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode("latin1") + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def test_no_such_file(tmp_path: Path) -> None:
    assert "the file cannot be read: No such file or directory" in refusal(tmp_path / "points.npz")


def test_a_folder(tmp_path: Path) -> None:
    assert "the file cannot be read: Is a directory" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"x,y\n1,2\n", b"\x80\x04\x95pickle"], ids=["empty", "csv", "pickle"])
def test_not_an_archive(tmp_path: Path, content: bytes) -> None:
    said = refusal_of(tmp_path, content)
    assert "this is not an .npz archive\n" in said
    assert "a zip file of NumPy arrays" in said
    assert "np.savez_compressed('data.npz', x_train=x, y_train=y)" in said


def test_a_single_array(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.save(stream, X)
    assert "a single array (.npy), not an archive of named arrays (.npz)" in refusal_of(tmp_path, stream.getvalue())


def test_an_archive_cut_short(tmp_path: Path) -> None:
    said = refusal_of(tmp_path, archive_bytes()[:-30])
    assert "the archive is cut short: its end is missing" in said
    assert "Copy or write the file again" in said


def test_an_archive_whose_beginning_is_missing(tmp_path: Path) -> None:
    assert "the array x_train cannot be read: " in refusal_of(tmp_path, archive_bytes()[200:])


def test_an_archive_whose_table_of_contents_is_damaged(tmp_path: Path) -> None:
    said = refusal_of(tmp_path, archive_bytes().replace(b"PK\x01\x02", b"PK\x01\xff", 1))
    assert "the archive is damaged: Bad magic number for central directory" in said
    assert "Copy or write the file again" in said


def test_an_archive_of_a_later_version(tmp_path: Path) -> None:
    content = archive_bytes().replace(b"PK\x01\x02\x2d\x03\x2d", b"PK\x01\x02\x2d\x03\x80", 1)
    assert "the archive is damaged: zip file version 12.8" in refusal_of(tmp_path, content)


def test_a_changed_byte(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.savez(stream, x_train=X, y_train=Y)
    content = stream.getvalue().replace(np.float64(7).tobytes(), np.float64(8).tobytes())
    assert "the array x_train cannot be read: BadZipFile: Bad CRC-32" in refusal_of(tmp_path, content)


def test_a_member_that_is_no_array(tmp_path: Path) -> None:
    said = refusal_of(tmp_path, with_member(b"1, 2, 3, 4, 5, 6"))
    assert "the array x_train cannot be read: ValueError: the magic string is not correct" in said


@pytest.mark.parametrize(
    "shape", ["(1000000000000,)", "(1000000, 1000000, 1000000, 1000000)"], ids=["too large", "beyond 64 bits"]
)
def test_a_header_that_promises_more_than_is_there(tmp_path: Path, shape: str) -> None:
    content = with_member(npy(f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}", b"12345678"))
    said = refusal_of(tmp_path, content)
    assert "the array x_train is cut short: its header promises " in said
    assert "000,000 bytes, the file holds " in said


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1.5,)}",
        "{'descr': 'f99', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f8', 'shape': (1,)}",
        "__import__('os')",
        "(" * 300,
        "((((",
        "",
    ],
)
def test_a_malformed_header(tmp_path: Path, header: str) -> None:
    assert "the array x_train cannot be read: " in refusal_of(tmp_path, with_member(npy(header, b"12345678")))


@given(position=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_no_changed_byte_does_more_than_be_refused(
    tmp_path_factory: pytest.TempPathFactory, position: float, value: int
) -> None:
    content = bytearray(archive_bytes())
    content[int(position * len(content))] = value
    path = tmp_path_factory.mktemp("fuzz") / "points.npz"
    path.write_bytes(bytes(content))
    try:
        data = load_npz(path)
    except DataFileError as error:
        assert f"in {path}" in str(error)  # noqa: PT017  most changes are refused, some touch nothing that is read
    else:
        assert np.array_equal(data.x_train, X)
        assert np.array_equal(data.y_train, Y)
