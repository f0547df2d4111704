"""The dense layer: every output is a weighted sum of all inputs, plus a bias."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from chainrule.errors import OptionError
from chainrule.nn.layer import Initial, Layer, Normal, Value


@final
@dataclass(frozen=True)
class Linear(Layer):
    """A dense layer from in_features to out_features numbers.

    The weights begin as N(0, 1/in_features), so that z varies about as much as x (LeCun et al. 1998, Efficient
    BackProp, section 4.6); before a ReLU as N(0, 2/in_features) (He et al. 2015, eq. 10). The biases begin at 0.

    >>> print(Linear(64, 30).notation)
    param W[j,i], b[j]
    z[j] = sum(i) W[j,i]*x[i] + b[j]
    """

    in_features: int
    out_features: int

    notation = "param W[j,i], b[j]\nz[j] = sum(i) W[j,i]*x[i] + b[j]"
    reads = "x"
    writes = "z"

    def __post_init__(self) -> None:
        for name in ("in_features", "out_features"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise OptionError(
                    f"{name} of a Linear layer is {value!r}",
                    expected="a whole number, 1 or more",
                    advice="For example Linear(64, 30): 64 numbers come in, 30 go out.",
                )

    def __repr__(self) -> str:
        return f"Linear({self.in_features}, {self.out_features})"

    @property
    def sizes(self) -> Mapping[str, int]:
        """The extents of i and j."""
        return {"i": self.in_features, "j": self.out_features}

    @property
    def initial(self) -> Mapping[str, Initial]:
        """Weights of variance 1/in_features, biases 0."""
        return {"W": Normal(1 / self.in_features), "b": Value(0.0)}
