"""Verification: random points, central differences, unknown functions made concrete, and derivations checked."""
