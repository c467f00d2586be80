"""The deciding room: one writer, one synchronous function, no side effects.

`Engine.handle(event)` folds what happened into the book and returns what
should follow. `Cycle` puts a transaction between the two. No I/O, no clock,
no chance, no logging here.
"""
