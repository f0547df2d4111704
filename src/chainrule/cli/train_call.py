"""The one call of `train`: the settings of the command line as its arguments, whatever the network was made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chainrule.cli.train_optimizer import Descent, factors_of, selections
from chainrule.cli.train_settings import Settings
from chainrule.errors import OptionError, listed
from chainrule.network import Network
from chainrule.nn.selection import selected
from chainrule.training import History, Progress, train


def prepare(network: Network, settings: Settings) -> None:
    """Freeze what the settings name, and check that rates for some params fit the network.

    Raises OptionError for a name that no param has, where nothing is left to learn, and where a rate for some params is
    given and the system has updates of its own.
    """
    names = selections(settings.freeze)
    if names:
        network.freeze(*names)
    if set(network.frozen) >= set(network.system.params):
        raise OptionError(
            f"all params are frozen, and there is nothing to learn: {listed(network.system.params)}",
            advice="Freeze fewer of them: --freeze names a param, a pattern or a layer.",
        )
    factors = factors_of(settings.rate_factors)
    selected(network.system, [*factors])
    if factors and network.system.updates:
        raise OptionError(
            "--rate-factor is given, and the system has updates of its own",
            advice="Leave it out, or write the factor in the update.",
        )


def trained(
    network: Network,
    data: Mapping[str, Any],
    settings: Settings,
    *,
    descent: Descent,
    batch_size: int,
    progress: Callable[[Progress], None],
) -> History:
    """Train the network on data by the names of `train`'s arguments, and return what happened.

    A system with updates of its own is trained with these. Raises as `train` does.
    """
    return train(
        network,
        **data,
        epochs=settings.epochs,
        batch_size=batch_size,
        optimizer=None if network.system.updates else descent.made(),
        executor=settings.executor,
        threads=settings.threads,
        seed=settings.seed,
        validation_fraction=settings.validation_fraction,
        early_stopping=settings.early_stopping,
        checkpoint=settings.checkpoint,
        resume=settings.resume,
        metrics=settings.metrics,
        progress=progress,
    )
