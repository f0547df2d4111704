"""The samples that a network does worst on: those classified wrong before the others, then by their cost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chainrule.execute.reference.evaluation import Reference
from chainrule.network.network import Network
from chainrule.network.parts import rows_at_once
from chainrule.training.scores import AT_ONCE
from chainrule.training.training_data import Samples

Array = npt.NDArray[np.float64]


def sample_costs(network: Network, samples: Samples) -> Array:
    """Return the cost of each sample, by the reference in float64."""
    system = network.scored
    executable = Reference().compile(system)
    kept = {name: array for name, array in network.values.items() if name in system.declared}
    parts, rows = [], rows_at_once(system, samples.sizes, AT_ONCE)
    for start in range(0, samples.count, rows):
        data = samples.some(slice(start, start + rows))
        values = executable.evaluate({**kept, **data})
        parts.append(np.broadcast_to(values[network.system.cost], min(rows, samples.count - start)))
    return np.concatenate(parts)


def worst_of(costs: Array, wrong: npt.NDArray[np.bool_], count: int) -> npt.NDArray[np.intp]:
    """Return the places of the worst samples, worst first: those that are wrong, then those of the highest cost."""
    return np.lexsort((-np.nan_to_num(costs, nan=np.inf), ~wrong))[:count]
