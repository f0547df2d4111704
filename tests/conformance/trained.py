"""The same training on the native executor and on the reference, the latter in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.execute.native.machine import host, lowered
from chainrule.execute.native.training import Session
from chainrule.execute.reference.evaluation import Reference
from dense import Dense

TOLERANCE = {"float64": 1e-12, "float32": 2e-5}


def tolerance(network: Dense, dtype: str) -> float:
    """In float32 a z that is 0 but for rounding puts a relu on its other side: one sample's share of a gradient."""
    return 1e-3 if dtype == "float32" and network.hidden == "relu" else TOLERANCE[dtype]


def trained(network: Dense, batch_size: int, samples: int, dtype: str, machine: str = "", eta: float = 0.125) -> Any:
    """Train for an epoch on both executors; return the params of each, those at the start, and the costs."""
    system, data = network.system(), network.data(samples, 0)
    values = {**network.values(0), "eta": np.asarray(eta)}
    session = Session(
        system, values, data, batch_size=batch_size, dtype=dtype, machine=lowered(host(), machine) if machine else None
    )
    reference = Reference().compile(system)
    expected = {name: values[name] for name in system.params}
    rows = np.random.default_rng(2).permutation(samples)
    cost, expected_cost = session.run_epoch(rows), 0.0
    for start in range(0, samples, batch_size):
        chosen = rows[start : start + batch_size]
        computed, new = reference.step({**values, **expected, **{n: d[chosen] for n, d in data.items()}})
        expected_cost += float(np.sum(computed["C"]))
        expected |= new
    return session.params(), expected, values, (cost, expected_cost)
