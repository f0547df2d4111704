"""`chainrule predict`: what a saved network makes of samples."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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

INPUT is digits or mnist (their samples to test with), or a file: .csv, a sample on each line, perhaps with names above
and comments that begin with #; .npy of shape (samples, features); .npz with an array x, x_test or x_train. More axes
are flattened, unless the network has them. For a network of several data an .npz with an array for each, by its name.

A .csv or .npz as --output holds labels and outputs, a .npy the outputs alone, of shape (samples, outputs).
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
) -> None:
    """Ask a saved network about samples."""
    from chainrule.cli.prediction_data import samples_of
    from chainrule.cli.systems import read_network
    from chainrule.network.atomic import write_atomically

    if output is not None:
        _check_output(output, model, source)
    network = read_network(model)
    samples, name = samples_of(source, data_dir, network)
    outputs, count = rows_of(network, samples, source)
    labels = labels_told(network, outputs)
    say(f"{escaped(model)}, asked about {escaped(name)}: {count:,} sample{'s' * (count > 1)}.\n")
    for line in _lines(outputs, labels, top):
        say(line)
    if output is not None:
        write_atomically(output, content_of(output, outputs, labels))
        say(f"\nAll of them are written to {escaped(output)}.")


def rows_of(network: Network, samples: Samples | Mapping[str, Array], source: str) -> tuple[Array, int]:
    """Return what comes out of a network, a row for each sample or, where the data count none, for the whole.

    Raises OptionError where several tensors come out.
    """
    from chainrule.errors import OptionError, listed

    given = samples if isinstance(samples, Mapping) else network.samples(samples, source)
    found = network.predict(given)
    if isinstance(found, dict):
        raise OptionError(
            f"{listed(found)} come out of the network, and a table has the rows of one",
            expected="a network of one output",
            advice='From Python network.predict(x)["a"] has each of them.',
        )
    counted = bool(network.ends.samples.letter)
    count = len(found) if counted and found.ndim else 1
    return found.reshape(count, -1), count


def labels_told(network: Network, outputs: Array) -> npt.NDArray[np.int64] | None:
    """Return the labels where the network tells classes: it was trained on such, or its outputs are probabilities."""
    import numpy as np

    from chainrule.network.samples import labels_of

    if "error" in network.trained:
        return None
    if "accuracy" not in network.trained:
        within = bool(np.all((outputs >= 0) & (outputs <= 1)))
        if not within or outputs.shape[1] < 2 or not np.allclose(outputs.sum(axis=1), 1.0):
            return None
    return labels_of(outputs)


def _lines(outputs: Array, labels: npt.NDArray[np.int64] | None, top: int) -> list[str]:
    """Return the table of the first samples."""
    import numpy as np

    shown = outputs[:top]
    if labels is None:
        names = [f"output {k}" for k in range(outputs.shape[1])][:8]
        lines = [f"{'sample':>8}" + "".join(f"{name:>12}" for name in names)]
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


def content_of(path: Path, outputs: Array, labels: npt.NDArray[np.int64] | None) -> bytes:
    """Return what is written to a file of that name."""
    import numpy as np

    stream = io.BytesIO()
    match path.suffix.lower():
        case ".npy":
            np.save(stream, outputs)
        case ".npz":
            arrays = {"outputs": outputs} if labels is None else {"labels": labels, "outputs": outputs}
            np.savez(stream, **arrays)
        case _:
            names = [f"output{k}" for k in range(outputs.shape[1])]
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
