"""`chainrule show`: what is in a saved network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chainrule.network import Network

HELP = """Show what is in a saved network: layers, params, what it was trained on, and its equations.

\b
  chainrule show digits.safetensors
"""


def show(model: Annotated[str, typer.Argument(metavar="MODEL", help="A saved network, FILE.safetensors.")]) -> None:
    """Show what is in a saved network."""
    from chainrule.cli.systems import read_network

    network = read_network(model)
    typer.echo("\n".join([*_facts(model, network), "", *params_table(network), "", str(network.equations())]))


def _facts(model: str, network: Network) -> list[str]:
    lines = [f"{model}: {network.width or '?'} numbers in, {network.outputs} out"]
    if network.layers:
        lines += ["", f"layers      {', '.join(network.layers)}", f"cost        {network.cost}"]
    trained = training_text(network.trained)
    return [*lines, f"trained     {trained[0]}", *(f"            {line}" for line in trained[1:])]


def training_text(trained: Mapping[str, str | int | float]) -> list[str]:
    """Return what is known of a training, in words."""
    if not trained:
        return ["nothing is known of it"]

    def said(name: str, form: str) -> list[str]:
        return [form.format(trained[name])] if name in trained else []

    data = [
        *said("data", "on {}"),
        *said("samples", "{:,} samples"),
        *said("epochs", f"{{:,}} epoch{'s' * (trained.get('epochs') != 1)}"),
        *said("batch_size", "batches of {:,}"),
        *said("seed", "seed {}"),
        *said("executor", "run by {}"),
    ]
    measured = [
        *said("accuracy", "accuracy {:.2%}"),
        *said("error", "mean absolute error {:.4g}"),
    ]
    on = said("measured_on", " on the {} data")
    result = [*said("cost", "cost {:.4g} in training"), *(f"{what}{''.join(on)}" for what in measured)]
    return [line for line in (", ".join(data), ", ".join(result).replace("%", " %")) if line]


def params_table(network: Network) -> list[str]:
    """Return a line for each tensor of params: its shape, how many numbers it has, and which they are."""
    rows = [("param", "shape", "numbers", "smallest", "largest", "root mean square")]
    for name, array in network.params.items():
        shape = "×".join(map(str, array.shape)) or "number"
        parts = [array.min(), array.max(), (array**2).mean() ** 0.5] if array.size else []
        low, high, root = [f"{part:.4g}".replace("-", "−") for part in parts] or [""] * 3
        rows.append((name, shape, f"{array.size:,}", low, high, root))
    total = sum(array.size for array in network.params.values())
    rows.append(("in all", "", f"{total:,}", "", "", ""))
    widths = [max(len(row[n]) for row in rows) for n in range(6)]
    return [
        "   ".join(
            [f"{row[0]:<{widths[0]}}", *(f"{c:>{w}}" for c, w in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in rows
    ]
