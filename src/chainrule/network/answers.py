"""What came out beside what should have: labels, whether they are right, and how far numbers are off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError, OptionError
from chainrule.network.compared import Compared
from chainrule.network.ends import Ends
from chainrule.network.samples import are_probabilities, is_one_hot, labels_of
from chainrule.system.model import System

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Answers:
    """A pair in arrays: `front` is how many axes stand before the declared ones, those of the samples.

    `counted`: the first axis counts samples; else the data are one whole.
    """

    pair: Compared
    front: int
    counted: bool = True

    @property
    def axis(self) -> int | None:
        """The axis of the classes in an array of outputs."""
        return None if self.pair.axis is None else self.pair.axis + self.front

    def are_classes(self, target: Array, *, probable: bool = False) -> bool:
        """Say whether targets are classes, so that an accuracy makes sense: labels, or one-hot rows.

        With `probable` other probabilities are, too. Numbers 0 and 1 of single outputs are, where these are read as
        probabilities.
        """
        if self.pair.labels:
            return True
        rows = target[..., None] if self.axis is None else target
        axis = -1 if self.axis is None else self.axis
        if rows.shape[axis] == 1 and not self.pair.direct:
            return False
        return are_probabilities(rows, axis) if probable else is_one_hot(rows, axis)

    def are_yes_or_no(self, target: Array) -> bool:
        """Say whether targets are zeros and ones, each for itself, so that an output above one half says 1."""
        return self.pair.direct and not self.pair.labels and bool(np.all((target == 0) | (target == 1)))

    def labels(self, target: Array) -> npt.NDArray[np.int64]:
        """Return the label that each target says."""
        return np.asarray(target, np.int64) if self.pair.labels else self.said(target)

    def said(self, output: Array) -> npt.NDArray[np.int64]:
        """Return the label that each output says: the place of the largest, or whether it is above one half."""
        return labels_of(output[..., None]) if self.axis is None else labels_of(output, self.axis)

    def right(self, output: Array, target: Array) -> float:
        """Return how many labels are right; of those that a sample has, or the whole, the fraction that is."""
        same = self.said(output) == self.labels(target)
        if not self.counted:
            return float(same.mean())
        if same.ndim <= 1:
            return float(np.count_nonzero(same))
        return float(same.mean(axis=tuple(range(1, same.ndim))).sum())

    def off(self, output: Array, target: Array) -> float:
        """Return how far off the outputs are in all, |a − y| added up."""
        return float(np.sum(np.abs(output - target)))


def answers_of(
    pairs: tuple[Compared, ...], front: int, data: Mapping[str, Array], *, counted: bool = True
) -> tuple[list[Answers], list[Answers]]:
    """Return the pairs that tell classes, and those of other numbers that are compared directly."""
    made = [Answers(pair, front, counted) for pair in pairs if pair.target in data]
    classes = [one for one in made if one.are_classes(data[one.pair.target])]
    return classes, [one for one in made if one not in classes and one.pair.direct and not one.pair.labels]


def right_or_wrong(pairs: Sequence[Compared], front: int, targets: Mapping[str, Array]) -> list[tuple[Answers, bool]]:
    """Return the pairs that are right or wrong, and whether each entry is for itself; classes go before others.

    Raises InputError where there are none.
    """
    answers = [Answers(pair, front) for pair in pairs]
    classes = [one for one in answers if one.are_classes(targets[one.pair.target], probable=True)]
    separate = [one for one in answers if one.are_yes_or_no(targets[one.pair.target])]
    if not classes and not separate:
        raise InputError(
            "y holds no classes, so nothing is right or wrong",
            expected="labels, one-hot rows, or zeros and ones for outputs that each say yes or no",
        )
    return [(one, False) for one in classes] or [(one, True) for one in separate]


def fraction_right(
    found: Sequence[tuple[Answers, bool]], targets: Mapping[str, Array], outputs: Mapping[str, Array]
) -> float:
    """Return the fraction of labels that are right, the mean of those of several outputs."""
    parts = []
    for one, separate in found:
        output, target = outputs[one.pair.output], targets[one.pair.target]
        same = (output > 0.5) == target if separate else one.said(output) == one.labels(target)
        parts.append(np.mean(same))
    return float(np.mean(parts))


def no_single_label(system: System, ends: Ends) -> OptionError:
    """Return the error that a network has no single label to say, with how that of one of its outputs is got."""
    heads = [pair for pair in ends.pairs if pair.output in ends.outputs and pair.axis is not None]
    advice = ""
    if len(ends.outputs) > 1 and heads:
        head = next((pair for pair in heads if pair.labels), heads[0])
        axis = (head.axis or 0) - len(system.axes(head.output))
        advice = f'Of one of them: network.predict(x)["{head.output}"].argmax(axis={axis})'
    return OptionError(
        "the network does not say one label for each sample", expected="one output of classes", advice=advice
    )
