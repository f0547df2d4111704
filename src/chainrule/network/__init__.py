"""Networks: params and their first values, prediction, saving and loading. A network is a system with numbers."""

from chainrule.network.equations import Equations
from chainrule.network.network import Network, load

__all__ = ["Equations", "Network", "load"]
