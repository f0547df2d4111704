"""Training: the loop, and the record of what happened in it."""

from chainrule.training.history import Epoch, History
from chainrule.training.loop import train
from chainrule.training.runs import Progress

__all__ = ["Epoch", "History", "Progress", "train"]
