"""Simplification: named rules in named phases, run to a form that does not depend on order or names."""
