"""Random families: steps with random reads, shared params, costs at each step, in either direction."""

from __future__ import annotations

import random

WAYS = ("tanh({})", "sigmoid({})", "{}^2", "{}", "sin({})")


def family_text(number: int) -> str:
    """Return the text of a family that follows from the number alone. All tensors have one axis of one size."""
    draw = random.Random(number)
    down = draw.random() < 0.3
    back = "+1" if down else "-1"
    far = ("+2" if down else "-2") if draw.random() < 0.3 else ""
    first, last = ("T", "1") if down else ("1", "T")
    if far:
        first = "T-1" if down else "2"
    bases = ["T+1", "T"] if down else ["0", "1"]
    if not far:
        bases = bases[:1]
    params = ["w0[k]", *(f"v{n}[k]" for n in range(len(bases) - 1))]
    lines = [f"h[{base}; k] = {name.replace('[k]', '')}[k]" for base, name in zip(bases, params, strict=True)]
    block, shared = _block(draw, back, far)
    lines += [f"for t = {first}..{last}:", *(f"    {line}" for line in block)]
    end = "1" if down else "T"
    cost = draw.choice(("end", "every", "both", "context"))
    parts = []
    if cost in ("end", "both"):
        parts.append(f"(sum(k) (h[{end}; k] - y[k])^2)")
    if cost in ("every", "both"):
        parts.append(draw.choice(("(sum(t) (sum(k) h[t; k]^2))", "1/2*(sum(t) (sum(k) z[t; k]*y[k]))")))
    if cost == "context":
        s = draw.choice("st")
        lines += [
            f"for {s} = {draw.choice(('1..T', '2..T', '1..T-1'))}:",
            f"    o[{s}; k] = tanh(h[{s}; k]*h[{end}; k])",
        ]
        other = "y[k]" if s == "s" else draw.choice(("y[k]", "z[t; k]", "x[t; k]"))
        parts.append(f"(sum({s}) (sum(k) o[{s}; k]*{other}))")
    head = ["data y[k], x[t; k]", f"param {', '.join([*params, *shared])}"]
    return "\n".join([*head, *lines, f"cost C = {' + '.join(parts)}"])


def _block(draw: random.Random, back: str, far: str) -> tuple[list[str], list[str]]:
    """Return the equations of one step, and the params that they read."""
    shared: list[str] = []

    def param() -> str:
        name = f"p{len(shared)}"
        if draw.random() < 0.5:
            shared.append(f"{name}[t; k,j]")
            return f"{name}[t; k,j]"
        shared.append(f"{name}[k,j]")
        return f"{name}[k,j]"

    terms = [f"(sum(j) {param()}*h[t{back}; j])"]
    if far:
        terms.append(f"h[t{far}; k]" if draw.random() < 0.5 else f"(sum(j) {param()}*h[t{far}; j])")
    if draw.random() < 0.5:
        terms.append("x[t; k]" if draw.random() < 0.7 else "t*x[t; k]")
    lines = [f"z[t; k] = {' + '.join(terms)}"]
    value = draw.choice(WAYS).format("z[t; k]")
    if draw.random() < 0.4:
        lines.append(f"g[t; k] = sigmoid(sum(j) {param()}*h[t{back}; j])")
        value = draw.choice((f"g[t; k]*{value}", f"g[t; k]*{value} + (1 - g[t; k])*h[t{back}; k]"))
    if draw.random() < 0.3:
        value += f" + h[t{back}; k]"
    lines.append(f"h[t; k] = {value}")
    return lines, shared
