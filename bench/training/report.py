"""The results as Markdown tables, JSON and a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

OURS, EAGER = "chainrule", "PyTorch eager"


def _fastest(result: dict[str, Any], peer: str = "") -> dict[str, Any] | None:
    """Return the fastest entry of a peer over numbers of threads, or of all peers but ours."""
    entries = [e for e in result["peers"] if (e["peer"] == peer if peer else e["peer"] != OURS)]
    return min(entries, key=lambda e: e["seconds per step"], default=None)


def ratios(result: dict[str, Any]) -> tuple[float | None, float | None]:
    """Return how many times faster chainrule is than the best peer and than PyTorch eager, each at its best."""
    ours, best, eager = _fastest(result, OURS), _fastest(result), _fastest(result, EAGER)
    if ours is None:
        return None, None
    return tuple(e["seconds per step"] / ours["seconds per step"] if e else None for e in (best, eager))  # type: ignore[return-value]


def _time(seconds: float) -> str:
    return f"{1e3 * seconds:.1f} ms" if seconds >= 2e-3 else f"{1e6 * seconds:.{0 if seconds >= 1e-4 else 1}f} µs"


def _times(number: float | None) -> str:
    return "—" if number is None else f"{number:.2f} ×" if number < 10 else f"{number:.0f} ×"


def tables(whole: dict[str, Any]) -> str:
    """Return everything as Markdown."""
    machine = whole["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    lines = [
        (
            f"{machine['cores']} cores of `{machine['cpu']}`, Python {machine['python']}, {versions}; "
            f"float32, medians of {whole['rounds']} interleaved rounds."
        ),
        "",
        "| workload | to the best peer | wanted | the best peer | to PyTorch eager | wanted |",
        "|---|---|---|---|---|---|",
    ]
    for result in whole["workloads"]:
        (best, eager), peer = ratios(result), _fastest(result)
        name = f"{peer['peer']}, {_threads(peer['threads'])}" if peer else "—"
        wanted = result["wanted"]
        lines.append(
            f"| {result['key']}: {result['title']} | {_times(best)} | {wanted['best']:g} × | {name} "
            f"| {_times(eager)} | {wanted['eager']:g} × |"
        )
    for result in whole["workloads"]:
        lines += ["", *_detailed(result)]
    return "\n".join(lines) + "\n"


def _threads(count: int) -> str:
    return f"{count} thread{'s' if count > 1 else ''}"


def _detailed(result: dict[str, Any]) -> list[str]:
    peak = result["peak GFLOP/s"]
    flagged = result["rounds with a core absent"]
    lines = [
        f"**{result['key']}: {result['title']}**, learning from {result['data']}. "
        f"A step needs {result['useful flops'] / 1e6:.3g} million operations; "
        f"the cores' multiply-add peak was {' and '.join(f'{p:.0f}' for p in peak)} GFLOP/s"
        + (f"; in {flagged} rounds a core was absent." if flagged else "."),
        "",
        (
            "| | threads | a step | chainrule is faster by | GFLOP/s | of the peak | first step after | peak memory "
            "| differs by |"
        ),
        "|---|---|---|---|---|---|---|---|---|",
    ]
    ours = _fastest(result, OURS)
    for entry in result["peers"]:
        seconds = entry["seconds per step"]
        rate = result["useful flops"] / seconds / 1e9
        ratio = _times(seconds / ours["seconds per step"]) if ours else "—"
        lines.append(
            f"| {entry['peer']} | {entry['threads']} | {_time(seconds)} | {ratio} | {rate:.3g} "
            f"| {100 * rate / sum(peak[: entry['threads']]):.0f} % | {entry['compile seconds']:.2f} s "
            f"| {entry['peak bytes'] / 1e6:.0f} MB | {entry['difference']:.0e} |"
        )
    lines += [f"\n{name} threads: not run, {reason}" for name, reason in result["missing"].items()]
    return lines


def rooflines(whole: dict[str, Any]) -> str:
    """Return what each workload is limited by: operations over the peak, or bytes over what a core can read."""
    lines = [
        (
            "| workload | operations | at the peak of 1 and 2 cores | bytes, at least | operations per byte "
            "| a core reads, where the weights are kept | chainrule with 1 and 2 threads, of the roof |"
        ),
        "|---|---|---|---|---|---|---|",
    ]
    for result in whole["workloads"]:
        flops, least, peak = result["useful flops"], result["least bytes"], result["peak GFLOP/s"]
        times = [max(flops / sum(peak[:n]), least / result["GB/s"] / n) / 1e9 for n in (1, 2) if n <= len(peak)]
        ours = {e["threads"]: e["seconds per step"] for e in result["peers"] if e["peer"] == OURS}
        parts = [f"{100 * time / ours[n]:.0f} %" for n, time in enumerate(times, start=1) if n in ours]
        lines.append(
            f"| {result['key']}: {result['title']} | {flops / 1e6:.3g} million "
            f"| {' and '.join(_time(flops / sum(peak[:n]) / 1e9) for n in (1, 2) if n <= len(peak))} "
            f"| {least / 1e3:,.0f} kB | {flops / least:.3g} "
            f"| {result['weight bytes'] / 1e3:,.0f} kB at {result['GB/s']:.0f} GB/s | {' and '.join(parts)} |"
        )
    return "\n".join(lines) + "\n"


def write_page(path: Path, parts: dict[str, str]) -> None:
    """Write parts of a Markdown page anew, each between its two comments."""
    text = path.read_text(encoding="utf-8")
    for name, part in parts.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        if begin not in text or end not in text:
            raise SystemExit(f"{path} has no lines {begin.strip()} and {end}")
        text = text[: text.index(begin) + len(begin)] + part + text[text.index(end) :]
    path.write_text(text, encoding="utf-8")


def write_json(whole: dict[str, Any], path: Path) -> None:
    """Write all figures."""
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def draw(whole: dict[str, Any], path: Path) -> None:
    """Draw the time of each peer, its best number of threads, as a multiple of chainrule's."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    results = whole["workloads"]
    figure, axes = plt.subplots(1, len(results), figsize=(3.2 * len(results), 3.4), squeeze=False)
    for axis, result in zip(axes[0], results, strict=True):
        names = list(dict.fromkeys(entry["peer"] for entry in result["peers"]))
        fastest = [entry for name in names if (entry := _fastest(result, name)) is not None]
        ours = _fastest(result, OURS)
        least = ours["seconds per step"] if ours else min(e["seconds per step"] for e in fastest)
        values = [entry["seconds per step"] / least for entry in fastest]
        bars = axis.barh(range(len(values)), values, color=["#c2410c" if n == OURS else "#94a3b8" for n in names])
        axis.bar_label(
            bars,
            [f"{v:.1f} × ({_time(e['seconds per step'])})" for v, e in zip(values, fastest, strict=True)],
            padding=3,
            fontsize=7,
        )
        axis.set_yticks(range(len(values)), names, fontsize=8)
        axis.invert_yaxis()
        axis.set_xscale("log")
        axis.set_xlim(0.8, max(values) * 12)
        title = result["title"].replace(", ", "\n")
        axis.set_title(title, fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(axis="x", labelsize=7)
    figure.suptitle("Time of a training step, as a multiple of chainrule's", fontsize=10)
    figure.tight_layout()
    figure.savefig(path, dpi=150)
