"""`pytest tests/golden --rewrite-golden` writes the golden files anew; read the difference before committing it."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-golden", action="store_true", help="write the golden files anew")


@pytest.fixture
def rewrites(request: pytest.FixtureRequest) -> bool:
    """Whether the golden files are to be written anew. Where only all tests are run, the option is not known."""
    return bool(request.config.getoption("--rewrite-golden", default=False))
