"""How fast systems beyond dense layers are trained, beside PyTorch and JAX: `python bench/systems`.

A CNN, strided convolutions, a GPT block with either spelling of its mask. As in `bench/training`, whose workers, rounds
and tables these are: each peer in a process of its own, weights that must agree after 20 steps, medians of rounds.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "training"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from peers import PEERS
from rounds import run
from workloads import WORKLOADS

if __name__ == "__main__":
    run(__doc__, "bench/systems", WORKLOADS, list(PEERS), 9)
