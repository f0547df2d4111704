"""Checkpoints: after each epoch, all that training needs to go on to the same bits, in one file, whole or not at all.

The file has the form of a saved network: safetensors with a checksum. Beside the tensors it holds what the training was
of, so that another one cannot go on with it by mistake. Nothing in a file is executed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import OptionError, escaped, listed
from chainrule.network.files import CHECKPOINT, FileFormat, read_file, refused, write_file
from chainrule.training.history import METRICS, Epoch
from chainrule.training.stopping import Best
from chainrule.training.streamed import AnySamples, StreamedSamples

Array = npt.NDArray[np.float64]
KIND = FileFormat(CHECKPOINT, ("settings", "epochs", "generator", "best"), "no checkpoint of chainrule", "training")
_KEPT, _BEST = "kept/", "best/"
_VALUES, _PRESENT = "epochs/values", "epochs/present"
"""The epochs, a row each: as texts, ten thousand of them would take longer to write than to run."""
UPDATES = "the optimizer's updates"
LENGTH = "the number of epochs that its learning rates are spread over"
"""Names among the settings; the second is there only where the updates depend on it."""
_LONG = 40
"""Texts longer than that, such as fingerprints, are not shown."""


@dataclass(frozen=True)
class Checkpoint:
    """Where a training is after a whole epoch.

    `settings` says what it is a training of; `kept` is every tensor that a step changes, `generator` the state of the
    generator that draws the order of the samples.
    """

    settings: Mapping[str, Any]
    epochs: tuple[Epoch, ...]
    generator: Mapping[str, Any]
    kept: Mapping[str, Array]
    best: Best


def write_checkpoint(path: str | Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, all of it or nothing. Raises OptionError where it cannot be written."""
    best = checkpoint.best
    names = _columns(checkpoint.epochs)
    rows = [[_number(epoch, name) for name in names] for epoch in checkpoint.epochs]
    facts = {
        "settings": json.dumps(dict(checkpoint.settings)),
        "epochs": json.dumps(names),
        "generator": json.dumps(dict(checkpoint.generator)),
        "best": json.dumps({"number": best.number, "value": best.value}),
    }
    tensors = {_KEPT + name: array for name, array in checkpoint.kept.items()}
    tensors |= {_BEST + name: array for name, array in (best.params or {}).items()}
    tensors[_VALUES] = np.array([[value or 0.0 for value in row] for row in rows]).reshape(len(rows), len(names))
    tensors[_PRESENT] = np.array([[value is not None for value in row] for row in rows], np.float64)
    write_file(path, KIND, facts, tensors)


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint. Raises ModelFileError, which names the file, if it is damaged, altered or something else."""
    facts, tensors = read_file(path, KIND)
    try:
        settings, names, generator, best = (json.loads(facts[key]) for key in KIND.keys)
        kept, params = (
            {name.removeprefix(part): array for name, array in tensors.items() if name.startswith(part)}
            for part in (_KEPT, _BEST)
        )
        made = _epochs(names, tensors[_VALUES], tensors[_PRESENT])
        found = Best(int(best["number"]), float(best["value"]), params or None)
        return Checkpoint(dict(settings), made, dict(generator), kept, found)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise refused(path, f"the checkpoint in the file makes no sense: {error}") from None


def _epochs(names: Sequence[str], values: Array, present: Array) -> tuple[Epoch, ...]:
    """Return the epochs of a table with a column for each name. Raises ValueError where it is none."""
    if values.shape != present.shape or values.ndim != 2 or values.shape[1] != len(names):
        raise ValueError(f"the epochs have the shape {list(values.shape)}, and {len(names)} names")
    rows = zip(values.tolist(), present.tolist(), strict=True)
    told: Iterator[dict[str, Any]] = (
        {name: value if there else None for name, value, there in zip(names, *row, strict=True)} for row in rows
    )
    return tuple(_epoch(row) for row in told)


def _columns(epochs: Sequence[Epoch]) -> list[str]:
    """Return the names of the numbers of epochs; metrics have the name of their field in front."""
    plain = [field.name for field in fields(Epoch) if field.name not in METRICS]
    return plain + list(
        dict.fromkeys(f"{name}/{one}" for epoch in epochs for name in METRICS for one in getattr(epoch, name))
    )


def _number(epoch: Epoch, name: str) -> float | None:
    kind, _, metric = name.partition("/")
    found: float | None = getattr(epoch, kind).get(metric) if metric else getattr(epoch, kind)
    return found


def _epoch(row: Mapping[str, Any]) -> Epoch:
    plain = {name: value for name, value in row.items() if "/" not in name}
    metrics: dict[str, dict[str, float]] = {name: {} for name in METRICS}
    for name, value in row.items():
        kind, _, metric = name.partition("/")
        if metric and value is not None:
            metrics[kind][metric] = value
    return Epoch(**plain, metrics=metrics["metrics"], validation_metrics=metrics["validation_metrics"])


def put_generator(path: str | Path, generator: np.random.Generator, state: Mapping[str, Any]) -> None:
    """Set the state of a generator. Raises ModelFileError where it is none."""
    try:
        generator.bit_generator.state = dict(state)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise refused(path, f"the generator's state in the file makes no sense: {error}") from None


def check_tensors(path: str | Path, found: Mapping[str, Array], expected: Mapping[str, Array]) -> None:
    """Raise ModelFileError unless the tensors are those of a training, by name and shape, and finite."""
    shapes = [{name: array.shape for name, array in tensors.items()} for tensors in (found, expected)]
    if shapes[0] != shapes[1]:
        there, here = (
            listed(f"{name} {list(shape)}" for name, shape in sorted(one.items() - other.items()))
            for one, other in (shapes, shapes[::-1])
        )
        what = f"the checkpoint holds {there or ('less' if found else 'nothing')}"
        raise refused(path, what, expected=here or "nothing else")
    for name, array in found.items():
        if not np.isfinite(array).all():
            raise refused(path, f"{name} holds numbers that are not finite")


def check_settings(path: str | Path, found: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Raise OptionError, which names the first difference, where a checkpoint is of another training."""
    for name, value in asked.items():
        there = found.get(name)
        if there != value and name != LENGTH:
            if name == UPDATES:
                _check_length(path, found.get(LENGTH), asked.get(LENGTH))
            short = isinstance(value, str) and (len(value) > _LONG or "\n" in value)
            what = f"{name} differ" if short else f"{name} is {_text(there)} there and {_text(value)} here"
            raise OptionError(
                f"the checkpoint is of another training: {what}",
                where=f"in {escaped(path)}",
                expected="the same network, data and settings as before; epochs, threads and callbacks may differ",
                advice="Give what was given then, or another file to begin anew.",
            )


def _check_length(path: str | Path, there: Any, here: Any) -> None:
    """Raise OptionError where updates differ for the number of epochs, which says more than that they differ."""
    if there is not None and here is not None and there != here:
        raise OptionError(
            f"the checkpoint is of another training: {LENGTH} is {there} there and {here} here",
            where=f"in {escaped(path)}",
            expected="the same network, data and settings as before; threads and callbacks may differ",
            advice=f"Give {there} epochs, as then. To train for longer, give the schedule the length that it had:\n"
            "epochs=… of the schedule, on the command line --decay-epochs and --warm-up-epochs.",
        )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def fingerprint(*parts: AnySamples | str | None) -> str:
    """Return a hash of samples and texts: other data, another hash. Names count where there are more than x and y.

    Samples that are read block by block are known by what their source tells of itself.
    """
    digest = hashlib.sha256()
    for part in parts:
        arrays = {} if part is None or isinstance(part, str) else part.first
        streamed = isinstance(part, StreamedSamples)
        shapes = [a.shape[1:] if streamed else a.shape for a in arrays.values()]
        digest.update(f"{type(part).__name__} {shapes}\n".encode())
        if len(arrays) != 2:
            digest.update(f"{list(arrays)}\n".encode() if arrays else b"")
        if isinstance(part, str):
            digest.update(part.encode())
        if isinstance(part, StreamedSamples):
            digest.update(part.source.identity().encode())
            continue
        for array in arrays.values():
            digest.update(np.ascontiguousarray(array, "<f8").reshape(-1).data)
    return digest.hexdigest()
