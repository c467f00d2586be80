"""Runners in virtual time: the replay drives the same cycle as the daemon, over recorded tapes."""
