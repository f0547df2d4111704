"""Random networks of layers, many of which are equal, and systems of layers with connections that skip some."""

from __future__ import annotations

import random
from itertools import pairwise

from chainrule import nn
from chainrule.network import Network
from chainrule.nn.updates import updates_text

ACTIVATIONS = (nn.Sigmoid, nn.Tanh, nn.ReLU, nn.LeakyReLU)
OPTIMIZERS = (
    lambda: nn.SGD(0.1),
    lambda: nn.SGD(0.1, momentum=0.9, weight_decay=1e-3),
    lambda: nn.Adam(0.01, clip_norm=1.0),
    lambda: nn.RMSProp(nn.StepDecay(0.1, 0.5, steps=3)),
)


def random_network(number: int) -> Network:
    """Return a network that follows from the number alone."""
    draw = random.Random(number)
    depth = draw.randint(1, 7)
    widths = [draw.randint(1, 4) for _ in range(depth + 1)] if draw.random() < 0.6 else [3] * (depth + 1)
    plain = draw.random() < 0.6
    first = draw.choice(ACTIVATIONS)
    dropout = draw.random() < 0.3
    layers: list[nn.Layer] = []
    for inside, outside in pairwise(widths):
        layers.append(nn.Linear(inside, outside))
        kind = first if plain or draw.random() < 0.7 else draw.choice(ACTIVATIONS)
        if plain or draw.random() < 0.8:
            layers.append(kind())
        if dropout and (plain or draw.random() < 0.5):
            layers.append(nn.Dropout(draw.choice((0.1, 0.1, 0.5))))
    cost: nn.Cost = nn.QuadraticCost()
    if draw.random() < 0.4:
        layers += [nn.Linear(widths[-1], 3), nn.Softmax()]
        cost = nn.CrossEntropy()
    if draw.random() < 0.3:
        cost = cost + nn.L2(0.1)
    network = Network(layers, cost=cost, seed=number)
    if draw.random() < 0.3:
        network.freeze(draw.randint(1, depth))
    if draw.random() < 0.5:
        network.updates = updates_text(draw.choice(OPTIMIZERS)(), network.system)
    return network


def layers_text(number: int) -> str:
    """Return the text of a system of layers of one width, with connections here and there that skip some."""
    draw = random.Random(number)
    depth = draw.randint(3, 7)
    usual, rare = draw.sample(("tanh({})", "sigmoid({})", "{} + 0.5*sin({})", "relu({})"), 2)
    odd = draw.random() * 0.4
    shared = draw.random() < 0.3
    params = [*([] if shared else [f"W{n}[k,j]" for n in range(1, depth + 1)]), *(["U[k,j]"] if shared else [])]
    lines = []
    for n in range(1, depth + 1):
        before = f"h{n - 1}" if n > 1 else "x"
        terms = [f"sum(j) {'U' if shared else f'W{n}'}[k,j]*{before}[j]"]
        if draw.random() < odd:
            terms.append(draw.choice((f"{before}[k]", "x[k]", "h1[k]" if n > 1 else "x[k]", f"{n}*{before}[k]")))
        lines.append(f"z{n}[k] = {' + '.join(f'({term})' for term in terms)}")
        way = rare if draw.random() < odd else usual
        lines.append(f"h{n}[k] = {way.replace('{}', f'z{n}[k]')}")
    cost = draw.choice((f"(sum(k) (h{depth}[k] - y[k])^2)", f"(sum(k) h{depth}[k]*h1[k]*y[k])"))
    return "\n".join(["data x[k], y[k]", f"param {', '.join(params)}", *lines, f"cost C = {cost}"])
