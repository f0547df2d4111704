"""What a network has learned, as people of other libraries ask for it: params by name, all at once, frozen or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from chainrule.expr.symbols import Symbol
from chainrule.network.frozen import without_frozen
from chainrule.network.params import Array, Loaded, Params, as_type, checked_dtype, loaded, replaced
from chainrule.nn.selection import selected
from chainrule.system.model import System

STATE_TYPES = ("float64", "float32", "float16")
"""In what `state_dict` may give arrays."""


class Learned:
    """The params of a system, some of which may be frozen: that are not changed by training."""

    system: System
    _params: Params
    _frozen: tuple[Symbol, ...] = ()

    @property
    def params(self) -> dict[str, Array]:
        """The params by name, in order of declaration: float64 arrays that may be changed, in place too.

        To set one, `network.params["W1"] = array`, or all of them, `network.params = {…}`, checks names, shapes and
        that all numbers are finite, and raises InputError.
        """
        return self._params

    @params.setter
    def params(self, params: Mapping[str, npt.ArrayLike]) -> None:
        self._params = replaced(self.system, self._params, params)

    def state_dict(self, dtype: Any = "float64") -> dict[str, npt.NDArray[Any]]:
        """Return copies of all params by name, of the declared shapes, in float64 or as "float32" or "float16".

        Training by the executor native computes in float32, so float32 loses nothing of what it has learned. Raises
        InputError where a number is too large for the type, and OptionError for another type.

        >>> from chainrule import nn
        >>> from chainrule.network.network import Network
        >>> network = Network([nn.Linear(2, 3)], cost=nn.QuadraticCost())
        >>> {name: (array.shape, array.dtype.name) for name, array in network.state_dict("float32").items()}
        {'W1': ((3, 2), 'float32'), 'b1': ((3,), 'float32')}
        """
        kind = checked_dtype(dtype, STATE_TYPES)
        return {name: as_type(name, array, kind) for name, array in self._params.items()}

    def load_state_dict(self, state: Mapping[str, npt.ArrayLike], strict: bool = True) -> Loaded:
        """Set params by name from arrays of any library, and return the names `missing` and `unexpected`.

        Arrays are copied, and become float64. Raises InputError, with nothing changed, where a shape is another or a
        number is not finite, and if `strict` for names that are missing or unexpected.

        >>> from chainrule import nn
        >>> from chainrule.network.network import Network
        >>> first, second = (Network([nn.Linear(2, 3)], cost=nn.QuadraticCost(), seed=seed) for seed in (0, 1))
        >>> second.load_state_dict(first.state_dict())
        Loaded(missing=(), unexpected=())
        >>> (first.params["W1"] == second.params["W1"]).all().item()
        True
        """
        params, found = loaded(self.system, self._params, state, strict=strict)
        self._params = Params(self.system, params)
        return found

    @property
    def frozen(self) -> tuple[str, ...]:
        """The params that training leaves as they are, in order of declaration."""
        return self._frozen

    def freeze(self, *names: str | int) -> None:
        """Freeze params: training leaves them as they are, and derives no gradients for them.

        A name is that of a param, "W1", a pattern, "W*", or the number of a layer, 1, which all params of that number
        belong to; without names all params are frozen. The network is saved with what is frozen. Raises OptionError
        for a name that no param has.

        >>> from chainrule import nn
        >>> from chainrule.network.network import Network
        >>> network = Network([nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)], cost=nn.QuadraticCost())
        >>> network.freeze(1)
        >>> network.frozen
        ('W1', 'b1')
        >>> print(network.equations())
        forward pass
          z1[j] = Σ_i W1[j,i]·x[i] + b1[j]
          a1[j] = tanh(z1[j])
          z2[k] = Σ_j W2[k,j]·a1[j] + b2[k]
          C = 1/2·Σ_k (z2[k] − y[k])^2
        <BLANKLINE>
        backward pass
          δ2[k] = ∂C/∂z2[k] = z2[k] − y[k]
          ∂C/∂W2[k,j] = a1[j]·δ2[k]
          ∂C/∂b2[k] = δ2[k]
        """
        found = {*self._frozen, *self._selected(names)}
        self._frozen = tuple(param for param in self.system.params if param in found)

    def unfreeze(self, *names: str | int) -> None:
        """Let training change params again that were frozen: those named as in `freeze`, without names all.

        Raises OptionError for a name that no param has.
        """
        found = self._selected(names)
        self._frozen = tuple(param for param in self._frozen if param not in found)

    def _selected(self, names: Sequence[object]) -> tuple[Symbol, ...]:
        return selected(self.system, names) if names else self.system.params

    def learning(self, system: System) -> System:
        """Return a system of the network, one with updates say, with what is frozen as consts."""
        return without_frozen(system, self._frozen)
