"""Commands are made when they are asked for; to whoever types them nothing differs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from chainrule.cli.lazily import MODULES, Lazily
from unit.cli.commands import run

SHOWN = """
import sys
from chainrule.cli.lazily import Lazily
commands = Lazily()
assert list(commands)[4] == "derive" and "derive" in commands and "x" not in commands
print(commands.get("x"), commands["derive"].name, *(m for m in sys.modules if m.startswith("chainrule.cli.")))
"""


def test_a_command_is_made_without_the_others() -> None:
    shown = subprocess.run([sys.executable, "-c", SHOWN], capture_output=True, text=True, check=True).stdout.split()
    assert shown[:2] == ["None", "derive"]
    assert "chainrule.cli.derive" in shown
    assert not {"chainrule.cli.train", "chainrule.cli.check", "chainrule.cli.show"} & set(shown)


@pytest.mark.parametrize("name", MODULES)
def test_every_command_has_a_name_and_a_help(name: str) -> None:
    command = Lazily()[name]
    assert command.name == name
    assert run(name, "--help").output.startswith(f"Usage: chainrule {name}")


def test_a_command_that_there_is_none_of_is_told_with_those_that_are_near() -> None:
    result = run("derrive")
    assert result.exit_code == 2
    assert "No such command 'derrive'. Did you mean 'derive'?" in result.output
