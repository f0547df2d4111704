"""Arrays and frames of the libraries themselves: PyTorch, JAX, pandas, polars and SciPy, where they are installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.data.interchange import as_array
from chainrule.errors import InputError
from unit.network.builders import classifier, clusters

pytestmark = pytest.mark.oracle
X, LABELS = clusters(6)


def check(x: Any, labels: Any) -> None:
    network = classifier()
    assert np.array_equal(network.predict(x), network.predict(X))
    assert network.accuracy(x, labels) == network.accuracy(X, LABELS)


def refusal(values: Any) -> str:
    with pytest.raises(InputError) as caught:
        as_array("x", values)
    return str(caught.value)


def test_pytorch() -> None:
    torch = pytest.importorskip("torch")
    check(torch.tensor(X), torch.tensor(LABELS))
    check(torch.tensor(X, requires_grad=True), torch.tensor(LABELS))
    check(torch.tensor(X.T.copy()).T, torch.tensor(LABELS))
    assert "x lies on another device, meta" in refusal(torch.zeros(2, device="meta"))
    assert as_array("x", torch.tensor([1.5, 2.0], dtype=torch.bfloat16)).tolist() == [1.5, 2.0]
    assert "cannot be read as an array" in refusal(torch.eye(2).to_sparse())


def test_jax() -> None:
    jax = pytest.importorskip("jax")
    x = jax.numpy.asarray(X.astype(np.float32))
    assert np.array_equal(as_array("x", x), X.astype(np.float32))
    check(np.asarray(X), jax.numpy.asarray(LABELS))


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["d", "c", "b", "a"], index=[7, 6, 5, 4, 3, 2])
    check(frame, pandas.Series(LABELS))
    check(frame.astype("Float64"), pandas.Series(LABELS, dtype="Int64"))
    frame.columns = ["a", "a", "b", "b"]
    check(frame, pandas.Series(LABELS))
    assert "the column 'kind' of x holds no numbers" in refusal(frame.assign(kind=["u"] * 6))
    assert "the column 'kind' of x holds no numbers: its type is category" in refusal(
        frame.assign(kind=pandas.Categorical(["u"] * 6))
    )
    whole = pandas.DataFrame({"n": pandas.array([1, None, 3], dtype="Int64")})
    assert np.array_equal(as_array("x", whole), [[1.0], [np.nan], [3.0]], equal_nan=True)
    check(frame.astype(object), pandas.Series(LABELS))


def test_polars() -> None:
    polars = pytest.importorskip("polars")
    money = polars.DataFrame({"m": ["1.5", "2"]}).with_columns(polars.col("m").cast(polars.Decimal(8, 2)))
    assert as_array("x", money).tolist() == [[1.5], [2.0]]
    assert "x is a LazyFrame, which was not read yet\n  a frame or an array\n  x.collect()" in refusal(money.lazy())
    frame = polars.DataFrame({name: X[:, place] for place, name in enumerate("dcba")})
    check(frame, polars.Series(LABELS))
    assert "the column 'kind' of x holds no numbers: its type is String" in refusal(
        frame.with_columns(kind=polars.lit("u"))
    )


def test_scipy() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    assert "x is a sparse array" in refusal(sparse.csr_matrix(X))
