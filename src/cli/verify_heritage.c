#include "cli/verify_heritage.h"

#include <assert.h>
#include <inttypes.h>

#include "base/memory.h"
#include "core/apply.h"
#include "core/carry.h"
#include "core/image.h"
#include "engine/heritage.h"
#include "engine/leaf_stream.h"
#include "tlog/vkey.h"

#define FACT_MAX_BYTES 4096

/* Facts on the heap: they must not be moved. */
static void facts_end(struct facts **facts)
{
    if (*facts)
        facts_free(*facts);
    memory_free(*facts);
}

static status facts_make(struct facts **ret_facts, struct err *err)
{
    struct facts *facts = memory_new(1, sizeof(*facts));
    status s = facts ? facts_init(facts) : (status){ CODE_NO_MEMORY };

    if (s.code) {
        memory_free(facts);
        return err_set(err, s.code, "no memory for what was carried over");
    }
    *ret_facts = facts;
    return OK;
}

/* ---- From where counting begins ---- */

static status chains_take(struct chains *chains, const struct facts *facts)
{
    for (uint32_t place = 0; place < facts->licenses.used; place++) {
        const struct license *license = license_at(facts, place);

        TRY(chains_seed(chains, ID_LICENSE, license->id, license->chain.number, license->chain.prev));
    }
    for (uint32_t place = 0; place < facts->pools.used; place++) {
        const struct pool *pool = pool_at(facts, place);

        TRY(chains_seed(chains, ID_POOL, pool->id, pool->chain.number, pool->chain.prev));
    }
    return OK;
}

/* A free place of a lease or ticket holds a number in its id's first bytes. */
static status seats_take(struct seats *seats, const struct facts *facts)
{
    for (uint32_t place = 0; place < facts->pools.used; place++)
        TRY(seats_seed_pool(seats, pool_at(facts, place)));
    for (uint32_t place = 0; place < facts->leases.used; place++) {
        const struct lease *lease = lease_at(facts, place);

        if (lease->id.lo != 0)
            TRY(seats_seed_lease(seats, lease->id, pool_at(facts, lease->pool)->id, lease->quantity));
    }
    for (uint32_t place = 0; place < facts->tickets.used; place++) {
        const struct ticket *ticket = ticket_at(facts, place);

        if (ticket->id.lo != 0)
            TRY(seats_seed_ticket(seats, ticket, pool_at(facts, ticket->pool)->id));
    }
    return OK;
}

static status check_seed(struct check *check, struct str image, struct err *err)
{
    AUTO(struct facts *, facts_end) facts = NULL;

    TRY(facts_make(&facts, err));
    assert(facts);
    TRY(facts_carry_take(facts, image, err));
    if (check->replay.facts)
        TRY(facts_carry_take(check->replay.facts, image, err));
    check->has_carried = true;
    check->carried = facts->carried;
    check->epoch = facts->epoch;
    check->time_ms = facts->time_ms;
    if (chains_take(&check->chains, facts).code || seats_take(&check->seats, facts).code)
        return err_set(err, CODE_NO_MEMORY, "no memory for what was carried over");
    return OK;
}

status heritage_take(struct store_reader *reader, struct check *check, struct err *err)
{
    AUTO(struct buf, buf_free) image = { .max = HERITAGE_MAX_BYTES };
    status s = heritage_read(reader, &image, err);

    if (s.code == CODE_NOT_FOUND)
        return OK;
    TRY(s);
    return check_seed(check, buf_str(&image), err);
}

/* ---- Whether it is right ---- */

/* What ledger.continues says. */
struct claim {
    bool found;
    char vkey[VKEY_MAX_BYTES]; /* of the old ledger */
    size_t vkey_len;
    struct tree_head head;
    struct hash image;
    int64_t reason;
};

static status claim_visit(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct claim *claim = context;
    struct entry entry;

    (void)index;
    TRY(entry_decode(leaf, &entry, err));
    claim->found = entry.code == AUDIT_LEDGER_CONTINUES;
    if (!claim->found)
        return OK;
    claim->vkey_len = entry.data[DATA_VKEY].text.len;
    memcpy(claim->vkey, entry.data[DATA_VKEY].text.at, claim->vkey_len);
    claim->head.size = (uint64_t)entry.data[DATA_SIZE].number;
    memcpy(claim->head.root.bytes, entry.data[DATA_ROOT].bytes, HASH_BYTES);
    memcpy(claim->image.bytes, entry.data[DATA_SHA256].bytes, HASH_BYTES);
    claim->reason = entry.data[DATA_REASON].number;
    return OK;
}

static status claim_read(struct store_reader *reader, const char *path, struct claim *ret_claim, struct err *err)
{
    struct store_entry_visitor visitor = { claim_visit, ret_claim };
    struct store_range range = { .first = CARRY_INDEX, .max_count = 1, .max_bytes = 1 };
    uint64_t next;

    TRY(store_entries_read(reader, &range, &visitor, &next, err));
    return ret_claim->found ? OK : err_set(err, CODE_CONFLICT, "the ledger in %s continues no other", path);
}

/* The old ledger, folded. */
struct fold {
    struct store_reader *reader;
    struct facts *facts;
    struct tree tree;
    struct entry last;
    struct buf last_text; /* what last's texts point into */
};

static void fold_end(struct fold *fold)
{
    store_reader_close(fold->reader);
    facts_end(&fold->facts);
    buf_free(&fold->last_text);
}

static void stream_end(struct leaf_stream **stream)
{
    leaf_stream_close(*stream);
}

static status leaf_fold(struct fold *fold, struct str leaf, const struct hash *hash, struct err *err)
{
    buf_clear(&fold->last_text);
    buf_add(&fold->last_text, leaf);
    TRY(fold->last_text.status);
    TRY(entry_decode(buf_str(&fold->last_text), &fold->last, err));
    TRY(apply(fold->facts, &fold->last, hash, err));
    tree_append(&fold->tree, hash);
    return OK;
}

static status entries_fold(struct fold *fold, uint64_t size, struct err *err)
{
    AUTO(struct leaf_stream *, stream_end) stream = NULL;
    const struct leaf_run *run;

    TRY(leaf_stream_open(fold->reader, &(struct leaf_range){ .end = size }, &stream, err));
    for (;;) {
        TRY(leaf_stream_next(stream, &run, err));
        if (!run)
            return OK;
        for (unsigned i = 0; i < run->count; i++)
            TRY(leaf_fold(fold, run->leaves[i], &run->hashes[i], err));
    }
}

/* It may itself continue another. */
static status fold_begin(struct fold *fold, const char *path, struct err *err)
{
    TRY(store_reader_open_path(path, &fold->reader, err));
    TRY(facts_make(&fold->facts, err));
    return heritage_begin(fold->reader, fold->facts, err);
}

/* Where nothing is said to be lost, the old ledger ends with a seal for exactly this one. */
static status seal_check(const struct fold *fold, uint64_t stored, struct str vkey, const struct claim *claim,
                         struct err *err)
{
    if (claim->reason == REASON_LOST)
        return OK;
    if (stored != claim->head.size)
        return err_set(err, CODE_CORRUPT, "the old ledger has %" PRIu64 " entries, and %" PRIu64 " are continued",
                       stored, claim->head.size);
    if (fold->last.code != AUDIT_LEDGER_SEALED || !str_eq(fold->last.data[DATA_VKEY].text, vkey))
        return err_set(err, CODE_CORRUPT, "the old ledger's last entry does not seal it for this one");
    return OK;
}

static status fold_compare(struct fold *fold, const struct claim *claim, struct err *err)
{
    struct hash root = tree_root(&fold->tree);
    struct hash image;

    if (!hash_eq(&root, &claim->head.root))
        return err_set(err, CODE_CORRUPT, "the root of the old ledger's first %" PRIu64 " entries is another",
                       claim->head.size);
    facts_carry(fold->facts);
    TRY(facts_hash(fold->facts, &image, err));
    return hash_eq(&image, &claim->image)
               ? OK
               : err_set(err, CODE_CORRUPT, "what was carried over is not what the old ledger's entries come to");
}

static status key_of(struct store_reader *reader, struct arena *arena, struct str *ret_vkey, struct err *err)
{
    return store_fact_read(reader, STR("vkey"), arena, ret_vkey, err);
}

static status compare(struct fold *fold, const struct claim *claim, struct str vkey, struct err *err)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = FACT_MAX_BYTES };
    struct store_head head;
    struct str old_vkey;

    TRY(key_of(fold->reader, &arena, &old_vkey, err));
    if (!str_eq(old_vkey, (struct str){ claim->vkey, claim->vkey_len }))
        return err_set(err, CODE_CORRUPT, "another ledger than this one is continued: %.*s", (int)claim->vkey_len,
                       claim->vkey);
    TRY(store_head_read(fold->reader, &head, err));
    if (head.size < claim->head.size)
        return err_set(err, CODE_CORRUPT, "the old ledger has %" PRIu64 " entries, and %" PRIu64 " are continued",
                       head.size, claim->head.size);
    TRY(entries_fold(fold, claim->head.size, err));
    TRY(seal_check(fold, head.size, vkey, claim, err));
    return fold_compare(fold, claim, err);
}

static void reader_end(struct store_reader **reader)
{
    store_reader_close(*reader);
}

status heritage_compare(const char *path, const char *old_path, struct err *err)
{
    AUTO(struct store_reader *, reader_end) reader = NULL;
    AUTO(struct arena, arena_free) arena = { .max_bytes = FACT_MAX_BYTES };
    AUTO(struct fold, fold_end) fold = { .last_text = { .max = ENTRY_MAX_BYTES } };
    struct claim claim = { 0 };
    struct str vkey;

    TRY(store_reader_open_path(path, &reader, err));
    TRY(claim_read(reader, path, &claim, err));
    TRY(key_of(reader, &arena, &vkey, err));
    TRY(fold_begin(&fold, old_path, err));
    return compare(&fold, &claim, vkey, err);
}
