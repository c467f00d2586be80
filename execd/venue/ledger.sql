-- The venue's own file: what it acknowledged, what traded, and what it said. Quantities and prices are text.
PRAGMA application_id = 1702393459; -- "exvs"
PRAGMA user_version = 1;

CREATE TABLE accounts (
    account TEXT PRIMARY KEY, -- everybody who was ever welcomed
    since_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    order_id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    is_live INTEGER NOT NULL,
    last_ns INTEGER NOT NULL,
    body TEXT NOT NULL -- the whole order, JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE executions (
    n INTEGER PRIMARY KEY, -- in the order in which they happened
    exec_id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    transact_ns INTEGER NOT NULL,
    body TEXT NOT NULL -- account, symbol, side and trade, JSON
) STRICT;

CREATE TABLE positions (
    account TEXT NOT NULL,
    symbol TEXT NOT NULL,
    qty TEXT NOT NULL,
    cash TEXT NOT NULL,
    commission TEXT NOT NULL,
    PRIMARY KEY (account, symbol)
) STRICT, WITHOUT ROWID;

CREATE TABLE reports (
    account TEXT NOT NULL,
    seq INTEGER NOT NULL, -- from 1, without a gap, for each account
    transact_ns INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (account, seq)
) STRICT, WITHOUT ROWID;
