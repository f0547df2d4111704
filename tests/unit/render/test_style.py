"""A style is a table: another form is another table, and the layout does not change."""

from __future__ import annotations

from dataclasses import fields

import pytest

from chainrule.render.style import Style, framed
from chainrule.render.text import ASCII, UNICODE


def test_ascii_differs_from_unicode_in_characters_only() -> None:
    differing = {field.name for field in fields(Style) if getattr(ASCII, field.name) != getattr(UNICODE, field.name)}
    assert differing == {"times", "big", "minus", "negative", "relation"}


def test_a_frame_has_one_string_more_than_parts() -> None:
    assert framed(("(", ", ", ")"), "a", "b") == ("(", "a", ", ", "b", ")")
    with pytest.raises(ValueError, match="shorter"):
        framed(("(", ")"), "a", "b")
