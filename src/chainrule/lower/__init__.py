"""Lowering: a system of equations with known extents becomes a Program of loop nests over buffers."""
