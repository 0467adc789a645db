-- Schema 1 of a ledger, PostgreSQL. 0001.sqlite.sql has the same tables and columns, and says what they mean.

CREATE TABLE facts (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE head (
    id      BIGINT PRIMARY KEY CHECK (id = 1),
    size    BIGINT NOT NULL CHECK (size >= 0),
    root    BYTEA  NOT NULL CHECK (length(root) = 32),
    time_ms BIGINT NOT NULL,
    epoch   BIGINT NOT NULL CHECK (epoch >= 0)
);

CREATE TABLE entries (
    first_index BIGINT PRIMARY KEY CHECK (first_index >= 0),
    entry_count BIGINT NOT NULL CHECK (entry_count BETWEEN 1 AND 256),
    bundle      BYTEA  NOT NULL
);

CREATE TABLE tiles (
    level  BIGINT NOT NULL CHECK (level BETWEEN 0 AND 7),
    number BIGINT NOT NULL CHECK (number >= 0),
    hashes BYTEA  NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (level, number)
);

CREATE TABLE private_texts (
    first_index BIGINT PRIMARY KEY CHECK (first_index >= 0),
    item_count  BIGINT NOT NULL CHECK (item_count BETWEEN 1 AND 512),
    items       BYTEA  NOT NULL
);

CREATE TABLE aliases (
    id    BYTEA  NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind  BIGINT NOT NULL,
    value BYTEA  NOT NULL
);
