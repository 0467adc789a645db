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
    world_product(last->world, "cad", "render mesh");
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
    static const enum audit_code codes[] = { AUDIT_ORGANISATION_CREATED, AUDIT_PRODUCT_CREATED, AUDIT_FEATURE_CREATED,
                                             AUDIT_LICENSE_CREATED,      AUDIT_POOL_CREATED,    AUDIT_USER_CREATED,
                                             AUDIT_TOKEN_CREATED,        AUDIT_LEASE_GRANTED,   AUDIT_LEDGER_CREATED };

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
        entry_relink(facts, &entry);
        CHECK_CODE(apply(facts, &entry, &leaf, &err), CODE_CORRUPT);
        CHECK(err.text[0] != '\0');
    }
}

/* ---- members that no object can have ---- */

static void no_product_is_called_so(const struct last *last, struct entry *entry)
{
    (void)last;
    entry_on_id(entry, ON_PRODUCT, (struct id){ 1, 1 });
    entry_text(entry, DATA_NAME, STR("a/b"));
}

static void feature_named(const struct last *last, struct entry *entry, struct str full_name)
{
    entry_on_id(entry, ON_PRODUCT, product_at(&last->facts, 0)->id);
    entry_on_id(entry, ON_FEATURE_ID, (struct id){ 1, 1 });
    entry_on_feature(entry, full_name);
}
static void a_feature_of_another_product(const struct last *last, struct entry *entry)
{
    feature_named(last, entry, STR("lab/ray"));
}
static void a_feature_without_a_name(const struct last *last, struct entry *entry)
{
    feature_named(last, entry, STR("cad/"));
}
static void a_feature_in_a_feature(const struct last *last, struct entry *entry)
{
    feature_named(last, entry, STR("cad/a/b"));
}

static struct id pool_made(const struct last *last, struct entry *entry, int64_t kind)
{
    const struct principal *holder = principal_at(&last->facts, pool_at(&last->facts, 0)->holder);

    entry_on_id(entry, ON_POOL, (struct id){ 1, 1 });
    entry_on_feature(entry, STR("cad/render"));
    entry_number(entry, DATA_POOL_KIND, kind);
    return holder->id;
}
static void an_enforced_pool_of_nobody(const struct last *last, struct entry *entry)
{
    pool_made(last, entry, POOL_ENFORCED);
}
static void a_pool_of_something_else(const struct last *last, struct entry *entry)
{
    entry_principal(entry, DATA_HOLDER, (struct who){ pool_made(last, entry, POOL_ENFORCED), ID_USER });
}
static void a_pool_with_less_than_no_grace(const struct last *last, struct entry *entry)
{
    entry_principal(entry, DATA_HOLDER, (struct who){ pool_made(last, entry, POOL_ENFORCED), ID_ORGANISATION });
    entry_number(entry, DATA_GRACE_S, -1);
}

static void a_token_that_another_one_is(const struct last *last, struct entry *entry)
{
    entry_on_id(entry, ON_CREDENTIAL, (struct id){ 1, 1 });
    entry_principal(entry, DATA_OWNER, last->world->admin);
    entry_text(entry, DATA_SCOPES, STR("all"));
    entry_number(entry, DATA_EXPIRES_AT, last->world->now_ms + DAY_MS);
    entry_bytes(entry, DATA_TOKEN_HASH, credential_at(&last->facts, 0)->hash);
}

static void entitled_to(const struct last *last, struct entry *entry, int64_t limit)
{
    entry_on_id(entry, ON_ENTITLEMENT, (struct id){ 1, 1 });
    entry_on_id(entry, ON_LICENSE, license_at(&last->facts, 0)->id);
    entry_on_id(entry, ON_POOL, pool_at(&last->facts, 0)->id);
    entry_on_feature(entry, STR("cad/render"));
    entry_number(entry, DATA_MODEL, MODEL_FLOATING);
    entry_number(entry, DATA_LIMIT, limit);
}
static void less_than_no_seats(const struct last *last, struct entry *entry)
{
    entitled_to(last, entry, -1);
}
static void more_seats_than_there_can_be(const struct last *last, struct entry *entry)
{
    entitled_to(last, entry, (int64_t)LIMIT_MAX + 1);
}
static void seats_of_another_feature(const struct last *last, struct entry *entry)
{
    entitled_to(last, entry, 1);
    entry_on_feature(entry, STR("cad/mesh"));
}

static void changed_to(const struct last *last, struct entry *entry, int64_t limit)
{
    entry_on_id(entry, ON_LICENSE, license_at(&last->facts, 0)->id);
    entry_on_id(entry, ON_ENTITLEMENT, entitlement_at(&last->facts, 0)->id);
    if (limit >= -1)
        entry_number(entry, DATA_LIMIT, limit);
}
static void a_change_to_less_than_no_seats(const struct last *last, struct entry *entry)
{
    changed_to(last, entry, -1);
}
static void a_change_to_more_seats_than_there_can_be(const struct last *last, struct entry *entry)
{
    changed_to(last, entry, (int64_t)LIMIT_MAX + 1);
}
static void a_change_to_nothing(const struct last *last, struct entry *entry)
{
    changed_to(last, entry, -2);
}
static void a_change_of_another_licence_s_seats(const struct last *last, struct entry *entry)
{
    changed_to(last, entry, 1);
    entry->on[ON_ENTITLEMENT].id.lo++;
}

static void a_licence_that_ends_before_it_begins(const struct last *last, struct entry *entry)
{
    const struct principal *holder = principal_at(&last->facts, license_at(&last->facts, 0)->holder);

    entry_on_id(entry, ON_LICENSE, (struct id){ 1, 1 });
    entry_on_id(entry, ON_PRODUCT, product_at(&last->facts, 0)->id);
    entry_principal(entry, DATA_HOLDER, (struct who){ holder->id, ID_ORGANISATION });
    entry_number(entry, DATA_KIND, LICENSE_PERPETUAL);
    entry_number(entry, DATA_STATE, LICENSE_REVOKED);
    entry_number(entry, DATA_COUNT_OF, 1);
}
static void a_move_that_no_licence_makes(const struct last *last, struct entry *entry)
{
    entry_on_id(entry, ON_LICENSE, license_at(&last->facts, 0)->id);
    entry_number(entry, DATA_STATE, LICENSE_SCHEDULED);
}
static void an_enforced_pool_without_a_limit(const struct last *last, struct entry *entry)
{
    entry_on_id(entry, ON_POOL, pool_at(&last->facts, 0)->id);
    entry_on_feature(entry, STR("cad/render"));
    entry_number(entry, DATA_USED, 1);
    entry_number(entry, DATA_OCCUPIED, 1);
    entry_number(entry, DATA_OVER, 0);
    entry_number(entry, DATA_ENDING, ENDING_NONE);
}
static void nobody_s_role(const struct last *last, struct entry *entry)
{
    (void)last;
    entry_number(entry, DATA_ROLE, ROLE_ADMIN);
}
static void observed_where_it_is_enforced(const struct last *last, struct entry *entry)
{
    entry_on_id(entry, ON_LEASE, (struct id){ 1, 1 });
    entry_on_id(entry, ON_POOL, pool_at(&last->facts, 0)->id);
    entry_on_feature(entry, STR("cad/render"));
    entry_on_id(entry, ON_USER_ALIAS, (struct id){ 1, 1 });
    entry_on_id(entry, ON_HOST_ALIAS, (struct id){ 1, 1 });
    entry_number(entry, DATA_QUANTITY, 1);
    entry_number(entry, DATA_USED, 2);
    entry_number(entry, DATA_LINE, 1);
}

static void what_no_object_can_be_is_found(void)
{
    static const struct {
        enum audit_code code;
        void (*fill)(const struct last *last, struct entry *entry);
    } cases[] = {
        { AUDIT_PRODUCT_CREATED, no_product_is_called_so },
        { AUDIT_FEATURE_CREATED, a_feature_of_another_product },
        { AUDIT_FEATURE_CREATED, a_feature_without_a_name },
        { AUDIT_FEATURE_CREATED, a_feature_in_a_feature },
        { AUDIT_POOL_CREATED, an_enforced_pool_of_nobody },
        { AUDIT_POOL_CREATED, a_pool_of_something_else },
        { AUDIT_POOL_CREATED, a_pool_with_less_than_no_grace },
        { AUDIT_TOKEN_CREATED, a_token_that_another_one_is },
        { AUDIT_ENTITLEMENT_CREATED, less_than_no_seats },
        { AUDIT_ENTITLEMENT_CREATED, more_seats_than_there_can_be },
        { AUDIT_ENTITLEMENT_CREATED, seats_of_another_feature },
        { AUDIT_LICENSE_CHANGED, a_change_to_less_than_no_seats },
        { AUDIT_LICENSE_CHANGED, a_change_to_more_seats_than_there_can_be },
        { AUDIT_LICENSE_CHANGED, a_change_to_nothing },
        { AUDIT_LICENSE_CHANGED, a_change_of_another_licence_s_seats },
        { AUDIT_LICENSE_CREATED, a_licence_that_ends_before_it_begins },
        { AUDIT_LICENSE_REINSTATED, a_move_that_no_licence_makes },
        { AUDIT_POOL_LIMIT_CHANGED, an_enforced_pool_without_a_limit },
        { AUDIT_ROLE_CHANGED, nobody_s_role },
        { AUDIT_OBSERVE_OUT, observed_where_it_is_enforced },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO(struct last, last_free) last = { 0 };
        struct hash leaf = { 0 };
        struct err err = { 0 };
        struct entry entry;

        CHECKING("case %zu", i);
        last_new(&last);
        entry_begin(&entry, cases[i].code, &last.entry.actor, last.world->now_ms);
        cases[i].fill(&last, &entry);
        entry_relink(&last.facts, &entry);
        CHECK_CODE(apply(&last.facts, &entry, &leaf, &err), CODE_CORRUPT);
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
    entry_begin(&last.entry, AUDIT_SERVER_ALIVE, &last.world->system, last.facts.time_ms + IDEM_HOURS * HOUR_MS - 1);
    last.entry.has_idem = true;
    CHECK_CODE(apply(&last.facts, &last.entry, &last.leaf, &err), CODE_CORRUPT);
    last.entry.time_ms++;
    CHECK_OK(apply(&last.facts, &last.entry, &last.leaf, &err));
    CHECK_INT(last.facts.idem_ring.next - last.facts.idem_ring.first, 1);
}

static void keys_key_of(uint32_t number, struct idem *ret_idem)
{
    *ret_idem = (struct idem){ .index = number, .time_ms = 1 };
    memcpy(ret_idem->key, &number, sizeof number);
}

/* One entry after a quiet day does not pay for millions of keys: they leave by and by. */
static void old_keys_leave_a_few_at_a_time(void)
{
    enum { KEYS = 2000 };
    AUTO(struct facts, facts_free) facts = { 0 };
    struct idem idem;
    uint64_t kept;

    CHECK_OK(facts_init(&facts));
    for (uint32_t i = 1; i <= KEYS; i++) {
        keys_key_of(i, &idem);
        CHECK_OK(idem_reserve(&facts, idem.key, idem.time_ms));
        idem_push(&facts, &idem);
    }
    keys_key_of(KEYS + 1, &idem);
    idem.time_ms += IDEM_HOURS * HOUR_MS;
    CHECK_OK(idem_reserve(&facts, idem.key, idem.time_ms));
    idem_push(&facts, &idem);
    kept = facts.idem_ring.next - facts.idem_ring.first;
    CHECK(kept > KEYS / 2 && kept < KEYS);
    keys_key_of(KEYS / 2, &idem); /* used again after its time: it is this use that is remembered */
    idem.time_ms += IDEM_HOURS * HOUR_MS;
    idem.index = 7;
    CHECK_OK(idem_reserve(&facts, idem.key, idem.time_ms));
    idem_push(&facts, &idem);
    CHECK_INT(idem_find(&facts, idem.key)->index, 7);
    CHECK_INT(facts.idem_by_key.count, facts.idem_ring.next - facts.idem_ring.first);
    CHECK_INT(facts.idem_by_key.count, KEYS / 2 + 2);
    CHECK_OK(facts_index(&facts));
    CHECK_INT(idem_find(&facts, idem.key)->index, 7);
}

static void an_epoch_is_above_the_one_before(void)
{
    AUTO(struct last, last_free) last = { 0 };
    struct hash leaf = { 0 };
    struct err err = { 0 };
    struct entry entry;

    last_new(&last);
    entry_begin(&entry, AUDIT_WRITER_STARTED, &last.world->system, last.world->now_ms);
    entry_number(&entry, DATA_EPOCH, 1);
    CHECK_CODE(apply(&last.world->facts, &entry, &leaf, &err), CODE_CORRUPT);
    entry_number(&entry, DATA_EPOCH, 2);
    CHECK_OK(apply(&last.world->facts, &entry, &leaf, &err));
    CHECK_INT(last.world->facts.epoch, 2);
    CHECK(id_eq(last.world->facts.self.id, last.world->system.who.id)); /* from ledger.created */
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
    for (int index = 0; index < 2; index++) { /* also when the map is made anew from what is there */
        for (uint8_t i = 1; i <= 21; i++)
            CHECK((idem_find(&facts, (uint8_t[16]){ i }) != NULL) == (i > 18));
        CHECK_OK(facts_index(&facts));
        CHECK_INT(facts.idem_by_key.count, 3);
    }
}

static const struct test tests[] = {
    TEST(an_entry_that_contradicts_the_ones_before_it_is_found),
    TEST(what_is_there_already_does_not_begin_again),
    TEST(what_no_object_can_be_is_found),
    TEST(a_key_is_not_used_twice_within_its_time),
    TEST(old_keys_leave_a_few_at_a_time),
    TEST(an_epoch_is_above_the_one_before),
    TEST(an_entry_of_any_code_is_applied_or_refused_by_an_empty_ledger),
    TEST(the_newest_ends_are_remembered),
    TEST(keys_are_remembered_by_number_and_by_age),
};
TEST_MAIN(tests)
