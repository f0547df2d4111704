"""Arrays of any library as NumPy's: whatever speaks `__array__` or DLPack, and the frames of pandas and polars.

Everything that is given to chainrule comes through `as_array`. No library is imported for it: what an object is, is
told by what it can do, a frame by its columns. What would be lost on the way, such as a mask, is refused. This module
does not look at values; see `network.samples` and `execute.inputs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError

AnyArray: TypeAlias = npt.NDArray[Any]
_CPU = 1
"""The device of DLPack that is the main memory."""
_KINDS = {"c": "complex numbers", "U": "text", "S": "text", "T": "text"}


def as_array(name: str, values: Any) -> AnyArray:
    """Return values as an array of numbers of whatever type they have, without a copy where the library allows it.

    Columns of a frame keep their order. A tensor that requires a gradient of its own library is taken without it.
    Raises InputError, which names the input, for text, objects, complex numbers, rows of different lengths, sparse or
    masked arrays, columns that hold no numbers, and tensors on another device.

    >>> as_array("x", [[1, 2], [3, 4]]).shape
    (2, 2)
    """
    if _is_frame(values):
        return _frame(name, values)
    _refuse_what_would_be_lost(name, values)
    array = _plain(name, values)
    if array.dtype.kind not in "biuf":
        raise _wrong_type(name, _kind(array, values), _conversion(name, array))
    return array


def _is_frame(values: Any) -> bool:
    """Say whether these are columns with names: a frame of pandas or polars, or one that looks like them."""
    # The columns last: a frame that was not collected yet warns when it is asked for them.
    return all(hasattr(values, part) for part in ("to_numpy", "columns", "dtypes"))


def _frame(name: str, frame: Any) -> AnyArray:
    columns = [(str(label), column) for label, column in _columns(frame)]
    arrays = [_column(name, label, column) for label, column in columns]
    if not arrays:
        raise InputError(f"{name} is a frame without columns", expected="a column for each feature")
    return np.stack(arrays, axis=1)


def _columns(frame: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the columns in order, by place: two may have one name."""
    if hasattr(frame, "iloc"):
        return ((label, frame.iloc[:, place]) for place, label in enumerate(frame.columns))
    return ((label, frame.get_column(label)) for label in frame.columns)


def _column(name: str, label: str, column: Any) -> AnyArray:
    array = np.asarray(column)
    if array.dtype.kind == "O" and all(isinstance(value, Real | Decimal) for value in array):
        array = array.astype(np.float64)
    if array.dtype.kind in "biuf":
        return array
    missing = _missing(column)
    if array.dtype.kind == "O" and missing is not None:
        raise InputError(
            f"the column {label!r} of {name} holds no number in row {missing}",
            expected="a number in every row",
            advice="Fill in what is missing, or leave out such rows or the column.",
        )
    raise InputError(
        f"the column {label!r} of {name} holds no numbers: its type is {column.dtype}",
        expected="numbers in every column",
        advice="Leave the column out, or write its values as numbers, such as 0 and 1 for two of them.",
    )


def _missing(column: Any) -> int | None:
    """Return the first row without a value in a column whose other values are numbers, None where there is no such."""
    values = list(column)
    missing = [not isinstance(value, int | float | np.number | np.bool_) for value in values]
    texts = any(isinstance(value, str | bytes) for value in values)
    return missing.index(True) if True in missing and not all(missing) and not texts else None


def _refuse_what_would_be_lost(name: str, values: Any) -> None:
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise InputError(
            f"{name} has masked entries",
            expected="a number in every entry",
            advice=f"Fill them: {name}.filled(0.0)",
        )
    if hasattr(values, "toarray") and not hasattr(values, "__array__"):
        raise InputError(
            f"{name} is a sparse array, {type(values).__name__}",
            expected="an array with all its entries",
            advice=f"{name}.toarray()",
        )
    if hasattr(values, "collect") and not hasattr(values, "__array__"):
        raise InputError(
            f"{name} is a {type(values).__name__}, which was not read yet",
            expected="a frame or an array",
            advice=f"{name}.collect()",
        )
    device = _device(values)
    if device is not None:
        raise InputError(
            f"{name} lies on another device, {device}",
            expected="an array in main memory",
            advice=f"Bring it there: {name}.cpu(), or what {type(values).__module__.partition('.')[0]} has for it.",
        )


def _device(values: Any) -> str | None:
    """Return the device of a tensor that cannot be read from here; a library that copies by itself is left to it."""
    tell = getattr(values, "__dlpack_device__", None)
    named = getattr(getattr(values, "device", None), "type", "cpu")
    if isinstance(named, str) and named != "cpu":
        return str(values.device)
    if tell is None or isinstance(values, np.ndarray) or type(values).__module__.partition(".")[0].startswith("jax"):
        return None
    try:
        kind, number = tell()
    except Exception:  # noqa: BLE001 -- whatever a library raises for what it cannot export: it may still convert it
        return None
    if int(kind) == _CPU:
        return None
    return str(getattr(values, "device", f"{int(kind)}:{number}"))


def _plain(name: str, values: Any) -> AnyArray:
    """Return an array as its library exports it."""
    if getattr(values, "requires_grad", False) and hasattr(values, "detach"):
        values = values.detach()
    if hasattr(values, "__dlpack__") and not hasattr(values, "__array__"):
        try:
            return np.from_dlpack(values)
        except (BufferError, RuntimeError, TypeError, ValueError) as error:
            raise _unreadable(name, values, error) from None
    if str(getattr(values, "dtype", "")).endswith("bfloat16"):
        values = values.float() if hasattr(values, "float") else np.asarray(values).astype(np.float32)
    try:
        return np.asarray(values)
    except ValueError as error:
        if isinstance(values, list | tuple):
            raise _wrong_type(name, "rows of different lengths") from None
        raise _unreadable(name, values, error) from None
    except (TypeError, RuntimeError, BufferError) as error:
        raise _unreadable(name, values, error) from None


def _unreadable(name: str, values: Any, error: Exception) -> InputError:
    what = f"{type(values).__module__.partition('.')[0]}.{type(values).__name__}"
    return InputError(
        f"{name}, a {what}, cannot be read as an array: {str(error).partition(chr(10))[0]}",
        expected="floats, integers or booleans in main memory",
        advice="Convert it before.",
    )


def _kind(array: AnyArray, values: Any) -> str:
    if array.dtype.kind == "O":
        if array.size and all(isinstance(value, str) for value in array.flat):
            return "text"
        # A list with a None in it is told by its None; whatever else it is made of, by what was given.
        if any(value is None for value in array.flat):
            return "objects (NoneType)"
        numbers = (
            isinstance(values, np.ndarray)
            and array.size > 0
            and all(isinstance(value, Real | Decimal) for value in array.flat)
        )
        return f"objects ({(type(array.flat[0]) if numbers else type(values)).__name__})"
    return _KINDS.get(array.dtype.kind, str(array.dtype))


def _conversion(name: str, array: AnyArray) -> str:
    """Return how an array becomes one of real numbers, where that is plain."""
    if array.dtype.kind == "c":
        return f"Its real parts: {name}.real"
    entries = array.ravel().tolist()
    try:
        np.asarray([float(entry) for entry in entries])
    except (TypeError, ValueError, OverflowError):
        texts = all(isinstance(entry, str | bytes) for entry in entries)
        return f"Number the classes: names, {name} = np.unique({name}, return_inverse=True)" if texts else ""
    are = "are" if all(isinstance(entry, Real | Decimal) for entry in entries) else "can be read as"
    return f"Its entries {are} numbers: np.asarray({name}).astype(float)"


def _wrong_type(name: str, found: str, advice: str = "Convert it before.") -> InputError:
    return InputError(
        f"{name} is not an array of real numbers: it holds {found}",
        expected="floats, integers or booleans",
        advice=advice,
    )
