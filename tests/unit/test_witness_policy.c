/*
 * tlog/witness_policy: the file's form, and which cosignatures are enough.
 */
#include "base/memory.h"
#include "log_keys.h"
#include "test.h"
#include "tlog/witness_policy.h"

#define LOG_VKEY "license.example/audit+d607f39b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"

static struct witness_policy *policy_new(void)
{
    return memory_new(1, sizeof(struct witness_policy));
}

static void policy_free(struct witness_policy **policy)
{
    memory_free(*policy);
}

/* "witness w<number> <a key of its own> [url]" */
static void witness_add(struct buf *text, int number, const char *url)
{
    struct vkey vkey = vkey_of(skey_from("witness.example", VKEY_COSIGNATURE, (unsigned char)(100 + number)));

    buf_add_format(text, "witness w%d ", number);
    vkey_add(text, &vkey);
    buf_add_format(text, " %s\n", url);
}

/* Three witnesses, then what stands in `rest`. */
static struct buf policy_text(const char *rest)
{
    struct buf text = { .max = POLICY_MAX_BYTES + 1000 };

    for (int i = 0; i < 3; i++)
        witness_add(&text, i, "");
    buf_add(&text, str_of(rest));
    return text;
}

/* Whether the quorum is met for each set of the first three witnesses, as bits. */
static unsigned met_by(const struct witness_policy *policy)
{
    unsigned met = 0;

    for (unsigned set = 0; set < 8; set++) {
        bool cosigned[POLICY_WITNESSES_MAX] = { set & 1, set & 2, set & 4 };

        met |= (unsigned)witness_policy_is_met(policy, cosigned) << set;
    }
    return met;
}

static void the_quorum_is_met_by_exactly_the_sets_that_it_names(void)
{
    static const struct {
        const char *rest;
        unsigned met; /* bit s: by the set s of witnesses */
    } cases[] = {
        { "quorum none\n", 0xff },
        { "quorum w1\n", 0xcc },
        { "group g any w0 w1 w2\nquorum g\n", 0xfe },
        { "group g 1 w0\nquorum g\n", 0xaa },
        { "group g all w0 w1 w2\nquorum g\n", 0x80 },
        { "group g 2 w0 w1 w2\nquorum g\n", 0xe8 },
        { "group a any w0 w1\ngroup b all a w2\nquorum b\n", 0xe0 },
        { "group a all w0 w1\ngroup b any a w2\nquorum b\n", 0xf8 },
        { "group a all w0 w1\nquorum w2\n", 0xf0 }, /* a group that nobody asks for */
        { "\n \t\n# a comment\n\t#another\ngroup\tg \t any  w0 w1\t\nquorum g", 0xee },
    };
    AUTO(struct witness_policy *, policy_free) policy = policy_new();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO(struct buf, buf_free) text = policy_text(cases[i].rest);
        struct err err = { 0 };

        if (!CHECK_OK(witness_policy_parse(buf_str(&text), policy, &err)))
            continue;
        CHECKING("case %zu", i);
        CHECK_INT(met_by(policy), cases[i].met);
    }
}

static void a_mistake_is_named_with_its_line(void)
{
    static const struct {
        const char *rest; /* from line 4 on */
        const char *word;
    } cases[] = {
        { "", "needs a line: quorum" },
        { "quorum w0\nquorum w0\n", "line 5: a policy has one quorum" },
        { "quorum w9\n", "line 4: no witness or group 'w9'" },
        { "quorum\n", "line 4 is not of the form quorum" },
        { "quorum w0 w1\n", "line 4 is not of the form quorum" },
        { "group g any w9\nquorum g\n", "line 4: no witness or group 'w9'" },
        { "group g any none\nquorum g\n", "line 4: no witness or group 'none'" },
        { "group g any\nquorum g\n", "line 4 is not of the form group" },
        { "group g 0 w0\nquorum g\n", "from 1 to 1" },
        { "group g 3 w0 w1\nquorum g\n", "from 1 to 2" },
        { "group g 01 w0 w1\nquorum g\n", "from 1 to 2" },
        { "group g +1 w0 w1\nquorum g\n", "from 1 to 2" },
        { "group g any w0 w0\nquorum g\n", "'w0' is a member already" },
        { "group g any w0\ngroup h any w0\nquorum h\n", "line 5: 'w0' is a member already" },
        { "group g any g\nquorum g\n", "line 4: no witness or group 'g'" },
        { "group w0 any w1\nquorum w0\n", "the name 'w0' is taken" },
        { "group none any w1\nquorum none\n", "the name 'none' is taken" },
        { "quorum none # not a comment\n", "line 4 is not of the form quorum" },
        { "witness w0 x\nquorum none\n", "the name 'w0' is taken" },
        { "witness w9 x\nquorum none\n", "line 4: " },
        { "witness w9 " LOG_VKEY "\nquorum none\n", "type 0x01, expected 0x04" },
        { "log " LOG_VKEY "\nlog " LOG_VKEY "\nquorum none\n", "line 5: the public key of 'license.example/audit'" },
        { "log\nquorum none\n", "line 4 is not of the form log" },
        { "log " LOG_VKEY " https://a b\nquorum none\n", "line 4 is not of the form log" },
        { "quorom none\n", "line 4 begins with 'quorom'" },
        { "quorum none\r\n", "control character" },
        { "quorum\vnone\n", "control character" },
        { "quorum none\x7f\n", "control character" },
    };
    AUTO(struct witness_policy *, policy_free) policy = policy_new();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO(struct buf, buf_free) text = policy_text(cases[i].rest);
        struct err err = { 0 };

        CHECK_CODE(witness_policy_parse(buf_str(&text), policy, &err), CODE_INVALID);
        CHECKING("case %zu: %s", i, err.text);
        CHECK(str_find_str(str_of(err.text), str_of(cases[i].word)) < strlen(err.text));
    }
}

static void one_public_key_under_two_names_is_one_witness_too_many(void)
{
    AUTO(struct witness_policy *, policy_free) policy = policy_new();
    AUTO(struct buf, buf_free) text = policy_text("");
    struct vkey vkey = vkey_of(skey_from("another.example", VKEY_COSIGNATURE, 101)); /* w1's key */
    struct err err = { 0 };

    buf_add(&text, STR("witness w9 "));
    vkey_add(&text, &vkey);
    buf_add(&text, STR("\nquorum w9\n"));
    CHECK_CODE(witness_policy_parse(buf_str(&text), policy, &err), CODE_INVALID);
    CHECK(str_starts(str_of(err.text), STR("line 4: the public key of 'another.example' is there twice")));
}

static void logs_and_urls_are_kept(void)
{
    AUTO(struct witness_policy *, policy_free) policy = policy_new();
    AUTO(struct buf, buf_free) text = { .max = 4096 };
    struct vkey log = vkey_of(log_skey());
    struct vkey other = vkey_of(skey_from("other.example/log", VKEY_NOTE, 3));

    witness_add(&text, 0, "http://127.0.0.1:1/w");
    buf_add(&text, STR("quorum w0\n"));
    CHECK_OK(witness_policy_parse(buf_str(&text), policy, NULL));
    CHECK(witness_policy_is_for(policy, &log) && witness_policy_is_for(policy, &other));
    CHECK_STR(policy->witnesses[0].url, STR("http://127.0.0.1:1/w"));
    CHECK_STR(policy->witnesses[0].name, STR("w0"));
    buf_add(&text, STR("log " LOG_VKEY " https://ledger.example\n"));
    CHECK_OK(witness_policy_parse(buf_str(&text), policy, NULL));
    CHECK(witness_policy_is_for(policy, &log) && !witness_policy_is_for(policy, &other));
    CHECK_STR(policy->logs[0].url, STR("https://ledger.example"));
}

static void as_many_as_may_be_and_not_one_more(void)
{
    AUTO(struct witness_policy *, policy_free) policy = policy_new();
    AUTO(struct buf, buf_free) text = { .max = POLICY_MAX_BYTES };
    struct err err = { 0 };

    for (int i = 0; i < POLICY_WITNESSES_MAX; i++)
        witness_add(&text, i, "");
    for (int i = 0; i < POLICY_GROUPS_MAX; i++)
        buf_add_format(&text, "group g%d any w%d\n", i, i);
    buf_add(&text, STR("quorum g63\n"));
    CHECK_OK(witness_policy_parse(buf_str(&text), policy, &err));
    CHECK_INT(policy->groups[63].members[0], 63);
    witness_add(&text, POLICY_WITNESSES_MAX, "");
    CHECK_CODE(witness_policy_parse(buf_str(&text), policy, &err), CODE_TOO_LARGE);
    buf_cut(&text, 0);
    for (int i = 0; i < 2000; i++)
        buf_add(&text, STR("# a comment may be as long as it likes and have as many words a b c d e f g h i j k\n"));
    buf_add(&text, STR("quorum none\n"));
    CHECK_OK(witness_policy_parse(buf_str(&text), policy, &err));
}

static const struct test tests[] = {
    TEST(the_quorum_is_met_by_exactly_the_sets_that_it_names),
    TEST(a_mistake_is_named_with_its_line),
    TEST(one_public_key_under_two_names_is_one_witness_too_many),
    TEST(logs_and_urls_are_kept),
    TEST(as_many_as_may_be_and_not_one_more),
};
TEST_MAIN(tests)
