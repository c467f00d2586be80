"""Values and arithmetic that every room shares.

Standard library and msgspec only. Nothing here does I/O, logs, asks the time
or draws lots: instants arrive as `*_ns` integers, chance as a seed and a key.
"""
