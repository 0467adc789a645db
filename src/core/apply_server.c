/*
 * core/apply: what the server says about itself and that facts depend on.
 */
#include <string.h>

#include "core/appliers.h"

status ledger_created_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    if (facts->size != 0)
        return contradiction(facts, entry, err, "a ledger begins once");
    facts->self = (struct who){ .id = entry->on[ON_SERVICE].id, .kind = ID_SERVICE };
    return OK;
}

/* Nothing follows it. */
status ledger_sealed_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    (void)entry;
    (void)err;
    facts->sealed = true;
    return OK;
}

/* What it carries over is there already: facts_carry_take put it in place of the empty ledger's. */
status ledger_continues_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    if (facts->size != 1 || !facts->is_carried)
        return contradiction(facts, entry, err, "nothing was carried over into this ledger");
    if (memcmp(facts->carried.bytes, entry->data[DATA_SHA256].bytes, HASH_BYTES) != 0)
        return contradiction(facts, entry, err, "what was carried over is not what it names");
    return OK;
}

status writer_started_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    int64_t epoch = entry->data[DATA_EPOCH].number;

    if (epoch < 0 || (uint64_t)epoch <= facts->epoch)
        return contradiction(facts, entry, err, "its epoch is not above the one before");
    facts->epoch = (uint64_t)epoch;
    facts_pulses_start(facts, entry->time_ms);
    return OK;
}

status clock_jumped_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    (void)entry;
    (void)err;
    facts->clock_frozen = true;
    return OK;
}

status clock_confirmed_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    (void)entry;
    (void)err;
    facts->clock_frozen = false;
    return OK;
}

status keys_copied_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    int64_t lapses_ms = entry->data[DATA_LAPSES_AT].number;

    (void)err;
    if (lapses_ms > facts->key_copies_lapse_ms)
        facts->key_copies_lapse_ms = lapses_ms;
    return OK;
}

status days_dropped_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    if (entry->data[DATA_KEPT_FROM].number < facts->texts_kept_from_ms)
        return contradiction(facts, entry, err, "days that are dropped do not come back");
    facts->texts_kept_from_ms = entry->data[DATA_KEPT_FROM].number;
    return OK;
}
