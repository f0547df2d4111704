"""Answers from outside: public questions, and the mistakes that people make, each with the verdict that is right.

They are no part of the project. CHAINRULE_CASES names the folder with mistakes.json and public.json.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chainrule.checking import Verdict, check
from chainrule.errors import NotationError
from chainrule.notation import parse
from chainrule.system.model import System

DECIDED = {("A26", 0): "right", ("A37", 0): "right", ("A68", 6): "right"}
"""Verdicts on answers that the file leaves open and that used to be another: by what is expected there."""
QUICK = 12
"""In ordinary runs one answer in so many is graded."""


def _folder() -> Path:
    folder = os.environ.get("CHAINRULE_CASES", "")
    if not folder:
        pytest.skip("CHAINRULE_CASES is not set: it names the folder with mistakes.json and public.json")
    return Path(folder)


def _mistakes() -> Iterator[tuple[str, str, str | None, str]]:
    cases = json.loads((_folder() / "mistakes.json").read_text("utf-8"))
    for case in cases["answers"]:
        yield cases["systems"][case["system"]], case["answer"], None, case["verdict"].partition(":")[0]


def _public() -> Iterator[tuple[str, str, str | None, str]]:
    for case in json.loads((_folder() / "public.json").read_text("utf-8")):
        for number, answer in enumerate(case.get("answers_checked", ())):
            verdict = DECIDED.get((case["id"], number)) or _verdict(answer)
            yield case["notation"], answer["answer"], answer["wrt"], verdict


def _verdict(answer: Mapping[str, Any]) -> str:
    word, _, today = answer["verdict"].partition(" ")
    return "right" if word == "open" and "today: right" in today else "wrong" if word == "open" else word.rstrip(":")


def _misjudged(step: int) -> Iterator[str]:
    """Yield what is graded otherwise than it should be."""
    systems: dict[str, System] = {}
    for text, answer, wrt, verdict in [*_mistakes(), *_public()][::step]:
        system = systems.setdefault(text, parse(text))
        # A second derivative cannot be graded: the file has an answer for one, to see that it is not taken for a first.
        expected = "refused" if wrt and wrt.startswith("∂²") else verdict
        found: Verdict | NotationError
        try:
            found = check(system, answer, wrt=wrt)
            given = "right" if found else "wrong"
        except NotationError as error:
            found, given = error, "refused"
        if given != expected:
            yield f"{answer} is {expected}, but: {found}"


def test_some_answers_from_outside_get_the_verdict_they_should() -> None:
    assert not list(_misjudged(QUICK))


@pytest.mark.slow
def test_all_answers_from_outside_get_the_verdict_they_should() -> None:
    assert not list(_misjudged(1))
