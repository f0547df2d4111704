"""What is timed: chainrule, and the ways in which PyTorch and JAX are used for the same arithmetic.

PyTorch eager, with images as they are or channels last; JAX with the whole epoch in one `lax.scan`, convolutions by
`lax.conv`, as sums of shifted slices, and as matrix products of all windows. A peer that has no form of its own for a
workload says so with `Missing`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import jax_forms
import numpy as np
import numpy.typing as npt
import torch_forms
from workloads import Problem

Order = npt.NDArray[np.int64]


class Missing(Exception):  # noqa: N818 - says what a table says
    """A peer has no form of its own for a workload."""


class Peer(Protocol):
    """A way to train."""

    def __init__(self, problem: Problem, threads: int) -> None:
        """Make ready to run."""

    def reset(self) -> None:
        """Go back to the first weights."""

    def run(self, order: Order) -> float:
        """Take a step for each batch of the order, and return the mean cost of the samples."""

    def weights(self) -> list[tuple[Any, ...]]:
        """Return the weights as they are now."""


class Chainrule:
    """chainrule: the derived equations as machine code, whole epochs in one call."""

    def __init__(self, problem: Problem, threads: int) -> None:
        from chainrule import nn
        from chainrule.execute.registry import executor
        from chainrule.nn.updates import updates_text
        from chainrule.notation import parse
        from chainrule.pipeline import training_step

        workload, started = problem.workload, time.perf_counter()
        text = workload.text + updates_text(nn.SGD(workload.rate), parse(workload.text))
        system = training_step(parse(text))
        self.seconds_to_derive = time.perf_counter() - started
        self._first = dict(problem.first)
        self.session = executor("native").compile_training(
            system, self._first, dict(problem.data), batch_size=workload.batch, threads=threads
        )

    def reset(self) -> None:
        self.session.put(self._first)

    def run(self, order: Order) -> float:
        return self.session.run_epoch(order) / len(order)

    def weights(self) -> list[tuple[Any, ...]]:
        params = self.session.params()
        return [tuple(params[name] for name in self._first)]


class TorchEager:
    """PyTorch as it is usually written, with the gradient by autograd and a fused update of all params."""

    last = False

    def __init__(self, problem: Problem, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        self._torch, self._problem = torch, problem
        self._x, self._y = (torch.from_numpy(problem.data[name]) for name in ("x", "y"))
        self._first = [torch.from_numpy(array) for array in problem.first.values()]
        if self.last:
            if self._x.ndim != 4:
                raise Missing("there are no images")
            self._x = self._x.to(memory_format=torch.channels_last)
            self._first = [self._as_last(tensor) for tensor in self._first]
        self._params = [tensor.clone().requires_grad_() for tensor in self._first]
        self._names = list(problem.first)
        self._cost = torch_forms.COSTS[problem.workload.kind]

    def _as_last(self, tensor: Any) -> Any:
        return tensor.to(memory_format=self._torch.channels_last) if tensor.ndim == 4 else tensor

    def reset(self) -> None:
        with self._torch.no_grad():
            for tensor, first in zip(self._params, self._first, strict=True):
                tensor.copy_(first)

    def run(self, order: Order) -> float:
        torch, workload = self._torch, self._problem.workload
        total, named = torch.zeros(()), dict(zip(self._names, self._params, strict=True))
        for rows in torch.from_numpy(order).split(workload.batch):
            cost = self._cost(named, self._x[rows], self._y[rows])
            gradients = torch.autograd.grad(cost, self._params)
            with torch.no_grad():
                torch._foreach_add_(self._params, gradients, alpha=-workload.rate)
                total += cost
        return float(total) * workload.batch / len(order)

    def weights(self) -> list[tuple[Any, ...]]:
        return [tuple(tensor.detach().numpy().copy() for tensor in self._params)]


class TorchChannelsLast(TorchEager):
    """The same with images and kernels in memory with their channels innermost."""

    last = True


class JaxScan:
    """JAX with the whole epoch compiled: `jit` of one `lax.scan` over the batches."""

    form = "lax"

    def __init__(self, problem: Problem, threads: int) -> None:
        import jax

        self._jax, self._problem = jax, problem
        workload = problem.workload
        if self.form not in jax_forms.COSTS[workload.kind]:
            raise Missing("there are no convolutions")
        self._x, self._y = (jax.numpy.asarray(problem.data[name]) for name in ("x", "y"))
        cost_of = jax_forms.COSTS[workload.kind][self.form]

        def step(params: Any, rows: Any, x: Any, y: Any) -> Any:
            cost, gradients = jax.value_and_grad(cost_of)(params, x[rows], y[rows])
            return jax.tree.map(lambda p, g: p - workload.rate * g, params, gradients), cost

        def epoch(params: Any, x: Any, y: Any, batches: Any) -> Any:
            return jax.lax.scan(lambda p, rows: step(p, rows, x, y), params, batches)

        self._epoch = jax.jit(epoch, donate_argnums=0)
        self.reset()

    def reset(self) -> None:
        self._params = {name: self._jax.numpy.array(array) for name, array in self._problem.first.items()}

    def run(self, order: Order) -> float:
        batches = order.reshape(-1, self._problem.workload.batch).astype(np.int32)
        self._params, costs = self._epoch(self._params, self._x, self._y, batches)
        return float(costs.mean())

    def weights(self) -> list[tuple[Any, ...]]:
        return [tuple(np.asarray(self._params[name]) for name in self._problem.first)]


class JaxSlices(JaxScan):
    """The same with convolutions and pools as sums and maxima of shifted slices."""

    form = "slices"


class JaxProducts(JaxScan):
    """The same with a convolution as one matrix product of all windows."""

    form = "products"


PEERS: dict[str, Callable[[Problem, int], Peer]] = {
    "chainrule": Chainrule,
    "PyTorch eager": TorchEager,
    "PyTorch channels last": TorchChannelsLast,
    "JAX scan": JaxScan,
    "JAX shifted slices": JaxSlices,
    "JAX matrix products": JaxProducts,
}
