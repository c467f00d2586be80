"""The one durable memory: records, and the book as rows, in one SQLite file."""
