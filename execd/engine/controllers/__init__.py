"""Controllers: what steers several parents toward one end.

Each is a frozen state with a pure `step(view)`, saved in the journal whenever
it changes and taken up by the next start. It never places an order: it stops
parents and asks for new ones. A new controller is a file here, a runner in the
engine, and a row in KINDS of that runner.
"""
