"""Families of equations: layers and steps of time, for any number of them."""
