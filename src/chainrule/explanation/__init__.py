"""Explanations: a derivative opened into its sum, term by term, with the numbers of one sample."""

from chainrule.explanation.explainer import explain
from chainrule.explanation.result import Explanation

__all__ = ["Explanation", "explain"]
