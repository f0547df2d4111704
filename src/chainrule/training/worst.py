"""The samples that a network does worst on: those classified wrong before the others, then by their cost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chainrule.execute.reference.evaluation import Reference
from chainrule.network.network import Network
from chainrule.network.samples import labels_of
from chainrule.training.training_data import Samples

Array = npt.NDArray[np.float64]
_ROWS = 2500


def sample_costs(network: Network, samples: Samples) -> Array:
    """Return the cost of each sample, by the reference in float64."""
    system = network.scored
    executable = Reference().compile(system)
    params = {name: array for name, array in network.params.items() if name in system.declared}
    ends, parts = network.ends, []
    for start in range(0, len(samples.x), _ROWS):
        x, y = (values[start : start + _ROWS] for values in (samples.x, samples.y))
        values = executable.evaluate({**params, ends.data: x, ends.target: y})
        parts.append(np.broadcast_to(values[network.system.cost], len(x)))
    return np.concatenate(parts)


def worst_of(costs: Array, samples: Samples, found: Array, count: int) -> npt.NDArray[np.intp]:
    """Return the places of the worst samples, worst first; `found` is what came out of the network."""
    wrong = labels_of(samples.y) != labels_of(found) if samples.classes else np.zeros(len(costs), bool)
    return np.lexsort((-np.nan_to_num(costs, nan=np.inf), ~wrong))[:count]
