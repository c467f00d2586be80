"""The simulated venue: a matching engine, what drives it (tapes, a generator), and what it charges."""
