"""What `predict` and `evaluate` work on: samples, with or without answers, from a name or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chainrule.cli.named_arrays import Arrays, is_named, read_shown, shaped
from chainrule.cli.sources import check_data_dir, read_dataset
from chainrule.data.archive import read_array
from chainrule.data.arrays import load_pair
from chainrule.data.dataset import Dataset, Samples
from chainrule.data.sample_files import load_samples
from chainrule.errors import OptionError, listed
from chainrule.network.network import Network

NAMED = ("digits", "mnist")


def samples_of(source: str, data_dir: Path | None, network: Network) -> tuple[Samples | Arrays, str]:
    """Return samples, by name where the network has several data, and what they are in words.

    Of digits and mnist they are those to test with.
    """
    needed = [name for name in network.ends.inputs if name in network.forward.declared]
    if len(needed) != 1:
        _check_file(source, data_dir, "an .npz with an array for each of " + listed(needed))
        return read_shown(source, network, data_dir, needed)
    if source in NAMED:
        data = read_dataset(source, data_dir)
        x, shape = data.shown[0], data.sample_shape
        return shaped(network, needed[0], x, shape), f"the test samples, {data.name}"
    _check_file(source, data_dir, "digits, mnist, or a file of samples: .npz, .npy or .csv")
    if len(network.system.axes(needed[0])) != 1 or is_named(source, needed):
        return _as_they_are(source, network, needed[0]), source
    return load_samples(source), source


def _as_they_are(source: str, network: Network, name: str) -> Arrays:
    """Return the samples of a network whose data are no rows, with the axes that they have in the file."""
    if source.endswith(".csv"):
        return {name: shaped(network, name, load_samples(source))}
    if source.endswith(".npy"):
        return {name: read_array(Path(source))}
    return read_shown(source, network, None, [name])[0]


def pair_of(source: str, data_dir: Path | None, network: Network) -> tuple[Any, Any, str]:
    """Return samples and answers, or all data by name and None, and what they are in words: those to test with."""
    ends = network.ends
    rows = [len(network.system.axes(name)) for name in ends.data] == [1, 1] and len(ends.targets) == 1
    if source in NAMED and rows:
        data: Dataset = read_dataset(source, data_dir)
        return *data.shown, f"the test samples, {data.name}"
    if source not in NAMED:
        expected = "digits, mnist, or an .npz with x_test and y_test, x and y, or x_train and y_train"
        _check_file(source, data_dir, expected)
    if rows and not is_named(source, ends.data):
        return *load_pair(source), source
    found, name = read_shown(source, network, data_dir, ends.data)
    return found, None, name


def _check_file(source: str, data_dir: Path | None, expected: str) -> None:
    check_data_dir(source, data_dir)
    if not Path(source).is_file():
        what = "it is a folder" if Path(source).is_dir() else "there is no such file"
        raise OptionError(f"{source} cannot be read: {what}", expected=expected)
