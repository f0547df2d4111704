"""The checker of the pages is itself checked: what is wrong in a page is noticed, and only that."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.matching import matches, shortened
from docs.pages import Block, anchors, blocks, prose, replaced, tables
from docs.running import Page, run_command

SYSTEM = "param x\ncost C = x^2\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*parts: tuple[str, str]) -> list[str]:
    page = Page()
    for info, text in parts:
        page.run(Block(tuple(info.split()), text, 1))
    return [str(difference) for difference in page.differences]


@pytest.mark.parametrize(
    ("shown", "output", "same"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\nb\n", "a\nb \n", True),
        ("a\nb\n", "a\nc\n", False),
        ("a\n", "a\nb\n", False),
        ("a\nb\n", "a\n", False),
        ("took … s\n", "took 0.12 s\n", True),
        ("took … s\n", "took 0.12 min\n", False),
        ("a … b\n", "a\nb\n", False),
        ("…\nb\n", "b\n", True),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n…\nd\n", "a\nb\nc\n", False),
        ("(a+b)*\n", "(a+b)*\n", True),
        ("", "", True),
        ("", "a\n", False),
    ],
)
def test_only_what_is_marked_may_be_left_out(shown: str, output: str, same: bool) -> None:
    assert matches(shown, output) is same


def test_an_output_written_anew_is_shortened_where_it_was() -> None:
    assert shortened("a\n…\nsum 5\nold\n", "a\nb\nc\nsum 6\nnew\nmore\n") == "a\n…\nsum 6\nnew\nmore"
    assert shortened("a …\nb\n…\n", "a 1\nc\nd\n") == "a …\nc\n…"
    assert shortened("a\n…\ngone\n", "a\nb\nc\n") == "a\nb\nc"


def test_python_shares_its_names_and_its_outputs_are_compared() -> None:
    assert run(("python", "a = 2\n"), ("python", ">>> a + 1\n3\n>>> print('x y')\nx …\n")) == []
    (difference,) = run(("python", "a = 2\n"), ("python", ">>> a + 1\n4\n"))[:1]
    assert difference.endswith("-- shown\n4\n-- is\n3")


def test_an_output_may_hold_blank_lines_and_an_error_many() -> None:
    raised = "Traceback (most recent call last):\n    ...\nValueError: a\n  b\n"
    text = f">>> print('a\\n\\nb')\na\n\nb\n\n>>> raise ValueError('a\\n  b')\n{raised}>>> None\n\n>>> 1\n1\n"
    assert run(("python", text)) == []
    assert len(run(("python", text.replace("  b\n", "  c\n").replace("\n\nb", "\n\nc")))) >= 2


def test_an_error_nobody_expects_is_a_difference() -> None:
    (difference,) = run(("python", ">>> 1/0\n1\n"))
    assert "ZeroDivisionError: division by zero" in difference


def test_commands_run_on_the_files_of_the_page() -> None:
    derived = "$ chainrule derive a.eq\n∂C/∂x = 2·x\n"
    assert run(("eq a.eq", SYSTEM), ("console", derived)) == []
    different = run(("eq a.eq", SYSTEM), ("console", derived.replace("2", "3")))
    assert different[0] == "line 1: chainrule derive a.eq\n-- shown\n∂C/∂x = 3·x\n-- is\n∂C/∂x = 2·x"


def test_a_failing_command_shows_its_message_and_its_exit_code() -> None:
    text, code = run_command("chainrule derive missing.eq")
    assert text.startswith("Error: missing.eq cannot be read")
    assert code == 2
    assert run_command("echo $?", code) == ("2\n", 0)


def test_only_commands_of_chainrule_are_run() -> None:
    with pytest.raises(AssertionError, match="only chainrule is run, not rm -r"):
        run_command("rm -r .")


def test_a_system_that_cannot_be_read_is_a_difference_unless_it_is_said_so() -> None:
    broken = "cost C = q\n"
    message = "nothing is named q\n  cost C = q\n           ^\n  Declare it: data q, or const q.\n"
    assert "nothing is named q" in run(("eq", broken))[0]
    assert run(("eq refused", broken), ("text", message)) == []
    assert "-- shown\nanother" in run(("eq refused", broken), ("text", "another\n"))[0]
    assert run(("eq refused", SYSTEM), ("text", message))[0].endswith("-- is\nit is a system")


def test_the_block_that_should_stand_there_is_made() -> None:
    page = Page()
    page.run(Block(("eq", "a.eq"), SYSTEM, 1))
    page.run(Block(("console",), "$ chainrule derive a.eq\nold\n$ echo $?\n0\n", 5))
    page.run(Block(("python",), ">>> 1 + 1\n3\n>>> for n in range(2):\n...     print(n)\n0\n", 11))
    assert [d.mended for d in page.differences if d.mended] == [
        "$ chainrule derive a.eq\n∂C/∂x = 2·x\n$ echo $?\n0\n",
        ">>> 1 + 1\n2\n>>> for n in range(2):\n...     print(n)\n0\n1\n",
    ]


TEXT = "# A page\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1\n# not a heading\n```\n\nMore.\n"


def test_a_page_falls_into_blocks_prose_tables_and_headings() -> None:
    (block,) = blocks(TEXT)
    assert (block.kind, block.role, block.text, block.line) == ("python", "", "x = 1\n# not a heading\n", 8)
    assert "x = 1" not in prose(TEXT)
    assert list(tables(TEXT)) == [(["a", "b"], [["1", "2"]])]
    assert anchors(TEXT) == {"a-page"}
    assert replaced(TEXT, block, "y\n") == TEXT.replace("x = 1\n# not a heading\n", "y\n")
    with pytest.raises(AssertionError, match="line 1: a fence is never closed"):
        blocks("```python\nx\n")
