"""The costs of the workloads in JAX; a convolution in three forms: `lax.conv`, shifted slices, a matrix product."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

Params = Mapping[str, Any]
Conv = Callable[[Any, Any, int, int], Any]


def _lax(x: Any, w: Any, stride: int, padding: int) -> Any:
    import jax

    sides = [(padding, padding)] * 2
    return jax.lax.conv_general_dilated(x, w, (stride, stride), sides, dimension_numbers=("NCHW", "OIHW", "NCHW"))


def _windows(x: Any, w: Any, stride: int, padding: int) -> Any:
    """Yield the shift and the slice of all images that it meets."""
    import jax.numpy as jnp

    x = jnp.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows, columns = ((size - kernel) // stride + 1 for size, kernel in zip(x.shape[2:], w.shape[2:], strict=True))
    for u in range(w.shape[2]):
        for v in range(w.shape[3]):
            yield u, v, x[:, :, u : u + stride * rows : stride, v : v + stride * columns : stride]


def _slices(x: Any, w: Any, stride: int, padding: int) -> Any:
    import jax.numpy as jnp

    return sum(jnp.einsum("ncpq,oc->nopq", part, w[:, :, u, v]) for u, v, part in _windows(x, w, stride, padding))


def _products(x: Any, w: Any, stride: int, padding: int) -> Any:
    import jax.numpy as jnp

    parts = jnp.stack([part for _, _, part in _windows(x, w, stride, padding)], axis=2)
    n, c, kernel, rows, columns = parts.shape
    flat = parts.transpose(0, 3, 4, 1, 2).reshape(n * rows * columns, c * kernel)
    return (flat @ w.reshape(w.shape[0], -1).T).reshape(n, rows, columns, -1).transpose(0, 3, 1, 2)


def _pool_lax(x: Any) -> Any:
    import jax

    return jax.lax.reduce_window(x, -float("inf"), jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


def _pool_slices(x: Any) -> Any:
    import jax.numpy as jnp

    return jnp.maximum(
        jnp.maximum(x[:, :, ::2, ::2], x[:, :, 1::2, ::2]), jnp.maximum(x[:, :, ::2, 1::2], x[:, :, 1::2, 1::2])
    )


def _classified(z: Any, y: Any) -> Any:
    import jax

    return -jax.numpy.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1).mean()


def cnn(conv: Conv, pool: Callable[[Any], Any], p: Params, x: Any, y: Any) -> Any:
    """Return the mean cost of a batch."""
    import jax

    h = x
    for w, b in (("W1", "b1"), ("W2", "b2")):
        h = pool(jax.nn.relu(conv(h, p[w], 1, 0) + p[b][None, :, None, None]))
    return _classified(h.reshape(len(x), -1) @ p["V"].reshape(len(p["V"]), -1).T + p["b3"], y)


def strided(conv: Conv, p: Params, x: Any, y: Any) -> Any:
    """Return the mean cost of a batch."""
    import jax

    a = x
    for name in ("W1", "W2", "W3"):
        a = jax.nn.relu(conv(a, p[name], 2, 1))
    return _classified(a.mean((2, 3)) @ p["V"].T, y)


def gpt(p: Params, x: Any, y: Any) -> Any:
    """Return the mean cost of a batch."""
    import jax
    import jax.numpy as jnp

    def normalised(a: Any, gain: Any, shift: Any) -> Any:
        mean = a.mean(-1, keepdims=True)
        variance = ((a - mean) ** 2).mean(-1, keepdims=True)
        return gain * (a - mean) / jnp.sqrt(variance + 1e-5) + shift

    normal = normalised(x, p["g1"], p["c1"])
    q, k, v = (
        jnp.einsum("ntd,hcd->nhtc", normal, p[f"W{which}"]) + p[f"b{which}"][None, :, None, :] for which in "qkv"
    )
    scores = jnp.einsum("nhtc,nhuc->nhtu", q, k) / jnp.sqrt(q.shape[-1])
    mask = jnp.tril(jnp.ones((x.shape[1], x.shape[1]), bool))
    weights = jax.nn.softmax(jnp.where(mask, scores, -1e30), axis=-1)
    r = x + jnp.einsum("nhtu,nhuc,dhc->ntd", weights, v, p["Wo"]) + p["bo"]
    wide = jax.nn.gelu(normalised(r, p["g2"], p["c2"]) @ p["W1"].T + p["b1"], approximate=False)
    return ((r + wide @ p["W2"].T + p["b2"] - y) ** 2).mean()


_CONVOLUTIONS: dict[str, Conv] = {"lax": _lax, "slices": _slices, "products": _products}
COSTS: dict[str, dict[str, Callable[[Params, Any, Any], Any]]] = {
    "cnn": {
        form: partial(cnn, conv, _pool_lax if form == "lax" else _pool_slices) for form, conv in _CONVOLUTIONS.items()
    },
    "strided": {form: partial(strided, conv) for form, conv in _CONVOLUTIONS.items()},
    "gpt": {"lax": gpt},
}
