/*
 * engine/checkup: engine_open, and questions.
 */
#include "engine/checkup.h"

#include <string.h>

#include "engine/history.h"
#include "engine/signed_head.h"
#include "engine/state.h"

static void engine_end(struct engine **engine)
{
    engine_close(*engine);
}

/* The memory of what was signed belongs to the ledger's key, which its database names. */
static status head_check(struct engine *engine, struct checkup *checkup, struct err *err)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
    AUTO(struct signed_head, signed_head_close) last = { 0 };
    struct vkey vkey;
    struct str text;

    TRY(store_fact_read(engine->reader, STR("vkey"), &arena, &text, err));
    TRY(vkey_parse(text, &vkey, err));
    TRY(signed_head_open(engine->dir, SIGNER_HEAD_FILE, &vkey.public_key, &last, err));
    checkup->signed_size = last.head.size;
    return history_check(engine->reader, &engine->edge, &last.head, err);
}

static status successor_visit(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct checkup *checkup = context;
    struct entry entry;

    (void)index;
    TRY(entry_decode(leaf, &entry, err));
    if (entry.code == AUDIT_LEDGER_SEALED)
        (void)str_to_c(entry.data[DATA_VKEY].text, checkup->successor, sizeof checkup->successor);
    return OK;
}

static status successor_read(struct engine *engine, struct checkup *checkup, struct err *err)
{
    struct store_entry_visitor visitor = { successor_visit, checkup };
    struct store_range range = { .first = engine->facts.size - 1, .max_count = 1, .max_bytes = 1 };
    uint64_t next;

    return store_entries_read(engine->reader, &range, &visitor, &next, err);
}

status engine_checkup(const char *dir, struct checkup *ret_checkup, struct err *err)
{
    AUTO(struct engine *, engine_end) engine = NULL;
    struct engine_config config = { .dir = dir, .without_signer = true };

    TRY(engine_open(&config, &engine, err));
    *ret_checkup = (struct checkup){ .size = engine->facts.size,
                                     .newest_ms = engine->facts.time_ms,
                                     .clock_frozen = engine->facts.clock_frozen,
                                     .snapshot_refused = engine->refusal.happened,
                                     .snapshot_size = engine->refusal.size,
                                     .sealed = engine->facts.sealed };
    ret_checkup->head = head_check(engine, ret_checkup, &ret_checkup->head_err);
    return ret_checkup->sealed ? successor_read(engine, ret_checkup, err) : OK;
}
