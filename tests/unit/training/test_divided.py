"""The part of the samples that validates: drawn by the seed, of each class alike, and never learned from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import OptionError
from chainrule.training import train
from chainrule.training.training_data import Samples, divided
from unit.network.builders import classifier, clusters, samples_of


def numbered(count: int, classes: int = 0) -> Samples:
    """Samples that can be told apart, with one-hot rows or with targets."""
    x = np.arange(float(count))[:, None]
    return samples_of(x, np.eye(classes)[np.arange(count) % classes] if classes else x + 0.5)


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize(("count", "fraction", "expected"), [(60, 0.1, 6), (10, 0.25, 3), (7, 0.5, 4), (4, 0.6, 2)])
def test_every_sample_is_in_one_of_the_two(count: int, fraction: float, expected: int, classes: int) -> None:
    learning, validating = divided(numbered(count, classes), fraction, 0)
    found = [part.data["x"][:, 0].tolist() for part in (learning, validating)]
    assert sorted(found[0] + found[1]) == list(range(count))
    assert found == [sorted(part) for part in found]
    assert len(validating.data["x"]) == len(validating.data["y"]) == validating.count == expected


def test_of_each_class_the_same_fraction() -> None:
    _, validating = divided(numbered(90, 3), 0.2, 5)
    assert validating.data["y"].sum(axis=0).tolist() == [6, 6, 6]


def test_it_is_drawn_by_the_seed() -> None:
    drawn = [divided(numbered(50), 0.2, seed)[1].data["x"].tolist() for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_training_is_that_of_the_two_parts() -> None:
    x, labels = clusters(40)
    network, same = classifier(), classifier()
    options: dict[str, Any] = {"epochs": 3, "batch_size": 7, "seed": 4, "optimizer": nn.SGD(1.0)}
    history = train(network, x, labels, validation_fraction=0.25, **options)
    learning, held = divided(samples_of(x, np.eye(3)[labels]), 0.25, 4)
    other = train(same, learning.data, x_validation=held.data, **options)
    assert np.array_equal(network.params["W1"], same.params["W1"])
    assert [e.validation_cost for e in history.epochs] == [e.validation_cost for e in other.epochs]
    assert network.trained["samples"] == 30


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"validation_fraction": 0}, "validation_fraction is 0\n  a number between 0 and 1, such as 0.1"),
        ({"validation_fraction": 1.0}, "validation_fraction is 1.0"),
        ({"validation_fraction": "some"}, "validation_fraction is 'some'"),
        ({"validation_fraction": True}, "validation_fraction is True"),
        ({"validation_fraction": 0.01}, "validation_fraction is 0.01, which makes 0 of 6 samples"),
        ({"validation_fraction": 0.99}, "validation_fraction is 0.99, which makes 6 of 6 samples"),
        (
            {"validation_fraction": 0.5, "x_validation": np.zeros((1, 4)), "y_validation": [0]},
            "both x_validation and validation_fraction are given",
        ),
    ],
)
def test_fractions_that_make_no_sense(change: dict[str, Any], said: str) -> None:
    x, labels = clusters(6)
    with pytest.raises(OptionError) as caught:
        train(classifier(), x, labels, **change)
    assert said in str(caught.value)
