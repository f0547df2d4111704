"""Checking: hand-made derivatives graded, and derived gradients held against central differences."""

from chainrule.checking.gradients import GradientReport, gradient_check
from chainrule.checking.grading import Verdict, check

__all__ = ["GradientReport", "Verdict", "check", "gradient_check"]
