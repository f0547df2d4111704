"""Errors of a training step in the user's own tensors: a step has others, named on the way to the derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chainrule.errors import InputError
from chainrule.execute.reference.evaluation import evaluate
from chainrule.network.network import Network
from chainrule.training.streamed import AnySamples


@contextmanager
def own_words(network: Network, samples: AnySamples) -> Iterator[None]:
    """Let the forward pass of the first sample say what does not fit, where a step says it of equations of its own."""
    try:
        yield
    except InputError:
        first = {name: array[0] if network.ends.samples.in_front else array for name, array in samples.first.items()}
        known = {**network.values, **first}
        system = network.leading_to([network.system.cost])
        evaluate(system, {name: value for name, value in known.items() if name in system.declared})
        raise
