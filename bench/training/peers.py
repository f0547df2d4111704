"""What is timed: one class for each way to train, all with the same four methods.

Each is written as its users would to be fast: whole epochs in one call where the library has such a thing, the update
in place, no number brought back to Python before the end. A peer that cannot run a workload says why with `Missing`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from workloads import BINARY, QUADRATIC, SOFTMAX, Problem

Order = npt.NDArray[np.int64]
Pairs = list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]


class Missing(Exception):  # noqa: N818 - says what a table says
    """A peer cannot run a workload, or is not installed."""


class Peer(Protocol):
    """A way to train."""

    def __init__(self, problem: Problem, threads: int) -> None:
        """Make ready to run."""

    def reset(self) -> None:
        """Go back to the first weights."""

    def run(self, order: Order) -> float:
        """Take a step for each batch of the order, and return the mean cost of the samples."""

    def weights(self) -> Pairs:
        """Return the weights as they are now, of shapes (in, out) and (out)."""


class Chainrule:
    """chainrule: the derived equations as machine code, whole epochs in one call."""

    def __init__(self, problem: Problem, threads: int) -> None:
        from chainrule import Network, nn
        from chainrule.execute.registry import executor
        from chainrule.nn.updates import updates_text
        from chainrule.pipeline import training_step

        workload = problem.workload
        layers: list[nn.Layer] = []
        activations = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}
        last = len(workload.widths) - 2
        for number, (a, b) in enumerate(zip(workload.widths, workload.widths[1:], strict=False)):
            layers.append(nn.Linear(a, b))
            layers.append(
                activations[workload.activation]()
                if number < last
                else (nn.Softmax() if workload.cost == SOFTMAX else nn.Sigmoid())
            )
        costs = {QUADRATIC: nn.QuadraticCost, BINARY: nn.BinaryCrossEntropy, SOFTMAX: nn.CrossEntropy}
        network = Network(layers, cost=costs[workload.cost]())
        updates = updates_text(nn.SGD(workload.rate), network.system)
        self._first = {
            name: array
            for number, (w, b) in enumerate(problem.weights, start=1)
            for name, array in ((f"W{number}", np.ascontiguousarray(w.T)), (f"b{number}", b))
        }
        started = time.perf_counter()
        system = training_step(network.with_updates(updates))
        self.seconds_to_derive = time.perf_counter() - started
        data = dict(zip(network.ends.data, (problem.x, problem.y), strict=True))
        self.session = executor("native").compile_training(
            system, self._first, data, batch_size=workload.batch, threads=threads
        )

    def reset(self) -> None:
        self.session.put(self._first)

    def run(self, order: Order) -> float:
        return self.session.run_epoch(order) / len(order)

    def weights(self) -> Pairs:
        params = self.session.params()
        return [(params[f"W{n}"].T, params[f"b{n}"]) for n in range(1, len(params) // 2 + 1)]


class NumPy:
    """Written by hand with matrix products, in place where it helps."""

    def __init__(self, problem: Problem, threads: int) -> None:
        self._problem = problem
        self.reset()

    def reset(self) -> None:
        self._pairs = [(w.copy(), b.copy()) for w, b in self._problem.weights]

    def run(self, order: Order) -> float:
        x, y, batch = self._problem.x, self._problem.y, self._problem.workload.batch
        total = np.float32(0)
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            total += self._step(x[rows], y[rows])
        return float(total) / len(order)

    def _step(self, x: Any, y: Any) -> Any:
        workload = self._problem.workload
        inputs, a = [], x
        for number, (w, b) in enumerate(self._pairs, start=1):
            inputs.append(a)
            z = a @ w
            z += b
            if number == len(self._pairs):
                break
            a = np.maximum(z, 0, out=z) if workload.activation == "relu" else 1 / (1 + np.exp(-z))
        cost, delta = _cost_and_delta(workload.cost, z, y)
        scale = np.float32(workload.rate / len(x))
        for number in range(len(self._pairs) - 1, -1, -1):
            w, b = self._pairs[number]
            a = inputs[number]
            back = delta @ w.T if number else None
            w -= scale * (a.T @ delta)
            b -= scale * delta.sum(axis=0)
            if back is not None:
                back *= (a > 0) if workload.activation == "relu" else a * (1 - a)
                delta = back
        return cost

    def weights(self) -> Pairs:
        return self._pairs


def _cost_and_delta(cost: str, z: Any, y: Any) -> tuple[Any, Any]:
    """Return the sum of the samples' costs and their derivatives by the last weighted inputs."""
    if cost == SOFTMAX:
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        sums = p.sum(axis=1, keepdims=True)
        p /= sums
        return np.log(sums).sum() - (y * z).sum(), p - y
    a = 1 / (1 + np.exp(-z))
    if cost == QUADRATIC:
        difference = a - y
        return (difference * difference).sum() / 2, difference * a * (1 - a)
    return (np.logaddexp(0, z) - y * z).sum(), a - y


class ScikitLearn:
    """MLPClassifier, whose costs are those of classes: softmax, or binary cross-entropy with one-hot rows."""

    def __init__(self, problem: Problem, threads: int) -> None:
        from sklearn.neural_network import MLPClassifier

        workload = problem.workload
        if workload.cost == QUADRATIC:
            raise Missing("MLPClassifier has no quadratic cost, MLPRegressor no sigmoid output")
        self._problem = problem
        self._y = problem.y.astype(np.int64) if workload.cost == BINARY else problem.labels
        self._model = MLPClassifier(
            hidden_layer_sizes=workload.widths[1:-1],
            activation={"sigmoid": "logistic", "relu": "relu"}[workload.activation],
            solver="sgd",
            alpha=0.0,
            batch_size=workload.batch,
            learning_rate="constant",
            learning_rate_init=workload.rate,
            momentum=0.0,
            nesterovs_momentum=False,
            shuffle=False,
        )
        rows = slice(0, workload.batch * 2)
        self._model.partial_fit(problem.x[rows], self._y[rows], classes=np.arange(workload.widths[-1]))
        self.reset()

    def reset(self) -> None:
        for number, (w, b) in enumerate(self._problem.weights):
            self._model.coefs_[number][...] = w
            self._model.intercepts_[number][...] = b

    def run(self, order: Order) -> float:
        # one pass over the samples in the order given: what `fit` does in an epoch, with our permutation for its own
        self._model.partial_fit(self._problem.x[order], self._y[order])
        return float(self._model.loss_)

    def weights(self) -> Pairs:
        return list(zip(self._model.coefs_, self._model.intercepts_, strict=True))


class _Torch:
    """What PyTorch's two forms share: tensors, and the cost of a batch."""

    def __init__(self, problem: Problem, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        self._torch, self._problem = torch, problem
        self._x, self._y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
        self._labels = torch.from_numpy(problem.labels)
        if problem.workload.cost == SOFTMAX:
            self._y = self._labels
        # Linear keeps weights as (out, in)
        first = [(torch.from_numpy(w.T.copy()), torch.from_numpy(b.copy())) for w, b in problem.weights]
        self._first = [tensor for pair in first for tensor in pair]
        self._params = [tensor.clone() for tensor in self._first]

    def reset(self) -> None:
        with self._torch.no_grad():
            for tensor, first in zip(self._params, self._first, strict=True):
                tensor.copy_(first)

    def _cost(self, params: list[Any], x: Any, y: Any) -> Any:
        functional, workload = self._torch.nn.functional, self._problem.workload
        hidden = functional.relu if workload.activation == "relu" else self._torch.sigmoid
        a = x
        for number in range(0, len(params) - 2, 2):
            a = hidden(functional.linear(a, params[number], params[number + 1]))
        z = functional.linear(a, params[-2], params[-1])
        if workload.cost == SOFTMAX:
            return functional.cross_entropy(z, y)
        if workload.cost == BINARY:
            return functional.binary_cross_entropy_with_logits(z, y, reduction="sum") / len(x)
        return functional.mse_loss(self._torch.sigmoid(z), y, reduction="sum") / (2 * len(x))

    def weights(self) -> Pairs:
        pairs = zip(self._params[::2], self._params[1::2], strict=True)
        return [(w.detach().numpy().T.copy(), b.detach().numpy().copy()) for w, b in pairs]


class TorchEager(_Torch):
    """PyTorch as it is usually written, with the gradient by autograd and a fused update of all params."""

    def __init__(self, problem: Problem, threads: int) -> None:
        super().__init__(problem, threads)
        for tensor in self._params:
            tensor.requires_grad_()

    def run(self, order: Order) -> float:
        torch, batch, rate = self._torch, self._problem.workload.batch, self._problem.workload.rate
        total = torch.zeros(())
        for rows in torch.from_numpy(order).split(batch):
            cost = self._cost(self._params, self._x[rows], self._y[rows])
            gradients = torch.autograd.grad(cost, self._params)
            with torch.no_grad():
                torch._foreach_add_(self._params, gradients, alpha=-rate)
                total += cost
        return float(total) * batch / len(order)


class TorchCompiled(_Torch):
    """torch.compile of a whole step: gather, forward, backward and update in one graph."""

    def __init__(self, problem: Problem, threads: int) -> None:
        super().__init__(problem, threads)
        torch, rate = self._torch, problem.workload.rate

        def step(params: list[Any], total: Any, x_all: Any, y_all: Any, rows: Any) -> None:
            x, y = x_all[rows], y_all[rows]
            gradients, cost = torch.func.grad_and_value(lambda p: self._cost(p, x, y))(params)
            for tensor, gradient in zip(params, gradients, strict=True):
                tensor.sub_(rate * gradient)
            total.add_(cost)

        self._step = torch.compile(step, fullgraph=True)

    def run(self, order: Order) -> float:
        torch, batch = self._torch, self._problem.workload.batch
        with torch.no_grad():
            total = torch.zeros(())
            for rows in torch.from_numpy(order).split(batch):
                self._step(self._params, total, self._x, self._y, rows)
        return float(total) * batch / len(order)


class _Jax:
    """What JAX's two forms share: arrays, and one step as a function without side effects."""

    def __init__(self, problem: Problem, threads: int) -> None:
        import jax

        self._jax, self._problem = jax, problem
        self._x, self._y = jax.numpy.asarray(problem.x), jax.numpy.asarray(problem.y)
        self.reset()

    def reset(self) -> None:
        asarray = self._jax.numpy.array
        self._params = [(asarray(w), asarray(b)) for w, b in self._problem.weights]

    def _cost(self, params: Any, x: Any, y: Any) -> Any:
        jax, workload = self._jax, self._problem.workload
        hidden = jax.nn.relu if workload.activation == "relu" else jax.nn.sigmoid
        a = x
        for w, b in params[:-1]:
            a = hidden(a @ w + b)
        z = a @ params[-1][0] + params[-1][1]
        if workload.cost == SOFTMAX:
            cost = -(y * jax.nn.log_softmax(z)).sum()
        elif workload.cost == BINARY:
            cost = (jax.numpy.logaddexp(0, z) - y * z).sum()
        else:
            cost = ((jax.nn.sigmoid(z) - y) ** 2).sum() / 2
        return cost / len(x)

    def _step(self, params: Any, x: Any, y: Any, rows: Any) -> Any:
        cost, gradients = self._jax.value_and_grad(self._cost)(params, x[rows], y[rows])
        rate = self._problem.workload.rate
        return self._jax.tree.map(lambda p, g: p - rate * g, params, gradients), cost

    def weights(self) -> Pairs:
        return [(np.asarray(w), np.asarray(b)) for w, b in self._params]


class JaxScan(_Jax):
    """JAX with the whole epoch compiled: `jit` of one `lax.scan` over the batches."""

    def __init__(self, problem: Problem, threads: int) -> None:
        super().__init__(problem, threads)
        jax = self._jax

        def epoch(params: Any, x: Any, y: Any, batches: Any) -> Any:
            return jax.lax.scan(lambda p, rows: self._step(p, x, y, rows), params, batches)

        self._epoch = jax.jit(epoch, donate_argnums=0)

    def run(self, order: Order) -> float:
        batches = order.reshape(-1, self._problem.workload.batch).astype(np.int32)
        self._params, costs = self._epoch(self._params, self._x, self._y, batches)
        return float(costs.mean())


class JaxStep(_Jax):
    """JAX with each step compiled, called from Python."""

    def __init__(self, problem: Problem, threads: int) -> None:
        super().__init__(problem, threads)

        def step(params: Any, total: Any, x: Any, y: Any, rows: Any) -> Any:
            params, cost = self._step(params, x, y, rows)
            return params, total + cost

        self._one = self._jax.jit(step, donate_argnums=(0, 1))

    def run(self, order: Order) -> float:
        batch = self._problem.workload.batch
        batches = order.reshape(-1, batch).astype(np.int32)
        total = self._jax.numpy.zeros(())
        for rows in batches:
            self._params, total = self._one(self._params, total, self._x, self._y, rows)
        return float(total) * batch / len(order)


PEERS: dict[str, Callable[[Problem, int, int], Peer]] = {
    "chainrule": Chainrule,
    "PyTorch eager": TorchEager,
    "torch.compile": TorchCompiled,
    "JAX scan": JaxScan,
    "JAX jit per step": JaxStep,
    "scikit-learn": ScikitLearn,
    "NumPy by hand": NumPy,
}
