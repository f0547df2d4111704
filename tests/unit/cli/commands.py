"""The commands derive, explain and check as the command line runs them, with a folder of systems."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from click.testing import Result
from typer.testing import CliRunner

from chainrule import nn
from chainrule.cli.main import app
from chainrule.network import Network

SIGMOID = """data y[k]
param z[j]
a[k] = sigmoid(z[k])
cost C = 1/2*(sum(k) (a[k] - y[k])^2)
"""
SOFTMAX = """data y[k]
param z[j]
given sum(k) y[k] = 1
a[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -sum(k) y[k]*log(a[k])
"""


def run(*arguments: object, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], input=stdin)


def write_systems(folder: Path) -> Path:
    (folder / "sigmoid.eq").write_text(SIGMOID, encoding="utf-8")
    (folder / "softmax.eq").write_text(SOFTMAX, encoding="utf-8")
    (folder / "no_params.eq").write_text("data x\ncost C = x^2\n", encoding="utf-8")
    (folder / "unknown.eq").write_text("param z[j]\nabstract a[k](z[j])\ncost C(a[k])\n", encoding="utf-8")
    (folder / "broken.eq").write_text("param z[j]\na[k] = sigmoyd(z[k])\ncost C = sum(k) a[k]\n", encoding="utf-8")
    (folder / "bytes.eq").write_bytes(b"\xff\xfe\x00")
    return folder


def write_network(path: Path, features: int = 64) -> Path:
    layers = [nn.Linear(features, 6), nn.Sigmoid(), nn.Linear(6, 10), nn.Softmax()]
    Network(layers, cost=nn.CrossEntropy(), seed=0).save(path)
    return path


def write_data(path: Path, features: int = 3, *, test: bool = False) -> Path:
    draw = np.random.default_rng(0)
    arrays = {"x_train": draw.normal(size=(12, features)), "y_train": np.arange(12) % 10}
    if test:
        arrays |= {"x_test": draw.normal(size=(5, features)), "y_test": np.arange(5)}
    np.savez(path, **arrays)
    return path
