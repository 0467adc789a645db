/*
 * store/statements: the table. Read beside schema/, which explains the columns.
 */
#include "store/statements/statements.h"

#define I SQL_INTEGER
#define B SQL_BYTES
#define T SQL_TEXT

/* One block a statement is easier to read than the columns that the formatter would make of them. */
/* clang-format off */
const struct statement_text statements[STATEMENT_COUNT] = {
    [STATEMENT_FACT_READ] = {
        "fact_read",
        "SELECT value FROM facts WHERE name = $1",
        { T }, { T } },
    [STATEMENT_FACT_WRITE] = {
        "fact_write",
        "INSERT INTO facts (name, value) VALUES ($1, $2)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        { T, T }, { 0 } },

    [STATEMENT_FACTS_READ] = {
        "facts_read",
        "SELECT name, value FROM facts ORDER BY name",
        { 0 }, { T, T } },

    [STATEMENT_HEAD_CREATE] = {
        "head_create",
        "INSERT INTO head (id, size, root, time_ms, epoch) VALUES (1, $1, $2, $3, $4)",
        { I, B, I, I }, { 0 } },
    [STATEMENT_HEAD_READ] = {
        "head_read",
        "SELECT size, root, time_ms, epoch FROM head WHERE id = 1",
        { 0 }, { I, B, I, I } },
    /* Changes no row when the batch does not continue the stored head ($5 is its first index) or its epoch is old. */
    [STATEMENT_HEAD_WRITE] = {
        "head_write",
        "UPDATE head SET size = $1, root = $2, time_ms = $3, epoch = $4"
        " WHERE id = 1 AND size = $5 AND epoch <= $4",
        { I, B, I, I, I }, { 0 } },

    /* The row that holds entry $1, and those after it. */
    [STATEMENT_ENTRIES_READ] = {
        "entries_read",
        "SELECT first_index, entry_count, bundle FROM entries"
        " WHERE first_index >= (SELECT max(first_index) FROM entries WHERE first_index <= $1)"
        " ORDER BY first_index LIMIT $2",
        { I, I }, { I, I, B } },
    [STATEMENT_ENTRIES_LAST] = {
        "entries_last",
        "SELECT first_index, entry_count FROM entries ORDER BY first_index DESC LIMIT 1",
        { 0 }, { I, I } },
    [STATEMENT_ENTRIES_WRITE] = {
        "entries_write",
        "INSERT INTO entries (first_index, entry_count, bundle) VALUES ($1, $2, $3)",
        { I, I, B }, { 0 } },

    [STATEMENT_TILE_READ] = {
        "tile_read",
        "SELECT hashes FROM tiles WHERE level = $1 AND number = $2",
        { I, I }, { B } },
    [STATEMENT_TILE_WRITE] = {
        "tile_write",
        "INSERT INTO tiles (level, number, hashes) VALUES ($1, $2, $3)",
        { I, I, B }, { 0 } },

    [STATEMENT_TILE_MEND] = {
        "tile_mend",
        "INSERT INTO tiles (level, number, hashes) VALUES ($1, $2, $3)"
        " ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes",
        { I, I, B }, { 0 } },
    /* Which there are. */
    [STATEMENT_TILES_READ] = {
        "tiles_read",
        "SELECT level, number FROM tiles ORDER BY level, number",
        { 0 }, { I, I } },
    /* Those of level $1 from number $2 on. */
    [STATEMENT_TILES_CUT] = {
        "tiles_cut",
        "DELETE FROM tiles WHERE level = $1 AND number >= $2",
        { I, I }, { 0 } },

    /* The row that can hold the private text of entry $1, and those after it that begin before entry $2. */
    [STATEMENT_PRIVATE_READ] = {
        "private_read",
        "SELECT first_index, item_count, items FROM private_texts"
        " WHERE first_index >= coalesce((SELECT max(first_index) FROM private_texts WHERE first_index <= $1), 0)"
        " AND first_index < $2 ORDER BY first_index",
        { I, I }, { I, I, B } },
    [STATEMENT_PRIVATE_LAST] = {
        "private_last",
        "SELECT first_index FROM private_texts ORDER BY first_index DESC LIMIT 1",
        { 0 }, { I } },
    [STATEMENT_PRIVATE_WRITE] = {
        "private_write",
        "INSERT INTO private_texts (first_index, item_count, items) VALUES ($1, $2, $3)",
        { I, I, B }, { 0 } },

    /* A page of $2 aliases after the one with id $1; the empty id begins. */
    [STATEMENT_ALIASES_READ] = {
        "aliases_read",
        "SELECT id, kind, value FROM aliases WHERE id > $1 ORDER BY id LIMIT $2",
        { B, I }, { B, I, B } },
    /* Commands that were decided before an alias was durable bring it, too; and one is sealed anew when it is old. */
    [STATEMENT_ALIAS_WRITE] = {
        "alias_write",
        "INSERT INTO aliases (id, kind, value) VALUES ($1, $2, $3)"
        " ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, value = excluded.value",
        { B, I, B }, { 0 } },
};
/* clang-format on */
