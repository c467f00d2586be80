"""Algorithms: from what is seen of a parent and its market to what should be done.

An algorithm is a frozen value with `step(view) -> Step`. It does no I/O, asks
no clock and keeps nothing outside of itself. A new one is a file here, a row
in `registry.py` and a section in `docs/algorithms.md`.
"""
