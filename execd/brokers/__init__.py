"""Adapters: each translates between the ports and one kind of broker, and decides nothing."""
