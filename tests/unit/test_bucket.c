/*
 * core/bucket: what was taken comes back in its time, and no more than that.
 */
#include "core/bucket.h"

#include "test.h"

#define NOW_MS ((int64_t)1795507200123)

static const struct bucket_rule ten_and_two_a_second = { .holds = 10, .each_us = 500000 };

static void a_new_bucket_is_full_and_holds_no_more_than_it_does(void)
{
    struct bucket bucket = { 0 };

    CHECK(bucket_has(&bucket, &ten_and_two_a_second, 10, NOW_MS));
    CHECK(!bucket_has(&bucket, &ten_and_two_a_second, 11, NOW_MS));
    bucket_take(&bucket, &ten_and_two_a_second, 10, NOW_MS);
    CHECK(!bucket_has(&bucket, &ten_and_two_a_second, 1, NOW_MS));
    CHECK(bucket_has(&bucket, &ten_and_two_a_second, 10, NOW_MS + 365 * (int64_t)86400000));
    CHECK(!bucket_has(&bucket, &ten_and_two_a_second, 11, NOW_MS + 365 * (int64_t)86400000));
}

static void what_was_taken_comes_back_one_by_one(void)
{
    struct bucket bucket = { 0 };

    bucket_take(&bucket, &ten_and_two_a_second, 10, NOW_MS);
    CHECK(!bucket_has(&bucket, &ten_and_two_a_second, 1, NOW_MS + 499));
    CHECK(bucket_has(&bucket, &ten_and_two_a_second, 1, NOW_MS + 500));
    CHECK(!bucket_has(&bucket, &ten_and_two_a_second, 2, NOW_MS + 500));
    bucket_take(&bucket, &ten_and_two_a_second, 1, NOW_MS + 500);
    CHECK(!bucket_has(&bucket, &ten_and_two_a_second, 1, NOW_MS + 999));
    CHECK(bucket_has(&bucket, &ten_and_two_a_second, 1, NOW_MS + 1000));
}

/* What nobody can be refused is taken all the same, but it does not make a debt for hours. */
static void nobody_owes_more_than_the_bucket_holds(void)
{
    struct bucket bucket = { 0 };

    bucket_take(&bucket, &ten_and_two_a_second, 1000000, NOW_MS);
    CHECK(!bucket_has(&bucket, &ten_and_two_a_second, 1, NOW_MS));
    CHECK(bucket_has(&bucket, &ten_and_two_a_second, 10, NOW_MS + 5000));
}

static const struct test tests[] = {
    TEST(a_new_bucket_is_full_and_holds_no_more_than_it_does),
    TEST(what_was_taken_comes_back_one_by_one),
    TEST(nobody_owes_more_than_the_bucket_holds),
};
TEST_MAIN(tests)
