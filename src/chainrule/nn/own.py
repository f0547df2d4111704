"""Anybody's own activation, written down as equations: its params are what the text names beside z and a."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, final

from chainrule.errors import NotationError, OptionError
from chainrule.nn.layer import Initial, Layer, Nested, Value
from chainrule.nn.shape import shape_of
from chainrule.nn.template import names_in


@final
class Activation(Layer):
    """Anybody's own activation: equations that define a[k] from z, coupled or not.

    What the text names beside z, a, indices and functions are params of the activation, trained like all others; their
    initial values are given by name. A number fills a param that has an index. Raises NotationError for text that
    cannot be read and OptionError for params that do not fit it.

    >>> swish = Activation("a[k] = z[k]*sigmoid(beta*z[k])", beta=1.0)
    >>> print(swish.notation)
    a[k] = z[k]*sigmoid(beta*z[k])
    param beta
    """

    def __init__(self, text: str, **params: Any) -> None:
        named = names_in(text)
        for name in params:
            if name not in named or name in (self.reads, self.writes):
                raise OptionError(
                    f"{name} is given, but it is no param of the activation",
                    where=text,
                    expected=f"names that the text has beside {self.reads} and {self.writes}",
                    advice=f"Use {name} in the text, or leave it out.",
                )
        self.text = text
        self.params: Mapping[str, Nested] = MappingProxyType({n: _nested(n, v) for n, v in params.items()})
        self.notation = "\n".join([text.strip("\n"), *(f"param {_declared(n, text)}" for n in params)])
        try:
            shape = shape_of(self)
        except NotationError as error:
            raise _with_advice(error) from None
        for name, value in self.params.items():
            rank = len(shape.system.axes(name))
            if value_shape(value) and len(value_shape(value)) != rank:
                raise OptionError(
                    f"{name} is given with {len(value_shape(value))} axes",
                    where=text,
                    expected=f"{rank}, as the text writes it, or a single number",
                )

    def __repr__(self) -> str:
        params = "".join(f", {name}={_shown(value)}" for name, value in self.params.items())
        return f"Activation({self.text!r}{params})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Activation) and (self.text, dict(self.params)) == (other.text, dict(other.params))

    def __hash__(self) -> int:
        return hash((self.text, tuple(self.params.items())))

    @property
    def initial(self) -> Mapping[str, Initial]:
        """The given values."""
        return {name: Value(value) for name, value in self.params.items()}


def _with_advice(error: NotationError) -> NotationError:
    """Return an error in the text of an activation, with what such a text may name."""
    advice = "An activation names z, a, indices, functions and its params: Activation('a[k] = beta*z[k]', beta=1.0)"
    return NotationError(
        error.what,
        where=error.where,
        expected=error.expected,
        advice="\n".join(part for part in (error.advice, advice) if part),
        line=error.line,
        column=error.column,
    )


def _declared(name: str, text: str) -> str:
    """Return a param as it is declared: with the indices of its first entry in the text."""
    entry = re.search(rf"(?<![\w]){re.escape(name)}\s*(\[[^\[\]]*\])", text)
    return f"{name}{entry[1]}" if entry else name


def _nested(name: str, value: Any) -> Nested:
    """Return a value as a number or nested tuples of numbers; arrays are asked for their lists."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value):
        rows = tuple(_nested(name, row) for row in value)
        if len({value_shape(row) for row in rows}) == 1:
            return rows
    raise OptionError(
        f"the initial value of {name} is {value!r}",
        expected="a finite number, or rows of them, all of one length",
    )


def value_shape(value: Nested) -> tuple[int, ...]:
    """Return the shape of nested tuples; () for a number.

    >>> value_shape(((1.0, 2.0),))
    (1, 2)
    """
    return (len(value), *value_shape(value[0])) if isinstance(value, tuple) else ()


def _shown(value: Nested) -> str:
    return repr(value) if not isinstance(value, tuple) or len(value) <= 4 else f"<{len(value)} values>"
