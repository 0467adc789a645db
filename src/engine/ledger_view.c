/*
 * engine/ledger_view: hashes come from the publication's edge where it has them, else from the store's full tiles.
 *
 * A tile that was partial when it was published is a prefix of what it is now: nothing before the right edge of a tree
 * ever changes (P3). So any width that the log has had is cut from the wider tile of today.
 */
#include "engine/ledger_view.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>

#include "base/memory.h"
#include "tlog/bundle.h"
#include "tlog/prove.h"

struct ledger_view {
    struct ledger_views *views;
    struct ledger_view *next_idle;
    struct store_reader *reader;
    const struct publication *publication; /* NULL: there is none yet */
    struct edge_source edge;
    struct prover prover;  /* what it remembers holds for every publication */
    struct tile leaf_tile; /* the last one of level 0 that was read; none when its width is 0 */
    struct hash leaves[TILE_WIDTH];
};

struct ledger_views {
    struct store *store;
    struct publisher *publisher;
    pthread_mutex_t mutex;
    struct ledger_view *idle; /* the one used last first: its pages are warm */
    unsigned made;
    unsigned max;
};

/* ---- Where hashes come from ---- */

/* The part of a full tile that is asked for. */
static status stored_tile_read(void *from, const struct tile *tile, struct hash *ret_hashes, struct err *err)
{
    struct ledger_view *view = from;
    struct hash hashes[TILE_WIDTH];

    TRY(store_tile_read(view->reader, tile->level, tile->n, (uint8_t *)hashes, err));
    memcpy(ret_hashes, hashes, tile->width * sizeof hashes[0]);
    return OK;
}

static status tile_read(void *from, const struct tile *tile, struct hash *ret_hashes, struct err *err)
{
    struct ledger_view *view = from;
    struct tile_source tiles = edge_tiles(&view->edge);

    TRY(tiles.read(tiles.from, tile, ret_hashes, err));
    if (tile->level == 0) {
        view->leaf_tile = *tile;
        memcpy(view->leaves, ret_hashes, tile->width * sizeof view->leaves[0]);
    }
    return OK;
}

/* Mostly from the tile that the entry's proof has just needed. */
static status leaf_read(struct ledger_view *view, uint64_t index, struct hash *ret_leaf, struct err *err)
{
    struct tile tile = { .n = index / TILE_WIDTH, .width = (unsigned)(index % TILE_WIDTH) + 1 };
    struct hash hashes[TILE_WIDTH];

    if (view->leaf_tile.n != tile.n || view->leaf_tile.width < tile.width)
        TRY(tile_read(view, &tile, hashes, err));
    *ret_leaf = view->leaves[tile.width - 1];
    return OK;
}

/* ---- Views ---- */

status ledger_views_new(struct store *store, struct publisher *publisher, unsigned max, struct ledger_views **ret_views)
{
    struct ledger_views *views = memory_new(1, sizeof *views);

    if (!views)
        return (status){ CODE_NO_MEMORY };
    views->store = store;
    views->publisher = publisher;
    views->max = max;
    (void)pthread_mutex_init(&views->mutex, NULL); /* with no attributes it can't fail */
    *ret_views = views;
    return OK;
}

static void view_free(struct ledger_view *view)
{
    prover_close(&view->prover);
    store_reader_close(view->reader);
    memory_free(view);
}

void ledger_views_free(struct ledger_views *views)
{
    if (!views)
        return;
    while (views->idle) {
        struct ledger_view *view = views->idle;

        views->idle = view->next_idle;
        view_free(view);
        views->made--;
    }
    assert(views->made == 0);
    (void)pthread_mutex_destroy(&views->mutex);
    memory_free(views);
}

static status view_new(struct ledger_views *views, struct ledger_view **ret_view, struct err *err)
{
    struct ledger_view *view = memory_new(1, sizeof *view);
    status s;

    if (!view)
        return err_set(err, CODE_NO_MEMORY, "no memory for a view of the ledger");
    view->views = views;
    view->edge.full = (struct tile_source){ stored_tile_read, view };
    s = prover_open(&view->prover, (struct tile_source){ tile_read, view }, err);
    if (!s.code)
        s = store_reader_open(views->store, &view->reader, err);
    if (s.code) {
        view_free(view);
        return s;
    }
    *ret_view = view;
    return OK;
}

/* An idle view; or none, and then the right to make one, which CODE_BUSY denies. */
static status take_idle(struct ledger_views *views, struct ledger_view **ret_view, struct err *err)
{
    status s = OK;

    pthread_mutex_lock(&views->mutex);
    *ret_view = views->idle;
    if (views->idle)
        views->idle = views->idle->next_idle;
    else if (views->made < views->max)
        views->made++;
    else
        s = err_set(err, CODE_BUSY, "%u readers of the ledger are at work, and there are no more", views->max);
    pthread_mutex_unlock(&views->mutex);
    return s;
}

static void give_up_making(struct ledger_views *views)
{
    pthread_mutex_lock(&views->mutex);
    views->made--;
    pthread_mutex_unlock(&views->mutex);
}

status ledger_view_open(struct ledger_views *views, struct ledger_view **ret_view, struct err *err)
{
    struct ledger_view *view = NULL;
    status s;

    TRY(take_idle(views, &view, err));
    if (!view) {
        s = view_new(views, &view, err);
        if (s.code) {
            give_up_making(views);
            return s;
        }
    }
    view->publication = publisher_hold(views->publisher);
    view->edge.edge = view->publication ? &view->publication->edge : NULL;
    *ret_view = view;
    return OK;
}

void ledger_view_close(struct ledger_view *view)
{
    struct ledger_views *views;

    if (!view)
        return;
    views = view->views;
    publication_release(view->publication);
    view->publication = NULL;
    pthread_mutex_lock(&views->mutex);
    view->next_idle = views->idle;
    views->idle = view;
    pthread_mutex_unlock(&views->mutex);
}

const struct publication *ledger_view_publication(const struct ledger_view *view)
{
    return view->publication;
}

struct store_reader *ledger_view_reader(const struct ledger_view *view)
{
    return view->reader;
}

static uint64_t published_size(const struct ledger_view *view)
{
    return view->publication ? view->publication->head.size : 0;
}

/* ---- Entries ---- */

static status entry_visit(void *context, uint64_t index, struct str leaf, struct err *err)
{
    const struct ledger_entry_visitor *visitor = context;
    struct ledger_entry entry = { .index = index, .leaf = leaf, .hash = hash_leaf(leaf) };

    return visitor->visit(visitor->context, &entry, err);
}

status ledger_view_entries(struct ledger_view *view, const struct store_range *range,
                           const struct ledger_entry_visitor *visitor, uint64_t *ret_next, struct err *err)
{
    struct store_entry_visitor on_entry = { entry_visit, (void *)visitor };

    return store_entries_read(view->reader, range, &on_entry, ret_next, err);
}

static status missing(uint64_t index, struct err *err)
{
    return err_set(err, CODE_CORRUPT, "entry %" PRIu64 " was published, and is not there", index);
}

/* ---- Proofs ---- */

static status not_published(const struct ledger_view *view, uint64_t size, struct err *err)
{
    return err_set(err, CODE_NOT_FOUND,
                   "there is no checkpoint of %" PRIu64 " entries or more yet: the newest has %" PRIu64, size,
                   published_size(view));
}

/* What was to be appended must have fitted. */
static status fitted(const struct buf *buf, struct err *err)
{
    return buf->status.code ? err_set(err, buf->status.code, "no room for an answer of more than %zu bytes: %s",
                                      buf->len, status_name(buf->status))
                            : OK;
}

static status check_proof(const struct tree_head *head, const struct proof *proof, const struct hash *leaf,
                          struct err *err)
{
    if (!tree_check_inclusion(head, proof->index, leaf, &proof->path, NULL).code)
        return OK;
    return err_set(err, CODE_CORRUPT,
                   "the stored tiles do not lead from entry %" PRIu64 " to the root that was published", proof->index);
}

status ledger_view_proof_under(struct ledger_view *view, const struct proof_wanted *wanted, struct buf *text,
                               struct err *err)
{
    struct proof proof = { .index = wanted->index, .checkpoint = wanted->checkpoint };
    struct hash stored;

    assert(wanted->head.size <= published_size(view));
    if (wanted->index >= wanted->head.size)
        return not_published(view, wanted->index + 1, err);
    TRY(prove_inclusion(&view->prover, wanted->index, wanted->head.size, &proof.path, err));
    if (!wanted->leaf)
        TRY(leaf_read(view, wanted->index, &stored, err));
    TRY(check_proof(&wanted->head, &proof, wanted->leaf ? wanted->leaf : &stored, err));
    proof_add(text, &proof);
    return fitted(text, err);
}

status ledger_view_proof(struct ledger_view *view, uint64_t index, const struct hash *leaf, struct buf *text,
                         struct err *err)
{
    const struct publication *publication = view->publication;
    struct proof_wanted wanted = { .index = index, .leaf = leaf };

    if (!publication)
        return not_published(view, index + 1, err);
    wanted.head = publication->head;
    wanted.checkpoint = publication->checkpoint;
    return ledger_view_proof_under(view, &wanted, text, err);
}

status ledger_view_consistency(struct ledger_view *view, uint64_t older, uint64_t newer, struct tree_path *ret_proof,
                               struct err *err)
{
    if (newer > published_size(view))
        return not_published(view, newer, err);
    return prove_consistency(&view->prover, older, newer, ret_proof, err);
}

/* ---- Tiles ---- */

static status entry_add(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct buf *bundle = context;

    (void)index;
    bundle_add(bundle, leaf);
    return fitted(bundle, err);
}

static status bundle_read(struct ledger_view *view, const struct tile *tile, struct buf *bytes, struct err *err)
{
    struct store_entry_visitor visitor = { entry_add, bytes };
    struct store_range range = { .first = tile->n * TILE_WIDTH, .max_count = tile->width, .max_bytes = SIZE_MAX };
    uint64_t next = range.first;

    TRY(store_entries_read(view->reader, &range, &visitor, &next, err));
    return next == range.first + tile->width ? OK : missing(next, err);
}

static status hashes_read(struct ledger_view *view, const struct tile *tile, struct buf *bytes, struct err *err)
{
    size_t len = tile->width * sizeof(struct hash);
    char *room = buf_room(bytes, len);

    if (!room)
        return fitted(bytes, err);
    TRY(tile_read(view, tile, (struct hash *)room, err));
    buf_keep(bytes, len);
    return OK;
}

status ledger_view_tile(struct ledger_view *view, const struct tile *tile, struct buf *bytes, struct err *err)
{
    if (!tile_is_within(tile, published_size(view)))
        return err_set(err, CODE_NOT_FOUND, "a log of %" PRIu64 " entries has no such tile", published_size(view));
    return tile->kind == TILE_ENTRIES ? bundle_read(view, tile, bytes, err) : hashes_read(view, tile, bytes, err);
}
