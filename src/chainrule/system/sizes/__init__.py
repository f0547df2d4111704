"""Sizes inferred: typed constraints are collected from statements, solved by union-find over axes, and annotated."""
