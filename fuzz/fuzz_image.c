/*
 * An image of facts, changed in places that the input names: it is refused, or can be written again byte for byte and
 * bears to be used. The image is made here and not kept in the corpus, so it can't go out of date: the input is a run
 * of (offset, number) pairs of four bytes each, numbers written over what was there; an odd rest cuts the image short.
 */
#include <assert.h>
#include <stdbool.h>

#include "core/apply_lease.h"
#include "core/facts_edit.h"
#include "core/image.h"

#define NOW_MS          ((int64_t)1795507200000)
#define IMAGE_MAX_BYTES ((size_t)64 * 1024)

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void must(status s)
{
    assert(s.code == CODE_OK);
}

static status keep(void *context, struct str bytes, struct err *err)
{
    (void)err;
    buf_add(context, bytes);
    return ((const struct buf *)context)->status;
}

static void image_of(const struct facts *facts, struct buf *image)
{
    struct image_sink sink = { keep, image };
    struct hash hash;

    must(image_write(facts, &sink, &hash, NULL));
}

static void people_add(struct facts *facts)
{
    static const uint8_t kinds[] = { ID_ORGANISATION, ID_TEAM, ID_USER, ID_USER, ID_SERVICE };

    for (uint64_t i = 0; i < sizeof kinds; i++)
        must(principal_add(facts, &(struct principal){ .id = { 1, i + 1 }, .kind = kinds[i], .organisation = 0 }));
    must(membership_add(facts, 1, 2));
    must(membership_add(facts, 1, 3));
    membership_remove(facts, 0);
    must(credential_add(facts, &(struct credential){ .id = { 2, 1 }, .hash = { 1 }, .owner = 2 }));
}

static void terms_add(struct facts *facts)
{
    must(product_add(facts, (struct id){ 3, 1 }, STR("cad")));
    must(product_add(facts, (struct id){ 3, 2 }, STR("cam")));
    must(feature_add(facts, (struct id){ 4, 1 }, 0, STR("cad/render")));
    must(feature_add(facts, (struct id){ 4, 2 }, 1, STR("cam/render")));
    must(feature_add(facts, (struct id){ 4, 3 }, 0, STR("cad/mesh")));
    for (uint32_t i = 0; i < 3; i++) {
        must(license_add(facts, &(struct license){ .id = { 5, i + 1 }, .state = LICENSE_ACTIVE }));
        must(pool_add(facts, &(struct pool){ .id = { 6, i + 1 }, .limit = 9, .grace_s = i, .kind = POOL_ENFORCED }));
        must(entitlement_add(facts, &(struct entitlement){ .id = { 7, i + 1 }, .license = i, .pool = i / 2 }));
    }
    must(pool_add(facts, &(struct pool){ .id = { 6, 4 }, .limit = -1, .holder = NONE, .kind = POOL_OBSERVED }));
}

static void seats_add(struct facts *facts)
{
    struct observed_group group = { .pool = 3, .quantity = 1, .user_alias = { 9, 1 } };
    uint32_t place;

    for (uint64_t i = 0; i < 8; i++) {
        struct lease lease = { .id = { 8, i + 1 }, .quantity = 1, .principal = 2, .ttl_s = i < 5 ? 300 : 0 };
        lease.pool = i < 5 ? (uint32_t)i % 2 : 3;
        must(lease_add(facts, &lease, NOW_MS, &place));
        must(observed_reserve(facts));
        if (i >= 5)
            observed_open(facts, place, &group);
    }
    must(ended_reserve(facts));
    lease_end(facts, 1, LEASE_RELEASED, REASON_OWNER);
    must(ended_reserve(facts));
    lease_end(facts, 6, LEASE_RELEASED, REASON_RETURNED);
}

static void tickets_add(struct facts *facts)
{
    struct actor actor = { .who = { { 1, 3 }, ID_USER }, .via = VIA_API_TOKEN };

    for (uint64_t i = 0; i < 3; i++) {
        struct entry entry;
        entry_begin(&entry, AUDIT_TICKET_QUEUED, &actor, NOW_MS);
        entry_on_id(&entry, ON_TICKET, (struct id){ 10, i + 1 });
        entry_on_id(&entry, ON_POOL, (struct id){ 6, 1 });
        entry_number(&entry, DATA_QUANTITY, 1);
        entry_number(&entry, DATA_WAIT_S, 60);
        entry_number(&entry, DATA_TTL_S, 60);
        must(ticket_queued_apply(facts, &entry, NULL));
    }
    must(idem_reserve(facts, (const uint8_t[16]){ 1 }, NOW_MS));
    idem_push(facts, &(struct idem){ .key = { 1 }, .index = 1, .time_ms = NOW_MS });
    must(watermark_set(facts, &(struct watermark){ .head = { 1 }, .organisation = NONE }));
}

static void facts_make(struct facts *ret_facts)
{
    must(facts_init(ret_facts));
    ret_facts->size = 99;
    ret_facts->time_ms = NOW_MS;
    ret_facts->self = (struct who){ { 1, 5 }, ID_SERVICE };
    people_add(ret_facts);
    terms_add(ret_facts);
    seats_add(ret_facts);
    tickets_add(ret_facts);
    ret_facts->size++; /* what ended did so by the last entry */
}

static struct str image_good(void)
{
    static char space[IMAGE_MAX_BYTES];
    static struct str image;

    if (!image.len) {
        AUTO(struct facts, facts_free) facts = { 0 };
        struct buf buf = BUF_OVER(space);
        facts_make(&facts);
        image_of(&facts, &buf);
        image = buf_str(&buf);
    }
    return image;
}

/* The image as the input wants it. */
static void image_change(struct buf *image, const unsigned char *data, size_t len)
{
    uint32_t pair[2];

    for (; len >= sizeof pair; data += sizeof pair, len -= sizeof pair) {
        memcpy(pair, data, sizeof pair);
        memcpy(image->at + pair[0] % (image->len - sizeof pair[1]), &pair[1], sizeof pair[1]);
    }
    if (len)
        buf_cut(image, image->len - data[0] % 16);
}

/* Follows and cuts every list there is. */
static void use(struct facts *facts)
{
    facts_pulses_start(facts, NOW_MS);
    for (uint32_t place = 0; place < facts->pools.used; place++) {
        while (pool_at(facts, place)->lease_oldest != NONE) {
            must(ended_reserve(facts));
            lease_end(facts, pool_at(facts, place)->lease_oldest, LEASE_REVOKED, REASON_ADMIN);
        }
    }
    for (uint32_t place = 0; place < facts->principals.used; place++) {
        while (principal_at(facts, place)->membership_first != NONE)
            membership_remove(facts, principal_at(facts, place)->membership_first);
    }
    for (uint32_t place = 0; place < facts->licenses.used; place++)
        license_end_set(facts, place, NOW_MS);
    assert(facts->leases.live == 0 && facts->memberships.live == 0 && facts->observed_groups.live == 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    AUTO(struct buf, buf_free) image = { .max = IMAGE_MAX_BYTES };
    AUTO(struct buf, buf_free) again = { .max = IMAGE_MAX_BYTES };
    AUTO(struct facts, facts_free) facts = { 0 };
    struct hash hash;
    struct err err = { 0 };
    status read;

    buf_add(&image, image_good());
    image_change(&image, data, len);
    must(facts_init(&facts));
    read = image_read(buf_str(&image), &facts, &hash, &err);
    if (read.code) {
        assert(len > 0 && read.code == CODE_CORRUPT && err.text[0] && facts.size == 0);
        return 0;
    }
    image_of(&facts, &again);
    assert(str_eq(buf_str(&again), buf_str(&image)));
    use(&facts);
    return 0;
}
