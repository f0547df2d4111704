"""Rewriting: rules, the steps they take, derivations made of these, and a derivation as a page of a textbook."""
