"""The commands: one file each, nothing heavy imported before a command needs it."""
