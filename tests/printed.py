"""The lines that are printed for a system, and that they are right: by differences, by verification, and read back."""

from __future__ import annotations

import chainrule as cr


def system_of(text: str) -> cr.System:
    """Return the system of statements that are parted by semicolons."""
    return cr.parse(text.replace("; ", "\n"))


def printed(text: str) -> dict[str, str]:
    """Return what is printed of ∂C/∂t, right of its sign of equality, by the param t."""
    back = cr.backprop(system_of(text))
    return {name: str(equation).partition(" = ")[2] for name, equation in back.result().items()}


def assert_lines(text: str, expected: dict[str, str]) -> None:
    """Raise AssertionError unless these lines are printed, read back, and equal differences."""
    found = printed(text)
    assert {name: found[name] for name in expected} == expected
    assert_holds(text)


def assert_right(text: str) -> None:
    """Raise AssertionError unless gradients equal differences, every step is verified, and the lines read back."""
    assert_holds(text)
    back = cr.backprop(system_of(text))
    for tensor in back.wrt:
        assert not back.derivation(tensor).verify().unverified  # type: ignore[attr-defined]


def assert_holds(text: str) -> None:
    """Raise AssertionError unless gradients equal differences, and the lines read back."""
    system = system_of(text)
    back = cr.backprop(system)
    assert cr.parse(str(back)) == back.system
    if not any(d.arguments for d in system.declarations):
        report = cr.gradient_check(system)
        assert report, report
