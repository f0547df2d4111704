"""A process of its own for each peer and number of threads, so that none sees another's threads, settings or memory.

The process is pinned to as many cores as it may have threads before anything is imported. It answers one request at a
time, so only one peer works at any moment.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Ready:
    """A peer that is ready: seconds until its first step was done, and its weights after as many as are compared."""

    compile_seconds: float
    weights: list[Any]
    details: dict[str, Any]


class Worker:
    """A peer in a process. `ready` is what it said when it was ready, or the reason why it is not."""

    def __init__(self, peer: str, key: str, threads: int) -> None:
        self.peer, self.threads = peer, threads
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        environment = _environment(threads)
        before = {name: os.environ.get(name) for name in environment}
        os.environ.update(environment)
        self._process = context.Process(target=_serve, args=(other, peer, key, threads), daemon=True)
        self._process.start()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        other.close()
        self.ready: Ready | str = self._receive()

    def _receive(self) -> Any:
        try:
            return self._pipe.recv()
        except (EOFError, ConnectionResetError):
            return "the process ended"

    def seconds_per_step(self, seed: int) -> tuple[float, float]:
        """Return the seconds a step took, over all steps of a timing, and the mean cost."""
        self._pipe.send(seed)
        answer = self._receive()
        if isinstance(answer, str):
            raise RuntimeError(f"{self.peer}: {answer}")
        return answer

    def close(self) -> int:
        """End the process and return its peak memory in bytes."""
        try:
            self._pipe.send(None)
        except BrokenPipeError:
            return 0
        peak = self._receive()
        self._process.join(10)
        return peak if isinstance(peak, int) else 0


def _environment(threads: int) -> dict[str, str]:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    caches = {"CHAINRULE_CACHE": "0", "TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1"}
    flags = {} if threads > 1 else {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
    return {**dict.fromkeys(names, str(threads)), **caches, **flags, "JAX_PLATFORMS": "cpu"}


def _serve(pipe: Connection, peer: str, key: str, threads: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    try:
        _answer(pipe, peer, key, threads)
    except (EOFError, KeyboardInterrupt):
        return
    except Exception as error:  # noqa: BLE001 - whatever a peer raises, the others go on
        kind = "" if type(error).__name__ == "Missing" else f"{type(error).__name__}: "
        pipe.send(f"{kind}{error}".partition("\n")[0])


def _answer(pipe: Connection, peer: str, key: str, threads: int) -> None:
    from peers import PEERS
    from workloads import WORKLOADS, problem

    workload = next(w for w in WORKLOADS if w.key == key)
    given = problem(workload)
    _import(peer)
    began = time.perf_counter()
    made = PEERS[peer](given, threads)
    made.run(given.order(0, 1))
    compile_seconds = time.perf_counter() - began
    made.reset()
    made.run(given.order(0, workload.compared))
    details = {"data": given.source, "seconds to derive": getattr(made, "seconds_to_derive", None)}
    pipe.send(Ready(compile_seconds, [tuple(map(np.array, group)) for group in made.weights()], details))
    # the shapes of a whole timing, compiled before it
    made.reset()
    made.run(given.order(1, workload.steps))
    while (seed := pipe.recv()) is not None:
        made.reset()
        order = given.order(seed, workload.steps)
        began = time.perf_counter()
        cost = made.run(order)
        pipe.send(((time.perf_counter() - began) / workload.steps, cost))
    pipe.send(_peak_bytes())


def _peak_bytes() -> int:
    """Return the most memory this process has had; on Linux getrusage would count its parent's too."""
    status = Path("/proc/self/status")
    if status.is_file():
        return 1024 * next(int(line.split()[1]) for line in status.read_text().splitlines() if "VmHWM" in line)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _import(peer: str) -> None:
    """Import the library before the clock starts: that is no compile time."""
    if "torch" in peer.lower():
        import torch  # noqa: F401
    elif "JAX" in peer:
        import jax

        jax.numpy.zeros(1)
    elif peer == "scikit-learn":
        import sklearn.neural_network  # noqa: F401
    elif peer == "chainrule":
        import llvmlite.binding  # noqa: F401

        from chainrule import Network, nn  # noqa: F401
        from chainrule.execute import registry
        from chainrule.notation import parse  # noqa: F401
        from chainrule.pipeline import training_step  # noqa: F401

        registry.executor("native").compile_training  # noqa: B018 - imports the compiler
