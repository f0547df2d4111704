"""Layers, activations, costs and optimizers: each is a few lines of notation that a person can read.

>>> from chainrule import nn
>>> print(nn.Linear(64, 30).notation)
param W[j,i], b[j]
z[j] = sum(i) W[j,i]*x[i] + b[j]
>>> print(nn.SGD(0.5).update(rank=2))
update p = p - learning_rate*∂C/∂p
"""

from chainrule.nn.activations import Activation, ReLU, Sigmoid, Softmax, Tanh
from chainrule.nn.costs import BinaryCrossEntropy, Cost, CrossEntropy, QuadraticCost
from chainrule.nn.layer import Layer
from chainrule.nn.linear import Linear
from chainrule.nn.optimizers import SGD, Optimizer

__all__ = [
    "SGD",
    "Activation",
    "BinaryCrossEntropy",
    "Cost",
    "CrossEntropy",
    "Layer",
    "Linear",
    "Optimizer",
    "QuadraticCost",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
]
