"""Data for a network of any system: arrays of an .npz by the names of the data, or the images of digits and mnist.

`mask` is what is learned from, as `mask_train` is; `mask_validation` and `mask_test` are for validating and testing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.cli.sources import check_data_dir, read_dataset
from chainrule.data.archive import array_names, read_archive
from chainrule.data.dataset import Dataset
from chainrule.data.part_names import parts_of, unread
from chainrule.errors import DataFileError, OptionError, listed
from chainrule.network.network import Network
from chainrule.network.step_names import steps_named

Array = npt.NDArray[Any]
Arrays = dict[str, Array]
_NAMED = ("digits", "mnist")


@dataclass(frozen=True)
class Parts:
    """Data by name, or folders of such: what is learned from, and perhaps others to validate with and to test on.

    `unread` are the arrays of the file that nothing is done with.
    """

    name: str
    train: Arrays | Path
    validation: Arrays | Path | None = None
    test: Arrays | Path | None = None
    unread: tuple[str, ...] = ()

    @property
    def shown(self) -> Arrays | Path:
        """What a network is shown on: data to test on, where there are any."""
        return self.train if self.test is None else self.test


def is_named(source: str, names: Sequence[str]) -> bool:
    """Say whether a file is an .npz with an array for each of the names, and they are not those of rows, x and y."""
    if Path(source).suffix != ".npz" or set(names) <= {"x", "y"}:
        return False
    try:
        found = array_names(Path(source))
    except DataFileError:
        return False
    return all(any(part in found for part in parts_of([name])) for name in names)


def values_in(path: Path, names: Sequence[str], others: Sequence[str]) -> Arrays:
    """Return those params and consts that a file has arrays for; it may have `others`."""
    try:
        found = read_archive(path, [*names, *others]) if path.suffix == ".npz" and names else {}
    except DataFileError:  # it is told with the data, which are read from the same file
        return {}
    return {name: found[name] for name in names if name in found}


def read_parts(source: str, network: Network, data_dir: Path | None) -> Parts:
    """Return the data that a source has for a network. Raises OptionError and DataFileError, which name it."""
    if source in _NAMED:
        return _images(read_dataset(source, data_dir), network)
    check_data_dir(source, data_dir)
    path = Path(source)
    if path.is_dir():
        return _folders(path)
    if not path.is_file():
        expected = "digits, mnist, a file of named arrays, .npz, or a folder of such files"
        raise OptionError(f"{source} cannot be read: there is no such file", expected=expected)
    try:
        there = array_names(path)
        wanted = _stacked(network.ends.data, there)
        arrays = _read(path, wanted, network)
        train = _part(arrays, wanted, ("", "_train"), there)
        if train is None:
            raise _missing(arrays, wanted, path, there)
        validation, test = (_part(arrays, wanted, (f"_{part}",), there) for part in ("validation", "test"))
        left = unread(there, wanted, [str(name) for name in network.system.names()])
    except DataFileError as error:
        raise error.inside(path) from error.__cause__
    return Parts(path.stem, train, validation, test, left)


def read_shown(source: str, network: Network, data_dir: Path | None, needed: Sequence[str]) -> tuple[Arrays, str]:
    """Return the data to try a network on, and what they are in words: those to test on, where there are any."""
    if source in _NAMED:
        parts = read_parts(source, network, data_dir)
        assert not isinstance(parts.shown, Path)
        return parts.shown, f"the test samples, {parts.name}"
    check_data_dir(source, data_dir)
    path = Path(source)
    try:
        there = array_names(path)
        needed = _stacked(needed, there)
        arrays = _read(path, needed, network)
        unread(there, network.ends.data, [str(name) for name in network.system.names()])
        for endings in (("_test",), ("",), ("_train",)):
            found = _part(arrays, needed, endings, there)
            if found is not None:
                return found, source
        raise _missing(arrays, needed, path, there)
    except DataFileError as error:
        raise error.inside(path) from error.__cause__


def _folders(path: Path) -> Parts:
    """Return a folder, or the folders train, validation and test in it."""
    inner = {part: path / part for part in ("train", "validation", "test") if (path / part).is_dir()}
    if "train" not in inner:
        return Parts(path.name, path)
    return Parts(path.name, inner["train"], inner.get("validation"), inner.get("test"))


def _read(path: Path, wanted: Sequence[str], network: Network) -> Arrays:
    """Return the arrays of a file that are parts of the data wanted; others of the system may be there too."""
    names = parts_of(wanted)
    arrays = read_archive(path, list(dict.fromkeys((*names, *network.system.names()))))
    return {name: arrays[name] for name in names if name in arrays}


def _stacked(names: Sequence[str], there: Sequence[str]) -> tuple[str, ...]:
    """Return names with one for all steps, x for x1, x2, x3, where the file has an array of that name."""
    found = {
        tensor: stem
        for stem, members in steps_named(names).items()
        if any(part in there for part in parts_of([stem]))
        for _, tensor in members
    }
    return tuple(dict.fromkeys(found.get(name, name) for name in names))


def _part(
    arrays: Mapping[str, Array], wanted: Sequence[str], endings: Sequence[str], there: Sequence[str]
) -> Arrays | None:
    """Return one part of all data that are wanted, None where none of it is there. Raises DataFileError for a half.

    `there` are the names of all arrays in the file.
    """
    found = {}
    for name in wanted:
        given = next((f"{name}{ending}" for ending in endings if f"{name}{ending}" in arrays), None)
        if given is not None:
            found[name] = arrays[given]
    if not found:
        return None
    missing = [f"{name}{endings[0]}" for name in wanted if name not in found]
    if missing:
        raise DataFileError(
            f"there is no array {missing[0]}",
            expected="an array for each of " + listed(f"{name}{endings[0]}" for name in wanted),
            advice=_has(there, missing[0], arrays),
        )
    return found


def _has(there: Sequence[str], missing: str, read: Mapping[str, Array]) -> str:
    """Return what a file has, and which of it may be the array that is missing."""
    near = get_close_matches(missing, [name for name in there if name not in read], 1)
    has = f"The file has {listed(there)}."
    return f"{has} If {near[0]} is meant, rename it {missing}." if near else has


def _missing(arrays: Mapping[str, Array], wanted: Sequence[str], path: Path, there: Sequence[str]) -> DataFileError:
    given = listed(f"{name}={name}" for name in wanted)
    return DataFileError(
        f"the file has {listed(there)} only" if arrays else f"the file has none of the data: it has {listed(there)}",
        expected="an array for each of " + listed(wanted),
        advice=f"Write one with np.savez('{path.name}', {given})",
    )


def _images(data: Dataset, network: Network) -> Parts:
    """Return images and labels for a network of one input and one target."""
    ends = network.ends
    if len(ends.inputs) != 1 or len(ends.targets) != 1:
        raise OptionError(
            f"{data.name} has images and labels, and the network takes {listed(ends.data)}",
            expected="a network of one input and one target",
            advice="Give a file with an array for each: FILE.npz",
        )
    (x,), (y,) = ends.inputs, ends.targets

    def named(samples: Any, answers: Any) -> Arrays | None:
        return None if samples is None else {x: shaped(network, x, samples, data.sample_shape), y: np.asarray(answers)}

    train = named(data.x_train, data.y_train)
    assert train is not None
    return Parts(data.name, train, named(data.x_validation, data.y_validation), named(data.x_test, data.y_test))


def shaped(network: Network, name: str, samples: Array, shape: Sequence[int] = ()) -> Array:
    """Return samples in rows with the axes that the network's data have, as far as their extents are known."""
    axes = network.system.axes(name)
    known = [network.sizes.get(i.extent) for i in axes]
    if len(axes) > len(shape) or len(shape) == 1:
        shape = (1,) * (len(axes) - len(shape)) + tuple(shape)
    if None not in known:
        shape = [n for n in known if n is not None]
    if len(axes) < 2 or len(shape) != len(axes) or int(np.prod(shape)) != samples[:1].size:
        return samples
    return samples.reshape(len(samples), *shape)
