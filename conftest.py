"""What the tests and the examples in docstrings share: none of them touches the user's own cache of compiled code."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

collect_ignore = [] if find_spec("sklearn") else ["src/chainrule/sklearn.py"]
"""An example that needs an extra runs where that is installed."""


@pytest.fixture(scope="session", autouse=True)
def compiled_code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep compiled code in a folder of this run, so that each program is compiled once and nothing is left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path_factory.mktemp("compiled")))
        patch.delenv("CHAINRULE_CACHE", raising=False)
        yield
