"""One-line sabotages, and the proof that the simulator sees each of them."""
