"""`pytest tests/docs --rewrite-docs` writes the outputs in the pages anew; read the difference before committing it."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-docs", action="store_true", help="write the outputs in README and docs anew")


@pytest.fixture
def rewrites(request: pytest.FixtureRequest) -> bool:
    """Whether outputs are to be written anew. Where only all tests are run, the option is not known."""
    return bool(request.config.getoption("--rewrite-docs", default=False))
