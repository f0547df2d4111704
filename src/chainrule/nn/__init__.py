"""Layers, activations, costs and optimizers: each is a few lines of notation that a person can read.

>>> from chainrule import nn
>>> print(nn.Linear(64, 30).notation)
param W[j,i], b[j]
z[j] = sum(i) W[j,i]*x[i] + b[j]
>>> print(nn.SGD(0.5).update(rank=2))
update p = p - learning_rate*∂C/∂p
"""

from chainrule.nn.activations import ELU, GELU, LeakyReLU, Mish, ReLU, Sigmoid, Softmax, Softplus, Swish, Tanh
from chainrule.nn.costs import BinaryCrossEntropy, Cost, CrossEntropy, GaussianNLL, Hinge, Huber, QuadraticCost
from chainrule.nn.dense import Linear
from chainrule.nn.dropout import Dropout
from chainrule.nn.initialisations import He, Initialisation, LeCun, Orthogonal, Xavier
from chainrule.nn.layer import Layer
from chainrule.nn.optimizers import SGD, Adam, AdamW, Optimizer, RMSProp
from chainrule.nn.own import Activation
from chainrule.nn.penalties import L1, L2, Penalty
from chainrule.nn.schedules import Cosine, OneCycle, Schedule, StepDecay, WarmUp

__all__ = [
    "ELU",
    "GELU",
    "L1",
    "L2",
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "BinaryCrossEntropy",
    "Cosine",
    "Cost",
    "CrossEntropy",
    "Dropout",
    "GaussianNLL",
    "He",
    "Hinge",
    "Huber",
    "Initialisation",
    "Layer",
    "LeCun",
    "LeakyReLU",
    "Linear",
    "Mish",
    "OneCycle",
    "Optimizer",
    "Orthogonal",
    "Penalty",
    "QuadraticCost",
    "RMSProp",
    "ReLU",
    "Schedule",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "StepDecay",
    "Swish",
    "Tanh",
    "WarmUp",
    "Xavier",
]
