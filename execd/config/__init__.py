"""The operator's configuration, and the strict way of reading text that it shares with the intake."""
