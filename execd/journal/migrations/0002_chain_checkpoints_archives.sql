-- From version 1 to 2: a chained sum for each record, checkpoints, archives, documents.
-- `chain` is a function of this program (chain.py); it insists on every place in its order.

DROP TRIGGER records_are_dense;
DROP TRIGGER records_never_change;
DROP TRIGGER records_stay;
ALTER TABLE records RENAME TO records_1;

CREATE TABLE records (
  seq     INTEGER PRIMARY KEY,
  now_ns  INTEGER NOT NULL,
  kind    TEXT NOT NULL,    -- the class in core/records.py
  subject TEXT NOT NULL,    -- a parent_id; of reports, failures and lookups the cl_ord_id they speak of
  body    TEXT NOT NULL,    -- the record exactly as core/codec.py encoded it
  sum     INTEGER NOT NULL  -- stands for this row and every row before it (chain.py)
) STRICT;

INSERT INTO records
SELECT seq, now_ns, kind, subject, body, chain(seq, now_ns, kind, subject, body) FROM records_1 ORDER BY seq;

DROP TABLE records_1;

CREATE INDEX records_subject ON records (subject);

CREATE TABLE checkpoints (
  seq    INTEGER PRIMARY KEY,  -- the book after this record
  now_ns INTEGER NOT NULL,
  sum    INTEGER NOT NULL,     -- of the record: which story the book is of
  parts  INTEGER NOT NULL,     -- how many rows of checkpoint_parts; they are written first
  digest TEXT NOT NULL         -- of the parts
) STRICT;

CREATE TABLE checkpoint_parts (
  seq  INTEGER NOT NULL,
  part INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (seq, part)
) STRICT;

CREATE TABLE archives (
  to_seq   INTEGER PRIMARY KEY,
  from_seq INTEGER NOT NULL,
  from_ns  INTEGER NOT NULL,
  to_ns    INTEGER NOT NULL,
  sum      INTEGER NOT NULL,   -- of the last record in it
  file     TEXT NOT NULL       -- its name in the folder `archive`
) STRICT;

CREATE TRIGGER records_are_dense BEFORE INSERT ON records
WHEN NEW.seq IS NOT 1 + coalesce((SELECT max(seq) FROM records), (SELECT max(to_seq) FROM archives), 0)
BEGIN
  SELECT raise(ABORT, 'record out of sequence');
END;

CREATE TRIGGER records_never_change BEFORE UPDATE ON records
BEGIN
  SELECT raise(ABORT, 'a record never changes');
END;

CREATE TRIGGER records_stay BEFORE DELETE ON records
WHEN OLD.seq > (SELECT coalesce(max(to_seq), 0) FROM archives)
BEGIN
  SELECT raise(ABORT, 'a record is never deleted before it is archived');
END;

CREATE TRIGGER archives_follow BEFORE INSERT ON archives
WHEN NEW.from_seq IS NOT (SELECT coalesce(max(to_seq), 0) + 1 FROM archives)
  OR NEW.to_seq < NEW.from_seq
  OR NEW.to_seq > (SELECT coalesce(max(seq), 0) FROM checkpoints)
  OR NEW.to_seq >= (SELECT max(seq) FROM records)
BEGIN
  SELECT raise(ABORT, 'an archive follows the one before it, and a checkpoint covers it');
END;

CREATE TRIGGER archives_never_change BEFORE UPDATE ON archives
BEGIN
  SELECT raise(ABORT, 'an archive never changes');
END;

CREATE TRIGGER archives_stay BEFORE DELETE ON archives
BEGIN
  SELECT raise(ABORT, 'an archive is never forgotten');
END;

CREATE TABLE documents (
  document_id  TEXT NOT NULL PRIMARY KEY,
  kind         TEXT NOT NULL,
  target       TEXT NOT NULL,              -- the intent it asks something of
  content_hash TEXT NOT NULL,
  code         TEXT NOT NULL,              -- what became of it
  received_ns  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
