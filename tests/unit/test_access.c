/*
 * core/access: what each role may do, and scopes as text.
 */
#include "core/access.h"

#include "test.h"

#define TEXT_BYTES 512

static bool role_holds(enum role role, const char *word)
{
    int place = 0;

    CHECK_OK(word_find(permission_words, PERMISSION_COUNT, str_of(word), &place));
    return permissions_hold(role_permissions(role, false), (enum permission)place);
}

static void each_role_holds_what_it_is_for_and_no_more(void)
{
    static const struct {
        const char *word;
        bool member;
        bool auditor;
        bool observer;
    } table[] = {
        { "public", true, true, true },           { "any", true, true, true },
        { "lease.take", true, false, false },     { "lease.read", false, true, false },
        { "lease.revoke", false, false, false },  { "catalog.read", true, true, true },
        { "catalog.write", false, false, false }, { "license.read", false, true, false },
        { "license.write", false, false, false }, { "people.read", false, true, false },
        { "people.write", false, false, false },  { "audit.read", false, true, false },
        { "observe", false, false, true },        { "server", false, false, false },
    };

    CHECK_INT(sizeof table / sizeof *table, PERMISSION_COUNT - 1);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        CHECKING("%s", table[i].word);
        CHECK(role_holds(ROLE_MEMBER, table[i].word) == table[i].member);
        CHECK(role_holds(ROLE_AUDITOR, table[i].word) == table[i].auditor);
        CHECK(role_holds(ROLE_OBSERVER, table[i].word) == table[i].observer);
        CHECK(role_holds(ROLE_ADMIN, table[i].word));
    }
}

/* What is the installation's alone is nobody's in an organisation; all else is as it is. */
static void in_an_organisation_no_role_writes_licences_the_catalogue_or_the_server(void)
{
    for (int role = 0; role < ROLE_COUNT; role++) {
        permissions lost = role_permissions((enum role)role, false) & ~role_permissions((enum role)role, true);
        permissions central =
            (permissions)1 << PERM_CATALOG_WRITE | (permissions)1 << PERM_LICENSE_WRITE | (permissions)1 << PERM_SERVER;

        CHECK_INT(role_permissions((enum role)role, true) & ~role_permissions((enum role)role, false), 0);
        CHECK_INT(lost, role == ROLE_ADMIN ? central : 0);
    }
}

/* The router refuses a route that does not say what it needs; no role may make up for that. */
static void nobody_holds_the_unset_permission(void)
{
    for (int role = 0; role < ROLE_COUNT; role++)
        CHECK(!permissions_hold(role_permissions((enum role)role, false), PERM_UNSET));
    CHECK(!permissions_hold(PERMISSIONS_ALL, PERM_UNSET));
}

static void scopes_are_read_in_any_order_and_written_in_one(void)
{
    static const struct {
        const char *text;
        const char *again;
    } cases[] = {
        { "all", "all" },
        { "lease.take", "lease.take" },
        { "server", "server" },
        { "catalog.read lease.take", "lease.take catalog.read" },
        { "server observe audit.read", "audit.read observe server" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char space[TEXT_BYTES];
        struct buf text = BUF_OVER(space);
        permissions scopes = 0;

        CHECKING("%s", cases[i].text);
        CHECK_OK(scopes_read(str_of(cases[i].text), &scopes));
        scopes_write(scopes, &text);
        CHECK_STR(buf_str(&text), str_of(cases[i].again));
    }
}

static void every_set_of_scopes_comes_back_from_its_text(void)
{
    for (permissions set = 1; set < (permissions)1 << (PERMISSION_COUNT - PERM_LEASE_TAKE); set++) {
        char space[TEXT_BYTES];
        struct buf text = BUF_OVER(space);
        permissions scopes = 0;

        scopes_write(set << PERM_LEASE_TAKE, &text);
        CHECK_OK(text.status);
        CHECK_OK(scopes_read(buf_str(&text), &scopes));
        CHECK_INT(scopes, set << PERM_LEASE_TAKE);
    }
}

static void what_is_no_list_of_scopes_is_refused(void)
{
    static const char *const bad[] = {
        "",
        " ",
        "lease",
        "Lease.take",
        "lease.take,catalog.read",
        "lease.take  catalog.read",
        " lease.take",
        "lease.take ",
        "lease.take lease.take",
        "all lease.take",
        "lease.take all",
        "all ",
        "unset",
        "public",
        "any",
        "lease.take any",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        permissions scopes = 77;
        CHECKING("'%s'", bad[i]);
        CHECK_CODE(scopes_read(str_of(bad[i]), &scopes), CODE_INVALID);
        CHECK_INT(scopes, 77);
    }
}

static const struct test tests[] = {
    TEST(each_role_holds_what_it_is_for_and_no_more),
    TEST(in_an_organisation_no_role_writes_licences_the_catalogue_or_the_server),
    TEST(nobody_holds_the_unset_permission),
    TEST(scopes_are_read_in_any_order_and_written_in_one),
    TEST(every_set_of_scopes_comes_back_from_its_text),
    TEST(what_is_no_list_of_scopes_is_refused),
};
TEST_MAIN(tests)
