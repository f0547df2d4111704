"""Equations in matrix form: from products of entries to W x, Wᵀ δ and δ aᵀ, by the graph of their indices."""
