"""Systems beyond dense layers trained through the public functions: by machine code what the reference learns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from case_systems import BATCH, BY_STEPS, WAITING, drawn, folder, names, refusal
from chainrule import nn
from chainrule.execute.native.executor import Native

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(folder() is None, reason="CHAINRULE_CASES is not set: it names the folder with systems/"),
]
EPOCHS = 7


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine code in float64, so that it can be compared with the reference up to rounding."""
    made = Native.compile_training

    def compiled(self: Native, *given: Any, **options: Any) -> Any:
        return made(self, *given, **options, dtype=np.float64)

    monkeypatch.setattr(Native, "compile_training", compiled)


@pytest.mark.parametrize("name", names())
def test_twenty_steps_give_the_weights_of_the_reference(name: str, exact: None) -> None:
    case = drawn(name)
    found, histories = [], []
    for executor in ("native", "reference"):
        network = cr.Network.from_system(case.system, case.values)
        epochs = EPOCHS if network.ends.samples.letter else 3 * EPOCHS
        options: dict[str, Any] = {"batch_size": BATCH, "epochs": epochs, "executor": executor}
        histories.append(cr.train(network, case.data, optimizer=nn.SGD(0.01), **options))
        found.append(network.params)
    native, reference = histories
    assert (BY_STEPS[name] in native.note) if name in BY_STEPS else "one by one" not in native.note
    start = cr.Network.from_system(case.system, case.values).params
    assert any(not np.array_equal(value, start[param]) for param, value in found[1].items())
    for param, value in found[1].items():
        tolerance = 1e-5 if name in BY_STEPS else 1e-9
        assert np.linalg.norm(found[0][param] - value) <= tolerance * np.linalg.norm(value)
    for one, other in zip(native.epochs, reference.epochs, strict=True):
        assert one.cost == pytest.approx(other.cost, rel=1e-5)
        assert one.training_accuracy == pytest.approx(other.training_accuracy)


@pytest.mark.parametrize("name", WAITING)
def test_what_cannot_be_derived_yet_says_so(name: str) -> None:
    assert WAITING[name] in refusal(name)
