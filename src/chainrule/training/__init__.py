"""Training: the loop, the record of what happened in it, when it stops, and how it goes on after a break."""

from chainrule.training.callbacks import Callback
from chainrule.training.history import Epoch, History
from chainrule.training.loop import train
from chainrule.training.measured import measure
from chainrule.training.runs import Progress
from chainrule.training.stopping import EarlyStopping
from chainrule.training.trackers import MLflow, TensorBoard, Trackio, WandB

__all__ = [
    "Callback",
    "EarlyStopping",
    "Epoch",
    "History",
    "MLflow",
    "Progress",
    "TensorBoard",
    "Trackio",
    "WandB",
    "measure",
    "train",
]
