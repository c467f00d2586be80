"""The tasks of the living daemon: they move bytes and time between the world and the engine, and decide nothing."""
