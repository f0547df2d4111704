"""A saved network: a safetensors file with the params, and the notation in its metadata.

Loading reads numbers and text; nothing in a file is executed. A checksum over all of it tells a damaged or altered
file, which is refused by name. What the notation and the numbers must fulfil as a network is checked by `network`.
Files of other kinds have the same form: see `write_file` and `read_file`.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from chainrule.errors import ModelFileError, escaped
from chainrule.network.atomic import write_atomically
from chainrule.network.params import as_type

Array = npt.NDArray[Any]
FLOAT64 = np.dtype(np.float64)
Fact: TypeAlias = str | int | float
FORMAT, CHECKPOINT, VERSION = "chainrule", "chainrule-checkpoint", "1"
KEYS = ("notation", "output", "updates", "layers", "cost")
"""What a file says about the network, beside its format, version and checksum."""
MASKS, OUTPUTS, SEED, TOLD = "masks", "outputs", "seed", "extents"
"""What the file of a network says that has masks, another number of outputs than one, params that wait for data, or
extents that only the targets told."""
FROZEN, LAYER_OUTPUTS = "frozen", "layer outputs"
"""What the file of a network says of which params are frozen, or which is made of layers."""
TENSORS = ("float64", "float32")
"""In what a network may be written; a checkpoint has float64 alone."""


@dataclass(frozen=True)
class FileFormat:
    """A kind of file: its format, the texts that it must hold, and in words what it is and who writes it.

    `types` are those that its tensors may have.
    """

    format: str
    keys: tuple[str, ...]
    what: str
    writer: str
    types: tuple[str, ...] = TENSORS[:1]


MODEL = FileFormat(FORMAT, KEYS, "no network of chainrule", "Network.save", TENSORS)


OTHERS: Mapping[str, tuple[str, str]] = {
    FORMAT: (
        "a saved network",
        "Such a network is read by cr.load and chainrule show; a checkpoint is written where training is given one.",
    ),
    CHECKPOINT: (
        "a checkpoint of a training",
        "Training goes on with chainrule train … --checkpoint FILE --resume; with --save it leaves a network.",
    ),
}
"""What a file of another kind is, by its format, and what it is good for."""


@dataclass(frozen=True)
class Saved:
    """What a file holds. `updates` are the lines of the optimizer; `layers` and `cost` are names for people only.

    `values` are params and consts. `trained` is what is known of its training, by name; `masks` are the data that the
    trainer draws: the file of a network without any says nothing of them. `seed` draws the params that only data will
    tell the extents of, where there are any. `told` are extents that only targets told: the tensor, its axis, and how
    many. `frozen` are the params that are not trained; `layer_outputs` what the layers write, for people too.
    """

    notation: str
    outputs: tuple[str, ...]
    updates: str
    layers: tuple[str, ...]
    cost: str
    values: Mapping[str, Array]
    trained: Mapping[str, Fact] = field(default_factory=dict)
    masks: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    told: tuple[tuple[str, int, int], ...] = ()
    frozen: tuple[str, ...] = ()
    layer_outputs: tuple[str, ...] = ()


def write_model(path: str | Path, saved: Saved, dtype: np.dtype[Any] = FLOAT64) -> None:
    """Write a file, all of it or nothing. Raises OptionError where it cannot be written, InputError for the type."""
    more = {FROZEN: saved.frozen, LAYER_OUTPUTS: saved.layer_outputs}
    facts = {
        "notation": saved.notation,
        "output": saved.outputs[0] if len(saved.outputs) == 1 else "",
        "updates": saved.updates,
        "layers": json.dumps(saved.layers),
        "cost": saved.cost,
        **({MASKS: json.dumps(dict(saved.masks))} if saved.masks else {}),
        **({OUTPUTS: json.dumps(saved.outputs)} if len(saved.outputs) != 1 else {}),
        **({SEED: json.dumps(saved.seed)} if saved.seed is not None else {}),
        **({TOLD: json.dumps(saved.told)} if saved.told else {}),
        **{key: json.dumps(texts) for key, texts in more.items() if texts},
    }
    if saved.trained:
        facts["trained"] = json.dumps(dict(saved.trained))
    write_file(path, MODEL, facts, {name: as_type(name, array, dtype) for name, array in saved.values.items()})


def read_model(path: str | Path) -> Saved:
    """Read a file that `write_model` wrote. Raises ModelFileError, which names the file, for any other."""
    facts, values = read_file(path, MODEL)
    outputs = _texts(path, OUTPUTS, facts[OUTPUTS]) if OUTPUTS in facts else (facts["output"],)
    trained, masks = _trained(path, facts), _masks(path, facts.get(MASKS, "{}"))
    layers, frozen, written = (_texts(path, key, facts.get(key, "[]")) for key in ("layers", FROZEN, LAYER_OUTPUTS))
    about = (facts["notation"], outputs, facts["updates"], layers, facts["cost"])
    seed, told = _seed(path, facts.get(SEED, "null")), _told(path, facts.get(TOLD, "[]"))
    return Saved(*about, values, trained, masks, seed, told, frozen, written)


def write_file(path: str | Path, kind: FileFormat, facts: Mapping[str, str], tensors: Mapping[str, Array]) -> None:
    """Write texts and tensors, all of it or nothing. Raises OptionError where the file cannot be written."""
    arrays = {name: np.array(array, order="C") for name, array in tensors.items()}
    head = {"format": kind.format, "version": VERSION, **facts, "sha256": checksum(facts, arrays)}
    write_atomically(path, with_metadata(save_tensors(arrays), head))


def read_file(path: str | Path, kind: FileFormat) -> tuple[dict[str, str], dict[str, Array]]:
    """Return texts and tensors of a file of that kind. Raises ModelFileError, which names the file, for any other."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise refused(path, f"the file cannot be read: {error.strerror or error}") from None
    try:
        metadata = read_metadata(content)
        tensors = load_tensors(content)
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        what = f"this is no safetensors file, or it is cut short: {error}"
        raise refused(path, what, advice="Copy or save the file again.") from None
    _check_head(path, kind, metadata)
    wrong = [name for name, array in tensors.items() if array.dtype.name not in kind.types]
    if wrong:
        raise refused(path, f"{wrong[0]} holds {tensors[wrong[0]].dtype} numbers", expected=" or ".join(kind.types))
    facts = {key: text for key, text in metadata.items() if key not in ("format", "version", "sha256")}
    if checksum(facts, tensors) != metadata["sha256"]:
        what = "the file was altered: its content does not have the checksum that it names"
        raise refused(path, what, advice="Copy or save the file again.")
    return facts, tensors


def refused(path: str | Path, what: str, *, expected: str = "", advice: str = "") -> ModelFileError:
    """Return the error for a file, with its name."""
    return ModelFileError(what, where=f"in {escaped(path)}", expected=expected, advice=advice)


def read_metadata(content: bytes) -> dict[str, str]:
    """Return the texts in the head of a safetensors file: 8 bytes that say how long it is, then JSON."""
    if len(content) < 8:
        raise ValueError("it has less than 8 bytes")
    (length,) = struct.unpack("<Q", content[:8])
    if length > len(content) - 8:
        raise ValueError(f"it promises a head of {length} bytes, and has {len(content)}")
    head = json.loads(content[8 : 8 + length].decode("utf-8"))
    found = head.get("__metadata__", {}) if isinstance(head, dict) else None
    if not isinstance(found, dict):
        raise ValueError("its head is no list of tensors")
    return {key: value for key, value in found.items() if isinstance(value, str)}


def with_metadata(content: bytes, metadata: Mapping[str, str]) -> bytes:
    """Return a safetensors file with texts in its head, in the order given: the same network, the same bytes."""
    (length,) = struct.unpack("<Q", content[:8])
    head = {"__metadata__": dict(metadata), **json.loads(content[8 : 8 + length])}
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


def checksum(facts: Mapping[str, str], params: Mapping[str, Array]) -> str:
    """Return the SHA-256 of texts and numbers, in which each is preceded by its name and length."""
    digest = hashlib.sha256()
    texts = [(key, facts[key].encode()) for key in sorted(facts)]
    numbers = [(f"{name} {params[name].shape}", params[name].astype("<f8").tobytes()) for name in sorted(params)]
    for key, content in (*texts, *numbers):
        digest.update(f"{key} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _check_head(path: str | Path, kind: FileFormat, metadata: Mapping[str, str]) -> None:
    expected = f"a file written by {kind.writer}"
    if metadata.get("format") != kind.format:
        found = metadata.get("format", "nothing")
        if found in OTHERS:
            what, advice = OTHERS[found]
            raise refused(path, f"the file is {what}, and {kind.what}", expected=expected, advice=advice)
        raise refused(path, f"the file holds tensors, but {kind.what}: its format is {found}", expected=expected)
    if metadata.get("version") != VERSION:
        raise refused(
            path,
            f"the file has version {metadata.get('version', 'none')}",
            expected=f"version {VERSION}",
            advice="Install a newer chainrule to read it.",
        )
    missing = [key for key in (*kind.keys, "sha256") if key not in metadata]
    if missing:
        raise refused(path, f"the file does not say its {missing[0]}", expected=expected)


def _trained(path: str | Path, facts: Mapping[str, str]) -> dict[str, Fact]:
    """Return what the file says of its training, if it does."""
    try:
        found = json.loads(facts.get("trained", "{}"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str | int | float) for value in found.values()):
        raise refused(path, "what the file says of the training makes no sense")
    return found


def _texts(path: str | Path, what: str, text: str) -> tuple[str, ...]:
    try:
        texts = json.loads(text)
    except (ValueError, RecursionError):
        texts = None
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise refused(path, f"the {what} named in the file are no list of texts")
    return tuple(texts)


def _seed(path: str | Path, text: str) -> int | None:
    try:
        seed = json.loads(text)
    except (ValueError, RecursionError):
        seed = -1
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        raise refused(path, "the seed in the file is no whole number, 0 or more")
    return seed


def _told(path: str | Path, text: str) -> tuple[tuple[str, int, int], ...]:
    try:
        found = [(str(tensor), int(axis), int(count)) for tensor, axis, count in json.loads(text)]
    except (ValueError, TypeError, RecursionError):
        raise refused(path, "the extents in the file make no sense") from None
    if any(axis < 0 or count < 1 for _, axis, count in found):
        raise refused(path, "the extents in the file make no sense")
    return tuple(found)


def _masks(path: str | Path, text: str) -> dict[str, str]:
    try:
        masks = json.loads(text)
    except (ValueError, RecursionError):
        masks = None
    if not isinstance(masks, dict) or not all(isinstance(const, str) for const in masks.values()):
        raise refused(path, "the masks named in the file are no texts by name")
    return masks
