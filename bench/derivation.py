"""How long derivations take, beside another checkout of this repository, and how that grows with depth.

    python bench/derivation.py ../other/src

Systems are read, derived and printed; all answers of $CHAINRULE_CASES/mistakes.json are checked, and `chainrule derive`
is run on a network of two layers. Each measurement has a process of its own, which has read and derived a small network
before, so that nothing is known of the system. Both checkouts take turns, so that a busy machine slows both alike.
Seconds are those of the processor, medians over `--rounds`. "faster" is the ratio of the times to derive, "in all" that
of reading, deriving and printing together. A table in Markdown goes to the screen.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from networks import dense, recurrent, transformer

SOURCE = Path(__file__).resolve().parents[1] / "src"
CASES = os.environ.get("CHAINRULE_CASES", "")

SYSTEMS: dict[str, str] = {
    "sigmoid network of 100 layers": dense(100),
    "sigmoid network of 1,000 layers": dense(1000),
    "GPT block": transformer(1),
    "8 GPT blocks": transformer(8),
    "LSTM of 8 steps": recurrent(8, named=False),
    "LSTM of 8 steps, named pre-activations": recurrent(8, named=True),
}
GROWTH = ("sigmoid network of 100 layers", "sigmoid network of 1,000 layers")
PARSED, ANEW, COMMAND = "`check`, systems kept", "`check`, systems read anew", "`chainrule derive` of two layers"

Seconds = Mapping[str, float]
"""The seconds of each part of a measurement, and the number of equations or answers."""


def derive(text: str) -> Seconds:
    """Return how long it takes to read a system, to derive its backward pass, and to print all."""
    import chainrule as cr

    str(cr.backprop(cr.parse(dense(2))))
    start = time.process_time()
    system = cr.parse(text)
    read = time.process_time()
    back = cr.backprop(system)
    equations = len(back.system.equations)
    derived = time.process_time()
    str(back)
    printed = time.process_time()
    return {"read": read - start, "derive": derived - read, "print": printed - derived, "count": equations}


def check(*, anew: bool) -> Seconds:
    """Return how long it takes to check all answers, each system read once or anew for each answer."""
    import chainrule as cr

    cases = json.loads((Path(CASES) / "mistakes.json").read_text(encoding="utf-8"))
    cr.check(cr.parse(dense(2)), "∂C/∂b1[j] = 0")
    start = time.process_time()
    systems = {name: cr.parse(text) for name, text in cases["systems"].items()}
    for answer in cases["answers"]:
        name = answer["system"]
        try:
            str(cr.check(cr.parse(cases["systems"][name]) if anew else systems[name], answer["answer"]))
        except cr.ChainruleError as error:
            str(error)
    return {"derive": time.process_time() - start, "count": len(cases["answers"])}


def command(source: Path) -> Seconds:
    """Return how long a process takes that derives a network of two layers; code is compiled to bytes beforehand."""
    program = "import sys; from chainrule.cli.main import main; sys.argv[1:] = ['derive', sys.argv[1]]; main()"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "two.eq"
        file.write_text(dense(2), encoding="utf-8")
        before = os.times()
        subprocess.run(
            [sys.executable, "-c", program, file], env=_environment(source), check=True, stdout=subprocess.DEVNULL
        )
        after = os.times()
    taken = after.children_user + after.children_system - before.children_user - before.children_system
    return {"derive": taken, "count": 1}


def _environment(source: Path) -> dict[str, str]:
    """Return the environment of a process that runs a checkout; compiled modules are kept outside of it."""
    cache = str(Path(tempfile.gettempdir()) / "chainrule-bench")
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **threads, "PYTHONPATH": str(source), "PYTHONPYCACHEPREFIX": cache}


def measured(name: str, source: Path) -> Seconds:
    """Return one measurement of a checkout, taken in a process of its own."""
    if name == COMMAND:
        return command(source)
    line = [sys.executable, __file__, "--work", name]
    found = subprocess.run(line, env=_environment(source), check=True, capture_output=True, text=True)
    seconds: Seconds = json.loads(found.stdout)
    return seconds


def work(name: str) -> None:
    """Take one measurement in this process, and write it to the standard output."""
    tasks: dict[str, Callable[[], Seconds]] = {
        PARSED: lambda: check(anew=False),
        ANEW: lambda: check(anew=True),
    }
    print(json.dumps(tasks[name]() if name in tasks else derive(SYSTEMS[name])))


def medians(measurements: list[Seconds]) -> Seconds:
    """Return the median of each part."""
    return {part: statistics.median(m[part] for m in measurements) for part in measurements[0]}


def together(seconds: Seconds) -> float:
    """Return the seconds of all parts."""
    return sum(value for part, value in seconds.items() if part != "count")


def text_of(seconds: float) -> str:
    """Return seconds to three digits; what is shorter than one, in milliseconds."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def exponent(found: Mapping[str, Seconds], time_of: Callable[[Seconds], float]) -> float:
    """Return p of time ~ equations^p from the smaller to the larger of the deep networks."""
    small, large = (found[name] for name in GROWTH)
    return math.log(time_of(large) / time_of(small)) / math.log(large["count"] / small["count"])


def report(this: Mapping[str, Seconds], other: Mapping[str, Seconds] | None) -> None:
    """Print the table, and below it the geometric means and the growth."""
    columns = ["", "equations", "read", "derive", "print", *(["derive, before", "faster", "in all"] if other else [])]
    print(f"| {' | '.join(columns)} |", "|" + "---|" * len(columns), sep="\n")
    ratios = []
    for name, own in this.items():
        cells = [name, f"{own['count']:.0f}" if "read" in own else ""]
        cells += [text_of(own[part]) if part in own else "" for part in ("read", "derive", "print")]
        if other:
            before = other[name]
            ratios.append((before["derive"] / own["derive"], together(before) / together(own)))
            cells += [text_of(before["derive"]), *(f"{ratio:.1f} ×" for ratio in ratios[-1])]
        print(f"| {' | '.join(cells)} |")
    print()
    if ratios:
        means = [statistics.geometric_mean(column) for column in zip(*ratios, strict=True)]
        print(f"Geometric means: {means[0]:.2f} × to derive, {means[1]:.2f} × in all.")
    if all(name in this for name in GROWTH):
        for name, found in (("Time", this), *((("Before, time", other),) if other else ())):
            growth = exponent(found, lambda seconds: seconds["derive"]), exponent(found, together)
            print(f"{name} ~ equations^{growth[0]:.2f} to derive, ^{growth[1]:.2f} in all.")


def main() -> None:
    """Measure in turns, and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("other", nargs="?", type=Path, help="src folder of the checkout to compare with")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", default="", help="measure what has this in its name")
    options.add_argument("--work", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.work:
        work(chosen.work)
        return
    names = [*SYSTEMS, *([PARSED, ANEW] if CASES else []), COMMAND]
    names = [name for name in names if chosen.only in name]
    sources = [SOURCE, *([chosen.other.resolve()] if chosen.other else [])]
    for source in sources:
        command(source)
    found: dict[Path, dict[str, list[Seconds]]] = {source: {name: [] for name in names} for source in sources}
    for _ in range(chosen.rounds):
        for name in names:
            for source in sources:
                found[source][name].append(measured(name, source))
    sides = [{name: medians(taken) for name, taken in found[source].items()} for source in sources]
    report(sides[0], sides[1] if chosen.other else None)
    if not CASES:
        print("`check` was not measured: CHAINRULE_CASES names no folder with mistakes.json.")


if __name__ == "__main__":
    main()
