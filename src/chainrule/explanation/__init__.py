"""Explanations: a derivative opened into its sum, term by term, and into all paths to the cost, with numbers."""

from chainrule.explanation.explainer import explain
from chainrule.explanation.result import Explanation

__all__ = ["Explanation", "explain"]
