"""The reference executor: the value of every expression straight from its definition, in NumPy, float64."""
