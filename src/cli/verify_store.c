/*
 * cli/verify_store: a ledger in a data directory or a backup file, whether or not a server is writing it.
 */
#include <string.h>
#include <sys/stat.h>

#include "cli/verify_files.h"
#include "cli/verify_heritage.h"
#include "engine/leaf_stream.h"
#include "sdk/trust.h"
#include "store/store.h"

#define FACT_MAX_BYTES 4096

struct reading {
    struct store_reader *reader; /* of the entries */
    struct store_reader *tiles;  /* of tiles and private texts: asked for while entries are being read */
    struct verification *verification;
    struct commitments commitments;
};

static void reading_end(struct reading *reading)
{
    store_reader_close(reading->reader);
    store_reader_close(reading->tiles);
    names_check_free(&reading->commitments.names);
    verify_vault_free(&reading->commitments.vault);
}

static status tile_check(void *context, const struct edge_full *full, struct err *err)
{
    struct reading *reading = context;
    struct hash kept[TILE_WIDTH];
    status s = store_tile_read(reading->tiles, full->level, full->n, (uint8_t *)kept, err);

    if (s.code == CODE_NOT_FOUND)
        return err_set(err, CODE_CORRUPT, "tile %u/%llu is missing", full->level, (unsigned long long)full->n);
    TRY(s);
    return tile_compare(full, TILE_WIDTH, kept, err);
}

static status entry_note(void *context, uint64_t index, const struct entry *entry, struct err *err)
{
    struct reading *reading = context;

    TRY(verify_vault_entry(&reading->commitments.vault, index, entry, err));
    return commitments_add(&reading->commitments, index, entry, err);
}

static void stream_end(struct leaf_stream **stream)
{
    leaf_stream_close(*stream);
}

/* What the entries say is looked into here, while the stream reads and hashes the next ones on another core. */
static status entries_check(struct reading *reading, uint64_t size, struct err *err)
{
    AUTO(struct leaf_stream *, stream_end) stream = NULL;
    const struct leaf_run *run;

    TRY(leaf_stream_open(reading->reader, &(struct leaf_range){ .end = size }, &stream, err));
    for (;;) {
        TRY(leaf_stream_next(stream, &run, err));
        if (!run)
            return OK;
        progress_at(&reading->verification->progress, run->first);
        for (unsigned i = 0; i < run->count; i++)
            TRY(check_leaf(&reading->verification->check, run->leaves[i], &run->hashes[i], err));
        if (!reading->verification->check.hashes_only)
            TRY(commitments_check(&reading->commitments, reading->tiles, run->first, run->first + run->count, err));
    }
}

static status key_read(struct reading *reading, struct err *err)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = FACT_MAX_BYTES };
    struct err why = { 0 };
    struct str vkey;
    status s;

    TRY(store_fact_read(reading->reader, STR("vkey"), &arena, &vkey, err));
    s = verify_key(reading->verification, vkey, &why);
    return s.code ? err_set(err, CODE_CORRUPT, "the fact vkey: %s", why.text) : OK;
}

/* What this user's clients saw of the ledger, which who holds the directory can't change. */
static status seen_find(struct verification *verification, struct err *err)
{
    struct tree_head seen = { 0 };

    TRY(trust_remembered(&verification->vkey, &seen, err));
    check_anchor(&verification->check, &seen, "the checkpoint that your clients saw last");
    return OK;
}

/* The head at this moment: what a server appends meanwhile lies behind it. What was signed before it lies within. */
static status head_read(struct reading *reading, struct err *err)
{
    struct store_head head;

    TRY(store_head_read(reading->reader, &head, err));
    reading->verification->head = (struct tree_head){ head.size, head.root };
    return OK;
}

/* What the options leave out. */
static void left_note(struct verification *verification)
{
    const struct check *check = &verification->check;

    if (check->hashes_only)
        verification_left(verification, "what entries say, private texts, snapshots, the database's form (--quick)");
    else if (check->without_seats)
        verification_left(verification, "seats, and the form of the database's pages (--without-replay)");
    if (!check->hashes_only && !check->replay.facts)
        verification_left(verification, "whether snapshots are what the entries give (--replay)");
    if (verification->signed_size && verification->signed_size < verification->head.size)
        verification_left(verification, "a signature over the newest entries: they came after the signed checkpoint");
    verification_left(verification, "bytes that carry nothing: unused space of the database's pages");
}

static status all_check(const char *path, struct reading *reading, struct err *err)
{
    AUTO(struct inspection *, inspection_drop) inspection = NULL;
    struct verification *verification = reading->verification;
    struct check *check = &verification->check;

    if (!check->hashes_only && !check->without_seats)
        TRY(inspection_begin(path, &inspection, err));
    if (!check->hashes_only)
        TRY(names_check_load(&reading->commitments.names, reading->tiles, &reading->commitments.vault, err));
    if (!check->hashes_only)
        TRY(heritage_take(reading->reader, check, err));
    TRY(entries_check(reading, verification->head.size, err));
    TRY(check_end(check, &verification->head, err));
    if (!check->hashes_only) {
        TRY(facts_check(path, reading->reader, verification, err));
        TRY(verify_vault_end(&reading->commitments.vault, err));
        if (reading->commitments.vault.closed)
            verification_left(verification, reading->commitments.vault.keys
                                                ? "private texts whose keys were dropped"
                                                : "private texts: their keys are not in this place");
        verification->has_facts = true;
        verification->texts = reading->commitments.texts;
        verification->names = reading->commitments.names.told;
        if (names_check_untold(&reading->commitments.names))
            verification_left(verification, "names that no private text tells: of networks, of observed users");
    }
    verification->has_files = inspection != NULL;
    return inspection_end(&inspection, err);
}

status verify_store(const char *path, struct verification *verification, struct err *err)
{
    AUTO(struct reading, reading_end)
    reading = { .verification = verification, .commitments = { .names = names_check_begin() } };

    TRY(store_reader_open_path(path, &reading.reader, err));
    TRY(store_reader_open_path(path, &reading.tiles, err));
    TRY(key_read(&reading, err));
    TRY(signed_check(path, verification, err));
    TRY(seen_find(verification, err));
    TRY(verify_vault_begin(&reading.commitments.vault, path, err));
    TRY(head_read(&reading, err));
    TRY(verify_vault_again(&reading.commitments.vault, path, err));
    left_note(verification);
    snapshots_want(path, verification);
    verification->check.tile = tile_check;
    verification->check.entry = entry_note;
    verification->check.context = &reading;
    verification->progress = progress_begin("verifying", verification->head.size);
    return all_check(path, &reading, err);
}
