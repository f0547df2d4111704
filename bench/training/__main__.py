"""How fast training is, beside PyTorch, JAX, scikit-learn and NumPy: `python bench/training`.

One worker process for each peer and number of threads; before timing, the weights of all after 100 steps must agree.
Then rounds, in each of which every worker runs once, one at a time, in an order that turns from round to round, with a
probe of the cores' multiply-adds before each. Medians over the rounds in which no core was absent.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from peers import PEERS
from rounds import run
from workloads import WORKLOADS

if __name__ == "__main__":
    run(__doc__, "bench/training", WORKLOADS, list(PEERS), 7)
