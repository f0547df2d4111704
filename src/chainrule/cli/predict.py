"""`chainrule predict`: what a saved network makes of samples."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainrule.cli.arguments import as_utf8
from chainrule.cli.terminal import say
from chainrule.errors import escaped

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from chainrule.data.dataset import Samples
    from chainrule.network import Network

    Array = npt.NDArray[np.float64]

HELP = """Ask a saved network about samples: their labels and probabilities, or the numbers that come out.

\b
  chainrule predict digits.safetensors digits
  chainrule predict net.safetensors samples.csv --output labels.csv
  chainrule predict net.safetensors samples.npy --output outputs.npy
  chainrule predict mnist.safetensors mnist --data-dir DIR --top 5
  chainrule predict net.safetensors data.npz --of f,o --output both.npz

INPUT is digits or mnist (their samples to test with), or a file: .csv, a sample on each line, perhaps with names above
and comments that begin with #; .npy of shape (samples, features); .npz with an array x, x_test or x_train. More axes
are flattened, unless the network has them. For a network of several data an .npz with an array for each, by its name.

A .csv or .npz as --output holds labels and outputs, a .npy the outputs alone, of shape (samples, outputs). Of several
tensors that come out an .npz has an array for each by its name, and a .csv a column for each number.
"""

FORMATS = (".csv", ".npy", ".npz")


def predict(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A saved network, FILE.safetensors.")],
    source: Annotated[str, typer.Argument(metavar="INPUT", help="digits, mnist, or a file of samples.")],
    data_dir: Annotated[Path | None, typer.Option(metavar="DIR", help="The folder of MNIST.")] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE.csv|npy|npz", help="Where to write what comes out, for all samples.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many samples are shown.")] = 20,
    of: Annotated[
        str,
        typer.Option(
            metavar="NAME,…", callback=as_utf8, help="The tensors. Default: what the cost compares with data."
        ),
    ] = "",
) -> None:
    """Ask a saved network about samples."""
    from chainrule.cli.heads import choose
    from chainrule.cli.prediction_data import samples_of
    from chainrule.cli.systems import read_network
    from chainrule.network.atomic import write_atomically

    if output is not None:
        _check_output(output, model, source)
    network = read_network(model)
    choose(network, of)
    samples, name = samples_of(source, data_dir, network)
    found = found_by(network, samples, source)
    outputs, names = rows_of(network, found)
    labels = labels_told(network, outputs)
    count = len(outputs)
    say(f"{escaped(model)}, asked about {escaped(name)}: {count:,} sample{'s' * (count > 1)}.\n")
    for line in _lines(outputs, names, labels, top):
        say(line)
    if output is not None:
        write_atomically(output, content_of(output, found, outputs, names, labels))
        say(f"\nAll of them are written to {escaped(output)}.")


def found_by(network: Network, samples: Samples | Mapping[str, Array], source: str) -> dict[str, Array]:
    """Return what comes out of a network, by name."""
    given = samples if isinstance(samples, Mapping) else network.samples(samples, source)
    found = network.predict(given)
    return found if isinstance(found, dict) else {network.ends.outputs[0]: found}


def rows_of(network: Network, found: Mapping[str, Array]) -> tuple[Array, list[str]]:
    """Return a row for each sample or, where the data count none, for the whole; and a name for each column.

    Raises OptionError where tensors that come out have no row for each sample.
    """
    import numpy as np

    from chainrule.errors import OptionError, listed

    counted = bool(network.ends.samples.letter)
    counts = {len(array) if counted and array.ndim else 1 for array in found.values()}
    if len(counts) > 1:
        raise OptionError(
            f"{listed(found)} have different numbers of rows, and a table has one",
            expected="tensors with a row for each sample",
            advice=f"Ask for one of them: --of {next(iter(found))}",
        )
    (count,) = counts
    rows = {name: array.reshape(count, -1) for name, array in found.items()}
    if len(rows) == 1:
        (only,) = rows.values()
        return only, [f"output {k}" for k in range(only.shape[1])]
    names = [
        name if array.ndim == 1 else f"{name} {k}" for name, array in found.items() for k in range(rows[name].shape[1])
    ]
    return np.concatenate(list(rows.values()), axis=1), names


def labels_told(network: Network, outputs: Array) -> npt.NDArray[np.int64] | None:
    """Return the labels where the network tells classes: it was trained on such, or its outputs are probabilities."""
    import numpy as np

    from chainrule.network.samples import labels_of

    ends = network.ends
    axes = [len(network.system.axes(name)) - bool(ends.samples.coupled) for name in ends.outputs]
    if len(axes) != 1 or axes[0] > 1:
        return None
    looked_up = any(pair.labels and pair.output == ends.outputs[0] for pair in ends.pairs)
    if "error" in network.trained and not looked_up:
        return None
    if "accuracy" not in network.trained:
        within = bool(np.all((outputs >= 0) & (outputs <= 1)))
        if not within or outputs.shape[1] < 2 or not np.allclose(outputs.sum(axis=1), 1.0):
            return None
    return labels_of(outputs)


def _lines(outputs: Array, names: Sequence[str], labels: npt.NDArray[np.int64] | None, top: int) -> list[str]:
    """Return the table of the first samples."""
    import numpy as np

    shown = outputs[:top]
    if labels is None:
        lines = [f"{'sample':>8}" + "".join(f"{name:>12}" for name in names[:8])]
        lines += [f"{n:>8}" + "".join(f"{v:>12.5g}" for v in row[:8]) for n, row in enumerate(shown)]
    else:
        sure = np.allclose(outputs.sum(axis=1), 1.0) or outputs.shape[1] == 1
        lines = [f"{'sample':>8}{'label':>8}{'probability' if sure else 'output':>14}   next"]
        for n, row in enumerate(shown):
            chances = np.array([1 - row[0], row[0]]) if len(row) == 1 else row
            order = np.argsort(-chances, kind="stable")
            others = ", ".join(f"{k} ({chances[k]:.4f})" for k in order[1:3])
            lines.append(f"{n:>8}{labels[n]:>8}{chances[labels[n]]:>14.4f}   {others}")
    left = len(outputs) - len(shown)
    return [*lines, f"{'…':>8} and {left:,} more"] if left else lines


def content_of(
    path: Path,
    found: Mapping[str, Array],
    outputs: Array,
    columns: Sequence[str],
    labels: npt.NDArray[np.int64] | None,
) -> bytes:
    """Return what is written to a file of that name: several tensors by their names in an .npz, else rows."""
    import numpy as np

    stream = io.BytesIO()
    match path.suffix.lower():
        case ".npy":
            np.save(stream, outputs)
        case ".npz" if len(found) > 1:
            heads: dict[str, Any] = dict(found)
            np.savez(stream, **heads)
        case ".npz":
            arrays = {"outputs": outputs} if labels is None else {"labels": labels, "outputs": outputs}
            np.savez(stream, **arrays)
        case _:
            names = [column.replace(" ", "") for column in columns]
            lines = [",".join(names if labels is None else ["label", *names])]
            for n, row in enumerate(outputs.tolist()):
                lines.append(",".join(map(repr, row if labels is None else [int(labels[n]), *row])))
            stream.write(("\n".join(lines) + "\n").encode())
    return stream.getvalue()


def _check_output(output: Path, *read: str) -> None:
    from chainrule.errors import OptionError
    from chainrule.network.atomic import check_writable

    if output.suffix.lower() not in FORMATS:
        raise OptionError(f"--output {output} has no format that is known", expected="a name in " + ", ".join(FORMATS))
    if output.resolve() in {Path(name).resolve() for name in read}:
        raise OptionError(f"--output {output} is a file that is read", advice="Name another file.")
    check_writable(output)
