-- An archive: records as they were in the journal, in a file of their own that never changes.

CREATE TABLE meta (
  key   TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE records (
  seq     INTEGER PRIMARY KEY,
  now_ns  INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  subject TEXT NOT NULL,
  body    TEXT NOT NULL,
  sum     INTEGER NOT NULL
) STRICT;

CREATE INDEX records_subject ON records (subject);
