r"""chainrule: backpropagation you can read, check and run.

The public API. Names are imported when they are first used, so that `import chainrule` is quick.

>>> import chainrule as cr
>>> system = cr.parse("param z[k]\ndata y[k]\na[k] = sigmoid(z[k])\ncost C = 1/2*(sum(k) (a[k] - y[k])^2)")
>>> print(cr.backprop(system).derivation("z"))
∂C/∂z[k] = a[k]·(a[k] − y[k])·(1 − a[k])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from chainrule.version import __version__ as __version__

if TYPE_CHECKING:
    from chainrule import nn as nn
    from chainrule.checking import check as check
    from chainrule.checking import gradient_check as gradient_check
    from chainrule.compiling import CompiledFunction as CompiledFunction
    from chainrule.compiling import compile as compile  # noqa: A004 -- cr.compile, as in re.compile
    from chainrule.data.block_sources import Batches as Batches
    from chainrule.errors import ChainruleError as ChainruleError
    from chainrule.errors import DerivativeError as DerivativeError
    from chainrule.errors import InputError as InputError
    from chainrule.errors import NotationError as NotationError
    from chainrule.errors import VerificationError as VerificationError
    from chainrule.execute.native.object_files import code_cache as code_cache
    from chainrule.explanation import explain as explain
    from chainrule.explanation.paths import paths as paths
    from chainrule.explanation.why import why as why
    from chainrule.jacobians import Jacobian as Jacobian
    from chainrule.jacobians import hessian as hessian
    from chainrule.jacobians import hvp as hvp
    from chainrule.jacobians import jacobian as jacobian
    from chainrule.jacobians import jvp as jvp
    from chainrule.network import Network as Network
    from chainrule.network import load as load
    from chainrule.pipeline import Backprop as Backprop
    from chainrule.pipeline import backprop as backprop
    from chainrule.pipeline import evaluate as evaluate
    from chainrule.pipeline import value_and_grad as value_and_grad
    from chainrule.reading import parse as parse
    from chainrule.rewrite.rules import Derivation as Derivation
    from chainrule.system.model import System as System
    from chainrule.training import EarlyStopping as EarlyStopping
    from chainrule.training import measure as measure
    from chainrule.training import train as train

_HOMES = {
    "Backprop": "chainrule.pipeline",
    "Batches": "chainrule.data.block_sources",
    "ChainruleError": "chainrule.errors",
    "CompiledFunction": "chainrule.compiling",
    "Derivation": "chainrule.rewrite.rules",
    "DerivativeError": "chainrule.errors",
    "EarlyStopping": "chainrule.training",
    "InputError": "chainrule.errors",
    "Jacobian": "chainrule.jacobians",
    "Network": "chainrule.network",
    "NotationError": "chainrule.errors",
    "System": "chainrule.system.model",
    "VerificationError": "chainrule.errors",
    "backprop": "chainrule.pipeline",
    "check": "chainrule.checking",
    "compile": "chainrule.compiling",
    "code_cache": "chainrule.execute.native.object_files",
    "evaluate": "chainrule.pipeline",
    "explain": "chainrule.explanation",
    "gradient_check": "chainrule.checking",
    "hessian": "chainrule.jacobians",
    "hvp": "chainrule.jacobians",
    "jacobian": "chainrule.jacobians",
    "jvp": "chainrule.jacobians",
    "load": "chainrule.network",
    "measure": "chainrule.training",
    "nn": "chainrule",
    "parse": "chainrule.reading",
    "paths": "chainrule.explanation.paths",
    "train": "chainrule.training",
    "value_and_grad": "chainrule.pipeline",
    "why": "chainrule.explanation.why",
}

__all__ = [
    "Backprop",
    "Batches",
    "ChainruleError",
    "CompiledFunction",
    "Derivation",
    "DerivativeError",
    "EarlyStopping",
    "InputError",
    "Jacobian",
    "Network",
    "NotationError",
    "System",
    "VerificationError",
    "backprop",
    "check",
    "code_cache",
    "compile",
    "evaluate",
    "explain",
    "gradient_check",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "load",
    "measure",
    "nn",
    "parse",
    "paths",
    "train",
    "value_and_grad",
    "why",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'chainrule' has no attribute '{name}'")
    value = import_module("chainrule.nn") if name == "nn" else getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
