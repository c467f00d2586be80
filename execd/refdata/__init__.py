"""Calendars, history and assets: made in a subprocess, cached with their dates, read by everybody."""
