-- The journal's tables as version 1 made them; kept to show that such a file is led to the present.
-- It never changes.
--
-- `records` is the truth. The five tables below it are the book as rows: written in the transaction of the records that
-- changed them, and always equal to what a fold of the records gives. Quantities, prices and money are decimal text,
-- instants are nanoseconds of UTC.

CREATE TABLE meta (
  key   TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE records (
  seq     INTEGER PRIMARY KEY,
  now_ns  INTEGER NOT NULL,
  kind    TEXT NOT NULL,    -- the class in core/records.py
  subject TEXT NOT NULL,    -- a parent_id; of reports, failures and lookups the cl_ord_id they speak of
  body    TEXT NOT NULL     -- the record exactly as core/codec.py encoded it
) STRICT;

CREATE INDEX records_subject ON records (subject);

CREATE TRIGGER records_are_dense BEFORE INSERT ON records
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM records)
BEGIN
  SELECT raise(ABORT, 'record out of sequence');
END;

CREATE TRIGGER records_never_change BEFORE UPDATE ON records
BEGIN
  SELECT raise(ABORT, 'a record never changes');
END;

CREATE TRIGGER records_stay BEFORE DELETE ON records
BEGIN
  SELECT raise(ABORT, 'a record is never deleted');
END;

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
