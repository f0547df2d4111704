"""The numbers that a network begins with, drawn by a seeded generator: the same seed, the same network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt

from chainrule.errors import OptionError
from chainrule.execute.shortage import enough_memory
from chainrule.nn.layer import Initial, Normal, Orthonormal, Uniform, Value
from chainrule.system.model import System

Array = npt.NDArray[np.float64]


def initial_params(system: System, initial: Mapping[str, Initial], seed: Any) -> dict[str, Array]:
    """Return the params of a system whose extents are all declared, in float64, in order of declaration.

    Raises OptionError for a param whose beginning nothing says.
    """
    generator = seeded(seed)
    params: dict[str, Array] = {}
    for name in system.params:
        shape = tuple(system.size[index.extent] for index in system.axes(name))
        if name not in initial:
            raise OptionError(
                f"nothing says how the param {name} begins",
                expected="`initial` of the layer or cost that declares it: how each of its params begins",
            )
        with enough_memory(f"the param {name}", advice="Make the layers narrower."):
            params[name] = drawn(initial[name], shape, generator)
    return params


def drawn(start: Initial, shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    """Return the entries of a param that begins so."""
    match start:
        case Normal(variance):
            return generator.normal(0.0, np.sqrt(variance), shape)
        case Uniform(bound):
            return generator.uniform(-bound, bound, shape)
        case Orthonormal(gain):
            return gain * _orthonormal(shape, generator)
        case Value(value):
            return np.array(np.broadcast_to(np.asarray(value, np.float64), shape))
        case _:
            assert_never(start)


def _orthonormal(shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    """Return a matrix with orthonormal rows, or columns if there are fewer.

    QR of a normal matrix with R's diagonal made positive is evenly distributed: Mezzadri 2007, section 5.
    """
    rows, columns = shape
    factor, triangle = np.linalg.qr(generator.normal(size=(max(shape), min(shape))))
    factor = factor * np.where(np.diagonal(triangle) < 0, -1.0, 1.0)
    return factor if rows >= columns else factor.T.copy()


def seeded(seed: Any) -> np.random.Generator:
    """Return the generator of a seed. Raises OptionError for what is no seed.

    >>> seeded(0).integers(100, size=3)
    array([85, 63, 51])
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise OptionError(f"the seed is {seed!r}", expected="a whole number, 0 or more")
    return np.random.default_rng(int(seed))
