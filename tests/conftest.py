"""Fixtures and Hypothesis profiles of all tests.

Random tests draw the same examples in every run, so that a failure is seen again by whoever repeats the command: few
of them, or with `--hypothesis-profile=thorough`, as `make test-rest` has it, as many as each test says. New ones are
sought with `--hypothesis-profile=explore`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support import THOROUGH

REPEATED = settings(
    deadline=None, derandomize=True, database=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("quick", REPEATED, max_examples=THOROUGH * 3 // 10)
settings.register_profile("thorough", REPEATED, max_examples=THOROUGH)
settings.register_profile("explore", REPEATED, max_examples=THOROUGH * 20, derandomize=False)
settings.load_profile("quick")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of large data sets that are not part of the project."""
    folder = os.environ.get("CHAINRULE_DATA", "")
    if not folder:
        pytest.skip("CHAINRULE_DATA is not set: it names the folder that holds mnist/")
    return Path(folder)


@pytest.fixture(scope="session")
def mnist_dir(data_dir: Path) -> Path:
    """The folder with the four MNIST files."""
    folder = data_dir / "mnist"
    if not folder.is_dir():
        pytest.skip(f"no folder mnist in CHAINRULE_DATA, {data_dir}")
    return folder
