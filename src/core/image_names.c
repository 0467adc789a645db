/*
 * core/image_check: records that share a name are a chain that hangs on the oldest of them, the only one in the map.
 * Whether each chain is whole can be told once the map is there, which knows how many names there are.
 */
#include "base/memory.h"
#include "core/image_parts.h"

struct names {
    enum image_table number;
    size_t next; /* offset of the link in the record */
    size_t map;  /* offset in struct facts */
    bool (*same)(const struct facts *facts, uint32_t a, uint32_t b);
};

/* Which records another one links to. */
struct linked {
    uint8_t *bits;
};

static void linked_free(struct linked *linked)
{
    memory_free(linked->bits);
}

static bool same_bare_name(const struct facts *facts, uint32_t a, uint32_t b)
{
    return str_eq(feature_name(feature_at(facts, a)), feature_name(feature_at(facts, b)));
}

static bool same_group(const struct facts *facts, uint32_t a, uint32_t b)
{
    return pool_at(facts, a)->holder == pool_at(facts, b)->holder &&
           pool_at(facts, a)->feature == pool_at(facts, b)->feature;
}

static uint32_t next_of(const struct facts *facts, const struct names *names, uint32_t place)
{
    uint32_t next;

    memcpy(&next, (const char *)table_at(image_table_of(facts, names->number), place) + names->next, sizeof next);
    return next;
}

static status broken(const struct names *names, struct err *err)
{
    return err_set(err, CODE_CORRUPT, "the image of the facts is damaged: %s of one name are no chain",
                   image_records[names->number].name);
}

/* No record is linked to twice: then a way that starts at one without a link to it can't come back. */
static status links_note(const struct facts *facts, const struct names *names, struct linked *linked, struct err *err)
{
    for (uint32_t place = 0; place < image_table_of(facts, names->number)->used; place++) {
        uint32_t next = next_of(facts, names, place);
        if (next == NONE)
            continue;
        if (linked->bits[next / 8] >> next % 8 & 1)
            return broken(names, err);
        linked->bits[next / 8] = (uint8_t)(linked->bits[next / 8] | 1u << next % 8);
    }
    return OK;
}

static status chains_check(const struct facts *facts, const struct names *names, const struct linked *linked,
                           struct err *err)
{
    const struct map *map = (const struct map *)((uintptr_t)facts + names->map);
    uint32_t used = image_table_of(facts, names->number)->used;
    size_t chains = 0;
    uint32_t met = 0;

    for (uint32_t first = 0; first < used; first++) {
        if (linked->bits[first / 8] >> first % 8 & 1)
            continue;
        chains++;
        for (uint32_t at = first; at != NONE; at = next_of(facts, names, at), met++) {
            if (at < first || !names->same(facts, first, at))
                return broken(names, err);
        }
    }
    return chains == map->count && met == used ? OK : broken(names, err);
}

static status names_check(const struct facts *facts, const struct names *names, struct err *err)
{
    AUTO(struct linked, linked_free) linked = { 0 };

    linked.bits = memory_new(image_table_of(facts, names->number)->used / 8 + 1, 1);
    if (!linked.bits)
        return err_set(err, CODE_NO_MEMORY, "no memory to check an image of the facts");
    TRY(links_note(facts, names, &linked, err));
    return chains_check(facts, names, &linked, err);
}

status image_check_names(const struct facts *facts, struct err *err)
{
    static const struct names all[] = {
        { IMAGE_FEATURES, offsetof(struct feature, next_of_name), offsetof(struct facts, feature_by_bare_name),
          same_bare_name },
        { IMAGE_POOLS, offsetof(struct pool, next_of_group), offsetof(struct facts, pool_by_group), same_group },
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        TRY(names_check(facts, &all[i], err));
    return OK;
}
