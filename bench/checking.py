"""How long `check` takes over the answers in $CHAINRULE_CASES, beside another checkout of this repository.

    python bench/checking.py ../other/src

Each answer is graded by both in turn, in two processes, so that a busy machine slows both alike; seconds are those of
the processor. Printed are both totals and their ratio, the largest time as a multiple of the median, and the slowest
answers. `--parsed` keeps the systems, as who tries several answers does; `--names` lists where verdicts differ.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[1] / "src"


@dataclass(frozen=True)
class Case:
    """An answer to be graded: its name, the text of its system, the answer, and what it is the derivative by."""

    name: str
    system: str
    answer: str
    wrt: str | None


def cases() -> Iterator[Case]:
    """Yield the answers of mistakes.json and public.json."""
    folder = Path(os.environ["CHAINRULE_CASES"])
    mistakes = json.loads((folder / "mistakes.json").read_text(encoding="utf-8"))
    for n, one in enumerate(mistakes["answers"]):
        yield Case(f"mistakes {n}", mistakes["systems"][one["system"]], one["answer"], None)
    for entry in json.loads((folder / "public.json").read_text(encoding="utf-8")):
        for n, one in enumerate(entry.get("answers_checked", ())):
            yield Case(f"{entry['id']} {n}", entry["notation"], one["answer"], one["wrt"])


def work(keep: bool) -> None:
    """Grade the answers that are asked for by number on standard input; write seconds and verdict for each."""
    import chainrule as cr

    known = list(cases())
    kept: dict[str, Any] = {}
    for line in sys.stdin:
        case = known[int(line)]
        start = time.process_time()
        try:
            system = kept[case.system] if keep and case.system in kept else cr.parse(case.system)
            kept[case.system] = system
            verdict = str(cr.check(system, case.answer, wrt=case.wrt))
        except cr.ChainruleError as error:
            verdict = f"refused: {error}"
        print(json.dumps([time.process_time() - start, verdict.splitlines()[0]]), flush=True)


@dataclass(frozen=True)
class Worker:
    """A process that grades with one checkout."""

    process: subprocess.Popen[str]

    @classmethod
    def of(cls, source: Path, *, keep: bool) -> Worker:
        """Start a worker on the sources in a folder."""
        threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, __file__, "--work", *(["--parsed"] if keep else [])]
        return cls(
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, **threads, "PYTHONPATH": str(source)},
            )
        )

    def graded(self, number: int) -> tuple[float, str]:
        """Return the seconds that an answer took, and the first line of the verdict."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()
        seconds, verdict = json.loads(self.process.stdout.readline())
        return seconds, verdict


def main() -> None:
    """Print the comparison."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("other", nargs="?", type=Path, help="src folder of the checkout to compare with")
    options.add_argument("--parsed", action="store_true", help="parse each system once")
    options.add_argument("--names", action="store_true", help="list the verdicts that differ")
    options.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.work:
        work(chosen.parsed)
        return
    sources = {"this": SOURCE} | ({"other": chosen.other.resolve()} if chosen.other else {})
    workers = {name: Worker.of(source, keep=chosen.parsed) for name, source in sources.items()}
    known = list(cases())
    for worker in workers.values():
        worker.graded(0)
    found = [{name: worker.graded(n) for name, worker in workers.items()} for n in range(len(known))]
    for name in workers:
        times = [both[name][0] for both in found]
        slowest = sorted(zip(times, (case.name for case in known), strict=True), reverse=True)[:3]
        middle = statistics.median(times)
        print(
            f"{name:6} {sum(times):7.2f} s for {len(times)} answers, median {1000 * middle:.0f} ms, "
            f"largest {slowest[0][0] / middle:.1f} medians: " + ", ".join(f"{case} {t:.2f} s" for t, case in slowest)
        )
    if chosen.other:
        ratio = sum(both["this"][0] for both in found) / sum(both["other"][0] for both in found)
        print(f"ratio  {ratio:7.2f}")
    for case, both in zip(known, found, strict=True):
        if chosen.names and len({verdict for _, verdict in both.values()}) > 1:
            print(f"{case.name}: {case.answer}", *(f"  {name:6} {both[name][1]}" for name in both), sep="\n")


if __name__ == "__main__":
    main()
