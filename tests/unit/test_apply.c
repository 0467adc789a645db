/*
 * core/apply, core/facts_edit: an entry that contradicts the ones before it is found; what is kept only for a while.
 */
#include "core/audit_sample.h"
#include "core/facts_edit.h"
#include "core_world.h"
#include "test.h"

/* ---- contradictions ---- */

/* The last entry of a world, and the facts before it. */
struct last {
    struct world *world;
    struct facts facts;
    struct entry entry;
    struct hash leaf;
};

static void last_free(struct last *last)
{
    facts_free(&last->facts);
    world_free(&last->world);
}

/* The last entry is a grant, of the second seat. */
static struct last *last_new(struct last *last)
{
    struct err err = { 0 };
    struct who acme;
    struct who ann;

    last->world = world_new(23);
    acme = world_organisation(last->world);
    ann = world_user(last->world, acme, ROLE_MEMBER);
    world_product(last->world, "cad", "render");
    world_license(last->world, acme, "cad/render", 2);
    world_take(last->world, ann, "cad/render", 1);
    last->world->now_ms += 1000;
    world_take(last->world, ann, "cad/render", 1);
    CHECK_OK(world_replay(last->world, last->world->facts.size - 1, &last->facts, &err));
    world_entry(last->world, last->world->facts.size - 1, &last->entry);
    last->leaf = hash_leaf(world_leaf(last->world, last->world->facts.size - 1));
    return last;
}

static void spoil_time(struct entry *entry)
{
    entry->time_ms -= 1001;
}
static void spoil_number(struct entry *entry)
{
    entry->seq[0].number++;
}
static void spoil_number_again(struct entry *entry)
{
    entry->seq[0].number--;
}
static void spoil_previous(struct entry *entry)
{
    entry->seq[0].prev[15] ^= 1;
}
static void spoil_link(struct entry *entry)
{
    entry->seq_count = 0;
}
static void spoil_link_kind(struct entry *entry)
{
    entry->seq[0].kind = ID_LICENSE;
}
static void spoil_link_id(struct entry *entry)
{
    entry->seq[0].id.lo++;
}
static void spoil_pool(struct entry *entry)
{
    entry->on[ON_POOL].id.lo++;
    entry->seq[0].id.lo++;
    entry->seq[0].number = 1;
    memset(entry->seq[0].prev, 0, sizeof entry->seq[0].prev);
}
static void spoil_author(struct entry *entry)
{
    entry->actor.who.id.lo++;
}
static void spoil_used(struct entry *entry)
{
    entry->data[DATA_USED].number++;
}
static void spoil_occupied(struct entry *entry)
{
    entry->data[DATA_OCCUPIED].number--;
}

static void an_entry_that_contradicts_the_ones_before_it_is_found(void)
{
    static const struct {
        void (*spoil)(struct entry *entry);
        const char *words; /* of the text that says so */
    } cases[] = {
        { spoil_time, "its time lies before theirs" },
        { spoil_number, "its number does not follow in its chain" },
        { spoil_number_again, "its number does not follow in its chain" },
        { spoil_previous, "it does not have the hash of the entry before it in its chain" },
        { spoil_link, "it continues other chains than its code does" },
        { spoil_link_kind, "it continues the chain of another object" },
        { spoil_link_id, "it continues the chain of another object" },
        { spoil_pool, "pool" },
        { spoil_author, "author" },
        { spoil_used, "used" },
        { spoil_occupied, "occupied" },
        { NULL, "" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO(struct last, last_free) last = { 0 };
        struct err err = { 0 };
        status s;

        CHECKING("case %zu", i);
        last_new(&last);
        if (cases[i].spoil)
            cases[i].spoil(&last.entry);
        s = apply(&last.facts, &last.entry, &last.leaf, &err);
        CHECK_CODE(s, cases[i].spoil ? CODE_CORRUPT : CODE_OK);
        CHECK(str_find_str(str_of(err.text), str_of(cases[i].words)) < strlen(err.text) || !cases[i].spoil);
    }
}

static void what_is_there_already_does_not_begin_again(void)
{
    static const enum audit_code codes[] = { TS3001, TS3002, TS3003, TS3004, TS3006, TS4001, TS4004, TS2001, TS1001 };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        AUTO(struct last, last_free) last = { 0 };
        struct facts *facts;
        struct hash leaf = { 0 };
        struct err err = { 0 };
        struct entry entry;
        uint64_t index = 0;

        CHECKING("code %.*s", STR_ARG(audit_rows[codes[i]].code));
        last_new(&last);
        facts = &last.world->facts;
        do
            world_entry(last.world, index++, &entry);
        while (entry.code != codes[i]);
        entry.time_ms = facts->time_ms;
        entry.has_idem = false;
        if (entry.seq_count && entry.seq[0].kind == ID_POOL) {
            const struct pool *pool = pool_at(facts, pool_find(facts, entry.seq[0].id));

            entry.seq[0].number = pool->chain.number + 1;
            memcpy(entry.seq[0].prev, pool->chain.prev, SEQ_PREV_BYTES);
        } else if (entry.seq_count) {
            const struct license *license = license_at(facts, license_find(facts, entry.seq[0].id));

            entry.seq[0].number = license->chain.number + 1;
            memcpy(entry.seq[0].prev, license->chain.prev, SEQ_PREV_BYTES);
        }
        CHECK_CODE(apply(facts, &entry, &leaf, &err), CODE_CORRUPT);
        CHECK(err.text[0] != '\0');
    }
}

static void a_key_is_not_used_twice_within_its_time(void)
{
    AUTO(struct last, last_free) last = { 0 };
    struct err err = { 0 };

    last_new(&last);
    last.entry.has_idem = true;
    CHECK_OK(apply(&last.facts, &last.entry, &last.leaf, &err));
    entry_begin(&last.entry, TS1004, &last.world->system, last.facts.time_ms + IDEM_HOURS * HOUR_MS - 1);
    last.entry.has_idem = true;
    CHECK_CODE(apply(&last.facts, &last.entry, &last.leaf, &err), CODE_CORRUPT);
    last.entry.time_ms++;
    CHECK_OK(apply(&last.facts, &last.entry, &last.leaf, &err));
    CHECK_INT(last.facts.idem_ring.next - last.facts.idem_ring.first, 1);
}

static void an_epoch_is_above_the_one_before(void)
{
    AUTO(struct last, last_free) last = { 0 };
    struct hash leaf = { 0 };
    struct err err = { 0 };
    struct entry entry;

    last_new(&last);
    entry_begin(&entry, TS1005, &last.world->system, last.world->now_ms);
    entry_number(&entry, DATA_EPOCH, 1);
    CHECK_CODE(apply(&last.world->facts, &entry, &leaf, &err), CODE_CORRUPT);
    entry_number(&entry, DATA_EPOCH, 2);
    CHECK_OK(apply(&last.world->facts, &entry, &leaf, &err));
}

static void an_entry_of_any_code_is_applied_or_refused_by_an_empty_ledger(void)
{
    for (int code = 0; code < AUDIT_COUNT; code++) {
        for (int kind = SAMPLE_LEAST; kind <= SAMPLE_LONGEST; kind++) {
            AUTO(struct facts, facts_free) facts = { 0 };
            struct hash leaf = { 0 };
            struct err err = { 0 };
            struct entry entry;
            status s;

            CHECKING("code %.*s", STR_ARG(audit_rows[code].code));
            CHECK_OK(facts_init(&facts));
            audit_sample((enum audit_code)code, (enum sample_kind)kind, &entry);
            s = apply(&facts, &entry, &leaf, &err);
            CHECK(s.code == CODE_OK || (s.code == CODE_CORRUPT && err.text[0]));
        }
    }
}

/* ---- rings ---- */

static void the_newest_ends_are_remembered(void)
{
    enum { ROOM = 8, COUNT = 50 };
    AUTO(struct facts, facts_free) facts = { 0 };

    CHECK_OK(facts_init(&facts));
    facts.endeds = table_of(sizeof(struct ended), ROOM);
    for (uint64_t i = 1; i <= COUNT; i++) {
        CHECK_OK(ended_reserve(&facts));
        ended_push(&facts, &(struct ended){ .id = { i, i }, .index = i, .kind = ID_LEASE });
        for (uint64_t k = 1; k <= i; k++) {
            const struct ended *ended = ended_find(&facts, (struct id){ k, k });

            CHECK((ended != NULL) == (k + ROOM > i));
            CHECK(!ended || ended->index == k);
        }
    }
    CHECK_INT(facts.endeds.live, ROOM);
}

static void keys_are_remembered_by_number_and_by_age(void)
{
    enum { ROOM = 8 };
    AUTO(struct facts, facts_free) facts = { 0 };

    CHECK_OK(facts_init(&facts));
    facts.idems = table_of(sizeof(struct idem), ROOM);
    for (uint8_t i = 1; i <= 20; i++) {
        struct idem idem = { .key = { i }, .index = i, .time_ms = i };

        CHECK_OK(idem_reserve(&facts, idem.key, idem.time_ms));
        idem_push(&facts, &idem);
    }
    for (uint8_t i = 1; i <= 20; i++)
        CHECK((idem_find(&facts, (uint8_t[16]){ i }) != NULL) == (i > 20 - ROOM));
    {
        struct idem late = { .key = { 21 }, .time_ms = 18 + IDEM_HOURS * HOUR_MS };

        CHECK_OK(idem_reserve(&facts, late.key, late.time_ms));
        idem_push(&facts, &late);
    }
    for (uint8_t i = 1; i <= 21; i++)
        CHECK((idem_find(&facts, (uint8_t[16]){ i }) != NULL) == (i > 18));
}

static const struct test tests[] = {
    TEST(an_entry_that_contradicts_the_ones_before_it_is_found),
    TEST(what_is_there_already_does_not_begin_again),
    TEST(a_key_is_not_used_twice_within_its_time),
    TEST(an_epoch_is_above_the_one_before),
    TEST(an_entry_of_any_code_is_applied_or_refused_by_an_empty_ledger),
    TEST(the_newest_ends_are_remembered),
    TEST(keys_are_remembered_by_number_and_by_age),
};
TEST_MAIN(tests)
