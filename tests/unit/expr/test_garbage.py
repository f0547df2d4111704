"""While garbage is not looked for, and after."""

from __future__ import annotations

import gc

import pytest

from chainrule.expr.garbage import no_garbage


def fail() -> None:
    with no_garbage(), no_garbage():
        raise ValueError(gc.isenabled())


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_looked_for_again_as_before_errors_included(enabled: bool) -> None:
    was = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with pytest.raises(ValueError, match="False"):
            fail()
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if was else gc.disable)()
