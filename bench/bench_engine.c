/*
 * bench/engine: what the engine makes of bare SQLite: check-outs and releases submitted in-process, without HTTP.
 *
 * The engine runs as it does in a server: jobs go into its queue from another thread, which learns of the answers once
 * a batch and submits the next ones. Bare SQLite then writes the very same leaves in the same batches, with their
 * tiles. The two take turns in slices of time, because a machine's figures drift by 2 within minutes while their ratio
 * does not. Measured with many commands under way, where batches grow, and with one, whose commit nobody shares.
 *
 * Usage: bench_engine [ROUNDS [DIRECTORY [many|one]]]
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare.h"
#include "base/limits.h"
#include "base/memory.h"
#include "engine/seed.h"
#include "world.h"

#define ROUNDS_DEFAULT 9
#define ROUNDS_MAX     99
#define SLICE_US       500000
#define FEATURES       10
#define WARM_SLICES    3                        /* not counted: memories and the log file reach their size */
#define MANY           (2 * BATCH_MAX_COMMANDS) /* a batch is written while the next one gathers */
#define BATCHES_MAX    (1 << 16)                /* of one slice */
#define LEAVES_BYTES   ((size_t)1 << 30)
#define TTL_S          3600
#define JOB_BYTES      ((size_t)64 * 1024)

/* One client: takes a lease, gives it back, and so on. */
struct client {
    struct job job;
    struct arena arena;
    struct id lease; /* none: the next command is a check-out */
    char feature[32];
};

static struct bench {
    char parent[SCRATCH_BYTES];
    char dir[SCRATCH_BYTES + 16];
    struct engine *engine;
    struct actor service;
    struct entropy entropy;
    struct client clients[MANY];

    pthread_mutex_t mutex; /* around what follows, up to the blank line */
    pthread_cond_t answered;
    struct job *done; /* linked by `next` */
    bool flushed;

    struct job *collected; /* the engine's thread alone: answers of this batch */
    double writer_s;       /* processor time that this thread has taken */
    uint64_t sizes[BATCHES_MAX];
    size_t batch_count;
} bench;

/* ---- The engine's side ---- */

static void job_done(struct job *job)
{
    job->next = bench.collected;
    bench.collected = job;
}

static void batch_flushed(void *context)
{
    struct engine_stats stats;
    struct job **end = &bench.collected;

    (void)context;
    if (!bench.collected)
        return;
    engine_stats(bench.engine, &stats);
    must(bench.batch_count < BATCHES_MAX, "too many batches");
    bench.sizes[bench.batch_count++] = stats.size;
    bench.writer_s = thread_seconds();
    while (*end)
        end = &(*end)->next;
    pthread_mutex_lock(&bench.mutex);
    *end = bench.done;
    bench.done = bench.collected;
    pthread_mutex_unlock(&bench.mutex);
    pthread_cond_signal(&bench.answered);
    bench.collected = NULL;
}

/* ---- The client's side ---- */

static void command_next(struct client *client)
{
    struct command *command = &client->job.command;

    arena_reset(&client->arena);
    *command = (struct command){ .actor = bench.service,
                                 .request = id_new(&bench.entropy, engine_now_ms(bench.engine)),
                                 .route = STR("bench") };
    if (!id_is_none(client->lease)) {
        command->kind = COMMAND_LEASE_RELEASE;
        command->lease = client->lease;
        client->lease = (struct id){ 0 };
        return;
    }
    command->kind = COMMAND_LEASE_CREATE;
    command->lease_create = (struct lease_create){ .feature = str_of(client->feature),
                                                   .quantity = 1,
                                                   .ttl_s = TTL_S,
                                                   .user_alias = { 1, (uintptr_t)client },
                                                   .host_alias = { 2, (uintptr_t)client } };
}

/* As the API does, the answer is read from the entry. */
static void answer_read(struct client *client)
{
    const struct reply *reply = &client->job.reply;
    struct entry entry;

    must(reply->verdict == VERDICT_DONE && reply->outcome.kind == OUTCOME_ENTRY && reply->leaf_count == 1,
         "a command was refused");
    must_ok(entry_decode(reply->leaves[0], &entry, NULL), NULL);
    if (entry.code == AUDIT_LEASE_GRANTED)
        client->lease = entry.on[ON_LEASE].id;
}

static struct job *wait_for_answers(void)
{
    struct job *done;

    pthread_mutex_lock(&bench.mutex);
    while (!bench.done)
        pthread_cond_wait(&bench.answered, &bench.mutex);
    done = bench.done;
    bench.done = NULL;
    pthread_mutex_unlock(&bench.mutex);
    return done;
}

/* Reads these answers and gives the next commands, or NULL once it is over; *ret_count is how many there were. */
static struct job *commands_after(struct job *done, bool over, size_t *ret_count)
{
    struct job *next = NULL;

    for (*ret_count = 0; done; ++*ret_count) {
        struct client *client = done->owner;

        done = done->next;
        answer_read(client);
        if (over)
            continue;
        command_next(client);
        client->job.next = next;
        next = &client->job;
    }
    return next;
}

/* Commands a second in one slice with that many under way. */
static double engine_slice(size_t clients)
{
    int64_t began_us = clock_running_us();
    size_t under_way = clients;
    uint64_t commands = 0;
    struct job *first = NULL;

    bench.batch_count = 0;
    for (size_t i = 0; i < clients; i++) {
        command_next(&bench.clients[i]);
        bench.clients[i].job.next = first;
        first = &bench.clients[i].job;
    }
    engine_submit(bench.engine, first);
    while (under_way) {
        bool over = clock_running_us() - began_us >= SLICE_US;
        size_t answers;

        first = commands_after(wait_for_answers(), over, &answers);
        commands += answers;
        if (first)
            engine_submit(bench.engine, first);
        else
            under_way -= answers;
    }
    return (double)commands / seconds_since(began_us);
}

static void client_init(struct client *client, size_t number)
{
    client->arena.max_bytes = JOB_BYTES;
    client->job.arena = &client->arena;
    client->job.done = job_done;
    client->job.owner = client;
    (void)world_feature(number % FEATURES, client->feature, sizeof(client->feature));
}

static void engine_begin(const char *parent)
{
    struct world_plan plan = { .organisations = 1, .features = FEATURES, .licenses = FEATURES, .entries = 1 };
    struct engine_config config = { .dir = bench.dir, .flushed = batch_flushed };
    struct err err = { 0 };

    scratch_make(parent, "engine", bench.parent);
    (void)snprintf(bench.dir, sizeof(bench.dir), "%s/data", bench.parent);
    plan.dir = bench.dir;
    plan.limit = MANY;
    world_make(&plan);
    must_ok(engine_open(&config, &bench.engine, &err), &err);
    bench.service = world_service(seed_facts(bench.engine));
    must_ok(engine_start(bench.engine, &err), &err);
    bench.entropy = entropy_from_system();
    pthread_mutex_init(&bench.mutex, NULL);
    pthread_cond_init(&bench.answered, NULL);
    for (size_t i = 0; i < MANY; i++)
        client_init(&bench.clients[i], i);
}

static void engine_end(void)
{
    engine_close(bench.engine);
    for (size_t i = 0; i < MANY; i++)
        arena_free(&bench.clients[i].arena);
    scratch_remove(bench.dir);
    scratch_remove(bench.parent);
}

/* ---- The same by bare SQLite ---- */

/* The leaves of a slice, read back from the store. */
struct leaves {
    struct buf text;
    struct str *entries;
    size_t count, capacity;
    size_t *offsets;
    size_t offset_capacity;
};

static status leaf_keep(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct leaves *leaves = context;
    void *entries = leaves->entries;
    void *offsets = leaves->offsets;

    (void)index;
    (void)err;
    TRY(memory_grow(&entries, &leaves->capacity, leaves->count + 1, SIZE_MAX / 64, sizeof(*leaves->entries)));
    leaves->entries = entries;
    TRY(memory_grow(&offsets, &leaves->offset_capacity, leaves->count + 1, SIZE_MAX / 64, sizeof(*leaves->offsets)));
    leaves->offsets = offsets;
    leaves->offsets[leaves->count] = leaves->text.len;
    leaves->entries[leaves->count++].len = leaf.len;
    buf_add(&leaves->text, leaf);
    return leaves->text.status;
}

static void leaves_read(struct leaves *leaves, uint64_t first, uint64_t end)
{
    struct store_reader *reader = NULL;
    struct store_entry_visitor visitor = { leaf_keep, leaves };
    struct err err = { 0 };

    leaves->text.max = LEAVES_BYTES;
    must_ok(store_reader_open(engine_store(bench.engine), &reader, &err), &err);
    while (first < end) {
        struct store_range range = { .first = first, .max_count = end - first, .max_bytes = LEAVES_BYTES };

        must_ok(store_entries_read(reader, &range, &visitor, &first, &err), &err);
    }
    store_reader_close(reader);
    for (size_t i = 0; i < leaves->count; i++)
        leaves->entries[i].at = leaves->text.at + leaves->offsets[i];
}

static void leaves_free(struct leaves *leaves)
{
    buf_free(&leaves->text);
    memory_free(leaves->entries);
    memory_free(leaves->offsets);
}

/* What the tiles hold does not matter to SQLite, how many there are does. */
static size_t tiles_of(uint64_t first, uint64_t end, struct store_tile *ret_tiles)
{
    static const uint8_t hashes[TILE_BYTES] = { 1, 2, 3 };
    size_t count = 0;

    for (uint64_t n = first / TILE_WIDTH; n < end / TILE_WIDTH; n++)
        ret_tiles[count++] = (struct store_tile){ .number = n, .hashes = hashes };
    return count;
}

/*
 * Commands a second when bare SQLite writes what the engine wrote in its last slice, from entry `first` on; adds up the
 * processor time that this takes.
 */
static double bare_slice(struct bare *bare, uint64_t first, double *processor_s)
{
    AUTO(struct leaves, leaves_free) leaves = { 0 };
    struct bare_batch *batches = memory_new(bench.batch_count, sizeof(*batches));
    static struct store_tile tiles[2 * MANY];
    uint64_t at = first;
    int64_t began_us;
    double seconds;

    must(batches != NULL, "no memory");
    leaves_read(&leaves, first, bench.sizes[bench.batch_count - 1]);
    for (size_t i = 0; i < bench.batch_count; i++) {
        struct store_batch batch = { .first = at,
                                     .entries = leaves.entries + (at - first),
                                     .entry_count = (size_t)(bench.sizes[i] - at),
                                     .tiles = tiles,
                                     .tile_count = tiles_of(at, bench.sizes[i], tiles) };
        if (batch.entry_count)
            bare_build(&batches[i], &batch);
        at = bench.sizes[i];
    }
    began_us = clock_running_us();
    *processor_s -= processor_seconds();
    for (size_t i = 0; i < bench.batch_count; i++) {
        if (batches[i].count)
            bare_append(bare, &batches[i]);
    }
    seconds = seconds_since(began_us);
    *processor_s += processor_seconds();
    for (size_t i = 0; i < bench.batch_count; i++)
        bare_batch_free(&batches[i]);
    memory_free(batches);
    return (double)(at - first) / seconds;
}

/* ---- Measuring ---- */

static double commands_since(const struct engine_stats *before)
{
    struct engine_stats now;

    engine_stats(bench.engine, &now);
    return (double)(now.commands - before->commands);
}

static void measure(struct bare *bare, const char *name, size_t clients, size_t rounds)
{
    double engine[ROUNDS_MAX], sqlite[ROUNDS_MAX], ratio[ROUNDS_MAX], commit[ROUNDS_MAX];
    struct engine_stats first;
    double engine_s = 0;
    double bare_s = 0;
    double writer_s;
    char sample_name[64];

    for (int i = 0; i < WARM_SLICES; i++)
        (void)engine_slice(clients);
    engine_stats(bench.engine, &first);
    writer_s = bench.writer_s;
    for (size_t i = 0; i < rounds; i++) {
        struct engine_stats before, after;
        int64_t began_us = clock_running_us();

        engine_stats(bench.engine, &before);
        engine_s -= processor_seconds();
        engine[i] = engine_slice(clients);
        engine_s += processor_seconds();
        engine_stats(bench.engine, &after);
        commit[i] = (double)(after.commit_us_total - before.commit_us_total) / 1e6 / seconds_since(began_us);
        sqlite[i] = bare_slice(bare, before.size, &bare_s);
        ratio[i] = engine[i] / sqlite[i];
        (void)snprintf(sample_name, sizeof(sample_name), "engine.%s", name);
        sample(sample_name, engine[i]);
        (void)snprintf(sample_name, sizeof(sample_name), "engine.%s_bare", name);
        sample(sample_name, sqlite[i]);
    }
    printf("%4zu under way   %9.0f %9.0f   %.2f  [%.2f..%.2f]   batches of %.0f, %.0f %% of the time in commits\n",
           clients, at_share(engine, rounds, 0.5), at_share(sqlite, rounds, 0.5), at_share(ratio, rounds, 0.5),
           at_share(ratio, rounds, 0.1), at_share(ratio, rounds, 0.9),
           (double)(bench.sizes[bench.batch_count - 1] - bench.sizes[0]) / (double)bench.batch_count,
           100 * at_share(commit, rounds, 0.5));
    printf("                   %8.2f  %8.2f   µs of processor time a command, %.2f of them the deciding thread's\n",
           1e6 * engine_s / commands_since(&first), 1e6 * bare_s / commands_since(&first),
           1e6 * (bench.writer_s - writer_s) / commands_since(&first));
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    const char *parent = argc > 2 ? argv[2] : "/tmp";
    size_t rounds = argc > 1 ? (size_t)must_number(argv[1], ROUNDS_MAX, "ROUNDS") : ROUNDS_DEFAULT;
    static struct bare bare;

    engine_begin(parent);
    bare_open(&bare, parent);
    printf("                    commands/s              ratio of two slices\n"
           "                   engine    SQLite   median [10 %%..90 %%]\n");
    if (argc < 4 || strcmp(argv[3], "many") == 0)
        measure(&bare, "many", MANY, rounds);
    if (argc < 4 || strcmp(argv[3], "one") == 0)
        measure(&bare, "one", 1, rounds);
    bare_close(&bare);
    engine_end();
    return EXIT_SUCCESS;
}
