"""The numbers for a system in a text file: a .npz or .json file with a value for each tensor, by its name.

Only what the file says is decided here; whether the values fit the system is checked where they are used.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import DataFileError, OptionError, listed

if TYPE_CHECKING:
    from chainrule.system.model import System

LARGEST_JSON = 50_000_000
"""More bytes than this belong into an .npz file."""


def read_values(system: System, source: str, data: Path | None) -> dict[str, Any]:
    """Return the values of a system's inputs from a file.

    Raises OptionError where no file is named, and DataFileError for one that cannot be read.
    """
    named = (d.tensor.partition("[")[0] for d in system.declarations if d.role != "abstract")
    wanted = list(dict.fromkeys(named))
    if data is None:
        raise OptionError(
            f"{source} is a system without numbers",
            expected=f"a file with a value for each of {listed(wanted)}" if wanted else "data and params",
            advice='Give it: --data FILE.npz, or FILE.json such as {"w": [0.5, 1.0]}',
        )
    try:
        return _from_json(data) if data.suffix == ".json" else _from_archive(data, wanted)
    except DataFileError as error:
        raise error.inside(data) from error.__cause__


def _from_archive(path: Path, wanted: Sequence[str]) -> dict[str, Any]:
    from chainrule.data.archive import read_archive

    try:
        return dict(read_archive(path, wanted))
    except DataFileError as error:
        name = path.name if path.suffix else "values.npz"
        advice = f"Write one with np.savez('{name}', {listed(f'{name}={name}' for name in wanted)})"
        raise DataFileError(error.what, expected=error.expected, advice=advice) from error.__cause__


def _from_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise DataFileError(
                f"the file is larger than {LARGEST_JSON // 10**6} MB", advice="Write an .npz file instead."
            )
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataFileError(f"the file cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise DataFileError(f"this is not JSON: {error}", expected='{"w": [0.5, 1.0], "x": 2}') from error
    if not isinstance(found, dict):
        raise DataFileError(
            "this is not an object of JSON", expected='a value for each name: {"w": [0.5, 1.0], "x": 2}'
        )
    return found
