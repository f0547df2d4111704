"""Checking: hand-made derivatives graded, and derived gradients held against central differences."""

from chainrule.checking.gradients import GradientReport, gradient_check
from chainrule.checking.grading import check
from chainrule.checking.verdicts import Verdict

__all__ = ["GradientReport", "Verdict", "check", "gradient_check"]
