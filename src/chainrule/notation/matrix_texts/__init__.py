"""Texts in matrix notation, A*x and x', as texts in index notation, which the parser reads."""
