"""The dense layer: every output is a weighted sum of all inputs, plus a bias."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from chainrule.errors import OptionError
from chainrule.keywords import answering_class
from chainrule.nn.checks import check_count, settle
from chainrule.nn.initialisations import Initialisation
from chainrule.nn.layer import Codomain, Initial, Layer, Normal, Value


@final
@answering_class
@dataclass(frozen=True)
class Linear(Layer):
    """A dense layer from in_features to out_features numbers.

    The weights begin as N(0, 1/in_features), so that z varies about as much as x (LeCun et al. 1998, Efficient
    BackProp, section 4.6); before a ReLU as N(0, 2/in_features) (He et al. 2015, eq. 10), and so before all that are
    like it, see `gain` of the activations. `weights` names another beginning. The biases begin at 0.

    >>> print(Linear(64, 30).notation)
    param W[j,i], b[j]
    z[j] = sum(i) W[j,i]*x[i] + b[j]
    """

    in_features: int
    out_features: int
    weights: Initialisation | None = field(default=None, kw_only=True)

    notation = "param W[j,i], b[j]\nz[j] = sum(i) W[j,i]*x[i] + b[j]"
    reads = "x"
    codomain = Codomain.ANYWHERE
    writes = "z"

    def __post_init__(self) -> None:
        for name in ("in_features", "out_features"):
            advice = "For example Linear(64, 30): 64 numbers come in, 30 go out."
            settle(self, **{name: check_count(f"{name} of a Linear layer", getattr(self, name), advice=advice)})
        if self.weights is not None and not isinstance(self.weights, Initialisation):
            kind = self.weights.__name__ if isinstance(self.weights, type) else ""
            raise OptionError(
                f"weights of a Linear layer is {self.weights!r}",
                expected="how they begin: nn.Xavier(), nn.He(), nn.LeCun() or nn.Orthogonal()",
                advice=f"Write {kind}(), with parentheses." if kind else "",
            )

    def __repr__(self) -> str:
        weights = f", weights={self.weights!r}" if self.weights is not None else ""
        return f"Linear({self.in_features}, {self.out_features}{weights})"

    @property
    def sizes(self) -> Mapping[str, int]:
        """The extents of i and j."""
        return {"i": self.in_features, "j": self.out_features}

    @property
    def initial(self) -> Mapping[str, Initial]:
        """Weights of variance 1/in_features unless they begin otherwise, biases 0."""
        named = self.weights.of(self.in_features, self.out_features) if self.weights is not None else None
        return {"W": named or Normal(1 / self.in_features), "b": Value(0.0)}
