"""Differentiation: the table of scalar derivatives, the chain rule over equations, derivations."""
