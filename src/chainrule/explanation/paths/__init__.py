"""All paths from an entry to the cost: counted, added up, and those with the largest products."""

from chainrule.explanation.paths.all_paths import paths
from chainrule.explanation.paths.entry_paths import EntryPath, LocalDerivative
from chainrule.explanation.paths.summary import Paths

__all__ = ["EntryPath", "LocalDerivative", "Paths", "paths"]
