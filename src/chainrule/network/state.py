"""What a network has learned, and what it says of itself: params by name, all at once, frozen or not; its equations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from chainrule.errors import OptionError
from chainrule.expr.sizes import Size
from chainrule.expr.symbols import Symbol
from chainrule.keywords import answers
from chainrule.network.elsewhere import missing
from chainrule.network.ends import Ends
from chainrule.network.equations import Equations
from chainrule.network.frozen import without_frozen
from chainrule.network.layer_table import Summary, labels_of_layers, summary_of
from chainrule.network.params import Array, Loaded, Params, as_type, checked_dtype, loaded, replaced
from chainrule.network.start import checked_values
from chainrule.nn.selection import selected
from chainrule.notation import parse_system
from chainrule.pipeline import backprop
from chainrule.render.document import Group, Line
from chainrule.render.in_notebooks import ShownAsPage
from chainrule.render.printed_names import Names
from chainrule.system.model import System
from chainrule.system.printing import system_text

STATE_TYPES = ("float64", "float32", "float16")
"""In what `state_dict` may give arrays."""


class Learned(ShownAsPage):
    """The params of a system, some of which may be frozen: that are not changed by training.

    `layers` and `cost` are what it was made of, for people, `layer_outputs` what the layers write.
    """

    system: System
    ends: Ends
    consts: dict[str, Array]
    updates: str
    layers: tuple[str, ...]
    cost: str
    layer_outputs: tuple[str, ...] = ()
    told: dict[Size, int]
    _sizes: dict[Size, int]
    _params: Params
    _frozen: tuple[Symbol, ...] = ()

    if not TYPE_CHECKING:  # a type checker knows which attributes there are

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(missing(type(self).__name__, name), name=name, obj=self)

    @property
    def params(self) -> dict[str, Array]:
        """The params by name, in order of declaration: float64 arrays that may be changed, in place too.

        To set one, `network.params["W1"] = array`, or all of them, `network.params = {…}`, checks names, shapes and
        that all numbers are finite, and raises InputError.
        """
        return self._params

    @params.setter
    def params(self, params: Mapping[str, npt.ArrayLike]) -> None:
        self._take(replaced(self.system, self._params, params))

    def _take(self, params: Params) -> None:
        """Take params in the place of others; they may tell extents that nothing has told so far."""
        begins = bool(self.waiting)
        self._params = params
        if begins:
            self._settle_sizes()

    @property
    def waiting(self) -> tuple[str, ...]:
        """The params that begin with the first training, for only data tell how many entries they have."""
        return tuple(name for name in self.system.params if name not in self._params)

    @property
    def values(self) -> dict[str, Array]:
        """All that is kept, by name: params and consts."""
        return {**self._params, **self.consts}

    def _settle_sizes(self) -> None:
        """Find the extents that params and consts tell."""
        self._sizes = checked_values(self.system, self.values)[1] | self.told

    @property
    def sizes(self) -> Mapping[Size, int]:
        """The extents that the values and the system tell."""
        return self._sizes

    def shape_of(self, tensor: str, sizes: Mapping[Size, int] | None = None) -> tuple[int, ...]:
        """Return the extents of a tensor's axes, as declared. Raises OptionError if only data would tell."""
        known = self._sizes if sizes is None else sizes
        for index in self.system.axes(tensor):
            if index.extent not in known:
                raise OptionError(
                    f"nothing says how many entries {tensor} has",
                    advice=f"Declare the extent of its index, for example: index {index.preferred} = 10",
                )
        return tuple(known[index.extent] for index in self.system.axes(tensor))

    def size_of(self, tensor: str) -> int:
        """Return the number of entries of a tensor of the system. Raises OptionError if only data would tell."""
        return prod(self.shape_of(tensor))

    @answers
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

    @answers
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
        self._take(Params(self.system, params))
        return found

    @property
    def frozen(self) -> tuple[str, ...]:
        """The params that training leaves as they are, in order of declaration."""
        return self._frozen

    @answers
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

    @answers
    def unfreeze(self, *names: str | int) -> None:
        """Let training change params again that were frozen: those named as in `freeze`, without names all.

        Raises OptionError for a name that no param has.
        """
        found = self._selected(names)
        self._frozen = tuple(param for param in self._frozen if param not in found)

    def _selected(self, names: Sequence[object]) -> tuple[Symbol, ...]:
        return selected(self.system, names) if names else self.system.params

    def summary(self) -> Summary:
        """Return a table of the network: each layer and equation, its shape, its params, and how many they are.

        It displays itself in a notebook, where it stands below a network too; elsewhere print it.

        >>> from chainrule import nn
        >>> from chainrule.network.network import Network
        >>> print(Network([nn.Linear(2, 3), nn.Tanh()], cost=nn.QuadraticCost()).summary())
          layer             output    shape   params        count   equation
          data              x[i]          2
          data              y[j]          3
          Linear(2, 3)      z1[j]         3   W1 3×2, b1 3      9   z1[j] = Σ_i W1[j,i]·x[i] + b1[j]
          Tanh()            a1[j]         3                         a1[j] = tanh(z1[j])
          QuadraticCost()   C        number                         C = 1/2·Σ_j (a1[j] − y[j])^2
        9 params in 2 tensors, 0.1 KiB as float64
        """
        labels = labels_of_layers(self.system, self.layers, self.layer_outputs, self.cost)
        labels |= dict.fromkeys(self.ends.masks, "drawn")
        return summary_of(self.system, self._params, self.sizes, frozen=self.frozen, labels=labels)

    def document(self) -> Group:
        """Return what it is and its summary, as a document."""
        return Group((Line((str(self).strip("<>"),)), self.summary().document()), role="network")

    @answers
    def equations(self, names: Names = "textbook", flat: bool = False) -> Equations:
        """Return the forward pass, the backward pass derived from it, and the update, in textbook form.

        Where three layers or more are equal they stand once, for l = 1..L, unless `flat` asks for each by itself. Names
        are "textbook", δ2 for ∂C/∂z2, "plain", "ng", or your own, see `printed_names`. Raises OptionError for others.

        >>> from chainrule import nn
        >>> from chainrule.network.network import Network
        >>> layers = [layer for _ in range(4) for layer in (nn.Linear(8, 8), nn.Sigmoid())]
        >>> print(Network(layers, cost=nn.QuadraticCost()).equations())
        forward pass (L = 4)
          a[0; i] = x[i]
          for l = 1..L:
              z[l; j] = Σ_i W[l; j,i]·a[l-1; i] + b[l; j]
              a[l; j] = sigmoid(z[l; j])
          C = 1/2·Σ_j (a[L; j] − y[j])^2
        <BLANKLINE>
        backward pass
          δ[L; j] = ∂C/∂z[L; j] = a[L; j]·(a[L; j] − y[j])·(1 − a[L; j])
          for l = L-1..1:
              δ[l; j] = ∂C/∂z[l; j] = a[l; j]·(1 − a[l; j])·Σ_k W[l+1; k,j]·δ[l+1; k]
          for l = 1..L:
              ∂C/∂W[l; j,i] = a[l-1; i]·δ[l; j]
              ∂C/∂b[l; j] = δ[l; j]
        """
        return Equations(backprop(self.learning(self.with_updates(self.updates))).system, names, flat)

    def with_updates(self, updates: str) -> System:
        """Return the system with the lines of an optimizer; see `nn.updates.updates_text`."""
        return parse_system(f"{system_text(self.system)}\n{updates}") if updates else self.system

    def learning(self, system: System) -> System:
        """Return a system of the network, one with updates say, with what is frozen as consts."""
        return without_frozen(system, self._frozen)
