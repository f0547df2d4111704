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
    """Raise AssertionError unless these lines are printed, and hold."""
    found = printed(text)
    assert {name: found[name] for name in expected} == expected
    assert_right(text)


def assert_right(text: str) -> None:
    """Raise AssertionError unless gradients equal differences, steps are verified, and the lines read back."""
    system = system_of(text)
    back = cr.backprop(system)
    for tensor in back.wrt:
        assert not back.derivation(tensor).verify().unverified  # type: ignore[attr-defined]
    assert cr.parse(str(back)) == back.system
    report = cr.gradient_check(system)
    assert report, report
