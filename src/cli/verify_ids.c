#include "cli/verify_ids.h"

#include <stdlib.h>

#include "base/memory.h"

void recent_ids_free(struct recent_ids *ids)
{
    memory_free(ids->at);
    *ids = (struct recent_ids){ 0 };
}

static int compare(const void *a_at, const void *b_at)
{
    const struct id *a = a_at, *b = b_at;

    if (a->hi != b->hi)
        return a->hi < b->hi ? -1 : 1;
    return a->lo < b->lo ? -1 : a->lo > b->lo;
}

status recent_ids_check(struct recent_ids *ids, struct err *err)
{
    char text[TYPEID_BYTES + 1] = "";

    if (ids->count > 1)
        qsort(ids->at, ids->count, sizeof(ids->at[0]), compare);
    for (size_t i = 1; i < ids->count; i++) {
        if (!id_eq(ids->at[i - 1], ids->at[i]))
            continue;
        typeid_write(ID_ENTRY, ids->at[i], text);
        return err_set(err, CODE_CORRUPT, "two of the entries before it have the id %s", text);
    }
    ids->count = 0;
    return OK;
}

status recent_ids_add(struct recent_ids *ids, struct id id, int64_t time_ms, struct err *err)
{
    void *at = ids->at;

    if ((int64_t)(id.hi >> 16) != time_ms)
        return err_set(err, CODE_CORRUPT, "its id was not drawn at its time");
    if (time_ms != ids->time_ms)
        TRY(recent_ids_check(ids, err));
    ids->time_ms = time_ms;
    TRY(memory_grow(&at, &ids->capacity, ids->count + 1, RECENT_IDS_MAX, sizeof(ids->at[0])));
    ids->at = at;
    ids->at[ids->count++] = id;
    return OK;
}
