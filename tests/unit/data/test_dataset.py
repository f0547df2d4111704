"""What a data set says about itself."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from chainrule.data import Dataset


def test_labels_give_one_output_for_each_class() -> None:
    data = Dataset("labels", np.zeros((3, 4)), np.array([0, 5, 2]))
    assert (data.features, data.outputs, data.labelled) == (4, 6, True)


def test_there_are_more_outputs_than_labels_seen_where_that_is_known() -> None:
    assert Dataset("labels", np.zeros((3, 4)), np.array([0, 5, 2]), classes=10).outputs == 10
    assert Dataset("targets", np.zeros((3, 4)), np.zeros((3, 2)), classes=10).outputs == 2


def test_targets_give_one_output_for_each_column() -> None:
    data = Dataset("targets", np.zeros((3, 4)), np.zeros((3, 2)))
    assert (data.features, data.outputs, data.labelled) == (4, 2, False)


def test_the_shape_of_a_sample_is_that_of_its_row_unless_it_is_given() -> None:
    assert Dataset("rows", np.zeros((3, 4)), np.zeros((3, 2))).sample_shape == (4,)
    assert Dataset("images", np.zeros((3, 4)), np.zeros((3, 2)), sample_shape=(2, 2)).sample_shape == (2, 2)


def test_a_data_set_cannot_be_changed() -> None:
    data = Dataset("fixed", np.zeros((3, 4)), np.zeros((3, 2)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.name = "other"  # type: ignore[misc]
