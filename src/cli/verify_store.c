/*
 * cli/verify_store: a ledger in a data directory or a backup file, whether or not a server is writing it.
 */
#include <string.h>
#include <sys/stat.h>

#include "cli/verify.h"
#include "engine/leaf_stream.h"
#include "engine/signed_head.h"
#include "sdk/trust.h"
#include "store/store.h"

#define FACT_MAX_BYTES 4096
#define HEAD_FILE      "signer.head"

struct reading {
    struct store_reader *reader; /* of the entries */
    struct store_reader *tiles;  /* of tiles: asked for while entries are being read */
    struct verification *verification;
};

static void reading_end(struct reading *reading)
{
    store_reader_close(reading->reader);
    store_reader_close(reading->tiles);
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

static void stream_end(struct leaf_stream **stream)
{
    leaf_stream_close(*stream);
}

/* What the entries say is looked into here, while the stream reads and hashes the next ones on another core. */
static status entries_check(struct reading *reading, uint64_t size, struct err *err)
{
    AUTO(struct leaf_stream *, stream_end) stream = NULL;
    const struct leaf_run *run;

    TRY(leaf_stream_open(reading->reader, 0, size, &stream, err));
    for (;;) {
        TRY(leaf_stream_next(stream, &run, err));
        if (!run)
            return OK;
        progress_at(&reading->verification->progress, run->first);
        for (unsigned i = 0; i < run->count; i++)
            TRY(check_leaf(&reading->verification->check, run->leaves[i], &run->hashes[i], err));
    }
}

static status key_read(struct reading *reading, struct err *err)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = FACT_MAX_BYTES };
    struct str vkey;

    TRY(store_fact_read(reading->reader, STR("vkey"), &arena, &vkey, err));
    return verify_key(reading->verification, vkey, err);
}

/* What the signer beside the database remembers having signed, and what this user's clients saw of the ledger. */
static status anchors_find(const char *path, struct verification *verification, struct err *err)
{
    AUTO(struct signed_head, signed_head_close) signer = { 0 };
    struct tree_head seen = { 0 };
    struct path file;
    struct stat about;

    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
        verification->check.anchors_must = true;
        TRY(path_join(path, HEAD_FILE, &file, err));
        if (file_exists(file.text)) {
            TRY(signed_head_open(path, HEAD_FILE, &verification->vkey.public_key, &signer, err));
            check_anchor(&verification->check, &signer.head, "the signer's memory");
        }
    }
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

status verify_store(const char *path, struct verification *verification, struct err *err)
{
    AUTO(struct reading, reading_end) reading = { .verification = verification };

    TRY(store_reader_open_path(path, &reading.reader, err));
    TRY(store_reader_open_path(path, &reading.tiles, err));
    TRY(key_read(&reading, err));
    TRY(anchors_find(path, verification, err));
    TRY(head_read(&reading, err));
    verification->check.tile = tile_check;
    verification->check.context = &reading;
    verification->progress = progress_begin("verifying", verification->head.size);
    TRY(entries_check(&reading, verification->head.size, err));
    return check_end(&verification->check, &verification->head, err);
}
