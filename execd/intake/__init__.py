"""The door for intents: files become parents or are refused with a reason, and reports become files."""
