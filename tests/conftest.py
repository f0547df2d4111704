"""Fixtures and Hypothesis profiles of all tests.

Random tests draw the same examples in every run, so that a failure is seen again by whoever repeats the command; new
examples are sought with `--hypothesis-profile=explore`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "fixed",
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "explore",
    max_examples=1000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("fixed")


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
