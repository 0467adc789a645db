/*
 * base/entropy, base/clock and base/secret.
 */
#include "base/entropy.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/secret.h"
#include "test.h"

/* The first outputs of splitmix64 for the seed 1234567, as published with the generator's test programs. */
static void a_seed_gives_the_published_numbers(void)
{
    static const uint64_t published[] = { 6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                          4593380528125082431u, 16408922859458223821u };
    struct entropy entropy = entropy_from_seed(1234567);

    for (size_t i = 0; i < sizeof published / sizeof *published; i++)
        CHECK(entropy_u64(&entropy) == published[i]);
}

static void the_same_seed_gives_the_same_bytes_however_they_are_drawn(void)
{
    struct entropy at_once = entropy_from_seed(9);
    struct entropy in_pieces = entropy_from_seed(9);
    unsigned char whole[5000];
    unsigned char pieces[5000];

    entropy_fill(&at_once, whole, sizeof whole);
    for (size_t at = 0, len = 1; at < sizeof pieces; at += len, len = len * 3 % 97 + 1) {
        if (len > sizeof pieces - at)
            len = sizeof pieces - at;
        entropy_fill(&in_pieces, pieces + at, len);
    }
    CHECK(memcmp(whole, pieces, sizeof whole) == 0);
}

static void the_kernel_gives_different_bytes_each_time(void)
{
    struct entropy first = entropy_from_system();
    struct entropy second = entropy_from_system();
    unsigned char a[4096];
    unsigned char b[4096];

    entropy_fill(&first, a, sizeof a);
    entropy_fill(&second, b, sizeof b);
    CHECK(memcmp(a, b, sizeof a) != 0);
    CHECK(memcmp(a, a + 1024, 1024) != 0);
}

static void bytes_that_were_handed_out_are_gone_from_the_block(void)
{
    struct entropy entropy = entropy_from_system();

    (void)entropy_u64(&entropy);
    entropy_fill(&entropy, (unsigned char[100]){ 0 }, 100);
    for (size_t i = 0; i < 108; i++)
        CHECK_INT(entropy.block[i], 0);
    CHECK_INT(entropy.left, sizeof entropy.block - 108);
}

static void a_bounded_number_stays_below_its_bound_and_reaches_all(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());
    static const uint64_t bounds[] = { 1, 2, 62, 1000, (uint64_t)1 << 63, UINT64_MAX };
    unsigned seen = 0;

    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        for (int k = 0; k < 1000; k++)
            CHECK(entropy_below(&entropy, bounds[i]) < bounds[i]);
    }
    for (int k = 0; k < 1000; k++)
        seen |= 1u << entropy_below(&entropy, 10);
    CHECK_INT(seen, 0x3ff);
}

/* Below 3 × 2^62 a third of the numbers is below 2^62; taking the remainder alone would make it a half. */
static void a_bounded_number_is_fair(void)
{
    struct entropy entropy = entropy_from_seed(3);
    int low = 0;

    for (int k = 0; k < 30000; k++)
        low += entropy_below(&entropy, (uint64_t)3 << 62) < (uint64_t)1 << 62;
    CHECK(low > 9500 && low < 10500);
}

static void the_clocks_run_forward_and_the_wall_clock_can_be_shifted(void)
{
    struct clock_reading before = clock_read();
    int64_t running_us = clock_running_us();
    fault_arm(FAULT_CLOCK_OFFSET_S, -3600, 0);
    struct clock_reading shifted = clock_read();
    fault_disarm_all();
    struct clock_reading after = clock_read();

    CHECK(before.wall_ms > 1700000000000 && after.wall_ms < 253402300799999);
    CHECK(after.running_ms >= before.running_ms);
    CHECK(running_us / 1000 >= before.running_ms && running_us / 1000 <= after.running_ms);
    CHECK(shifted.wall_ms < before.wall_ms - 3500000 && shifted.wall_ms > before.wall_ms - 3700000);
    CHECK(shifted.running_ms >= before.running_ms && shifted.running_ms <= after.running_ms);
}

static void secrets_are_equal_only_byte_for_byte(void)
{
    struct secret secret = { .bytes = "abc", .len = 3 };

    CHECK(secret_equals(secret.bytes, secret.len, "abc", 3));
    CHECK(!secret_equals(secret.bytes, secret.len, "abd", 3));
    CHECK(!secret_equals(secret.bytes, secret.len, "xbc", 3));
    CHECK(!secret_equals(secret.bytes, secret.len, "abcd", 4));
    CHECK(secret_equals("", 0, "", 0));
    secret_free(&secret);
    CHECK(secret.len == 0 && secret.bytes[0] == 0 && secret.bytes[2] == 0);
}

static const struct test tests[] = {
    TEST(a_seed_gives_the_published_numbers),
    TEST(the_same_seed_gives_the_same_bytes_however_they_are_drawn),
    TEST(the_kernel_gives_different_bytes_each_time),
    TEST(bytes_that_were_handed_out_are_gone_from_the_block),
    TEST(a_bounded_number_stays_below_its_bound_and_reaches_all),
    TEST(a_bounded_number_is_fair),
    TEST(the_clocks_run_forward_and_the_wall_clock_can_be_shifted),
    TEST(secrets_are_equal_only_byte_for_byte),
};
TEST_MAIN(tests)
