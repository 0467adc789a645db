#include "cli/verify_replay.h"

#include "base/memory.h"
#include "core/apply.h"
#include "core/image.h"

status replay_check_begin(struct replay_check *replay, struct err *err)
{
    struct facts *facts = memory_new(1, sizeof(*facts)); /* they must not be moved */
    status s = facts ? facts_init(facts) : (status){ CODE_NO_MEMORY };

    if (s.code) {
        memory_free(facts);
        return err_set(err, s.code, "no memory to rebuild the facts");
    }
    replay->facts = facts;
    return OK;
}

void replay_check_free(struct replay_check *replay)
{
    if (replay->facts)
        facts_free(replay->facts);
    memory_free(replay->facts);
    replay->facts = NULL;
}

static struct replay_point *find(const struct replay_check *replay, uint64_t size)
{
    for (size_t i = 0; i < replay->point_count; i++) {
        if (replay->points[i].size == size)
            return (struct replay_point *)&replay->points[i];
    }
    return NULL;
}

void replay_check_want(struct replay_check *replay, uint64_t size)
{
    if (replay->point_count < POINTS_MAX && !find(replay, size))
        replay->points[replay->point_count++] = (struct replay_point){ .size = size };
}

const struct replay_point *replay_check_at(const struct replay_check *replay, uint64_t size)
{
    const struct replay_point *point = find(replay, size);

    return point && point->reached ? point : NULL;
}

static status hash_compare(struct replay_check *replay, const struct hash *hash, const uint8_t *told, uint64_t size,
                           struct err *err)
{
    if (memcmp(hash->bytes, told, HASH_BYTES) != 0)
        return err_set(err, CODE_CORRUPT, "replaying the first %llu entries gives other facts than it tells",
                       (unsigned long long)size);
    replay->compared++;
    return OK;
}

/* At a clean stop the entry follows the very entries whose facts it tells; a running server's comes later. */
static status told_check(struct replay_check *replay, const struct entry *entry, struct err *err)
{
    uint64_t size = (uint64_t)entry->data[DATA_SIZE].number;
    const struct replay_point *point = replay_check_at(replay, size);
    struct hash hash;

    if (point)
        return hash_compare(replay, &point->hash, entry->data[DATA_SHA256].bytes, size, err);
    if (size != replay->facts->size) {
        replay->passed++;
        return OK;
    }
    TRY(facts_hash(replay->facts, &hash, err));
    return hash_compare(replay, &hash, entry->data[DATA_SHA256].bytes, size, err);
}

status replay_check_add(struct replay_check *replay, const struct entry *entry, const struct hash *leaf,
                        struct err *err)
{
    struct replay_point *point;

    if (!replay->facts)
        return OK;
    if (entry->code == AUDIT_LEDGER_SNAPSHOT)
        TRY(told_check(replay, entry, err));
    TRY(apply(replay->facts, entry, leaf, err));
    point = find(replay, replay->facts->size);
    if (!point)
        return OK;
    TRY(facts_hash(replay->facts, &point->hash, err));
    point->reached = true;
    return OK;
}
