"""Running systems: the reference executor, the checks of what is given to it, and random inputs."""
