"""How fast training is, beside PyTorch, JAX, scikit-learn and NumPy: `python bench/training`.

One worker process for each peer and number of threads; before timing, the weights of all after 100 steps must agree.
Then rounds, in each of which every worker runs once, one at a time, in an order that turns from round to round, with a
probe of the cores' multiply-adds before each. Medians over the rounds in which no core was absent.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
import report
from peers import PEERS
from probe import Probe
from worker import Ready, Worker
from workloads import WORKLOADS, Workload

ABSENT = 0.7
"""A core that does less than this part of its best in this run counts as absent."""
AGREE = 1e-3


def main() -> None:
    """Time the chosen workloads and print, write and draw the results."""
    options = argparse.ArgumentParser(description=__doc__, prog="python bench/training")
    keys = [w.key for w in WORKLOADS]
    options.add_argument("--workloads", nargs="+", default=keys, choices=keys, help="which; default: all")
    options.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS), help="which; default: all")
    options.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="columns; default: 1 2")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--json", type=Path, default=None, help="where to write all figures")
    options.add_argument("--plot", type=Path, default=None, help="where to draw the ratios, .png or .svg")
    options.add_argument("--page", type=Path, default=None, help="the page whose tables to write anew")
    chosen = options.parse_args()
    probe = Probe()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    threads = [n for n in chosen.threads if n <= len(cores)]
    peaks = [probe.gflops(cores) for _ in range(5)]
    results = [
        measured(workload, chosen.peers, threads, chosen.rounds, probe, cores, peaks)
        for workload in WORKLOADS
        if workload.key in chosen.workloads
    ]
    whole = {"machine": _machine(), "rounds": chosen.rounds, "workloads": results}
    text = report.tables(whole)
    print(text)
    print(report.rooflines(whole))
    if chosen.page:
        report.write_page(chosen.page, {"figures": text, "rooflines": report.rooflines(whole)})
    if chosen.json:
        report.write_json(whole, chosen.json)
    if chosen.plot:
        report.draw(whole, chosen.plot)


def measured(
    workload: Workload,
    peers: list[str],
    threads: list[int],
    rounds: int,
    probe: Probe,
    cores: list[int],
    peaks: list[list[float]],
) -> dict[str, Any]:
    """Return all figures of a workload."""
    print(f"{workload.key}: {workload.title}", file=sys.stderr)
    workers = [Worker(peer, workload.key, n) for n in threads for peer in peers]
    try:
        missing = {f"{w.peer}, {w.threads}": w.ready for w in workers if isinstance(w.ready, str)}
        for name, reason in missing.items():
            print(f"  {name}: {reason}", file=sys.stderr)
        present = [w for w in workers if isinstance(w.ready, Ready)]
        differences = _differences(present)
        times: dict[Worker, list[float]] = {w: [] for w in present}
        flags = []
        for number in range(rounds):
            peaks.append(probe.gflops(cores))
            turn = number % max(len(present), 1)
            for worker in present[turn:] + present[:turn]:
                times[worker].append(worker.seconds_per_step(number + 10)[0])
            flags.append(_absent(peaks, probe.gflops(cores)))
            print(f"  round {number + 1} of {rounds}{': a core was absent' if flags[-1] else ''}", file=sys.stderr)
    finally:
        memory = {w: w.close() for w in workers}
    peak = [max(one) for one in zip(*peaks, strict=True)]
    return {
        "key": workload.key,
        "title": workload.title,
        "data": next((w.ready.details["data"] for w in present if isinstance(w.ready, Ready)), ""),
        "useful flops": workload.useful_flops,
        "least bytes": workload.least_bytes,
        "weight bytes": workload.weight_bytes,
        "GB/s": probe.gigabytes(workload.weight_bytes),
        "wanted": {"best": workload.against_best, "eager": workload.against_eager},
        "peak GFLOP/s": peak,
        "rounds with a core absent": sum(flags),
        "missing": missing,
        "peers": [
            {
                "peer": w.peer,
                "threads": w.threads,
                "seconds per step": _median(times[w], flags, w.threads),
                "all seconds per step": times[w],
                "compile seconds": w.ready.compile_seconds,
                "peak bytes": memory[w],
                "difference after 100 steps": differences[w],
                **w.ready.details,
            }
            for w in present
            if isinstance(w.ready, Ready)
        ],
    }


def _median(seconds: list[float], flags: list[bool], threads: int) -> float:
    """Return the median, over rounds in which all cores were there if several are needed."""
    kept = [s for s, absent in zip(seconds, flags, strict=True) if not absent or threads == 1]
    return statistics.median(kept or seconds)


def _absent(peaks: list[list[float]], after: list[float]) -> bool:
    best = [max(core) for core in zip(*peaks, strict=True)]
    return any(now < ABSENT * most for probe in (peaks[-1], after) for now, most in zip(probe, best, strict=True))


def _differences(workers: list[Worker]) -> dict[Worker, float]:
    """Return how far each is from the others' median weights after 100 steps, in relative norm.

    Ends the run where one is too far: figures of networks that learn different things compare nothing.
    """
    flat = {
        w: np.concatenate([np.concatenate([np.ravel(a), np.ravel(b)]) for a, b in w.ready.weights]).astype(np.float64)
        for w in workers
        if isinstance(w.ready, Ready)
    }
    if not flat:
        raise SystemExit("no peer can run this")
    middle = np.median(np.stack(list(flat.values())), axis=0)
    differences = {w: float(np.linalg.norm(v - middle) / np.linalg.norm(middle)) for w, v in flat.items()}
    wrong = [f"{w.peer} with {w.threads} threads by {d:.1e}" for w, d in differences.items() if not d < AGREE]
    if wrong:
        raise SystemExit(f"after 100 steps the weights differ by more than {AGREE}: {', '.join(wrong)}")
    return differences


def _machine() -> dict[str, Any]:
    versions = {}
    for name in ("chainrule", "numpy", "torch", "jax", "scikit-learn", "llvmlite"):
        from importlib.metadata import PackageNotFoundError, version

        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    from chainrule.execute.native.machine import host

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"cpu": host().cpu, "cores": cores, "python": platform.python_version(), "versions": versions}


if __name__ == "__main__":
    main()
