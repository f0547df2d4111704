"""The costs of the workloads in PyTorch, with the functions that it has for each layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Params = Mapping[str, Any]


def cnn(p: Params, x: Any, y: Any) -> Any:
    """Return the mean cost of a batch."""
    from torch.nn import functional

    h = functional.max_pool2d(functional.relu(functional.conv2d(x, p["W1"], p["b1"])), 2)
    h = functional.max_pool2d(functional.relu(functional.conv2d(h, p["W2"], p["b2"])), 2)
    return functional.cross_entropy(functional.linear(h.flatten(1), p["V"].flatten(1), p["b3"]), y)


def strided(p: Params, x: Any, y: Any) -> Any:
    """Return the mean cost of a batch."""
    from torch.nn import functional

    a = x
    for name in ("W1", "W2", "W3"):
        a = functional.relu(functional.conv2d(a, p[name], stride=2, padding=1))
    return functional.cross_entropy(functional.linear(a.mean((2, 3)), p["V"]), y)


def gpt(p: Params, x: Any, y: Any) -> Any:
    """Return the mean cost of a batch."""
    from torch.nn import functional

    n, t, d = x.shape
    heads = p["Wq"].shape[0]
    normal = functional.layer_norm(x, (d,), p["g1"], p["c1"], 1e-5)

    def projected(which: str) -> Any:
        flat = functional.linear(normal, p[f"W{which}"].flatten(0, 1), p[f"b{which}"].flatten())
        return flat.view(n, t, heads, -1).transpose(1, 2)

    o = functional.scaled_dot_product_attention(*map(projected, "qkv"), is_causal=True)
    r = x + functional.linear(o.transpose(1, 2).flatten(2), p["Wo"].flatten(1), p["bo"])
    normal = functional.layer_norm(r, (d,), p["g2"], p["c2"], 1e-5)
    wide = functional.gelu(functional.linear(normal, p["W1"], p["b1"]))
    return functional.mse_loss(r + functional.linear(wide, p["W2"], p["b2"]), y)


COSTS: dict[str, Callable[[Params, Any, Any], Any]] = {"cnn": cnn, "strided": strided, "gpt": gpt}
