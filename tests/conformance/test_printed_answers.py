"""What chainrule prints as a backward pass, given to `check` as an answer, is right; 1 % more of it is not."""

from __future__ import annotations

import pytest

import chainrule as cr
from case_systems import folder, names

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(folder() is None, reason="CHAINRULE_CASES is not set: it names the folder with systems/"),
]
UNDERIVED = {"spectralnorm_stopgrad", "pinn_by_name", "maml_by_name", "conv2d_groups_flat"}
COUPLED = {"batchnorm_batch"}


@pytest.mark.parametrize("name", [n for n in names() if n not in UNDERIVED | COUPLED])
def test_each_printed_line_is_graded_right_and_one_percent_more_wrong(name: str) -> None:
    where = folder()
    assert where is not None
    system = cr.parse((where / f"{name}.eq").read_text(encoding="utf-8"))
    lines = [line for line in str(cr.backprop(system)).splitlines() if line.startswith("∂")]
    assert lines
    for line in lines:
        verdict = cr.check(system, line)
        assert verdict, line
        left, right = line.split(" = ", 1)
        if right != "0" and "It is 0: the terms cancel" not in str(verdict):
            assert not cr.check(system, f"{left} = 1.01*({right})"), line
