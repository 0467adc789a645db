/*
 * A disk that really fills up (DESIGN section 2, "Disk"): grants stop first, then everything but giving back, for which
 * the ballast is freed; when there is room again everything goes on, without a restart.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#include "engine/state.h"
#include "engine_world.h"
#include "store/parts.h"
#include "store/space.h"

#define DISK_OPTIONS "size=256m,mode=0700"
#define TRIES_MAX    100000
#define PAUSES_MAX   3000 /* of 20 ms */

/* A file system of this process's own; false where the system allows none. */
static bool mount_small(const char *dir)
{
    if (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS))
        return false;
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", dir, "tmpfs", 0, DISK_OPTIONS) == 0;
}

static uint64_t free_bytes(const char *dir)
{
    struct space space = { 0 };

    CHECK_OK(space_read(dir, &space, NULL));
    return space.free_bytes;
}

/* Leaves so many bytes to everybody else. */
static void disk_fill(const char *path, const char *dir, uint64_t leave)
{
    uint64_t room = free_bytes(dir);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    off_t size = lseek(fd, 0, SEEK_END);

    if (room > leave)
        CHECK_INT(posix_fallocate(fd, size, (off_t)(room - leave)), 0);
    CHECK_INT(close(fd), 0);
}

/* Recorded, and refused: takes room and no seat. */
static enum verdict write_something(struct engine_world *world)
{
    struct command command = engine_command(&world->admin, COMMAND_DEMO_SEEDED);

    return engine_ask(world, &command, NULL).verdict;
}

static void pause_briefly(void)
{
    (void)nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

/* Somebody takes all seats that are left, and another one waits. */
static struct command queue_form(struct engine_world *world)
{
    struct command command = engine_checkout(&world->people[2]);
    struct entry entry = { 0 };

    command.lease_create.quantity = ENGINE_SEATS - 2;
    CHECK_INT(engine_ask(world, &command, NULL).outcome.kind, OUTCOME_ENTRY);
    command = engine_checkout(&world->people[3]);
    command.lease_create.wait_s = WAIT_MAX_S;
    CHECK_INT(engine_ask(world, &command, &entry).outcome.kind, OUTCOME_ENTRY);
    command = engine_command(&world->people[3], COMMAND_TICKET_CLAIM);
    if (CHECK_INT(entry.code, AUDIT_TICKET_QUEUED))
        command.ticket = entry.on[ON_TICKET].id;
    return command;
}

/* The one who waits; taken with a seat that is free, as soon as it is offered. */
static struct command claim;

static void the_disk_is_full(struct engine_world *world, const char *filler)
{
    struct id leases[2] = { engine_take(world, &world->people[0]), engine_take(world, &world->people[0]) };
    struct command checkout = engine_checkout(&world->people[1]);
    enum verdict verdict = VERDICT_DONE;

    claim = queue_form(world);
    CHECK(ballast_is_there(world->dir));
    disk_fill(filler, world->dir, (uint64_t)24 * 1024 * 1024);
    for (int i = 0; i < PAUSES_MAX && verdict == VERDICT_DONE; i++, pause_briefly())
        verdict = engine_ask(world, &checkout, NULL).verdict;
    CHECK_INT(verdict, VERDICT_READ_ONLY); /* grants stop first */
    CHECK_INT(write_something(world), VERDICT_DONE);
    CHECK_INT(engine_release(world, &world->people[0], leases[0]).verdict, VERDICT_DONE);
    CHECK_INT(engine_ask(world, &claim, NULL).verdict, VERDICT_READ_ONLY); /* a claim is a grant; its place is kept */

    verdict = VERDICT_DONE;
    for (int i = 0; i < TRIES_MAX && verdict == VERDICT_DONE; i++) {
        disk_fill(filler, world->dir, 0);
        verdict = write_something(world);
    }
    CHECK(verdict != VERDICT_DONE);
    verdict = VERDICT_READ_ONLY;
    for (int i = 0; i < PAUSES_MAX && verdict != VERDICT_DONE; i++, pause_briefly())
        verdict = engine_release(world, &world->people[0], leases[1]).verdict;
    CHECK_INT(verdict, VERDICT_DONE);
    CHECK(!ballast_is_there(world->dir));
    CHECK_INT(write_something(world), VERDICT_READ_ONLY);
    CHECK_INT(engine_ask(world, &checkout, NULL).verdict, VERDICT_READ_ONLY);
}

static void there_is_room_again(struct engine_world *world, const char *filler)
{
    struct reply reply = { .verdict = VERDICT_READ_ONLY };

    CHECK_INT(unlink(filler), 0);
    for (int i = 0; i < PAUSES_MAX && (reply.verdict != VERDICT_DONE || reply.outcome.kind != OUTCOME_ENTRY); i++) {
        reply = engine_ask(world, &claim, NULL);
        pause_briefly();
    }
    CHECK(reply.verdict == VERDICT_DONE && reply.outcome.kind == OUTCOME_ENTRY);
    CHECK(ballast_is_there(world->dir));
}

/* On a disk with little room a stop leaves what there is to those who need it. */
static void no_snapshot_is_written_into_the_last_room(struct engine_world *world, const char *filler)
{
    uint64_t size = engine_size(world);

    disk_fill(filler, world->dir, (uint64_t)40 * 1024 * 1024);
    engine_world_stop(world);
    CHECK_INT(engine_count(world, AUDIT_LEDGER_SNAPSHOT, size), 0);
    CHECK_INT(engine_count(world, AUDIT_SERVER_STOPPED, size), 1);
    CHECK_INT(unlink(filler), 0);
    engine_world_start(world);
    engine_world_stop(world);
    CHECK_INT(engine_count(world, AUDIT_LEDGER_SNAPSHOT, size), 1);
}

static void a_full_disk_takes_seats_back_and_recovers_without_a_restart(void)
{
    char dir[] = "/tmp/tally-engine-full-XXXXXX";
    char filler[sizeof dir + 8];
    char ledger[sizeof dir + 8];

    if (!CHECK(mkdtemp(dir)))
        return;
    test_directory(dir);
    (void)snprintf(filler, sizeof filler, "%s/filler", dir);
    (void)snprintf(ledger, sizeof ledger, "%s/ledger", dir);
    if (mount_small(dir)) {
        struct engine_world world;

        engine_world_create(&world, ledger);
        engine_world_start(&world);
        engine_world_fill(&world);
        the_disk_is_full(&world, filler);
        there_is_room_again(&world, filler);
        no_snapshot_is_written_into_the_last_room(&world, filler);
        CHECK(engine_verifies(&world));
        CHECK(engine_has_no_seat_too_many(&world));
        engine_world_free(&world);
        CHECK_INT(umount(dir), 0);
    } else {
        printf("no file system of one's own can be mounted here (%s)\n", strerror(errno));
    }
    (void)rmdir(dir);
}

/* Whatever the failure was called: a commit's own failure does not say that the disk was full. */
static void a_freed_ballast_comes_back_however_the_commit_failed(void)
{
    struct engine_world world;
    bool reopened = false;

    engine_world_init(&world);
    for (int step = 0; step < 40 && !reopened; step++) {
        CHECKING("step %d", step);
        fault_arm(FAULT_STORE_COMMIT, 0, 1);
        fault_arm(FAULT_STORE_FULL, step, 1);
        (void)write_something(&world);
        reopened = fault_was_hit(FAULT_STORE_COMMIT) && fault_was_hit(FAULT_STORE_FULL);
        fault_disarm_all();
        for (int i = 0; i < PAUSES_MAX && !(ballast_is_there(world.dir) && write_something(&world) == VERDICT_DONE);
             i++)
            pause_briefly();
        CHECK(ballast_is_there(world.dir));
    }
    CHECK(reopened);
    engine_world_free(&world);
}

/* P4: a lease's deadline starts anew when the writer is back, not when it had to stop; who called meanwhile was told
 * 503. */
static void an_outage_of_the_store_is_nobody_s_silence(void)
{
    enum { OUTAGE_MS = 1500, EARLY_MS = 500 };
    struct engine_world world;
    struct entry started = { 0 };
    int64_t back_ms;
    uint64_t size;

    engine_world_init(&world);
    (void)engine_take(&world, &world.people[0]);
    size = engine_size(&world);
    fault_arm(FAULT_STORE_COMMIT, 0, -1);
    (void)write_something(&world);
    (void)nanosleep(&(struct timespec){ OUTAGE_MS / 1000, OUTAGE_MS % 1000 * 1000000 }, NULL);
    back_ms = clock_read().wall_ms;
    fault_disarm_all();
    engine_wait_ready(&world);
    if (CHECK(engine_find(&world, AUDIT_WRITER_STARTED, size, &started)))
        CHECK(started.time_ms > back_ms - EARLY_MS);
    engine_world_free(&world);
}

/* A sync that fails beside the commits makes what was written doubtful: nothing is read until it is settled, and that
 * waits for nobody who writes. */
static void a_store_that_nobody_writes_to_comes_back_for_its_readers(void)
{
    struct engine_world world;
    struct err why = { .text = "a sync failed" };
    struct health *health;

    engine_world_init(&world);
    health = &world.engine->store->health;
    for (int i = 0; i < 3; i++) {
        health_note(health, (status){ CODE_IO }, &why);
        for (int k = 0; k < PAUSES_MAX && health_state(health) != HEALTH_READY; k++)
            pause_briefly();
        CHECK_OK(health_check_read(health, &why));
    }
    engine_wait_ready(&world);
    CHECK_INT(write_something(&world), VERDICT_DONE);
    CHECK(engine_verifies(&world));
    engine_world_free(&world);
}

static const struct test tests[] = {
    TEST(a_store_that_nobody_writes_to_comes_back_for_its_readers),
    TEST(an_outage_of_the_store_is_nobody_s_silence),
    TEST(a_freed_ballast_comes_back_however_the_commit_failed),
    TEST(a_full_disk_takes_seats_back_and_recovers_without_a_restart),
};
TEST_MAIN(tests)
