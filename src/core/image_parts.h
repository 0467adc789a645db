/*
 * core/image_parts: the facts' records as tables of their members: what an image writes, and what each may be.
 *
 * Private to core/image*. A member that is added to a record of core/facts must be added here; the sizes that are
 * asserted in image_parts.c and the claims about images remind of that.
 */
#ifndef CORE_IMAGE_PARTS_H
#define CORE_IMAGE_PARTS_H

#include "base/err.h"
#include "core/facts.h"

/* The tables of an image, in its order. */
enum image_table {
    IMAGE_PRINCIPALS,
    IMAGE_MEMBERSHIPS,
    IMAGE_CREDENTIALS,
    IMAGE_PRODUCTS,
    IMAGE_FEATURES,
    IMAGE_LICENSES,
    IMAGE_ENTITLEMENTS,
    IMAGE_POOLS,
    IMAGE_LEASES,
    IMAGE_TICKETS,
    IMAGE_OBSERVED_GROUPS,
    IMAGE_WATERMARKS,
    IMAGE_ENDEDS,
    IMAGE_IDEMS,
    IMAGE_TABLE_COUNT
};

enum image_check {
    CHECK_NOTHING,
    CHECK_PLACE,         /* of a live record in table `bound` */
    CHECK_PLACE_OR_NONE, /* or NONE */
    CHECK_BELOW,         /* one byte below `bound`: an enumeration, a bool, a length */
    CHECK_INDEX,         /* of an entry that the facts hold */
};

struct image_member {
    uint16_t offset;
    uint16_t bytes;
    enum image_check check;
    uint32_t bound;
};

/* Bytes of a record that lie together, without padding between them. */
struct image_run {
    uint16_t offset;
    uint16_t bytes;
};
#define IMAGE_RUNS_MAX 8

struct image_record {
    const char *name;
    size_t table; /* offset in struct facts; of the facts' own members, unused */
    const struct image_member *members;
    int count;
    uint32_t record_bytes;
};

extern const struct image_record image_records[IMAGE_TABLE_COUNT];
extern const struct image_record image_scalars; /* the facts' own members, outside their tables */

struct table *image_table_of(const struct facts *facts, enum image_table table);
/* Fills ret_runs and gives their number; *ret_bytes is what a record takes in an image. */
int image_runs(const struct image_record *record, struct image_run *ret_runs, uint32_t *ret_bytes);

/*
 * Looks through facts whose tables were read: before their maps are made, then after. CODE_CORRUPT names what is wrong.
 * After OK no place leads astray, no list is endless and none is cut short.
 */
MUST_CHECK status image_check(const struct facts *facts, struct err *err);
MUST_CHECK status image_check_names(const struct facts *facts, struct err *err);

#endif
