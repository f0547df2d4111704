"""`chainrule explain`: one number of a saved network's backward pass, opened into its sum."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chainrule.data import Dataset
    from chainrule.network import Network


def explain(
    file: Annotated[str, typer.Argument(metavar="FILE.safetensors", help="A saved network.")],
    of: Annotated[str, typer.Option(metavar="NAME", help="The tensor whose derivative is opened, such as z1.")],
    at: Annotated[
        list[str] | None, typer.Option(metavar="j=3", help="The entry: a value for each index; may be repeated.")
    ] = None,
    sample: Annotated[int, typer.Option(help="Which sample of the data, counted from 0.")] = 0,
    data: Annotated[
        Path | None, typer.Option(metavar="FILE.npz", help="The samples. Default: the test part of the digits.")
    ] = None,
    paths: Annotated[
        bool, typer.Option("--paths", help="Show the sum over all paths too, before anything vanishes.")
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="How many terms of each sum are shown.")] = 12,
) -> None:
    r"""Open one derivative into its sum, term by term, with numbers.

    \b
      chainrule train digits --save digits.safetensors
      chainrule explain digits.safetensors --of z1 --at j=3 --sample 7
      chainrule explain digits.safetensors --of z2 --at k=0 --paths
      chainrule explain digits.safetensors --of W2 --at k=4 --at j=11

    The derivative is that of the cost of one sample. FILE.npz holds x_test and y_test, or x_train and y_train, as
    for training.
    """
    from chainrule.errors import OptionError
    from chainrule.cli.systems import SAVED
    from chainrule.explanation import explain as open_sum
    from chainrule.network import load

    if not file.endswith(SAVED):
        raise OptionError(
            f"{file} is no saved network",
            expected=f"a file that ends in {SAVED}: a system alone has no numbers",
            advice="Train one and save it: chainrule train digits --save digits.safetensors",
        )
    network = load(file)
    x, y, name = _samples(network, data)
    if not 0 <= sample < len(x):
        raise OptionError(f"there is no sample {sample}", expected=f"0 … {len(x) - 1}, of {name}")
    inputs = {network.ends.data: x[sample : sample + 1], network.ends.target: y[sample : sample + 1]}
    found = open_sum(network, inputs, of, _entry(at or []), paths=paths, top=top)
    typer.echo(_heading(network, inputs, sample, name))
    typer.echo()
    typer.echo(str(found))


def _samples(network: Network, data: Path | None) -> tuple[npt.ArrayLike, npt.ArrayLike, str]:
    """Return samples and answers: those to test with, where there are any."""
    from chainrule.data import digits_split, load_npz
    from chainrule.errors import OptionError

    if data is None and network.width != 64:
        raise OptionError(
            f"the network takes {network.width} numbers, and the digits have 64",
            expected="the samples that it was made for",
            advice="Give them: --data FILE.npz",
        )
    found: Dataset = digits_split() if data is None else load_npz(data)
    if found.x_test is not None and found.y_test is not None:
        return found.x_test, found.y_test, f"the samples to test with, {found.name}"
    return found.x_train, found.y_train, f"the samples to train with, {found.name}"
