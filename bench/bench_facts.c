/*
 * bench/facts: what it takes to start again: an image of a large installation written and read, and leaves replayed.
 *
 * The installation is the budget's: 1,000,000 licences and 200,000 live leases. Budgets: reading an image in less than
 * a second, replaying (decode and apply) 1 M entries/s, 250 B a licence, 160 B a lease. Every licence here has a pool
 * of its own, and every second entry replayed a pool that was not touched before: the worst for the processor's caches.
 *
 * Usage: bench_facts [LICENCES LEASES]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/limits.h"
#include "core/apply.h"
#include "core/apply_lease.h"
#include "core/facts_edit.h"
#include "core/image.h"

#define LICENSES_DEFAULT 1000000
#define LEASES_DEFAULT   200000
#define HOLDERS          1000
#define REPLAYED         1000000
#define NOW_MS           ((int64_t)1795507200000)
#define IMAGE_MAX_BYTES  ((size_t)4 * 1024 * 1024 * 1024)

struct made {
    struct facts facts;
    struct entropy entropy;
    uint64_t licenses;
    uint64_t leases;
};

/* Ends the program: a measurement that went wrong is none. */
static void must_ok(status s, const struct err *err)
{
    if (s.code == CODE_OK)
        return;
    printf("bench_facts: %s: %s\n", status_name(s), err ? err->text : "");
    exit(EXIT_FAILURE);
}

static double seconds_since(int64_t began_us)
{
    return (double)(clock_running_us() - began_us) / 1e6;
}

static void holders_make(struct made *made)
{
    for (int i = 0; i < HOLDERS; i++)
        must_ok(principal_add(&made->facts, &(struct principal){ .id = id_new(&made->entropy, NOW_MS),
                                                                 .kind = ID_ORGANISATION,
                                                                 .organisation = NONE }),
                NULL);
    must_ok(product_add(&made->facts, id_new(&made->entropy, NOW_MS), STR("cad")), NULL);
    must_ok(feature_add(&made->facts, id_new(&made->entropy, NOW_MS), 0, STR("cad/render")), NULL);
}

/* A licence with one entitlement and a pool of its own, and one lease in some of the pools. */
static void license_make(struct made *made, uint32_t number)
{
    struct license license = { .id = id_new(&made->entropy, NOW_MS), .state = LICENSE_ACTIVE };
    struct pool pool = { .id = id_new(&made->entropy, NOW_MS), .kind = POOL_ENFORCED, .grace_s = number };
    struct entitlement entitlement = { .id = id_new(&made->entropy, NOW_MS), .limit = 8 };

    license.holder = pool.holder = number % HOLDERS;
    entitlement.license = entitlement.pool = number;
    must_ok(license_add(&made->facts, &license), NULL);
    must_ok(pool_add(&made->facts, &pool), NULL);
    must_ok(entitlement_add(&made->facts, &entitlement), NULL);
    pool_at(&made->facts, number)->limit = 8;
}

static void leases_make(struct made *made)
{
    for (uint64_t i = 0; i < made->leases; i++) {
        struct lease lease = { .id = id_new(&made->entropy, NOW_MS), .quantity = 1, .ttl_s = 300 };
        uint32_t place;

        lease.pool = (uint32_t)entropy_below(&made->entropy, made->licenses);
        must_ok(lease_add(&made->facts, &lease, NOW_MS, &place), NULL);
    }
}

static void facts_make(struct made *made)
{
    made->entropy = entropy_from_seed(1);
    must_ok(facts_init(&made->facts), NULL);
    made->facts.size = 1;
    made->facts.time_ms = NOW_MS;
    holders_make(made);
    for (uint32_t number = 0; number < made->licenses; number++)
        license_make(made, number);
    leases_make(made);
}

static status keep(void *context, struct str bytes, struct err *err)
{
    (void)err;
    buf_add(context, bytes);
    return ((const struct buf *)context)->status;
}

static void image_bench(const struct made *made)
{
    AUTO(struct buf, buf_free) image = { .max = IMAGE_MAX_BYTES };
    struct image_sink sink = { keep, &image };

    for (int round = 0; round < 3; round++) {
        AUTO(struct facts, facts_free) facts = { 0 };
        struct err err = { 0 };
        struct hash written;
        struct hash read;
        int64_t began_us = clock_running_us();
        double write_s;

        buf_clear(&image);
        must_ok(image_write(&made->facts, &sink, &written, &err), &err);
        write_s = seconds_since(began_us);
        must_ok(facts_init(&facts), NULL);
        began_us = clock_running_us();
        must_ok(image_read(buf_str(&image), &facts, &read, &err), &err);
        printf("image    %7.1f MB  written in %.2f s, read and checked in %.2f s\n", (double)image.len / 1e6, write_s,
               seconds_since(began_us));
        must_ok((status){ hash_eq(&written, &read) ? CODE_OK : CODE_CORRUPT }, NULL);
    }
}

/* Grants and releases, as a ledger holds them: made once, then decoded, hashed and applied from their texts. */
static void ledger_make(struct made *made, struct buf *leaves)
{
    AUTO(struct buf, buf_free) text = { .max = ENTRY_MAX_BYTES };
    struct actor actor = { .who = { principal_at(&made->facts, 0)->id, ID_ORGANISATION },
                           .via = VIA_API_TOKEN,
                           .cred = { 3, 3 },
                           .level = LEVEL_A1 };

    for (uint32_t i = 0; i < REPLAYED; i++) {
        struct pool *pool = pool_at(&made->facts, i / 2 % (uint32_t)made->licenses);
        struct entry entry;
        struct hash leaf;
        uint16_t len;

        entry_begin(&entry, i % 2 ? AUDIT_LEASE_RELEASED : AUDIT_LEASE_GRANTED, &actor, NOW_MS + i / 100);
        entry.id = (struct id){ 5, i + 1 };
        entry.has_request = true;
        entry.request = (struct id){ 6, i + 1 };
        entry_on_id(&entry, ON_LEASE, (struct id){ 7, (uint64_t)i / 2 + 1 });
        entry_on_id(&entry, ON_POOL, pool->id);
        entry_number(&entry, DATA_QUANTITY, 1);
        entry_number(&entry, DATA_USED, pool->used + (i % 2 ? -1 : 1));
        entry_number(&entry, DATA_OCCUPIED, pool->occupied + (i % 2 ? -1 : 1));
        if (i % 2 == 0) {
            entry_on_id(&entry, ON_LICENSE, license_at(&made->facts, pool->license)->id);
            entry_on_feature(&entry, STR("cad/render"));
            entry_number(&entry, DATA_TTL_S, 300);
            entry_number(&entry, DATA_LIMIT, pool->limit);
            entry_bytes(&entry, DATA_NONCE, (const uint8_t[16]){ 1, 2, 3 });
            entry_number(&entry, DATA_PROVEN_UNTIL, NOW_MS + 3600000);
            entry_number(&entry, DATA_EXPIRES_AT, NOW_MS + 300000);
            entry_text(&entry, DATA_CHOSEN_BY, STR("only"));
        }
        must_ok(entry_seal(&made->facts, &entry, &text, &leaf), NULL);
        must_ok(apply(&made->facts, &entry, &leaf, NULL), NULL);
        len = (uint16_t)text.len;
        buf_add(leaves, (struct str){ (const char *)&len, sizeof len });
        buf_add(leaves, hash_str(&leaf));
        buf_add(leaves, buf_str(&text));
    }
    must_ok(leaves->status, NULL);
}

static void replay(struct facts *facts, struct str leaves, bool hash)
{
    struct err err = { 0 };
    struct entry entry;
    uint16_t len;

    while (leaves.len) {
        struct str text;
        struct hash leaf;

        memcpy(&len, leaves.at, sizeof len);
        memcpy(leaf.bytes, leaves.at + sizeof len, sizeof leaf.bytes);
        text = str_cut(leaves, sizeof len + sizeof leaf, len);
        leaves = str_from(leaves, sizeof len + sizeof leaf + len);
        if (hash)
            leaf = hash_leaf(text);
        must_ok(entry_decode(text, &entry, &err), &err);
        must_ok(apply(facts, &entry, &leaf, &err), &err);
    }
}

/* From the image on, by the leaves; the facts must come to the same. */
static double replay_once(struct str image, struct str leaves, bool hash, const struct hash *want)
{
    AUTO(struct facts, facts_free) facts = { 0 };
    struct hash got;
    int64_t began_us;
    double seconds;

    must_ok(facts_init(&facts), NULL);
    must_ok(image_read(image, &facts, &got, NULL), NULL);
    began_us = clock_running_us();
    replay(&facts, leaves, hash);
    seconds = seconds_since(began_us);
    must_ok(facts_hash(&facts, &got, NULL), NULL);
    must_ok((status){ hash_eq(&got, want) ? CODE_OK : CODE_CORRUPT }, NULL);
    return seconds;
}

static void replay_bench(struct made *made)
{
    AUTO(struct buf, buf_free) image = { .max = IMAGE_MAX_BYTES };
    AUTO(struct buf, buf_free) leaves = { .max = IMAGE_MAX_BYTES };
    struct image_sink sink = { keep, &image };
    struct hash hash;

    must_ok(image_write(&made->facts, &sink, &hash, NULL), NULL);
    ledger_make(made, &leaves);
    must_ok(facts_hash(&made->facts, &hash, NULL), NULL);
    for (int round = 0; round < 3; round++) {
        double bare_s = replay_once(buf_str(&image), buf_str(&leaves), false, &hash);
        double hashed_s = replay_once(buf_str(&image), buf_str(&leaves), true, &hash);
        printf("replay   %7d entries of %zu B on the average: %.2f M/s decoded and applied, %.2f M/s hashed, too\n",
               REPLAYED, leaves.len / REPLAYED - sizeof(uint16_t) - sizeof(struct hash), REPLAYED / bare_s / 1e6,
               REPLAYED / hashed_s / 1e6);
    }
}

static double table_bytes(const struct table *table)
{
    return (double)table->page_count * TABLE_PAGE_RECORDS * table->record_bytes;
}

static double map_bytes(const struct map *map)
{
    return (double)map->capacity * sizeof *map->slots;
}

static void memory_tell(const struct made *made)
{
    const struct facts *facts = &made->facts;
    double licenses = table_bytes(&facts->licenses) + table_bytes(&facts->license_links) +
                      table_bytes(&facts->entitlements) + map_bytes(&facts->license_by_id);
    double pools = table_bytes(&facts->pools) + table_bytes(&facts->pool_pulses) + map_bytes(&facts->pool_by_id) +
                   map_bytes(&facts->pool_by_group);
    double leases = table_bytes(&facts->leases) + table_bytes(&facts->lease_pulses) + map_bytes(&facts->lease_by_id);

    printf("memory   %.0f B a licence with its entitlement, %.0f B a pool, %.0f B a live lease\n",
           licenses / (double)made->licenses, pools / (double)made->licenses, leases / (double)made->leases);
}

int main(int argc, char **argv)
{
    static struct made made = { .licenses = LICENSES_DEFAULT, .leases = LEASES_DEFAULT };
    int64_t began_us = clock_running_us();

    if (argc == 3) {
        must_ok(str_to_u64(str_of(argv[1]), UINT32_MAX, &made.licenses), NULL);
        must_ok(str_to_u64(str_of(argv[2]), UINT32_MAX, &made.leases), NULL);
    }
    facts_make(&made);
    printf("facts    %" PRIu64 " licences with a pool and an entitlement each, %" PRIu64 " leases, made in %.2f s\n",
           made.licenses, made.leases, seconds_since(began_us));
    memory_tell(&made);
    image_bench(&made);
    replay_bench(&made);
    facts_free(&made.facts);
    return EXIT_SUCCESS;
}
