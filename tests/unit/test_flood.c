/*
 * core/flood: what gets an entry, what is counted, and that nothing is forgotten.
 */
#include "core/flood.h"

#include "base/entropy.h"
#include "base/fault.h"
#include "test.h"

#define NOW_MS    ((int64_t)1795507200000)
#define WINDOW_MS ((int64_t)FLOOD_WINDOW_S * 1000)

static const struct actor ada = { .who = { { 1, 1 }, ID_USER }, .via = VIA_API_TOKEN, .cred = { 2, 2 }, .level = 2 };

static struct flood_event denial(uint64_t source, uint64_t pool)
{
    return (struct flood_event){
        .key = { .code = AUDIT_LEASE_DENIALS,
                 .source = { 9, source },
                 .object = { pool ? 8 : 0, pool },
                 .reason = REASON_NO_SEATS },
        .actor = &ada,
        .feature = STR("cad/render"),
    };
}

static bool note(struct floods *floods, const struct flood_event *event, int64_t now_ms)
{
    struct flood_key key;

    return flood_note(floods, event, now_ms, &key);
}

/* The first events of a window, which get entries. */
static void fill_window(struct floods *floods, const struct flood_event *event, int64_t now_ms)
{
    for (int i = 0; i < FLOOD_FIRST; i++)
        CHECK(note(floods, event, now_ms));
}

static void the_first_ten_get_entries_and_one_roll_up_counts_the_rest(void)
{
    AUTO(struct floods, floods_free) floods = { 0 };
    struct flood_event event = denial(1, 5);
    struct flood_key counted = { 0 };
    struct flood_key rolled = { 0 };
    struct entry entry;

    CHECK_OK(floods_init(&floods));
    fill_window(&floods, &event, NOW_MS);
    CHECK(flood_due_ms(&floods) == INT64_MAX);
    for (int i = 0; i < 7; i++)
        CHECK(!flood_note(&floods, &event, NOW_MS + 100 + i, &counted));
    CHECK_INT(flood_due_ms(&floods), NOW_MS + 100 + ROLLUP_MS);
    CHECK(!flood_roll_up(&floods, NOW_MS + 100 + ROLLUP_MS - 1, false, &entry, &rolled));
    if (!CHECK(flood_roll_up(&floods, NOW_MS + 100 + ROLLUP_MS, false, &entry, &rolled)))
        return;
    CHECK(flood_key_eq(&rolled, &counted) && flood_key_eq(&rolled, &event.key));
    CHECK_INT(entry.code, AUDIT_LEASE_DENIALS);
    CHECK_INT(entry.time_ms, NOW_MS + 100 + ROLLUP_MS);
    CHECK_INT(entry.data[DATA_COUNT_OF].number, 7);
    CHECK_INT(entry.data[DATA_FIRST_AT].number, NOW_MS + 100);
    CHECK_INT(entry.data[DATA_LAST_AT].number, NOW_MS + 106);
    CHECK(flood_due_ms(&floods) == INT64_MAX);
    CHECK(!flood_roll_up(&floods, NOW_MS + WINDOW_MS, true, &entry, &rolled));
}

static void what_is_forgotten_is_counted_from_nothing_in_the_room_that_there_is(void)
{
    AUTO(struct floods, floods_free) floods = { 0 };
    struct flood_event event = denial(1, 5);
    struct flood_key rolled = { 0 };
    struct entry entry;

    CHECK_OK(floods_init(&floods));
    for (int i = 0; i < 3; i++) {
        fill_window(&floods, &event, NOW_MS);
        CHECK(!note(&floods, &event, NOW_MS));
        fault_arm(FAULT_MEMORY, 0, -1);
        floods_clear(&floods);
        fault_disarm_all();
        CHECK(!fault_was_hit(FAULT_MEMORY));
        CHECK(flood_due_ms(&floods) == INT64_MAX && !flood_roll_up(&floods, NOW_MS, true, &entry, &rolled));
    }
    fill_window(&floods, &event, NOW_MS);
}

static void a_new_minute_brings_entries_again(void)
{
    AUTO(struct floods, floods_free) floods = { 0 };
    struct flood_event event = denial(1, 5);

    CHECK_OK(floods_init(&floods));
    fill_window(&floods, &event, NOW_MS);
    CHECK(!note(&floods, &event, NOW_MS + WINDOW_MS - 1));
    fill_window(&floods, &event, NOW_MS + WINDOW_MS);
    CHECK(!note(&floods, &event, NOW_MS + WINDOW_MS));
}

static void events_are_alike_only_with_equal_code_source_object_and_reason(void)
{
    AUTO(struct floods, floods_free) floods = { 0 };
    struct flood_event event = denial(1, 5);
    struct flood_event others[] = { denial(2, 5), denial(1, 6), denial(1, 5), denial(1, 5) };

    others[2].key.reason = REASON_LIMIT;
    others[3].key.code = AUDIT_ACCESS_DENIALS;
    CHECK_OK(floods_init(&floods));
    fill_window(&floods, &event, NOW_MS);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        CHECKING("other %zu", i);
        fill_window(&floods, &others[i], NOW_MS);
        CHECK(!note(&floods, &others[i], NOW_MS));
    }
}

static void roll_ups_come_in_the_order_in_which_their_answers_wait(void)
{
    AUTO(struct floods, floods_free) floods = { 0 };
    struct flood_key rolled = { 0 };
    struct entry entry;

    CHECK_OK(floods_init(&floods));
    for (uint64_t source = 1; source <= 3; source++) {
        struct flood_event event = denial(source, 5);
        fill_window(&floods, &event, NOW_MS);
        CHECK(!note(&floods, &event, NOW_MS + (int64_t)source));
    }
    CHECK(!note(&floods, &(struct flood_event){ denial(1, 5).key, &ada, STR("cad/render") }, NOW_MS + 500));
    for (uint64_t source = 1; source <= 2; source++) {
        CHECK_INT(flood_due_ms(&floods), NOW_MS + (int64_t)source + ROLLUP_MS);
        CHECK(flood_roll_up(&floods, NOW_MS + 2 + ROLLUP_MS, false, &entry, &rolled));
        CHECK_INT(rolled.source.lo, source);
    }
    CHECK(!flood_roll_up(&floods, NOW_MS + 2 + ROLLUP_MS, false, &entry, &rolled));
    CHECK(flood_roll_up(&floods, NOW_MS + 2 + ROLLUP_MS, true, &entry, &rolled)); /* as when the server stops */
    CHECK_INT(rolled.source.lo, 3);
}

/* One event too many of that kind, rolled up. */
static bool rolled_up(struct floods *floods, const struct flood_event *event, struct entry *ret_entry)
{
    struct flood_key key;

    fill_window(floods, event, NOW_MS);
    CHECK(!note(floods, event, NOW_MS));
    return CHECK(flood_roll_up(floods, NOW_MS, true, ret_entry, &key));
}

static void a_roll_up_has_the_members_of_its_row(void)
{
    static const struct {
        struct flood_key key;
        const char *feature;
        const char *contains;
    } cases[] = {
        { { AUDIT_LEASE_DENIALS, { 0, 9 }, { 0, 1 }, REASON_QUEUED },
          "cad/render",
          "\"on\":{\"pool\":\"pol_00000000000000000000000001\",\"feature\":\"cad/render\"},\"data\":{\"reason\":"
          "\"queued\",\"count\":1,\"first_at\":" },
        { { AUDIT_LEASE_DENIALS, { 0, 9 }, { 0, 0 }, REASON_NOT_FOUND },
          "cad/x",
          "\"on\":{\"feature\":\"cad/x\"},\"data\"" },
        { { AUDIT_AUTH_FAILURES, { 0, 9 }, { 0, 1 }, REASON_TOKEN_EXPIRED },
          "",
          "\"on\":{\"credential\":\"tok_00000000000000000000000001\"},\"data\":{\"reason\":\"token_expired\"" },
        { { AUDIT_AUTH_FAILURES, { 0, 9 }, { 0, 0 }, REASON_BAD_TOKEN },
          "",
          "},\"src\":\"ali_00000000000000000000000009\"}" },
        { { AUDIT_AUTH_FAILURES, { 0, 0 }, { 0, 0 }, REASON_BAD_TOKEN },
          "",
          "\"data\":{\"reason\":\"bad_token\",\"count\":1" },
        { { AUDIT_ACCESS_DENIALS, { 0, 9 }, { 0, 0 }, REASON_ROLE },
          "",
          "\"level\":\"A2\"},\"data\":{\"reason\":\"role\"," },
        { { AUDIT_REQUEST_REJECTIONS, { 0, 9 }, { 0, 0 }, PROBLEM_NOT_FOUND }, "", "\"problem\":\"NOT_FOUND\"}}" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO(struct floods, floods_free) floods = { 0 };
        struct flood_event event = { cases[i].key, &ada, str_of(cases[i].feature) };
        char space[ENTRY_MAX_BYTES];
        struct buf text = BUF_OVER(space);
        struct entry entry;

        CHECKING("case %zu", i);
        CHECK_OK(floods_init(&floods));
        if (!rolled_up(&floods, &event, &entry))
            continue;
        entry.id = (struct id){ 1, 1 };
        CHECK_OK(entry_encode(&entry, &text));
        if (!CHECK(str_find_str(buf_str(&text), str_of(cases[i].contains)) < text.len))
            CHECK_STR(buf_str(&text), str_of(cases[i].contains));
    }
}

static void a_roll_up_says_of_its_authors_what_they_have_in_common(void)
{
    struct actor other_token = ada;
    struct actor grace = ada;
    struct entry entry;
    struct flood_key key;

    other_token.cred.lo++;
    other_token.level = LEVEL_A1;
    grace.who.id.lo++;
    for (int who = 0; who < 3; who++) {
        AUTO(struct floods, floods_free) floods = { 0 };
        struct flood_event event = denial(1, 5);

        CHECKING("author %d", who);
        CHECK_OK(floods_init(&floods));
        fill_window(&floods, &event, NOW_MS);
        CHECK(!note(&floods, &event, NOW_MS));
        event.actor = (const struct actor *[]){ &ada, &other_token, &grace }[who];
        CHECK(!note(&floods, &event, NOW_MS));
        CHECK(flood_roll_up(&floods, NOW_MS, true, &entry, &key));
        CHECK((entry.actor.who.kind == ID_NONE) == (who == 2));
        CHECK(id_is_none(entry.actor.cred) == (who != 0));
        CHECK_INT(entry.actor.level, who == 0 ? LEVEL_A2 : who == 1 ? LEVEL_A1 : LEVEL_A0);
    }
}

static void a_roll_up_of_several_features_names_none(void)
{
    AUTO(struct floods, floods_free) floods = { 0 };
    struct flood_event event = denial(1, 0);
    struct flood_key key;
    struct entry entry;

    CHECK_OK(floods_init(&floods));
    fill_window(&floods, &event, NOW_MS);
    CHECK(!note(&floods, &event, NOW_MS));
    event.feature = STR("cad/other");
    CHECK(!note(&floods, &event, NOW_MS));
    event.feature = STR("cad/render");
    CHECK(!note(&floods, &event, NOW_MS));
    CHECK(flood_roll_up(&floods, NOW_MS, true, &entry, &key));
    CHECK(!entry_has_on(&entry, ON_FEATURE));
    CHECK_INT(entry.data[DATA_COUNT_OF].number, 3);
    CHECK(!note(&floods, &event, NOW_MS)); /* the next roll-up starts afresh */
    CHECK(flood_roll_up(&floods, NOW_MS, true, &entry, &key));
    CHECK(entry_has_on(&entry, ON_FEATURE));
}

/* Takes every counter of one's own. */
static void use_up_sources(struct floods *floods, int64_t now_ms)
{
    for (uint64_t source = 1; source <= FLOOD_SOURCES_MAX; source++) {
        struct flood_event event = denial(source, 5);
        CHECK(note(floods, &event, now_ms));
    }
    CHECK_INT(floods->shares[FLOOD_OWN], FLOOD_SOURCES_MAX);
}

static void sources_beyond_the_maximum_share_a_counter_of_their_pool(void)
{
    AUTO(struct floods, floods_free) floods = { 0 };
    struct flood_key key = { 0 };
    struct entry entry;
    uint32_t own = 0;

    CHECK_OK(floods_init(&floods));
    use_up_sources(&floods, NOW_MS);
    for (uint64_t source = 0; source < 1000; source++) {
        struct flood_event event = denial(100000 + source, 7);
        if (flood_note(&floods, &event, NOW_MS, &key))
            own++;
        else
            CHECK(id_is_none(key.source) && key.object.lo == 7);
    }
    CHECK_INT(own, FLOOD_FIRST);
    CHECK(flood_roll_up(&floods, NOW_MS, true, &entry, &key));
    CHECK_INT(entry.data[DATA_COUNT_OF].number, 1000 - FLOOD_FIRST);
    CHECK(entry_has_on(&entry, ON_POOL) && entry_has_on(&entry, ON_FEATURE));
}

static void a_source_that_is_known_keeps_its_own_counter(void)
{
    AUTO(struct floods, floods_free) floods = { 0 };
    struct flood_event first = denial(1, 5);
    struct flood_event late = denial(FLOOD_SOURCES_MAX + 1, 5);
    struct flood_key key = { 0 };

    CHECK_OK(floods_init(&floods));
    use_up_sources(&floods, NOW_MS);
    fill_window(&floods, &late, NOW_MS);
    for (int i = 1; i < FLOOD_FIRST; i++)
        CHECK(note(&floods, &first, NOW_MS));
    CHECK(!flood_note(&floods, &first, NOW_MS, &key));
    CHECK_INT(key.source.lo, 1);
}

static void counters_whose_minute_has_passed_make_room(void)
{
    AUTO(struct floods, floods_free) floods = { 0 };
    struct flood_event waits = denial(1, 5);

    CHECK_OK(floods_init(&floods));
    use_up_sources(&floods, NOW_MS);
    for (int i = 1; i < FLOOD_FIRST; i++)
        CHECK(note(&floods, &waits, NOW_MS));
    CHECK(!note(&floods, &waits, NOW_MS)); /* its roll-up is still to come: it stays */
    for (uint64_t source = 0; source < FLOOD_SOURCES_MAX; source++) {
        struct flood_event event = denial(100000 + source, 5);
        CHECK(note(&floods, &event, NOW_MS + WINDOW_MS));
    }
    CHECK_INT(floods.shares[FLOOD_OWN], FLOOD_SOURCES_MAX);
    CHECK(floods.shares[FLOOD_BY_OBJECT] <= 1);
    CHECK_INT(flood_due_ms(&floods), NOW_MS + ROLLUP_MS);
}

/* Every event is either an entry or in exactly one roll-up, whatever comes, in bounded memory (P1, P9). */
static void no_event_is_lost_or_counted_twice_in_a_storm(void)
{
    AUTO(struct floods, floods_free) floods = { 0 };
    struct entropy entropy = entropy_from_seed(test_seed());
    static const enum audit_code codes[] = { AUDIT_LEASE_DENIALS, AUDIT_AUTH_FAILURES, AUDIT_ACCESS_DENIALS,
                                             AUDIT_REQUEST_REJECTIONS };
    int64_t events[4] = { 0 };
    int64_t accounted[4] = { 0 };
    int64_t now_ms = NOW_MS;
    struct flood_key key;
    struct entry entry;

    CHECK_OK(floods_init(&floods));
    for (int i = 0; i < 200000; i++) {
        struct flood_event event = denial(1 + entropy_below(&entropy, (uint64_t)1 << entropy_below(&entropy, 17)),
                                          entropy_below(&entropy, 3000));
        uint64_t code = entropy_below(&entropy, 4);
        event.key.code = codes[code];
        event.key.reason = (uint8_t)(1 + entropy_below(&entropy, 18));
        event.feature = code ? STR_NONE : event.feature;
        now_ms += (int64_t)entropy_below(&entropy, 4);
        events[code]++;
        if (flood_note(&floods, &event, now_ms, &key))
            accounted[code]++;
        while (flood_roll_up(&floods, now_ms, i == 199999, &entry, &key)) {
            for (uint64_t c = 0; c < 4; c++)
                accounted[c] += entry.code == codes[c] ? entry.data[DATA_COUNT_OF].number : 0;
        }
    }
    for (uint64_t code = 0; code < 4; code++)
        CHECK_INT(accounted[code], events[code]);
    CHECK(floods.shares[FLOOD_BY_REASON] > 0); /* the storm was large enough for the last resort */
    CHECK_INT(floods.counters.live, floods.shares[0] + floods.shares[1] + floods.shares[2]);
    CHECK_INT(floods.by_key.count, floods.counters.live);
}

static void without_memory_there_are_no_floods_half_made(void)
{
    for (int step = 0;; step++) {
        AUTO(struct floods, floods_free) floods = { 0 };
        status s;

        fault_arm(FAULT_MEMORY, step, 1);
        s = floods_init(&floods);
        CHECK((s.code == CODE_OK) == !fault_was_hit(FAULT_MEMORY));
        fault_disarm_all();
        if (s.code == CODE_OK)
            break;
        CHECK_CODE(s, CODE_NO_MEMORY);
    }
}

static const struct test tests[] = {
    TEST(the_first_ten_get_entries_and_one_roll_up_counts_the_rest),
    TEST(what_is_forgotten_is_counted_from_nothing_in_the_room_that_there_is),
    TEST(a_new_minute_brings_entries_again),
    TEST(events_are_alike_only_with_equal_code_source_object_and_reason),
    TEST(roll_ups_come_in_the_order_in_which_their_answers_wait),
    TEST(a_roll_up_has_the_members_of_its_row),
    TEST(a_roll_up_says_of_its_authors_what_they_have_in_common),
    TEST(a_roll_up_of_several_features_names_none),
    TEST(sources_beyond_the_maximum_share_a_counter_of_their_pool),
    TEST(a_source_that_is_known_keeps_its_own_counter),
    TEST(counters_whose_minute_has_passed_make_room),
    TEST(no_event_is_lost_or_counted_twice_in_a_storm),
    TEST(without_memory_there_are_no_floods_half_made),
};
TEST_MAIN(tests)
