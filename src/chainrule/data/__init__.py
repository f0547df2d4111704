"""Samples to learn from: the embedded digits, the files of MNIST, and anybody's arrays in an .npz file.

Every source gives a `Dataset`: samples as rows of float64, answers as labels or as rows of targets, already verified.
Nothing here shuffles or downloads. Pixels are scaled to 0 … 1; the numbers of an .npz are taken as they stand.
"""

from __future__ import annotations

from chainrule.data.arrays import load_npz
from chainrule.data.dataset import Dataset
from chainrule.data.embedded import digits, digits_split
from chainrule.data.mnist import mnist

__all__ = ["Dataset", "digits", "digits_split", "load_npz", "mnist"]
