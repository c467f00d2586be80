-- The journal's tables, version 2. Applied to a new file in one transaction.
-- A change of them is a numbered file in migrations/, and the same change here.
--
-- `records` is the truth. The tables from `parents` on are the book as rows: written in the transaction of the records
-- that changed them, and always equal to what a fold of the records gives. Quantities, prices and money are decimal
-- text, instants are nanoseconds of UTC.

CREATE TABLE meta (
  key   TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE records (
  seq     INTEGER PRIMARY KEY,
  now_ns  INTEGER NOT NULL,
  kind    TEXT NOT NULL,    -- the class in core/records.py
  subject TEXT NOT NULL,    -- a parent_id; of reports, failures and lookups the cl_ord_id they speak of
  body    TEXT NOT NULL,    -- the record exactly as core/codec.py encoded it
  sum     INTEGER NOT NULL  -- stands for this row and every row before it (chain.py)
) STRICT;

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

CREATE TABLE parents (
  parent_id    TEXT NOT NULL PRIMARY KEY,
  account      TEXT NOT NULL,
  strategy     TEXT NOT NULL,
  horizon      TEXT NOT NULL,
  symbol       TEXT NOT NULL,
  side         TEXT NOT NULL,
  status       TEXT NOT NULL,
  reason       TEXT NOT NULL,
  order_qty    TEXT,
  cum_qty      TEXT NOT NULL,
  avg_px       TEXT,
  commission   TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  received_ns  INTEGER NOT NULL,
  ended_ns     INTEGER,
  revision     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
  cl_ord_id  TEXT NOT NULL PRIMARY KEY,    -- the first of the chain
  parent_id  TEXT NOT NULL,
  account    TEXT NOT NULL,
  symbol     TEXT NOT NULL,
  side       TEXT NOT NULL,
  ord_status TEXT NOT NULL,
  order_qty  TEXT NOT NULL,
  cum_qty    TEXT NOT NULL,
  avg_px     TEXT,
  price      TEXT,
  order_id   TEXT,                         -- the broker's name of it
  sent_ns    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE fills (
  cl_ord_id   TEXT NOT NULL,               -- the first of the chain
  exec_id     TEXT NOT NULL,
  transact_ns INTEGER NOT NULL,
  parent_id   TEXT NOT NULL,
  symbol      TEXT NOT NULL,
  side        TEXT NOT NULL,
  last_qty    TEXT NOT NULL,
  last_px     TEXT NOT NULL,
  commission  TEXT NOT NULL,
  is_passive  INTEGER,
  is_counted  INTEGER NOT NULL,            -- 0: busted, corrected, or another name of a trade that counts
  PRIMARY KEY (cl_ord_id, exec_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE allocations (
  cl_ord_id   TEXT NOT NULL,
  exec_id     TEXT NOT NULL,
  transact_ns INTEGER NOT NULL,
  account     TEXT NOT NULL,
  strategy    TEXT NOT NULL,
  horizon     TEXT NOT NULL,
  symbol      TEXT NOT NULL,
  qty         TEXT NOT NULL,               -- signed; zero where the fill does not count
  px          TEXT NOT NULL,
  PRIMARY KEY (cl_ord_id, exec_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE positions (
  account  TEXT NOT NULL,
  strategy TEXT NOT NULL,
  horizon  TEXT NOT NULL,
  symbol   TEXT NOT NULL,
  qty      TEXT NOT NULL,                  -- signed
  paid     TEXT NOT NULL,                  -- paid less received, fees included
  PRIMARY KEY (account, strategy, horizon, symbol)
) STRICT, WITHOUT ROWID;
