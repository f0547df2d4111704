"""`chainrule show`: what is in a saved network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from chainrule.cli.arguments import NamesOption
from chainrule.cli.terminal import say
from chainrule.errors import escaped

if TYPE_CHECKING:
    from chainrule.network import Network

HELP = """Show what is in a saved network: layers, params, what it was trained on, and its equations.

\b
  chainrule show digits.safetensors
  chainrule show digits.safetensors --names ng
  chainrule show deep.safetensors --flat    equations layer by layer, also where three or more are equal
"""


def show(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A saved network, FILE.safetensors.")],
    flat: Annotated[bool, typer.Option("--flat", help="Show equations layer by layer, also of equal layers.")] = False,
    names: NamesOption = "",
) -> None:
    """Show what is in a saved network."""
    from chainrule.cli.printed_as import asked_names
    from chainrule.cli.systems import read_network

    network = read_network(model)
    equations = network.equations(asked_names(names or "textbook"), flat)
    say("\n".join([*_facts(model, network), "", *params_table(network), "", str(equations)]))


def _facts(model: str, network: Network) -> list[str]:
    lines = [f"{escaped(model)}: {_ends(network)}"]
    if network.layers:
        layers = ", ".join(map(escaped, network.layers))
        lines += ["", f"layers      {layers}", f"cost        {escaped(network.cost)}"]
    trained = training_text(network.trained)
    frozen = [f"frozen      {', '.join(map(escaped, network.frozen))}"] if network.frozen else []
    return [*lines, f"trained     {trained[0]}", *(f"            {line}" for line in trained[1:]), *frozen]


def _ends(network: Network) -> str:
    """Say what goes in and what comes out: how many numbers, where both are vectors, else which tensors."""
    from chainrule.render.text import entry_text

    ends, axes = network.ends, network.system.axes
    named = [entry_text(name, axes(name)) for name in (*ends.inputs, *ends.outputs, *ends.targets)]
    if network.layers or [len(axes(name)) for name in (*ends.inputs, *ends.outputs)] == [1, 1]:
        return f"{network.width or '?'} inputs, {network.outputs} outputs"
    first, last = len(ends.inputs), len(ends.inputs) + len(ends.outputs)
    compared = f", compared with {', '.join(named[last:])}" if ends.targets else ""
    return f"{', '.join(named[:first])} → {', '.join(named[first:last]) or '?'}{compared}"


def training_text(trained: Mapping[str, str | int | float]) -> list[str]:
    """Return what is known of a training, in words. A file can say anything: what makes no words is shown as it is.

    >>> training_text({"samples": 1438, "seed": 0, "accuracy": 0.95, "place": "Bonn", "epochs": "many"})
    ['1,438 samples, epochs many, seed 0, place Bonn', 'accuracy 95.00 %']
    """
    on = f" on the {_plain(trained['measured_on'])} data" if "measured_on" in trained else ""
    told = {**_TOLD, "epochs": f"{{:,}} epoch{'s' * (trained.get('epochs') != 1)}"}
    measured = {"cost": "cost {:.4g} in training", **{name: form + on for name, form in _MEASURED.items()}}
    others = {name: "" for name in trained if name not in {*told, *measured, "measured_on"}}
    lines = ([_said(trained, name, form) for name, form in forms.items()] for forms in ({**told, **others}, measured))
    return [line for line in (", ".join(filter(None, said)) for said in lines) if line] or ["nothing is known of it"]


_TOLD: Mapping[str, str] = {
    "data": "on {}",
    "samples": "{:,} samples",
    "epochs": "{:,} epochs",
    "batch_size": "batches of {:,}",
    "seed": "seed {}",
    "executor": "with the {} executor",
}
_MEASURED: Mapping[str, str] = {"accuracy": "accuracy {:.2%}", "error": "mean absolute error {:.4g}"}
_LONGEST = 60
"""So much of what a file says is shown."""


def _said(trained: Mapping[str, str | int | float], name: str, form: str) -> str:
    """Return one fact in its form, or by its name where it has none or is not of the kind that the form is for."""
    if name not in trained:
        return ""
    value = trained[name]
    if "{}" in form:
        return form.format(_plain(value))
    if form and isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _HUGE:
        return form.format(value).replace("%", " %")
    return f"{_plain(name.replace('_', ' '))} {_plain(value)}"


_HUGE = 1e300
"""Numbers from here on, nan among them, are in no form."""


def _plain(value: object) -> str:
    """Return what a file says as part of a line."""
    text = escaped(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


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
