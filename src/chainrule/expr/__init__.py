"""Expressions in index notation: nodes, binding and substitution, the names of functions."""
