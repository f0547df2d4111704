"""Running systems: the executors, and the checks of what is given to them."""
