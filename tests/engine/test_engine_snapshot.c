/*
 * What a restart is: the same facts from a snapshot and from entry 0, and nothing served that was edited (P2, P3;
 * DESIGN section 13).
 */
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/ledger_view.h"
#include "engine/state.h"
#include "engine_world.h"

#define SQL_BYTES   512
#define WAIT_MAX_US ((int64_t)60 * 1000 * 1000)

/* Grants and returns until the ledger has at least that many entries. */
static void grow(struct engine_world *world, uint64_t size)
{
    while (engine_size(world) < size) {
        struct ask asks[ENGINE_SEATS];
        struct id leases[ENGINE_SEATS];
        struct command command = engine_checkout(&world->people[0]);

        for (int i = 0; i < ENGINE_SEATS; i++)
            ask_init(&asks[i], world, &command);
        ask_send(asks, ENGINE_SEATS);
        for (int i = 0; i < ENGINE_SEATS; i++) {
            struct entry entry = { 0 };

            ask_wait(&asks[i]);
            if (CHECK(asks[i].job.reply.leaf_count) &&
                CHECK_OK(entry_decode(asks[i].job.reply.leaves[0], &entry, NULL)))
                leases[i] = entry.on[ON_LEASE].id;
            ask_free(&asks[i]);
        }
        command = engine_command(&world->people[0], COMMAND_LEASE_RELEASE);
        for (int i = 0; i < ENGINE_SEATS; i++) {
            command.lease = leases[i];
            ask_init(&asks[i], world, &command);
        }
        ask_send(asks, ENGINE_SEATS);
        for (int i = 0; i < ENGINE_SEATS; i++) {
            ask_wait(&asks[i]);
            CHECK_INT(asks[i].job.reply.outcome.kind, OUTCOME_ENTRY);
            ask_free(&asks[i]);
        }
    }
}

/* The newest snapshot's path; of what a clean stop has left. */
static void image_path(struct engine_world *world, char *ret_path, size_t size)
{
    struct entry entry = { 0 };

    if (!CHECK(engine_find(world, AUDIT_LEDGER_SNAPSHOT, 0, &entry)))
        exit(EXIT_FAILURE);
    (void)snprintf(ret_path, size, "%s/facts-%lld.image", world->dir, (long long)entry.data[DATA_SIZE].number);
}

static void byte_flip(const char *path, off_t at)
{
    int fd = open(path, O_RDWR);
    char byte = 0;

    CHECK(fd >= 0 && pread(fd, &byte, 1, at) == 1);
    byte ^= 1;
    CHECK(pwrite(fd, &byte, 1, at) == 1);
    (void)close(fd);
}

static off_t file_bytes(const char *path)
{
    struct stat found = { 0 };

    CHECK(stat(path, &found) == 0);
    return found.st_size;
}

static void run_sql(const struct engine_world *world, const char *sql)
{
    char path[SQL_BYTES];
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof path, "%s/ledger.db", world->dir);
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    if (!CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK))
        printf("%s: %s\n", sql, sqlite3_errmsg(db));
    CHECK(sqlite3_changes(db) > 0);
    (void)sqlite3_close(db);
}

/* Changes a digit in a grant at or after entry `index`, in the row that holds it. Gives the row's first entry. */
static uint64_t entry_edit(const struct engine_world *world, uint64_t index)
{
    static const char find[] = "\"quantity\":1,";
    char path[SQL_BYTES];
    sqlite3 *db = NULL;
    sqlite3_stmt *row = NULL;
    sqlite3_stmt *update = NULL;
    char *found = NULL;
    static char bundle[4 * 1024 * 1024];
    size_t len = 0;
    int64_t first = 0;

    (void)snprintf(path, sizeof path, "%s/ledger.db", world->dir);
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    CHECK(sqlite3_prepare_v2(db, "SELECT first_index, bundle FROM entries WHERE first_index >= ? ORDER BY first_index",
                             -1, &row, NULL) == SQLITE_OK);
    CHECK(sqlite3_prepare_v2(db, "UPDATE entries SET bundle = ? WHERE first_index = ?", -1, &update, NULL) ==
          SQLITE_OK);
    (void)sqlite3_bind_int64(row, 1, (int64_t)index);
    while (!found && sqlite3_step(row) == SQLITE_ROW) {
        first = sqlite3_column_int64(row, 0);
        len = (size_t)sqlite3_column_bytes(row, 1);
        memcpy(bundle, sqlite3_column_blob(row, 1), len);
        found = memmem(bundle, len, find, sizeof find - 1);
    }
    if (CHECK(found))
        found[sizeof find - 3] = '2';
    (void)sqlite3_finalize(row);
    (void)sqlite3_bind_blob(update, 1, bundle, (int)len, SQLITE_STATIC);
    (void)sqlite3_bind_int64(update, 2, first);
    CHECK(sqlite3_step(update) == SQLITE_DONE);
    (void)sqlite3_finalize(update);
    CHECK(sqlite3_close(db) == SQLITE_OK);
    return (uint64_t)first;
}

static void a_snapshot_and_entry_0_give_the_same_facts(void)
{
    struct engine_world world;
    char path[SQL_BYTES];
    struct hash replayed;
    struct hash loaded;
    struct hash from_0;
    struct err err = { 0 };
    uint64_t size;

    engine_world_init(&world);
    grow(&world, 700);
    engine_world_stop(&world);
    size = engine_size(&world);
    replayed = engine_replayed_hash(&world, size);
    CHECK_OK(engine_world_open(&world, &err));
    CHECK(world.engine->snapshot_size > 0);
    CHECK(!world.engine->refusal.happened);
    loaded = engine_facts_hash(&world);
    engine_world_stop(&world);
    image_path(&world, path, sizeof path);
    CHECK(unlink(path) == 0);
    CHECK_OK(engine_world_open(&world, &err));
    from_0 = engine_facts_hash(&world);
    CHECK(hash_eq(&loaded, &from_0) && hash_eq(&loaded, &replayed));
    engine_world_free(&world);
}

/* Wherever it is changed: it is refused, the replay starts earlier, and an entry says which one it was. */
static void an_edited_snapshot_is_refused_with_an_alarm(void)
{
    struct engine_world world;
    char path[SQL_BYTES];
    struct entry made;
    struct entry refused;

    engine_world_init(&world);
    for (int i = 0; i < 5; i++) {
        uint64_t size;

        grow(&world, engine_size(&world) + 30);
        engine_world_stop(&world);
        size = engine_size(&world);
        image_path(&world, path, sizeof path);
        CHECK(engine_find(&world, AUDIT_LEDGER_SNAPSHOT, 0, &made));
        if (i == 4)
            CHECK(truncate(path, file_bytes(path) / 2) == 0);
        else
            byte_flip(path, (file_bytes(path) - 1) * i / 3);
        engine_world_start(&world);
        CHECK_INT(engine_count(&world, AUDIT_SNAPSHOT_REFUSED, size), 1);
        if (!CHECK(engine_find(&world, AUDIT_SNAPSHOT_REFUSED, size, &refused)))
            break;
        CHECK_INT(refused.data[DATA_SIZE].number, made.data[DATA_SIZE].number);
        CHECK(memcmp(refused.data[DATA_SHA256].bytes, made.data[DATA_SHA256].bytes, HASH_BYTES) == 0);
        CHECK_INT(engine_release(&world, &world.people[1], engine_take(&world, &world.people[1])).outcome.kind,
                  OUTCOME_ENTRY);
    }
    CHECK(engine_verifies(&world));
    engine_world_free(&world);
}

/* As in a restored backup, which has none: everything is replayed, and nothing was refused. */
static void a_snapshot_that_is_not_there_is_not_refused(void)
{
    struct engine_world world;
    char path[SQL_BYTES];

    engine_world_init(&world);
    CHECK(!id_is_none(engine_take(&world, &world.people[0])));
    engine_world_stop(&world);
    image_path(&world, path, sizeof path);
    CHECK(unlink(path) == 0);
    engine_world_start(&world);
    CHECK_INT(engine_count(&world, AUDIT_SNAPSHOT_REFUSED, 0), 0);
    CHECK(!id_is_none(engine_take(&world, &world.people[1])));
    CHECK(engine_verifies(&world));
    engine_world_free(&world);
}

/* A snapshot of other facts whose own hash is right, but is not what the ledger says. */
static void another_ledgers_snapshot_is_refused(void)
{
    struct engine_world world;
    struct engine_world other;
    char mine[SQL_BYTES];
    char theirs[SQL_BYTES];
    uint64_t size;

    engine_world_init(&world);
    engine_world_init(&other);
    CHECK(!id_is_none(engine_take(&other, &other.people[0])));
    engine_world_stop(&world);
    engine_world_stop(&other);
    image_path(&world, mine, sizeof mine);
    image_path(&other, theirs, sizeof theirs);
    CHECK(rename(theirs, mine) == 0);
    size = engine_size(&world);
    engine_world_start(&world);
    CHECK_INT(engine_count(&world, AUDIT_SNAPSHOT_REFUSED, size), 1);
    engine_world_free(&world);
    engine_world_free(&other);
}

/* The leaves that a restart reads are compared with what was signed: the row of a full tile is named. */
static void an_edited_entry_of_the_tail_is_refused_by_name(void)
{
    struct engine_world world;
    struct err err = { 0 };

    engine_world_init(&world);
    grow(&world, 600);
    engine_world_stop(&world);
    run_sql(&world, "DELETE FROM facts WHERE name LIKE 'snapshot%'");
    entry_edit(&world, 300);
    CHECK_CODE(engine_world_open(&world, &err), CODE_CORRUPT);
    CHECK(str_starts(str_of(err.text), STR("entry ")));
    printf("%s\n", err.text);
    engine_world_free(&world);
}

/* Behind the last full tile there is no tile to compare with; the chains or the root tell. */
static void an_edited_entry_behind_the_last_tile_is_refused(void)
{
    struct engine_world world;
    struct err err = { 0 };

    engine_world_init(&world);
    grow(&world, 600);
    engine_world_stop(&world);
    run_sql(&world, "DELETE FROM facts WHERE name LIKE 'snapshot%'");
    entry_edit(&world, 590);
    CHECK_CODE(engine_world_open(&world, &err), CODE_CORRUPT);
    CHECK(err.text[0]);
    printf("%s\n", err.text);
    engine_world_free(&world);
}

static status hash_keep(void *context, const struct ledger_entry *entry, struct err *err)
{
    struct hash *hashes = context;

    (void)err;
    hashes[entry->index] = entry->hash;
    return OK;
}

/*
 * What lies before the snapshot is not read at a start. Who reads it is refused its proof, since it does not lead to
 * the root; everybody else gets theirs.
 */
static void an_edited_older_entry_is_found_by_its_readers(void)
{
    enum { ENTRIES = 600 };
    static struct hash hashes[2 * ENTRIES];
    struct ledger_entry_visitor visitor = { hash_keep, hashes };
    struct store_range range = { .max_count = ENTRIES, .max_bytes = 4 * 1024 * 1024 };
    struct engine_world world;
    struct ledger_views *views = NULL;
    struct ledger_view *view = NULL;
    uint64_t first;
    uint64_t next = 0;
    uint64_t refused = 0;

    engine_world_init(&world);
    grow(&world, ENTRIES + 100);
    engine_world_stop(&world);
    first = entry_edit(&world, 300);
    engine_world_start(&world);
    engine_wait_published(&world, ENTRIES);
    CHECK_OK(ledger_views_new(engine_store(world.engine), engine_publisher(world.engine), 1, &views));
    CHECK_OK(ledger_view_open(views, &view, NULL));
    CHECK_OK(ledger_view_entries(view, &range, &visitor, &next, NULL));
    CHECK_INT(next, ENTRIES);
    for (uint64_t index = 0; index < ENTRIES; index++) {
        AUTO(struct buf, buf_free) proof = { .max = PROOF_MAX_BYTES };
        status s = ledger_view_proof(view, index, &hashes[index], &proof, NULL);

        CHECK(s.code == CODE_OK || s.code == CODE_CORRUPT);
        refused += s.code == CODE_CORRUPT;
        CHECK(s.code == CODE_OK || (index >= first && index < first + 256));
    }
    CHECK_INT(refused, 1);
    ledger_view_close(view);
    ledger_views_free(views);
    engine_world_free(&world);
}

/* A commit that fails on the way to a snapshot's entry leaves no snapshot that no entry names. */
static void a_failed_commit_at_the_stop_costs_no_alarm(void)
{
    for (int64_t step = 0; step < 6; step++) {
        struct engine_world world;
        bool hit;

        CHECKING("step %d", (int)step);
        engine_world_init(&world);
        fault_arm(FAULT_STORE_COMMIT, step, 1);
        engine_world_stop(&world);
        hit = fault_was_hit(FAULT_STORE_COMMIT);
        fault_disarm_all();
        engine_world_start(&world);
        CHECK_INT(engine_count(&world, AUDIT_SNAPSHOT_REFUSED, 0), 0);
        CHECK(engine_verifies(&world));
        engine_world_free(&world);
        if (!hit)
            break;
    }
}

static void a_snapshot_that_can_not_be_written_costs_nothing_but_time(void)
{
    struct engine_world world;

    engine_world_init(&world);
    fault_arm(FAULT_SNAPSHOT_WRITE, 0, -1);
    engine_world_stop(&world);
    CHECK(fault_was_hit(FAULT_SNAPSHOT_WRITE));
    fault_disarm_all();
    CHECK_INT(engine_count(&world, AUDIT_LEDGER_SNAPSHOT, 0), 0);
    engine_world_start(&world);
    CHECK_INT(engine_count(&world, AUDIT_SNAPSHOT_REFUSED, 0), 0);
    CHECK(!id_is_none(engine_take(&world, &world.people[0])));
    engine_world_free(&world);
}

/* A server that ended between a file and its entry leaves one that nobody names; the next snapshot takes it along. */
static void images_that_nobody_names_are_removed(void)
{
    struct engine_world world;
    char stray[ENGINE_DIR_BYTES + 32];
    char named[ENGINE_DIR_BYTES + 64];

    engine_world_init(&world);
    (void)snprintf(stray, sizeof stray, "%s/facts-7.image", world.dir);
    (void)close(open(stray, O_WRONLY | O_CREAT, 0600));
    engine_world_stop(&world);
    CHECK(access(stray, F_OK) != 0);
    image_path(&world, named, sizeof named);
    CHECK(access(named, F_OK) == 0);
    engine_world_start(&world);
    engine_world_free(&world);
}

/* An alarm is an entry, also when it is a failed commit that made the engine look at its snapshot again. */
static void a_snapshot_that_a_rebuild_refuses_is_recorded(void)
{
    struct engine_world world;
    struct command command;
    char path[ENGINE_DIR_BYTES + 64];

    engine_world_init(&world);
    engine_world_stop(&world);
    image_path(&world, path, sizeof path);
    engine_world_start(&world);
    byte_flip(path, file_bytes(path) / 2);
    command = engine_checkout(&world.people[0]);
    fault_arm(FAULT_STORE_COMMIT, 0, 1);
    CHECK_INT(engine_ask(&world, &command, NULL).verdict, VERDICT_READ_ONLY);
    fault_disarm_all();
    engine_wait_ready(&world);
    CHECK_INT(engine_ask(&world, &command, NULL).verdict, VERDICT_DONE);
    CHECK_INT(engine_count(&world, AUDIT_SNAPSHOT_REFUSED, 0), 1);
    engine_world_free(&world);
}

/* ---- The child that writes while the engine goes on ---- */

/* On the engine's thread: a snapshot is due. */
static void snapshot_hurry(void *context, const struct facts *facts, int64_t now_ms)
{
    struct engine *engine = context;

    (void)now_ms;
    engine->snapshot_size = facts->size - SNAPSHOT_EVERY_ENTRIES;
    engine->snapshot_ms -= SNAPSHOT_EVERY_MS;
}

struct child {
    const struct engine *engine;
    pid_t pid;
};

static void child_look(void *context, const struct facts *facts, int64_t now_ms)
{
    struct child *child = context;

    (void)facts;
    (void)now_ms;
    child->pid = child->engine->snapshot.pid;
}

static void view(struct engine_world *world, void (*call)(void *, const struct facts *, int64_t), void *context)
{
    struct command command = { .kind = COMMAND_VIEW };

    command.view.call = call;
    command.view.context = context;
    CHECK_INT(engine_ask(world, &command, NULL).outcome.kind, OUTCOME_VIEW);
}

/* The child has a pace of its own, so it is waited for by the clock: true, after a moment, until that was long enough.
 */
static bool go_on_waiting(int64_t since_us)
{
    (void)poll(NULL, 0, 1);
    return clock_running_us() - since_us < WAIT_MAX_US;
}

static void the_child_writes_a_snapshot_while_the_engine_goes_on(void)
{
    struct engine_world world;
    int64_t begun_us = clock_running_us();
    uint64_t found = 0;

    engine_world_init(&world);
    view(&world, snapshot_hurry, world.engine);
    for (int i = 0; !found && go_on_waiting(begun_us); i++) {
        struct id lease = engine_take(&world, &world.people[0]);

        CHECK_INT(engine_release(&world, &world.people[0], lease).outcome.kind, OUTCOME_ENTRY);
        found = i % 20 == 19 ? engine_count(&world, AUDIT_LEDGER_SNAPSHOT, 0) : 0;
    }
    CHECK_INT(found, 1);
    engine_world_stop(&world);
    engine_world_start(&world);
    CHECK_INT(engine_count(&world, AUDIT_SNAPSHOT_REFUSED, 0), 0);
    engine_world_free(&world);
}

static void a_killed_child_costs_one_snapshot(void)
{
    struct engine_world world;
    struct child child;
    int64_t begun_us = clock_running_us();

    engine_world_init(&world);
    child = (struct child){ .engine = world.engine };
    view(&world, snapshot_hurry, world.engine);
    while (child.pid <= 0 && go_on_waiting(begun_us))
        view(&world, child_look, &child);
    if (CHECK(child.pid > 0))
        (void)kill(child.pid, SIGKILL);
    for (int i = 0; i < 20; i++)
        CHECK_INT(engine_release(&world, &world.people[0], engine_take(&world, &world.people[0])).outcome.kind,
                  OUTCOME_ENTRY);
    engine_world_stop(&world);
    engine_world_start(&world);
    CHECK_INT(engine_count(&world, AUDIT_SNAPSHOT_REFUSED, 0), 0);
    CHECK(engine_verifies(&world));
    engine_world_free(&world);
}

/* How many files a process has open beyond its standard ones; -1: it is gone. */
static int open_files(pid_t pid)
{
    char path[64];
    struct dirent *file;
    int count = 0;
    DIR *dir;

    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    dir = opendir(path);
    while (dir && (file = readdir(dir)))
        count += file->d_name[0] != '.' && strtol(file->d_name, NULL, 10) > STDERR_FILENO;
    if (dir)
        (void)closedir(dir);
    return dir ? count : -1;
}

/* And no other is due behind it: that would hang on the same. */
static void an_hour_passes_for_the_child(void *context, const struct facts *facts, int64_t now_ms)
{
    struct engine *engine = context;

    (void)now_ms;
    engine->snapshot_size = facts->size;
    engine->snapshot_ms -= 3600 * 1000;
}

/* Whatever it hangs on: here a file that can't be opened. The next snapshot is written as if nothing had been. */
static void a_child_that_hangs_is_ended(void)
{
    struct engine_world world;
    struct child child;
    char partial[ENGINE_DIR_BYTES + 32];
    int64_t begun_us = clock_running_us();
    uint64_t found = 0;

    engine_world_init(&world);
    child = (struct child){ .engine = world.engine };
    (void)snprintf(partial, sizeof partial, "%s/facts.image.partial", world.dir);
    CHECK_INT(mkfifo(partial, 0600), 0);
    view(&world, snapshot_hurry, world.engine);
    while (child.pid <= 0 && go_on_waiting(begun_us))
        view(&world, child_look, &child);
    CHECK(child.pid > 0);
    while (open_files(child.pid) > 1 && go_on_waiting(begun_us))
        continue;
    CHECK_INT(open_files(child.pid), 1); /* its pipe: no client's socket, no ledger */
    view(&world, an_hour_passes_for_the_child, world.engine);
    while (child.pid > 0 && go_on_waiting(begun_us))
        view(&world, child_look, &child);
    CHECK_INT(child.pid, 0);
    CHECK_INT(unlink(partial), 0);
    view(&world, snapshot_hurry, world.engine);
    for (int i = 0; !found && go_on_waiting(begun_us); i++) {
        view(&world, child_look, &child);
        found = i % 20 == 19 ? engine_count(&world, AUDIT_LEDGER_SNAPSHOT, 0) : 0;
    }
    CHECK_INT(found, 1);
    engine_world_free(&world);
}

static const struct test tests[] = {
    TEST(a_child_that_hangs_is_ended),
    TEST(a_snapshot_and_entry_0_give_the_same_facts),
    TEST(an_edited_snapshot_is_refused_with_an_alarm),
    TEST(a_snapshot_that_is_not_there_is_not_refused),
    TEST(another_ledgers_snapshot_is_refused),
    TEST(an_edited_entry_of_the_tail_is_refused_by_name),
    TEST(an_edited_entry_behind_the_last_tile_is_refused),
    TEST(an_edited_older_entry_is_found_by_its_readers),
    TEST(a_failed_commit_at_the_stop_costs_no_alarm),
    TEST(a_snapshot_that_can_not_be_written_costs_nothing_but_time),
    TEST(images_that_nobody_names_are_removed),
    TEST(a_snapshot_that_a_rebuild_refuses_is_recorded),
    TEST(the_child_writes_a_snapshot_while_the_engine_goes_on),
    TEST(a_killed_child_costs_one_snapshot),
};
TEST_MAIN(tests)
