/*
 * base/table: places are used again in a fixed order, records stay where they are, and a dump can be read back.
 */
#include "base/table.h"

#include "base/entropy.h"
#include "base/fault.h"
#include "test.h"

struct record {
    uint32_t tag;
    uint32_t twice;
};

#define RECORDS_MAX 5000

static struct record *at(const struct table *table, uint32_t place)
{
    return table_at(table, place);
}

static uint32_t take(struct table *table, uint32_t tag)
{
    uint32_t place;

    CHECK_OK(table_reserve(table, 1));
    place = table_take(table);
    CHECK(at(table, place)->tag == 0 && at(table, place)->twice == 0);
    at(table, place)->tag = tag;
    at(table, place)->twice = 2 * tag;
    return place;
}

static void the_place_freed_last_is_used_first(void)
{
    AUTO(struct table, table_free) table = table_of(sizeof(struct record), RECORDS_MAX);

    for (uint32_t i = 0; i < 10; i++)
        CHECK_INT(take(&table, i + 1), i);
    table_give(&table, 3);
    table_give(&table, 7);
    CHECK_INT(table.live, 8);
    CHECK_INT(take(&table, 50), 7);
    CHECK_INT(take(&table, 51), 3);
    CHECK_INT(take(&table, 52), 10);
    CHECK_INT(table.live, 11);
}

static void a_record_never_moves_and_keeps_what_it_holds(void)
{
    AUTO(struct table, table_free) table = table_of(sizeof(struct record), RECORDS_MAX);
    struct entropy entropy = entropy_from_seed(test_seed());
    static struct record *where[RECORDS_MAX];
    static uint32_t tags[RECORDS_MAX];
    uint32_t live = 0;

    memset(tags, 0, sizeof tags);
    for (uint32_t step = 1; step < 20000; step++) {
        uint32_t place = (uint32_t)entropy_below(&entropy, RECORDS_MAX);
        if (place < table.used && tags[place]) {
            table_give(&table, place);
            tags[place] = 0;
            live--;
        } else if (live < RECORDS_MAX) {
            place = take(&table, step);
            CHECK(tags[place] == 0);
            tags[place] = step;
            where[place] = at(&table, place);
            live++;
        }
    }
    CHECK_INT(table.live, live);
    for (uint32_t place = 0; place < table.used; place++)
        CHECK(!tags[place] || (at(&table, place) == where[place] && where[place]->twice == 2 * tags[place]));
}

static void a_table_never_holds_more_than_its_maximum(void)
{
    AUTO(struct table, table_free) table = table_of(sizeof(struct record), 3);

    CHECK_OK(table_reserve(&table, 3));
    CHECK_CODE(table_reserve(&table, 4), CODE_TOO_LARGE);
    CHECK_CODE(table_reserve(&table, UINT32_MAX), CODE_TOO_LARGE);
    for (uint32_t i = 0; i < 3; i++)
        CHECK_INT(table_take(&table), i);
    CHECK_CODE(table_reserve(&table, 1), CODE_TOO_LARGE);
    CHECK_CODE(table_cover(&table, 4), CODE_TOO_LARGE);
}

static void room_that_was_reserved_is_there_without_memory(void)
{
    AUTO(struct table, table_free) table = table_of(sizeof(struct record), RECORDS_MAX);

    for (int step = 0; step < 2; step++) { /* the list of pages, then the page */
        fault_arm(FAULT_MEMORY, step, 1);
        CHECK_CODE(table_reserve(&table, 1), CODE_NO_MEMORY);
        fault_disarm_all();
    }
    CHECK_OK(table_reserve(&table, 2500));
    fault_arm(FAULT_MEMORY, 0, -1);
    for (uint32_t i = 0; i < 2500; i++)
        CHECK_INT(table_take(&table), i);
    fault_disarm_all();
}

static void the_same_history_has_the_same_shape_after_a_dump(void)
{
    AUTO(struct table, table_free) first = table_of(sizeof(struct record), RECORDS_MAX);
    AUTO(struct table, table_free) second = table_of(sizeof(struct record), RECORDS_MAX);

    for (uint32_t i = 0; i < 1500; i++)
        (void)take(&first, i);
    for (uint32_t place = 1; place < 1500; place += 7)
        table_give(&first, place);
    CHECK_OK(table_shape(&second, first.used, first.live, first.free_first));
    for (uint32_t place = 0; place < first.used; place++)
        memcpy(table_at(&second, place), table_at(&first, place), sizeof(struct record));
    for (uint32_t i = 0; i < 300; i++)
        CHECK_INT(take(&second, i), take(&first, i));
}

static void a_dump_that_contradicts_itself_is_corrupt(void)
{
    AUTO(struct table, table_free) table = table_of(sizeof(struct record), 100);

    CHECK_CODE(table_shape(&table, 101, 5, 0), CODE_CORRUPT);
    CHECK_CODE(table_shape(&table, 10, 11, 0), CODE_CORRUPT);
    CHECK_CODE(table_shape(&table, 10, 9, 11), CODE_CORRUPT);
    CHECK_OK(table_shape(&table, 10, 9, 10));
}

static void a_table_beside_another_covers_its_places_with_zeros(void)
{
    AUTO(struct table, table_free) table = table_of(sizeof(struct record), RECORDS_MAX);

    CHECK_OK(table_cover(&table, 2000));
    for (uint32_t place = 0; place < 2000; place++)
        CHECK(at(&table, place)->tag == 0 && at(&table, place)->twice == 0);
    CHECK_OK(table_cover(&table, 10));
    CHECK_INT(table.used, 2000);
    CHECK_INT(table.live, 0);
}

static const struct test tests[] = {
    TEST(the_place_freed_last_is_used_first),
    TEST(a_record_never_moves_and_keeps_what_it_holds),
    TEST(a_table_never_holds_more_than_its_maximum),
    TEST(room_that_was_reserved_is_there_without_memory),
    TEST(the_same_history_has_the_same_shape_after_a_dump),
    TEST(a_dump_that_contradicts_itself_is_corrupt),
    TEST(a_table_beside_another_covers_its_places_with_zeros),
};
TEST_MAIN(tests)
