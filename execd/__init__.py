"""execd: an order-execution daemon.

A strategy says what it wants; execd decides how, and works it to the end. This file holds the version and nothing
else: importing it must cost nothing. Rooms are listed in `docs/adr/README.md`, their arrows in `pyproject.toml`.
"""

__version__ = "0.1.0"
