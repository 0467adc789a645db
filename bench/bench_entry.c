/*
 * bench/entry: what an entry costs: written, read, sealed.
 *
 * The entries are samples of core/audit_sample without the members that few of a kind have: a grant, a release and a
 * denial, as the hot path writes them. Each figure is the median of slices that take turns, since a machine's speed
 * drifts within seconds. No figure here has a budget of its own but decoding, which bounds replay (1 M entries/s).
 *
 * Usage: bench_entry [SLICES]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "core/apply.h"
#include "core/audit_sample.h"
#include "core/facts_edit.h"

#define SLICES_DEFAULT 15
#define SLICES_MAX     1000
#define CALLS          20000 /* of one slice and entry */

static const enum audit_code codes[] = { AUDIT_LEASE_GRANTED, AUDIT_LEASE_RELEASED, AUDIT_LEASE_DENIED };
#define CODES (sizeof codes / sizeof *codes)

enum work { ENCODE, DECODE, SEAL, WORK_COUNT };
static const char *const work_names[WORK_COUNT] = { "encode", "decode", "seal" };

struct load {
    struct entry entry;
    char space[ENTRY_MAX_BYTES];
    struct buf text;
    struct facts facts;
};

/* Ends the program: a measurement that went wrong is none. */
static void must_ok(status s, const char *what)
{
    if (s.code == CODE_OK)
        return;
    printf("bench_entry: %s: %s\n", what, status_name(s));
    exit(EXIT_FAILURE);
}

/* The usual entry of a code, whose pool is there. */
static void load_init(struct load *load, enum audit_code code)
{
    const struct audit_row *row = &audit_rows[code];
    struct pool pool = { .kind = POOL_ENFORCED, .holder = NONE };

    audit_sample(code, SAMPLE_USUAL, &load->entry);
    load->entry.on_has = row->on | (code == AUDIT_LEASE_DENIED ? (uint32_t)1 << ON_POOL : 0);
    load->entry.data_has = row->data;
    load->entry.has_idem = false;
    load->entry.has_src = false;
    load->entry.seq_count = entry_chains(&load->entry, load->entry.seq);
    load->text = BUF_OVER(load->space);
    pool.id = load->entry.on[ON_POOL].id;
    must_ok(facts_init(&load->facts), "facts");
    must_ok(product_add(&load->facts, (struct id){ 1, 1 }, STR("cad")), "product");
    must_ok(feature_add(&load->facts, (struct id){ 1, 1 }, 0, STR("cad/render")), "feature");
    must_ok(pool_add(&load->facts, &pool), "pool");
    must_ok(entry_encode(&load->entry, &load->text), "encode");
}

static void work_once(struct load *load, enum work work)
{
    struct entry decoded;
    struct hash leaf;

    switch (work) {
    case ENCODE:
        buf_clear(&load->text);
        must_ok(entry_encode(&load->entry, &load->text), "encode");
        break;
    case DECODE:
        must_ok(entry_decode(buf_str(&load->text), &decoded, NULL), "decode");
        break;
    default:
        must_ok(entry_seal(&load->facts, &load->entry, &load->text, &leaf), "seal");
    }
}

static int64_t slice_us(struct load *load, enum work work)
{
    int64_t began_us = clock_running_us();

    for (int i = 0; i < CALLS; i++)
        work_once(load, work);
    return clock_running_us() - began_us;
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static void tell(const struct load *load, enum work work, int64_t *times_us, size_t slices)
{
    double median_ns;

    qsort(times_us, slices, sizeof *times_us, compare);
    median_ns = (double)times_us[slices / 2] * 1000 / CALLS;
    printf("%-8s %-16.*s %5zu B %6.0f ns %6.2f M/s  [%.0f..%.0f ns]\n", work_names[work],
           STR_ARG(audit_rows[load->entry.code].type), load->text.len, median_ns, 1000 / median_ns,
           (double)times_us[slices / 10] * 1000 / CALLS, (double)times_us[slices * 9 / 10] * 1000 / CALLS);
}

int main(int argc, char **argv)
{
    static struct load loads[CODES];
    static int64_t times_us[CODES][WORK_COUNT][SLICES_MAX];
    uint64_t slices = SLICES_DEFAULT;

    if (argc > 1)
        must_ok(str_to_u64(str_of(argv[1]), SLICES_MAX, &slices), "SLICES");
    for (size_t i = 0; i < CODES; i++)
        load_init(&loads[i], codes[i]);
    for (uint64_t slice = 0; slice < slices; slice++) {
        for (size_t i = 0; i < CODES * WORK_COUNT; i++)
            times_us[i / WORK_COUNT][i % WORK_COUNT][slice] =
                slice_us(&loads[i / WORK_COUNT], (enum work)(i % WORK_COUNT));
    }
    for (size_t i = 0; i < CODES * WORK_COUNT; i++)
        tell(&loads[i / WORK_COUNT], (enum work)(i % WORK_COUNT), times_us[i / WORK_COUNT][i % WORK_COUNT], slices);
    for (size_t i = 0; i < CODES; i++)
        facts_free(&loads[i].facts);
    return EXIT_SUCCESS;
}
