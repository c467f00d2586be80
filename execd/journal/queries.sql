-- Every statement of the journal but the tables, in named blocks (`-- name: x`), read by sql.py.
-- json_extract and not ->>: the operator came with SQLite 3.38, and 3.37 is still about.
-- A batch is one transaction of `write_…` statements, run in one hop to the connection's thread (write.py).

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
-- A write-ahead file that a reader once kept from being folded in is cut again.
PRAGMA journal_size_limit = 67108864;

-- name: write_records
INSERT INTO records VALUES (?, ?, ?, ?, ?, ?);

-- name: write_documents
REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?);

-- name: write_parents
REPLACE INTO parents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: write_orders
REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: write_fills
REPLACE INTO fills VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: write_allocations
REPLACE INTO allocations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: write_positions
REPLACE INTO positions VALUES (?, ?, ?, ?, ?, ?);

-- name: write_meta
INSERT INTO meta VALUES (?, ?);

-- name: read_meta
SELECT key, value FROM meta;

-- name: change_meta
REPLACE INTO meta VALUES (?, ?);

-- name: read_has_history
SELECT EXISTS (SELECT 1 FROM parents WHERE account = ?1) OR EXISTS (SELECT 1 FROM orders WHERE account = ?1)
  OR EXISTS (SELECT 1 FROM positions WHERE account = ?1);

-- name: read_last
-- Time never goes back in a journal, so the last record has the latest instant. There always is one: an archive leaves it.
SELECT seq, now_ns, sum FROM records ORDER BY seq DESC LIMIT 1;

-- name: read_records
SELECT seq, now_ns, kind, subject, body, sum FROM records WHERE seq > ?1 ORDER BY seq LIMIT ?2;

-- name: read_records_1
-- Of a file of version 1, which had no sums.
SELECT seq, now_ns, kind, subject, body, NULL FROM records WHERE seq > ?1 ORDER BY seq LIMIT ?2;

-- name: read_sum
SELECT sum FROM records WHERE seq = ?;

-- name: read_requests_of
-- The ids of a parent's requests: what brokers said is filed under them.
SELECT json_extract(body, '$.request.cl_ord_id') FROM records WHERE subject = ? AND kind = 'Sending' ORDER BY seq;

-- name: read_records_of_parent
SELECT seq, now_ns, kind, subject, body, sum FROM records
WHERE seq > ?1 AND (
  (subject = ?3 AND kind NOT IN ('Reported', 'Failed', 'Found', 'Missed', 'Resent', 'Resolved'))
  OR (kind IN ('Reported', 'Failed', 'Found', 'Missed', 'Resent', 'Resolved') AND subject IN (SELECT value FROM json_each(?4)))
)
ORDER BY seq LIMIT ?2;

-- name: read_known
SELECT content_hash, status FROM parents WHERE parent_id = ?;

-- name: read_is_used
SELECT EXISTS (SELECT 1 FROM parents WHERE parent_id = ?1) OR EXISTS (SELECT 1 FROM documents WHERE document_id = ?1)
  OR EXISTS (SELECT 1 FROM records WHERE subject = ?1 AND kind = 'Tombstoned');

-- name: read_used_parents
SELECT parent_id FROM parents ORDER BY received_ns, parent_id;

-- name: read_used_documents
SELECT document_id FROM documents ORDER BY received_ns, document_id;

-- name: read_used_tombstones
-- Ids that may not come any more, most of which never came.
SELECT DISTINCT subject FROM records WHERE kind = 'Tombstoned' ORDER BY seq;

-- name: read_used_listed
-- Rows of lists, many to a record that has no subject.
SELECT json_extract(one.value, '$.parent.parent_id') FROM records, json_each(records.body, '$.rows') AS one
WHERE subject = '' AND kind = 'ListStaged' ORDER BY seq;

-- name: read_parent_of
-- All requests of a parent share what stands before the last dash, so one range of the first ones finds it.
SELECT parent_id FROM orders WHERE cl_ord_id >= ?1 AND cl_ord_id < ?2 LIMIT 1;

-- name: write_checkpoint_part
REPLACE INTO checkpoint_parts VALUES (?, ?, ?);

-- name: write_checkpoint
REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?);

-- name: read_checkpoints
SELECT seq, now_ns, sum, parts, digest FROM checkpoints ORDER BY seq DESC;

-- name: read_checkpoint_parts
SELECT body FROM checkpoint_parts WHERE seq = ? ORDER BY part;

-- name: forget_checkpoints
-- All but the newest so many; a part of none is what a killed write left.
DELETE FROM checkpoints WHERE seq NOT IN (SELECT seq FROM checkpoints ORDER BY seq DESC LIMIT ?);

-- name: forget_checkpoint_parts
DELETE FROM checkpoint_parts WHERE seq NOT IN (SELECT seq FROM checkpoints);

-- name: read_first_of
-- The first record of any of these parents.
SELECT min(seq) FROM records WHERE subject IN (SELECT value FROM json_each(?));

-- name: read_archives
SELECT from_seq, to_seq, from_ns, to_ns, sum, file FROM archives ORDER BY to_seq;

-- name: read_archived_seq
SELECT coalesce(max(to_seq), 0) FROM archives;

-- name: write_archive
INSERT INTO archives (from_seq, to_seq, from_ns, to_ns, sum, file) VALUES (?, ?, ?, ?, ?, ?);

-- name: forget_archived
DELETE FROM records WHERE seq <= (SELECT max(to_seq) FROM archives);

-- name: read_documents
SELECT * FROM documents ORDER BY document_id;

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

-- name: read_last_retirement
-- A retirement is about many parents and has no subject, by which it is found all the same.
SELECT max(seq) FROM records, json_each(records.body, '$.parent_ids') AS one
WHERE subject = '' AND kind = 'ParentsRetired' AND one.value = ?1;
