-- Every statement of the journal but the tables, in named blocks (`-- name: x`), read by sql.py.
-- json_extract and not ->>: the operator came with SQLite 3.38, and 3.37 is still about.

-- name: use_wal
PRAGMA journal_mode = WAL;

-- name: settings
-- FULL syncs the write-ahead file at each commit. fullfsync is what macOS needs for the same promise, a no-op elsewhere.
-- No memory map: a disk error would then be a signal and not an error.
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA foreign_keys = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA mmap_size = 0;

-- name: create_commit_batch
-- A whole batch is one INSERT into this view: one statement is one transaction, and one hop to the connection's thread.
-- Both are TEMP, so they belong to this program's version and not to the file.
CREATE TEMP VIEW commit_batch (records, parents, orders, fills, allocations, positions) AS
SELECT NULL, NULL, NULL, NULL, NULL, NULL WHERE false;

CREATE TEMP TRIGGER commit_batch_insert INSTEAD OF INSERT ON commit_batch
BEGIN
  INSERT INTO records
  SELECT
    json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]'),
    json_extract(value, '$[4]')
  FROM json_each(NEW.records)
  ORDER BY key;

  REPLACE INTO parents
  SELECT
    json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]'),
    json_extract(value, '$[4]'), json_extract(value, '$[5]'), json_extract(value, '$[6]'), json_extract(value, '$[7]'),
    json_extract(value, '$[8]'), json_extract(value, '$[9]'), json_extract(value, '$[10]'), json_extract(value, '$[11]'),
    json_extract(value, '$[12]'), json_extract(value, '$[13]'), json_extract(value, '$[14]'), json_extract(value, '$[15]')
  FROM json_each(NEW.parents);

  REPLACE INTO orders
  SELECT
    json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]'),
    json_extract(value, '$[4]'), json_extract(value, '$[5]'), json_extract(value, '$[6]'), json_extract(value, '$[7]'),
    json_extract(value, '$[8]'), json_extract(value, '$[9]'), json_extract(value, '$[10]'), json_extract(value, '$[11]')
  FROM json_each(NEW.orders);

  REPLACE INTO fills
  SELECT
    json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]'),
    json_extract(value, '$[4]'), json_extract(value, '$[5]'), json_extract(value, '$[6]'), json_extract(value, '$[7]'),
    json_extract(value, '$[8]'), json_extract(value, '$[9]'), json_extract(value, '$[10]')
  FROM json_each(NEW.fills);

  REPLACE INTO allocations
  SELECT
    json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]'),
    json_extract(value, '$[4]'), json_extract(value, '$[5]'), json_extract(value, '$[6]'), json_extract(value, '$[7]'),
    json_extract(value, '$[8]')
  FROM json_each(NEW.allocations);

  REPLACE INTO positions
  SELECT
    json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]'),
    json_extract(value, '$[4]'), json_extract(value, '$[5]')
  FROM json_each(NEW.positions);
END;

-- name: commit_batch
INSERT INTO commit_batch VALUES (?, ?, ?, ?, ?, ?);

-- name: write_meta
INSERT INTO meta VALUES (?, ?);

-- name: read_meta
SELECT key, value FROM meta;

-- name: read_last
-- Time never goes back in a journal, so the last record has the latest instant.
SELECT seq, now_ns FROM records ORDER BY seq DESC LIMIT 1;

-- name: read_records
SELECT seq, body FROM records WHERE seq > ?1 ORDER BY seq LIMIT ?2;

-- name: read_records_of_parent
SELECT seq, body FROM records
WHERE seq > ?1 AND (
  (subject = ?3 AND kind NOT IN ('Reported', 'Failed', 'Found'))
  OR (
    kind IN ('Reported', 'Failed', 'Found')
    AND subject IN (
      SELECT json_extract(body, '$.request.cl_ord_id') FROM records WHERE subject = ?3 AND kind = 'Sending'
    )
  )
)
ORDER BY seq LIMIT ?2;

-- name: read_parents
SELECT * FROM parents ORDER BY parent_id;

-- name: read_orders
SELECT * FROM orders ORDER BY cl_ord_id;

-- name: read_fills
SELECT * FROM fills ORDER BY cl_ord_id, exec_id;

-- name: read_allocations
SELECT * FROM allocations ORDER BY cl_ord_id, exec_id;

-- name: read_positions
SELECT * FROM positions ORDER BY account, strategy, horizon, symbol;
