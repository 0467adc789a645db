/*
 * engine/history: a ledger that does not begin with what was signed is not opened.
 */
#include "engine/history.h"

#include "base/fault.h"
#include "ledger_world.h"

static void check_history(struct ledger *ledger, struct tree_head last, enum code code, const char *says)
{
    struct err err = { 0 };

    CHECK_CODE(history_check(ledger->stored.reader, &ledger->log->edge, &last, &err), code);
    CHECK(str_find_str(str_of(err.text), str_of(says)) < strlen(err.text) || !says[0]);
}

static struct tree_head tree_of(const struct ledger *ledger, uint64_t size)
{
    return (struct tree_head){ size, rfc_root(ledger->log->leaves, size) };
}

static void a_ledger_that_has_grown_since_goes_on(void)
{
    static const uint64_t sizes[] = { 0, 1, 2, 255, 256, 257, 699, 700, 65536, 65537, 66000 };
    AUTO(struct ledger, ledger_free) ledger;

    ledger_init(&ledger);
    ledger_grow(&ledger, 66000);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_history(&ledger, tree_of(&ledger, sizes[i]), CODE_OK, "");
}

static void a_ledger_that_lost_its_end_or_is_another_is_refused(void)
{
    AUTO(struct ledger, ledger_free) ledger;
    struct tree_head other;

    ledger_init(&ledger);
    ledger_grow(&ledger, 700);
    other = tree_of(&ledger, 300);
    other.size = 701;
    check_history(&ledger, other, CODE_CORRUPT, "the ledger has 700 entries, but its key has signed 701");
    other.size = 700;
    check_history(&ledger, other, CODE_CORRUPT, "the first 700 entries of the ledger are not those");
    other.size = 301;
    check_history(&ledger, other, CODE_CORRUPT, "the first 301 entries of the ledger are not those");
    other.size = 0;
    check_history(&ledger, other, CODE_CORRUPT, "the first 0 entries");
}

static void a_store_that_does_not_answer_is_passed_on(void)
{
    AUTO(struct ledger, ledger_free) ledger;

    ledger_init(&ledger);
    ledger_grow(&ledger, 700);
    fault_arm(FAULT_STORE_COMMIT, 0, 1);
    CHECK_CODE(world_append(&ledger.stored, 1, NULL), CODE_UNKNOWN);
    fault_disarm_all();
    check_history(&ledger, tree_of(&ledger, 300), CODE_UNAVAILABLE, "");
}

static const struct test tests[] = {
    TEST(a_ledger_that_has_grown_since_goes_on),
    TEST(a_ledger_that_lost_its_end_or_is_another_is_refused),
    TEST(a_store_that_does_not_answer_is_passed_on),
};
TEST_MAIN(tests)
