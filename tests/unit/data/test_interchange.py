"""Arrays of other libraries: what they can do is enough, and what would be lost on the way is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.data.interchange import as_array
from chainrule.errors import InputError
from unit.network.builders import classifier, clusters


class Exported:
    """Speaks DLPack and nothing else."""

    def __init__(self, values: Any, device: int = 1) -> None:
        self._values = np.asarray(values)
        self._device = device

    def __dlpack__(self, **options: Any) -> Any:
        if self._device == 7:
            raise BufferError("the tensor cannot be exported")
        return self._values.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1 if self._device == 7 else self._device, 0)


class Converted:
    """Has `__array__` and nothing else."""

    def __init__(self, values: Any) -> None:
        self._values = np.asarray(values)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self._values if dtype is None else self._values.astype(dtype)


class Watched(Converted):
    """Refuses to be an array as long as it is watched, as tensors of PyTorch that require a gradient do."""

    requires_grad = True

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")

    def detach(self) -> Converted:
        return Converted(self._values)


class Sparse:
    """A sparse array."""

    def toarray(self) -> np.ndarray:
        return np.eye(2)


@pytest.mark.parametrize("kind", [Exported, Converted, Watched])
def test_what_can_be_an_array_is_one(kind: Any) -> None:
    found = as_array("x", kind([[1.0, 2.0], [3.0, 4.0]]))
    assert found.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert as_array("y", kind([1, 2])).dtype == np.int64


def test_an_array_is_not_copied() -> None:
    values = np.arange(6.0).reshape(2, 3)
    assert as_array("x", values) is values
    assert np.shares_memory(as_array("x", Exported(values)), values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            Exported([1.0], device=2),
            "x lies on another device, 2:0\n  an array in main memory\n  Bring it there: x",
        ),
        (Exported([1.0], device=7), "Exported, cannot be read as an array: the tensor cannot be exported"),
        (Sparse(), "x is a sparse array, Sparse\n  an array with all its entries\n  x.toarray()"),
        (np.ma.masked_array([1.0, 2.0], [False, True]), "x has masked entries\n  a number in every entry"),
        ([[1.0], [1.0, 2.0]], "it holds rows of different lengths"),
        (np.array(["a", "b"], object), "it holds text"),
        (["a"], "it holds text"),
        (None, "it holds objects (NoneType)"),
        ([None, 1], "it holds objects (NoneType)"),
        ([1j], "it holds complex numbers"),
    ],
)
def test_what_is_refused(values: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        as_array("x", values)
    assert said in str(caught.value)


def test_a_masked_array_without_masked_entries_is_an_array() -> None:
    assert as_array("x", np.ma.masked_array([1.0, 2.0], False)).tolist() == [1.0, 2.0]


class Column:
    """One column of a frame."""

    def __init__(self, values: list[Any]) -> None:
        self.values = np.asarray(values)
        self.dtype = self.values.dtype

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.values

    def __iter__(self) -> Any:
        return iter(self.values)


class Frame:
    """A frame, as polars has them."""

    def __init__(self, **columns: list[Any]) -> None:
        self._columns = {name: Column(values) for name, values in columns.items()}
        self.columns = list(columns)
        self.dtypes = [column.dtype for column in self._columns.values()]

    def get_column(self, name: str) -> Column:
        return self._columns[name]

    def to_numpy(self) -> np.ndarray:
        raise AssertionError("columns are read one by one, so that errors can name them")


def test_the_columns_of_a_frame_keep_their_order() -> None:
    frame = Frame(width=[1.5, 2.5, 3.5], height=[4, 5, 6], old=[True, False, True])
    assert as_array("x", frame).tolist() == [[1.5, 4, 1], [2.5, 5, 0], [3.5, 6, 1]]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (Frame(a=[1.0], name=["Eve"]), "the column 'name' of x holds no numbers: its type is <U3"),
        (Frame(), "x is a frame without columns"),
        (Frame(a=[1.0, None, 2]), "the column 'a' of x holds no number in row 1\n  a number in every row"),
    ],
)
def test_a_column_without_numbers_is_named(frame: Frame, said: str) -> None:
    with pytest.raises(InputError) as caught:
        as_array("x", frame)
    assert said in str(caught.value)


def test_everything_that_takes_arrays_takes_them() -> None:
    x, labels = clusters(12)
    network, same = classifier(), classifier()
    cr.train(network, Exported(x), Converted(labels), epochs=1)
    cr.train(same, x, labels, epochs=1)
    assert np.array_equal(network.params["W1"], same.params["W1"])
    assert np.array_equal(network.predict(Watched(x)), network.predict(x))
    assert network.accuracy(Exported(x), Exported(labels)) == network.accuracy(x, labels)
    foreign = {**network.params, "x": Exported(x), "y": Watched(np.eye(3)[labels]), "W1": Watched(network.params["W1"])}
    plain = {**network.params, "x": x, "y": np.eye(3)[labels]}
    assert cr.value_and_grad(network.system, foreign)[0] == cr.value_and_grad(network.system, plain)[0]
    assert np.array_equal(cr.evaluate(network.system, foreign)["a2"], cr.evaluate(network.system, plain)["a2"])
    told = cr.explain(network, {"x": Exported(x), "y": Exported(labels)}, "z1", {"j": 0}, 3)
    assert str(told) == str(cr.explain(network, {"x": x, "y": labels}, "z1", {"j": 0}, 3))
    assert str(cr.explain(network.system, foreign, "z1", {"j": 0}, 3)) == str(told)
    assert bool(cr.gradient_check(network.system, foreign))
    made = cr.Network.from_system(network.system, {n: Watched(a) for n, a in network.params.items()}, output="a2")
    assert np.array_equal(made.predict(x), network.predict(x))
