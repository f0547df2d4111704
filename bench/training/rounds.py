"""Rounds in which every worker runs once, one at a time, with a probe of the cores before each."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import report
from probe import Probe
from worker import Ready, Worker

ABSENT = 0.7
"""A core that does less than this part of its best in this run counts as absent."""


def run(description: str, program: str, workloads: Sequence[Any], peers: Sequence[str], rounds: int) -> None:
    """Time the chosen workloads and print, write and draw the results."""
    options = argparse.ArgumentParser(description=description, prog=f"python {program}")
    keys = [w.key for w in workloads]
    options.add_argument("--workloads", nargs="+", default=keys, choices=keys, help="which; default: all")
    options.add_argument("--peers", nargs="+", default=list(peers), choices=list(peers), help="which; default: all")
    options.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="columns; default: 1 2")
    options.add_argument("--rounds", type=int, default=rounds)
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
        for workload in workloads
        if workload.key in chosen.workloads
    ]
    whole = {"machine": _machine(), "rounds": chosen.rounds, "workloads": results}
    text = report.tables(whole)
    print(text)
    print(report.rooflines(whole))
    if chosen.page:
        name = "" if program == "bench/training" else f"{Path(program).name} "
        report.write_page(chosen.page, {f"{name}figures": text, f"{name}rooflines": report.rooflines(whole)})
    if chosen.json:
        report.write_json(whole, chosen.json)
    if chosen.plot:
        report.draw(whole, chosen.plot)


def measured(
    workload: Any,
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
        differences = _differences(present, workload.compared, workload.agree)
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
        "compared": workload.compared,
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
                "difference": differences[w],
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


def _differences(workers: list[Worker], steps: int, most: float) -> dict[Worker, float]:
    """Return how far each is from the others' median weights after some steps, in relative norm.

    Ends the run where one is too far: figures of networks that learn different things compare nothing.
    """
    flat = {
        w: np.concatenate([np.ravel(array) for group in w.ready.weights for array in group]).astype(np.float64)
        for w in workers
        if isinstance(w.ready, Ready)
    }
    if not flat:
        raise SystemExit("no peer can run this")
    middle = np.median(np.stack(list(flat.values())), axis=0)
    differences = {w: float(np.linalg.norm(v - middle) / np.linalg.norm(middle)) for w, v in flat.items()}
    wrong = [f"{w.peer} with {w.threads} threads by {d:.1e}" for w, d in differences.items() if not d < most]
    if wrong:
        raise SystemExit(f"after {steps} steps the weights differ by more than {most}: {', '.join(wrong)}")
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
