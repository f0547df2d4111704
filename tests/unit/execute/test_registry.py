"""Executors by name."""

import subprocess
import sys

import pytest

from chainrule.errors import OptionError
from chainrule.execute.reference.evaluation import Reference
from chainrule.execute.registry import EXECUTORS, Registration, executor


def test_every_executor_answers_to_its_name() -> None:
    for name in EXECUTORS:
        assert executor(name).name == name
    assert isinstance(executor("reference"), Reference)


def test_an_unknown_executor_is_refused_with_those_there_are() -> None:
    with pytest.raises(
        OptionError, match="there is no executor named 'gpu'\n  one of reference, native\n  Choose one of these"
    ):
        executor("gpu")


def test_an_executor_without_its_package_names_the_extra() -> None:
    known = {**EXECUTORS, "fast": Registration("no_such_package.fast", "Fast", "no_such_package", "fast")}
    with pytest.raises(OptionError) as caught:
        executor("fast", known)
    assert str(caught.value).splitlines() == [
        "the executor 'fast' needs no_such_package, which is not installed",
        "  or one of reference",
        "  Install it: pip install 'chainrule[fast]'",
    ]


def test_a_broken_executor_is_not_taken_for_a_missing_package() -> None:
    known = {"broken": Registration("chainrule.execute.no_such_module", "Broken", "jax", "jax")}
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        executor("broken", known)


def test_asking_for_the_table_loads_no_executor() -> None:
    program = (
        "import sys, chainrule.execute.registry; "
        "print([m for m in sys.modules if m in ('chainrule.execute.reference.evaluation', 'llvmlite', 'jax')])"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
