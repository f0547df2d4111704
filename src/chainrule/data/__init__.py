"""Samples to learn from: the embedded digits, and anybody's arrays in an .npz file.

Every source gives a `Dataset`: samples as rows of float64, answers as labels or as rows of targets, already verified.
Nothing here scales, shuffles or downloads: what is in the file is what the network sees.
"""

from __future__ import annotations

from chainrule.data.arrays import load_npz
from chainrule.data.dataset import Dataset
from chainrule.data.embedded import digits, digits_split

__all__ = ["Dataset", "digits", "digits_split", "load_npz"]
