/* A ledger is opened from its own entries alone, whatever their number, and an edited one is not. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/facts.h"
#include "engine/seed.h"
#include "test.h"

#define ENTRIES 700 /* two tiles and a part */
#define EDITED  256 /* the first of the second tile, and of its row */

struct ledger {
    char parent[64];
    char dir[80];
    struct err err;
};

static void ledger_free(struct ledger *ledger)
{
    char command[128];

    (void)snprintf(command, sizeof(command), "rm -r %s", ledger->parent);
    CHECK_INT(system(command), 0);
}

static struct actor admin_of(const struct facts *facts)
{
    const struct credential *credential = credential_at(facts, 0);

    return (struct actor){ .who = { principal_at(facts, credential->owner)->id, ID_USER },
                           .via = VIA_API_TOKEN,
                           .cred = credential->id,
                           .level = LEVEL_A1 };
}

/* Entries that need nothing but an author. */
static status entries_make(struct engine *engine, struct err *err)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 1 << 20 };
    const struct entry *entry;

    TRY(seed_begin(engine, err));
    while (seed_facts(engine)->size < ENTRIES) {
        struct job job = { .arena = &arena };

        job.command.kind = COMMAND_DEMO_SEEDED;
        job.command.actor = admin_of(seed_facts(engine));
        TRY(seed_job(engine, &job, &entry, err));
    }
    return seed_flush(engine, err);
}

static status ledger_make(struct ledger *ledger)
{
    struct engine_genesis genesis = { .dir = ledger->dir,
                                      .origin = STR("test.example/ledger"),
                                      .admin_name = STR("admin"),
                                      .version = STR("1"),
                                      .admin_token_days = 1 };
    struct engine_config config = { .dir = ledger->dir };
    struct engine *engine = NULL;
    status s;

    (void)snprintf(ledger->parent, sizeof(ledger->parent), "/tmp/test-restart-XXXXXX");
    CHECK(mkdtemp(ledger->parent) != NULL);
    (void)snprintf(ledger->dir, sizeof(ledger->dir), "%s/data", ledger->parent);
    TRY(engine_create(&genesis, &ledger->err));
    TRY(engine_open(&config, &engine, &ledger->err));
    s = entries_make(engine, &ledger->err);
    engine_close(engine);
    return s;
}

static status ledger_open(struct ledger *ledger, uint64_t *ret_size)
{
    struct engine_config config = { .dir = ledger->dir };
    struct engine *engine = NULL;

    TRY(engine_open(&config, &engine, &ledger->err));
    *ret_size = seed_facts(engine)->size;
    engine_close(engine);
    return OK;
}

static void several_tiles_of_entries_are_replayed(void)
{
    AUTO(struct ledger, ledger_free) ledger = { 0 };
    uint64_t size = 0;

    CHECK_OK(ledger_make(&ledger));
    CHECK_OK(ledger_open(&ledger, &size));
    CHECK_INT(size, ENTRIES);
}

/* Another last letter of the id of an entry that no chain covers: only its tile can tell. */
static void leaf_edit(const struct ledger *ledger)
{
    char path[128];
    sqlite3 *connection = NULL;
    sqlite3_blob *bundle = NULL;
    char letter = 0;
    int at = (int)(sizeof("00{\"v\":1,\"id\":\"ent_") - 1 + 25);

    (void)snprintf(path, sizeof(path), "%s/ledger.db", ledger->dir);
    CHECK_INT(sqlite3_open(path, &connection), SQLITE_OK);
    CHECK_INT(sqlite3_blob_open(connection, "main", "entries", "bundle", EDITED, 1, &bundle), SQLITE_OK);
    CHECK_INT(sqlite3_blob_read(bundle, &letter, 1, at), SQLITE_OK);
    letter = letter == '0' ? '1' : '0';
    CHECK_INT(sqlite3_blob_write(bundle, &letter, 1, at), SQLITE_OK);
    CHECK_INT(sqlite3_blob_close(bundle), SQLITE_OK);
    CHECK_INT(sqlite3_close(connection), SQLITE_OK);
}

static void an_edited_entry_is_named_and_nothing_is_served(void)
{
    AUTO(struct ledger, ledger_free) ledger = { 0 };
    uint64_t size = 0;

    CHECK_OK(ledger_make(&ledger));
    leaf_edit(&ledger);
    CHECK_CODE(ledger_open(&ledger, &size), CODE_CORRUPT);
    CHECK(str_find_str(str_of(ledger.err.text), STR("entry 256: ")) < str_of(ledger.err.text).len);
}

static const struct test tests[] = {
    TEST(several_tiles_of_entries_are_replayed),
    TEST(an_edited_entry_is_named_and_nothing_is_served),
};
TEST_MAIN(tests)
