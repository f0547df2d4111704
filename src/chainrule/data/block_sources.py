"""Samples that are read block by block, each small enough for memory, and anew for every epoch.

A source is rows of arrays that lie in files and are memory-mapped, a folder of archives (see `data_folders`), or an
iterable of batches. It knows nothing of what takes the samples, and checks nothing but that it can be read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from chainrule.data.interchange import as_array
from chainrule.errors import DataFileError, InputError, OptionError, escaped

_SEEN = 64
"""Rows, evenly spread, by which arrays that are not read whole are known again."""


@dataclass(frozen=True)
class Block:
    """Some samples as they were given, `x` and perhaps `y`, each an array or arrays by name.

    `where` says in an error which they are; `start` is the number of the first among all samples.
    """

    x: Any
    y: Any
    where: str
    start: int = 0

    def __len__(self) -> int:
        first = next(iter(self.x.values()), ()) if isinstance(self.x, Mapping) else self.x
        shape = getattr(first, "shape", None)
        return int(shape[0]) if shape else len(first) if shape is None and hasattr(first, "__len__") else 1

    def some(self, chosen: Any) -> Block:
        """Return the samples chosen by a slice or by marks."""
        return Block(_some(self.x, chosen), _some(self.y, chosen), self.where, self.start)


class BlockSource(Protocol):
    """What gives blocks: `count` samples in all, None where only an epoch tells."""

    @property
    def count(self) -> int | None:
        """The samples in all."""

    def blocks(self, rows: int, generator: np.random.Generator | None = None) -> Iterator[Block]:
        """Yield all samples in blocks, where their length is free of so many rows, in an order that is drawn."""

    def identity(self) -> str:
        """Return a text by which the same data are known again, without reading all of them."""


@dataclass(frozen=True)
class MappedRows:
    """Rows of arrays of which some lie in files: `x` and perhaps `y`, each an array or arrays by name."""

    x: Any
    y: Any
    count: int

    def blocks(self, rows: int, generator: np.random.Generator | None = None) -> Iterator[Block]:
        """Yield neighbouring rows, the blocks in an order that is drawn."""
        starts = np.arange(0, self.count, rows)
        for start in (starts if generator is None else generator.permutation(starts)).tolist():
            end = min(start + rows, self.count)
            chosen = slice(start, end)
            self._check_files()
            yield Block(_some(self.x, chosen), _some(self.y, chosen), f"in samples {start:,} to {end - 1:,}", start)

    def _check_files(self) -> None:
        """Raise DataFileError where a file became shorter than its array: to read beyond its end ends the process."""
        for part in (self.x, self.y):
            for array in part.values() if isinstance(part, Mapping) else (part,):
                file = mapped_file(array)
                if file is None or file.filename is None:
                    continue
                path = Path(file.filename)
                if not path.is_file() or path.stat().st_size < file.offset + file.nbytes:
                    raise DataFileError(
                        "the file was cut short since it was memory-mapped", where=f"in {escaped(path)}"
                    )

    def identity(self) -> str:
        """Return names, shapes and types, and a hash of some rows."""
        digest = hashlib.sha256()
        rows = np.unique(np.linspace(0, self.count - 1, _SEEN).astype(np.int64))
        for part in (self.x, self.y):
            for name, array in part.items() if isinstance(part, Mapping) else (("", part),):
                if array is not None:
                    found = np.asarray(array)
                    digest.update(f"{name} {found.shape} {found.dtype.str}\n".encode())
                    digest.update(np.ascontiguousarray(found[rows]).tobytes())
        return digest.hexdigest()


class Batches:
    """Samples from an iterable of batches that begins anew for every epoch, such as a DataLoader of PyTorch.

    `batches` is such an iterable, or a function without arguments that returns an iterator. Each batch is a pair
    (x, y), or arrays by name, or an array where nothing else is needed; its length does not matter. The order is kept,
    and shuffled within what is held in memory. `samples` says how many there are in all, which learning rates that
    follow a schedule need.

    >>> made = Batches(lambda: ((np.zeros((4, 2)), np.zeros(4, int)) for _ in range(3)), samples=12)
    >>> [len(block) for block in made.blocks(4)]
    [4, 4, 4]
    """

    def __init__(self, batches: Iterable[Any] | Callable[[], Iterable[Any]], *, samples: int | None = None) -> None:
        if hasattr(batches, "__next__"):
            raise used_up("batches", batches)
        if not callable(batches) and not hasattr(batches, "__iter__"):
            raise OptionError(
                f"batches are a {type(batches).__name__}",
                expected="an iterable of batches, or a function that returns one",
            )
        if samples is not None and (type(samples) is not int or samples < 1):
            raise OptionError(f"samples is {samples!r}", expected="a whole number, 1 or more")
        self._batches = batches
        self._samples = samples

    @property
    def count(self) -> int | None:
        """The samples in all, as far as that was said."""
        return self._samples

    def blocks(self, rows: int, generator: np.random.Generator | None = None) -> Iterator[Block]:
        """Yield the batches as they come; raises InputError for another number of samples than was said."""
        made = iter(self._begun())
        seen = 0
        for number, batch in enumerate(made, start=1):
            block = Block(*_pair(batch, number), f"in batch {number}", seen)
            seen += len(block)
            yield block
        if not seen:
            raise InputError("the iterable gives no samples", expected="one sample or more, again for every epoch")
        if self._samples is not None and seen != self._samples:
            raise InputError(
                f"the batches have {seen:,} samples", expected=f"{self._samples:,}, as Batches(…, samples=…) says"
            )

    def _begun(self) -> Iterable[Any]:
        if hasattr(self._batches, "__iter__"):
            return self._batches
        made = self._batches()
        if not hasattr(made, "__iter__"):
            raise InputError(f"the function returns a {type(made).__name__}", expected="an iterable of batches")
        return made

    def identity(self) -> str:
        """Return how many samples there are: nothing else is known without reading them."""
        return f"batches, {self._samples} samples"


@dataclass(frozen=True)
class ChosenRows:
    """Those of the samples of a source that are marked."""

    source: BlockSource
    marks: npt.NDArray[np.bool_]

    @property
    def count(self) -> int:
        """The samples in all."""
        return int(np.count_nonzero(self.marks))

    def blocks(self, rows: int, generator: np.random.Generator | None = None) -> Iterator[Block]:
        """Yield what is marked of each block."""
        for block in self.source.blocks(rows, generator):
            yield block.some(self.marks[block.start : block.start + len(block)])

    def identity(self) -> str:
        """Return the identity of the source and of the marks."""
        return f"{self.source.identity()} {hashlib.sha256(np.packbits(self.marks).tobytes()).hexdigest()}"


def used_up(name: str, given: object) -> InputError:
    """Return the error for an iterator, which the first epoch would use up."""
    return InputError(
        f"{name} is a {type(given).__name__}, which is used up after one epoch",
        expected="an iterable that begins anew, such as a list or a DataLoader, or a function that returns an iterator",
        advice="Give the function that makes it: cr.Batches(lambda: …)",
    )


def mapped_file(value: object) -> np.memmap[Any, Any] | None:
    """Return the array in a file that an array is a part of, None where it lies in memory."""
    found = None
    while isinstance(value, np.ndarray):
        found = value if isinstance(value, np.memmap) else found
        value = value.base
    return found


def mapped_rows(x: Any, y: Any) -> MappedRows | None:
    """Return rows where one of the arrays lies in a file, None for arrays in memory, and where none has rows."""
    parts = [value for part in (x, y) for value in (part.values() if isinstance(part, Mapping) else (part,))]
    if all(mapped_file(value) is None for value in parts):
        return None
    x, y = _as_arrays(x, "x"), _as_arrays(y, "y")
    arrays = [
        a for part in (x, y) if part is not None for a in (part.values() if isinstance(part, Mapping) else (part,))
    ]
    counts = {array.shape[0] if array.ndim else 0 for array in arrays}
    return MappedRows(x, y, counts.pop()) if len(counts) == 1 and 0 not in counts else None


def _as_arrays(part: Any, name: str) -> Any:
    if part is None:
        return None
    if isinstance(part, Mapping):
        return {key: as_array(str(key), value) for key, value in part.items()}
    return as_array(name, part)


def _some(part: Any, chosen: Any) -> Any:
    if part is None:
        return None
    if isinstance(part, Mapping):
        return {name: array[chosen] for name, array in part.items()}
    return part[chosen]


def _pair(batch: Any, number: int) -> tuple[Any, Any]:
    """Return a batch as x and y."""
    if isinstance(batch, tuple | list) and len(batch) in (1, 2):
        return (batch[0], batch[1] if len(batch) == 2 else None)
    if isinstance(batch, tuple | list):
        raise InputError(
            f"batch {number} is a {type(batch).__name__} of {len(batch)}",
            expected="a pair (x, y), or a dict of arrays by name",
        )
    return batch, None


def iterable_of(value: object) -> bool:
    """Say whether something is an iterable of batches: a list of dicts, or no array, frame, list, dict or text."""
    if isinstance(value, list | tuple):
        return bool(value) and isinstance(value[0], Mapping)
    array = any(hasattr(value, part) for part in ("__array__", "__dlpack__", "__getitem__", "to_numpy", "toarray"))
    return hasattr(value, "__iter__") and not array
