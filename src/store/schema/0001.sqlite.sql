-- Schema 1 of a ledger, SQLite. 0001.postgres.sql has the same tables and columns.
-- Rows are only ever added, but for head, which moves forward with each of them, facts, and aliases that are sealed anew.

-- Facts about the ledger that are no secret: schema, origin, vkey, created.
CREATE TABLE facts (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: what the ledger is now. Every append changes it in the same transaction.
CREATE TABLE head (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    size    INTEGER NOT NULL CHECK (size >= 0),
    root    BLOB    NOT NULL CHECK (length(root) = 32),
    time_ms INTEGER NOT NULL,
    epoch   INTEGER NOT NULL CHECK (epoch >= 0)
) STRICT;

-- One row for each run of at most 256 entries of one append; bundle is a slice of a C2SP entry bundle (store/bundle.h).
CREATE TABLE entries (
    first_index INTEGER PRIMARY KEY CHECK (first_index >= 0),
    entry_count INTEGER NOT NULL CHECK (entry_count BETWEEN 1 AND 256),
    bundle      BLOB    NOT NULL
) STRICT;

-- Full tiles of the tree: 256 hashes each. The right edge is computed from the entries.
CREATE TABLE tiles (
    level  INTEGER NOT NULL CHECK (level BETWEEN 0 AND 7),
    number INTEGER NOT NULL CHECK (number >= 0),
    hashes BLOB    NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (level, number)
) STRICT;

-- Texts that leaves only commit to, sealed, at most two an entry; first_index is the first entry of the run that has one.
CREATE TABLE private_texts (
    first_index INTEGER PRIMARY KEY CHECK (first_index >= 0),
    item_count  INTEGER NOT NULL CHECK (item_count BETWEEN 1 AND 512),
    items       BLOB    NOT NULL
) STRICT;

-- What random ids in leaves stand for: principals' names, asserted users, hosts, networks; sealed.
CREATE TABLE aliases (
    id    BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind  INTEGER NOT NULL,
    value BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
