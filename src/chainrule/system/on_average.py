"""A system outside of training: what is drawn, as what it is on average.

Of a condition on one drawn number its probability, [uniform(…) ≥ p] is 1 − p; elsewhere the mean, uniform(…) is 1/2 and
normal(…) is 0. Where equations are linear in what is drawn, as those of dropout and of the noise of a variational
autoencoder are, every value is then its own mean; elsewhere it is that of the mean draw.
"""

from __future__ import annotations
