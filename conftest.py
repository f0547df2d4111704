"""What the tests and the examples in docstrings share.

None of them touches the user's own cache of compiled code. Where tests are left out by their marks, the last line says
how many, and what runs them.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

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


LEFT_OUT = pytest.StashKey[int]()
"""How many tests were left out by their marks."""


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Count the tests that are left out by their marks."""
    marked = [item for item in items if any(item.get_closest_marker(mark) for mark in ("slow", "browser"))]
    if marked and marked[0].config.option.markexpr:
        marked[0].config.stash[LEFT_OUT] = len(marked)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that the others run for: each of them collects all tests."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = session.config.stash.get(LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the number from one of these processes."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", 0)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how many tests were left out."""
    left_out = config.stash.get(LEFT_OUT, 0)
    if left_out:
        terminalreporter.write_line(f"{left_out} tests marked slow were left out; make test-slow runs them")
