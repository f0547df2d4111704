"""IDX files: what is read, gzipped or not, and every file that is refused, by its message."""

from __future__ import annotations

import gzip
import hashlib
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data.idx import MOST_BYTES, read_idx
from chainrule.errors import DataFileError
from unit.data.idx_files import CODES, idx_bytes

ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
CONTENT = idx_bytes(ARRAY)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "a-ubyte"
    path.write_bytes(content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(DataFileError) as caught:
        read_idx(path)
    assert f"\n  in {path}" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["a-ubyte", "a-ubyte.gz"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
def test_the_bytes_say_whether_a_file_is_gzipped_and_not_its_name(tmp_path: Path, name: str, packed: bool) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(CONTENT) if packed else CONTENT)
    found = read_idx(path)
    assert np.array_equal(found.array, ARRAY)
    assert found.array.dtype == np.uint8
    assert found.sha256 == hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize("code", CODES)
def test_every_type_of_the_format_is_read_in_the_order_of_bytes_of_the_machine(tmp_path: Path, code: str) -> None:
    array = np.array([[1, 2], [3, 100]], code)
    found = read_idx(str(written(tmp_path, idx_bytes(array)))).array
    assert np.array_equal(found, array)
    assert found.dtype == np.dtype(code)
    assert found.dtype.isnative


def test_bytes_by_hand(tmp_path: Path) -> None:
    found = read_idx(written(tmp_path, b"\0\0\x0b\x01\0\0\0\x02\x01\x00\xff\xfe")).array
    assert found.tolist() == [256, -2]


def test_an_array_without_entries(tmp_path: Path) -> None:
    assert read_idx(written(tmp_path, idx_bytes(np.zeros((0, 28), np.uint8)))).array.shape == (0, 28)


def test_gzip_files_joined_are_one_as_gzip_has_it(tmp_path: Path) -> None:
    joined = gzip.compress(CONTENT[:20]) + gzip.compress(CONTENT[20:])
    assert np.array_equal(read_idx(written(tmp_path, joined)).array, ARRAY)


def test_no_such_file_and_a_folder(tmp_path: Path) -> None:
    assert "the file cannot be read: No such file or directory" in refusal(tmp_path / "none")
    assert "the file cannot be read: Is a directory" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "this is no IDX file: it is empty"),
        (b"\0\0", "this is no IDX file: it begins with the bytes 00 00\n"),
        (b"1,2,3\n", "this is no IDX file: it begins with the bytes 31 2c 32 2c\n"),
        (b"\x03\x08\0\0", "it begins with the bytes 03 08 00 00"),
        (b"PK\x03\x04....", "this is no IDX file but a zip archive: unpack it first"),
        (b"\x93NUMPY\x01\x00", "but a NumPy array: np.savez can make an .npz of it"),
        (b"<!DOCTYPE html>", "but a web page, perhaps instead of the file that should have been downloaded"),
        (b"BZh91AY", "but packed by bzip2: unpack it first"),
        (b"\xfd7zXZ\0", "but packed by xz: unpack it first"),
    ],
)
def test_another_file(tmp_path: Path, content: bytes, said: str) -> None:
    told = refusal(written(tmp_path, content))
    assert said in told
    assert "an IDX file: two zero bytes, the type of its entries, the number of axes, the length of each" in told
    assert said in refusal(written(tmp_path, gzip.compress(content)))


def test_a_type_and_a_number_of_axes_that_do_not_exist(tmp_path: Path) -> None:
    said = refusal(written(tmp_path, b"\0\0\x0a\x01\0\0\0\0"))
    assert "the type of the entries is 0x0a" in said
    assert "one of 0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e" in said
    assert "the array has 0 axes\n" in refusal(written(tmp_path, b"\0\0\x08\0" + b"a"))
    assert "the array has 9 axes\n" in refusal(written(tmp_path, b"\0\0\x08\x09" + b"\0\0\0\x01" * 9 + b"a"))


def test_a_head_cut_short(tmp_path: Path) -> None:
    said = refusal(written(tmp_path, CONTENT[:10]))
    assert "the file ends within its head, after 10 bytes" in said
    assert "16 bytes for the head of an array with 3 axes" in said
    assert "Copy or download the file again." in said


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
def test_a_file_that_is_too_short_or_too_long(tmp_path: Path, packed: bool) -> None:
    for content, follow in ((CONTENT[:-3], "21 follow"), (CONTENT + b"a", "more follow")):
        said = refusal(written(tmp_path, gzip.compress(content) if packed else content))
        assert f"the head promises 2 × 3 × 4 entries of 1 byte, 24 bytes in all, and {follow}" in said
        assert "exactly as many bytes as the head promises" in said
    said = refusal(written(tmp_path, idx_bytes(np.zeros(3))[:-1]))
    assert "the head promises 3 entries of 8 bytes, 24 bytes in all, and 23 follow" in said


@pytest.mark.parametrize(
    ("code", "lengths"),
    [
        (0x08, (2**32 - 1,)),
        (0x08, (MOST_BYTES + 1,)),
        (0x0E, (MOST_BYTES // 8 + 1,)),
        (0x0D, (2**32 - 1, 2**32 - 1, 2**32 - 1)),
        (0x08, (0, 2**32 - 1, 2**32 - 1)),
    ],
)
def test_sizes_that_are_absurd(tmp_path: Path, code: int, lengths: tuple[int, ...]) -> None:
    content = bytes((0, 0, code, len(lengths))) + struct.pack(f">{len(lengths)}I", *lengths) + b"abc"
    said = refusal(written(tmp_path, content))
    assert f"the head promises {lengths[0]:,}" in said
    assert "an array of up to 1,073,741,824 bytes" in said


def test_memory_grows_with_what_is_there_and_not_with_what_is_promised(tmp_path: Path) -> None:
    """A head that promises a gigabyte before three bytes, and a gigabyte behind a head that promises three bytes."""
    empty = zlib.compressobj(9, wbits=31)
    bomb = empty.compress(b"\0\0\x08\x01\0\0\0\x03") + b"".join(empty.compress(bytes(2**20)) for _ in range(64))
    for content, said in (
        (b"\0\0\x08\x01" + struct.pack(">I", MOST_BYTES) + b"abc", "1,073,741,824 bytes in all, and 3 follow"),
        (bomb + empty.flush(), "3 bytes in all, and more follow"),
    ):
        path = written(tmp_path, content)
        tracemalloc.start()
        told = refusal(path)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert said in told
        assert most < 4 * 2**20


def test_a_gzip_file_cut_short_or_damaged(tmp_path: Path) -> None:
    packed = gzip.compress(CONTENT)
    assert "the gzip file is cut short\n" in refusal(written(tmp_path, packed[:-4]))
    assert "the gzip file is cut short\n" in refusal(written(tmp_path, packed[:5]))
    wrong_sum = packed[:-8] + bytes(4) + packed[-4:]
    assert "the gzip file is damaged: CRC check failed" in refusal(written(tmp_path, wrong_sum))
    assert "the gzip file is damaged: Not a gzipped file" in refusal(written(tmp_path, packed + b"more"))
    assert "the gzip file is damaged: Error -3" in refusal(written(tmp_path, packed[:10] + b"\xff" * 20))


@given(
    packed=st.booleans(),
    position=st.floats(0, 1, exclude_max=True),
    damage=st.binary(max_size=6),
    cut=st.integers(0, 6),
)
def test_damaged_bytes_are_refused_or_change_no_more_than_entries(
    tmp_path_factory: pytest.TempPathFactory, packed: bool, position: float, damage: bytes, cut: int
) -> None:
    content = gzip.compress(CONTENT, mtime=0) if packed else CONTENT
    at = int(position * len(content))
    damaged = content[:at] + damage + content[at + cut :]
    path = written(tmp_path_factory.mktemp("fuzz"), damaged)
    try:
        found = read_idx(path).array
    except DataFileError as error:
        assert f"in {path}" in str(error)  # noqa: PT017  some damage is refused, some touches entries only
    else:
        if packed:
            assert np.array_equal(found, ARRAY)
        else:
            assert idx_bytes(found) == damaged


@given(content=st.binary(max_size=40))
def test_any_bytes_are_an_array_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = written(tmp_path_factory.mktemp("fuzz"), b"\0\0" + content)
    try:
        found = read_idx(path)
    except DataFileError as error:
        assert f"in {path}" in str(error)  # noqa: PT017  nearly all are refused
    else:
        assert found.sha256 == hashlib.sha256(b"\0\0" + content).hexdigest()
