/*
 * service/witness_link: which URLs can be a witness's; what a connection that fails says. The rest is said by the tests
 * with real and lying witnesses (tests/witness).
 */
#include "base/fault.h"
#include "service/witness_link.h"
#include "test.h"

static void a_url_is_a_scheme_a_host_and_a_path(void)
{
    static const struct {
        const char *url;
        bool good;
    } cases[] = {
        { "http://127.0.0.1:8480", true },
        { "https://witness.example.org/a/b/", true },
        { "http://[::1]:8480/", true },
        { "", false },
        { "witness.example.org", false },
        { "ftp://witness.example.org", false },
        { "HTTP://witness.example.org", false },
        { "file:///etc/passwd", false },
        { "http://", false },
        { "https:///path", false },
        { "http://user:word@witness.example.org", false },
        { "http://witness.example.org/?a=b", false },
        { "http://witness.example.org/#a", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = { 0 };

        CHECKING("%s", cases[i].url);
        CHECK((witness_url_check(str_of(cases[i].url), &err).code == CODE_OK) == cases[i].good);
        CHECK(cases[i].good == (err.text[0] == '\0'));
    }
}

static void a_url_of_any_length_is_judged(void)
{
    AUTO(struct buf, buf_free) url = { .max = 4096 };

    buf_add(&url, STR("http://witness.example.org/"));
    while (url.len < WITNESS_URL_MAX_BYTES)
        buf_add_byte(&url, 'a');
    CHECK_OK(witness_url_check(buf_str(&url), NULL));
    buf_add_byte(&url, 'a');
    CHECK_CODE(witness_url_check(buf_str(&url), NULL), CODE_INVALID);
}

static void nobody_listening_is_said_with_the_address(void)
{
    struct witness_link *link = NULL;
    struct err err = { 0 };

    if (!CHECK_OK(witness_link_open(STR("http://127.0.0.1:1/w//"), NULL, &link, &err)))
        return;
    for (int i = 0; i < 2; i++) {
        AUTO(struct witness_reply, witness_reply_free) reply = { 0 };

        CHECK_CODE(witness_link_add(link, STR("old 0\n"), &reply, &err), CODE_UNAVAILABLE);
        CHECK(str_starts(str_of(err.text), STR("http://127.0.0.1:1/w/add-checkpoint: ")));
    }
    witness_link_interrupt(link);
    {
        AUTO(struct witness_reply, witness_reply_free) reply = { 0 };

        CHECK_CODE(witness_link_page(link, STR("example.com/log"), &reply, &err), CODE_UNAVAILABLE);
    }
    witness_link_close(link);
}

static void a_link_without_memory_is_none(void)
{
    struct witness_link *link = NULL;

    fault_arm(FAULT_MEMORY, 0, 1);
    CHECK_CODE(witness_link_open(STR("http://127.0.0.1:1"), NULL, &link, NULL), CODE_NO_MEMORY);
    fault_disarm_all();
    CHECK(!link);
}

static const struct test tests[] = {
    TEST(a_url_is_a_scheme_a_host_and_a_path),
    TEST(a_url_of_any_length_is_judged),
    TEST(nobody_listening_is_said_with_the_address),
    TEST(a_link_without_memory_is_none),
};
TEST_MAIN(tests)
