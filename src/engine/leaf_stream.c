/*
 * engine/leaf_stream: a ring of runs between two threads.
 */
#include "engine/leaf_stream.h"

#include <inttypes.h>
#include <pthread.h>

#include "base/buf.h"
#include "base/memory.h"
#include "tlog/bundle.h"

/* A run and the memory of its texts, which is used again for the next. */
struct space {
    struct leaf_run run;
    struct buf text;
    uint16_t lengths[TILE_WIDTH];
};

/*
 * `given` and `taken` count runs; the ring holds those between them. The thread fills the place of run number `given`,
 * the taker looks at that of `taken`; neither touches the other's, so the lock is held only to count.
 */
struct leaf_stream {
    struct store_reader *reader;
    uint64_t next;
    uint64_t end;
    bool as_stored;
    struct hash tile[TILE_WIDTH];

    pthread_t thread;
    bool started;
    pthread_mutex_t mutex;
    pthread_cond_t moved; /* one of the members below has changed */
    uint64_t given;
    uint64_t taken;
    bool holds;   /* the taker has the run number `taken` */
    bool stopped; /* the taker wants no more */
    bool ended;   /* the thread gives no more … */
    status why;   /* … because it is done, or of this */
    struct err err;
    struct space spaces[LEAF_STREAM_RUNS];
};

/* ---- The thread ---- */

static status leaf_visit(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct space *space = context;
    struct leaf_run *run = &space->run;

    if (leaf.len > BUNDLE_ENTRY_MAX_BYTES)
        return err_set(err, CODE_CORRUPT, "entry %" PRIu64 " has %zu bytes", index, leaf.len);
    run->hashes[run->count] = hash_leaf(leaf);
    space->lengths[run->count] = (uint16_t)leaf.len;
    buf_add(&space->text, leaf);
    run->count++;
    return space->text.status;
}

/* A tile that is full must hold the hashes of its entries. */
static status tile_check(struct leaf_stream *stream, const struct leaf_run *run, struct err *err)
{
    uint64_t tile = run->first / TILE_WIDTH;
    status s = OK;

    if (tile >= stream->end / TILE_WIDTH || stream->as_stored)
        return OK;
    if (run->first % TILE_WIDTH == 0 || stream->given == 0)
        s = store_tile_read(stream->reader, 0, tile, (uint8_t *)stream->tile, err);
    if (s.code == CODE_NOT_FOUND)
        return err_set(err, CODE_CORRUPT, "tile 0/%" PRIu64 " is missing", tile);
    TRY(s);
    for (unsigned i = 0; i < run->count; i++) {
        if (!hash_eq(&run->hashes[i], &stream->tile[run->first % TILE_WIDTH + i]))
            return err_set(err, CODE_CORRUPT, "entry %" PRIu64 ": its hash is not the one in tile 0/%" PRIu64,
                           run->first + i, tile);
    }
    return OK;
}

static void leaves_place(struct space *space)
{
    const char *at = space->text.at;

    for (unsigned i = 0; i < space->run.count; i++) {
        space->run.leaves[i] = (struct str){ at, space->lengths[i] };
        at += space->lengths[i];
    }
}

/* The rest of a tile, or as much of it as the store gives at once. */
static status run_read(struct leaf_stream *stream, struct space *space, struct err *err)
{
    struct store_entry_visitor visitor = { leaf_visit, space };
    uint64_t tile_end = (stream->next / TILE_WIDTH + 1) * TILE_WIDTH;
    struct store_range range = { .first = stream->next,
                                 .max_count = (tile_end < stream->end ? tile_end : stream->end) - stream->next,
                                 .max_bytes = BATCH_MAX_BYTES };

    space->run.first = stream->next;
    space->run.count = 0;
    space->text.max = (size_t)TILE_WIDTH * BUNDLE_ENTRY_MAX_BYTES;
    buf_clear(&space->text);
    TRY(store_entries_read(stream->reader, &range, &visitor, &stream->next, err));
    if (stream->next == range.first)
        return err_set(err, CODE_CORRUPT, "entry %" PRIu64 " is missing", stream->next);
    TRY(tile_check(stream, &space->run, err));
    leaves_place(space);
    return OK;
}

/* Waits until a place is free; false when the taker wants no more. */
static bool place_wait(struct leaf_stream *stream)
{
    bool go_on;

    pthread_mutex_lock(&stream->mutex);
    while (!stream->stopped && stream->given - stream->taken == LEAF_STREAM_RUNS)
        pthread_cond_wait(&stream->moved, &stream->mutex);
    go_on = !stream->stopped;
    pthread_mutex_unlock(&stream->mutex);
    return go_on;
}

static void give(struct leaf_stream *stream)
{
    pthread_mutex_lock(&stream->mutex);
    stream->given++;
    pthread_cond_signal(&stream->moved);
    pthread_mutex_unlock(&stream->mutex);
}

static void *run_all(void *context)
{
    struct leaf_stream *stream = context;
    status s = OK;

    while (!s.code && stream->next < stream->end && place_wait(stream)) {
        s = run_read(stream, &stream->spaces[stream->given % LEAF_STREAM_RUNS], &stream->err);
        if (!s.code)
            give(stream);
    }
    pthread_mutex_lock(&stream->mutex);
    stream->why = s;
    stream->ended = true;
    pthread_cond_signal(&stream->moved);
    pthread_mutex_unlock(&stream->mutex);
    return NULL;
}

/* ---- The taker ---- */

status leaf_stream_open(struct store_reader *reader, const struct leaf_range *range, struct leaf_stream **ret_stream,
                        struct err *err)
{
    struct leaf_stream *stream = memory_new(1, sizeof(*stream));

    if (!stream)
        return err_set(err, CODE_NO_MEMORY, "no memory to read entries ahead");
    stream->reader = reader;
    stream->next = range->first;
    stream->end = range->end;
    stream->as_stored = range->as_stored;
    (void)pthread_mutex_init(&stream->mutex, NULL);
    (void)pthread_cond_init(&stream->moved, NULL);
    stream->started = pthread_create(&stream->thread, NULL, run_all, stream) == 0;
    if (!stream->started) {
        leaf_stream_close(stream);
        return err_set(err, CODE_NO_MEMORY, "the system has no thread to read entries ahead");
    }
    *ret_stream = stream;
    return OK;
}

status leaf_stream_next(struct leaf_stream *stream, const struct leaf_run **ret_run, struct err *err)
{
    status s = OK;

    *ret_run = NULL;
    pthread_mutex_lock(&stream->mutex);
    if (stream->holds)
        stream->taken++;
    stream->holds = false;
    pthread_cond_signal(&stream->moved);
    while (!stream->ended && stream->given == stream->taken)
        pthread_cond_wait(&stream->moved, &stream->mutex);
    stream->holds = stream->given != stream->taken;
    if (stream->holds)
        *ret_run = &stream->spaces[stream->taken % LEAF_STREAM_RUNS].run;
    else
        s = stream->why;
    pthread_mutex_unlock(&stream->mutex);
    return s.code ? err_set(err, s.code, "%s", stream->err.text[0] ? stream->err.text : status_name(s)) : OK;
}

void leaf_stream_close(struct leaf_stream *stream)
{
    if (!stream)
        return;
    pthread_mutex_lock(&stream->mutex);
    stream->stopped = true;
    pthread_cond_signal(&stream->moved);
    pthread_mutex_unlock(&stream->mutex);
    if (stream->started)
        (void)pthread_join(stream->thread, NULL);
    for (size_t i = 0; i < LEAF_STREAM_RUNS; i++)
        buf_free(&stream->spaces[i].text);
    (void)pthread_cond_destroy(&stream->moved);
    (void)pthread_mutex_destroy(&stream->mutex);
    memory_free(stream);
}
