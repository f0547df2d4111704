"""Explanations: a derivative opened into its sum, term by term, and into all paths to the cost, with numbers."""

from chainrule.explanation.all_paths import paths
from chainrule.explanation.entry_paths import EntryPath, LocalDerivative
from chainrule.explanation.explainer import explain
from chainrule.explanation.result import Explanation
from chainrule.explanation.routes import Paths

__all__ = ["EntryPath", "Explanation", "LocalDerivative", "Paths", "explain", "paths"]
