#include "engine_world.h"

#include <assert.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/apply.h"
#include "engine/seed.h"
#include "tlog/edge.h"

#define WAIT_S          60 /* then what is waited for is taken for lost */
#define ARENA_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define READ_BYTES      ((size_t)1024 * 1024)

static const uint8_t admin_token[HASH_BYTES] = { 1, 2, 3 };

/* ---- Its life ---- */

static void published(void *context, uint64_t size)
{
    struct engine_world *world = context;

    pthread_mutex_lock(&world->mutex);
    world->published_size = size;
    pthread_cond_broadcast(&world->event);
    pthread_mutex_unlock(&world->mutex);
}

void engine_world_create(struct engine_world *world, const char *dir)
{
    struct engine_genesis genesis = { .dir = world->dir,
                                      .origin = STR("test.example/ledger"),
                                      .admin_name = STR("admin"),
                                      .version = STR("test"),
                                      .admin_token_days = TOKEN_DAYS_MAX };
    struct err err = { 0 };

    *world =
        (struct engine_world){ .entropy = entropy_from_seed(test_seed()), .arena = { .max_bytes = ARENA_MAX_BYTES } };
    (void)pthread_mutex_init(&world->mutex, NULL);
    (void)pthread_cond_init(&world->event, NULL);
    (void)snprintf(world->dir, sizeof world->dir, "%s", dir);
    memcpy(genesis.admin_token_hash, admin_token, sizeof admin_token);
    if (!CHECK_OK(engine_create(&genesis, &err))) {
        printf("%s\n", err.text);
        exit(EXIT_FAILURE);
    }
    world->config = (struct engine_config){ .dir = world->dir, .published = published, .context = world };
}

status engine_world_open(struct engine_world *world, struct err *err)
{
    world->published_size = 0;
    return engine_open(&world->config, &world->engine, err);
}

static void admin_find(struct engine_world *world)
{
    struct bearer bearer = { 0 };
    struct denial denial = { 0 };

    assert(!directory_find(engine_directory(world->engine), admin_token, engine_now_ms(world->engine), &bearer, &denial)
                .code);
    world->admin = bearer.actor;
}

void engine_world_start(struct engine_world *world)
{
    struct err err = { 0 };
    status s = engine_world_open(world, &err);

    if (!s.code)
        s = engine_start(world->engine, &err);
    if (!CHECK_OK(s)) {
        printf("%s\n", err.text);
        exit(EXIT_FAILURE);
    }
    admin_find(world);
}

void engine_world_stop(struct engine_world *world)
{
    engine_close(world->engine);
    world->engine = NULL;
}

void engine_world_init(struct engine_world *world)
{
    char dir[] = "/tmp/tally-engine-XXXXXX";

    assert(mkdtemp(dir));
    test_directory(dir);
    engine_world_create(world, dir);
    engine_world_start(world);
    engine_world_fill(world);
}

static void directory_remove(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *file;
    char name[2 * ENGINE_DIR_BYTES + 256];

    while (dir && (file = readdir(dir))) {
        (void)snprintf(name, sizeof name, "%s/%s", path, file->d_name);
        (void)unlink(name);
    }
    if (dir)
        (void)closedir(dir);
    (void)rmdir(path);
}

void engine_world_free(struct engine_world *world)
{
    fault_disarm_all();
    engine_world_stop(world);
    arena_free(&world->arena);
    directory_remove(world->dir);
    (void)pthread_cond_destroy(&world->event);
    (void)pthread_mutex_destroy(&world->mutex);
}

/* ---- Asking ---- */

struct command engine_command(const struct actor *actor, enum command_kind kind)
{
    return (struct command){ .kind = kind, .actor = *actor, .route = ENGINE_CLIENT };
}

struct command engine_checkout(const struct actor *actor)
{
    struct command command = engine_command(actor, COMMAND_LEASE_CREATE);

    command.lease_create = (struct lease_create){ .feature = STR("cad/render"), .quantity = 1, .ttl_s = 300 };
    return command;
}

struct command engine_keyed(struct engine_world *world, struct command command)
{
    command.has_idem = true;
    entropy_fill(&world->entropy, command.idem_key, sizeof command.idem_key);
    return command;
}

static void done(struct job *job)
{
    struct ask *ask = job->owner;
    struct engine_world *world = ask->world;
    uint64_t size = ask->looks ? engine_size(world) : 0;

    pthread_mutex_lock(&world->mutex);
    ask->durable_size = size;
    ask->done = true;
    ask->times++;
    pthread_cond_broadcast(&world->event);
    pthread_mutex_unlock(&world->mutex);
}

void ask_init(struct ask *ask, struct engine_world *world, const struct command *command)
{
    *ask = (struct ask){ .world = world, .arena = { .max_bytes = ARENA_MAX_BYTES } };
    ask->job = (struct job){ .command = *command, .arena = &ask->arena, .done = done, .owner = ask };
}

void ask_free(struct ask *ask)
{
    CHECK(ask->times <= 1);
    arena_free(&ask->arena);
}

void ask_send(struct ask *asks, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        asks[i].job.next = &asks[i + 1].job;
    engine_submit(asks[0].world->engine, &asks[0].job);
}

/* Waits until *flag; both are changed under the mutex. */
static bool wait_for(struct engine_world *world, const bool *flag, const uint64_t *size, uint64_t least)
{
    struct timespec deadline;
    int failed = 0;
    bool reached;

    (void)clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += WAIT_S;
    pthread_mutex_lock(&world->mutex);
    while (!(flag ? *flag : *size >= least) && !failed)
        failed = pthread_cond_timedwait(&world->event, &world->mutex, &deadline);
    reached = flag ? *flag : *size >= least;
    pthread_mutex_unlock(&world->mutex);
    return reached;
}

void ask_wait(struct ask *ask)
{
    if (CHECK(wait_for(ask->world, &ask->done, NULL, 0)))
        return;
    printf("an answer never came\n");
    abort();
}

void engine_wait_published(struct engine_world *world, uint64_t size)
{
    CHECK(wait_for(world, NULL, &world->published_size, size));
}

void engine_wait_ready(struct engine_world *world)
{
    for (int i = 0; i < WAIT_S * 100; i++) {
        struct engine_stats stats;

        engine_stats(world->engine, &stats);
        if (stats.ready && !stats.read_only)
            return;
        (void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    }
    CHECKING("the engine did not write again");
    CHECK(false);
}

/* The reply without its leaves, which end with the ask; the first one is decoded. */
struct reply engine_ask(struct engine_world *world, const struct command *command, struct entry *ret_entry)
{
    struct ask ask;
    struct reply reply;

    ask_init(&ask, world, command);
    ask_send(&ask, 1);
    ask_wait(&ask);
    reply = ask.job.reply;
    if (ret_entry && reply.leaf_count) {
        struct str leaf;

        CHECK_OK(arena_copy(&world->arena, reply.leaves[0], &leaf));
        CHECK_OK(entry_decode(leaf, ret_entry, NULL));
    }
    reply.leaves = NULL;
    reply.would = NULL;
    ask_free(&ask);
    return reply;
}

struct id engine_take(struct engine_world *world, const struct actor *actor)
{
    struct command command = engine_checkout(actor);
    struct entry entry = { 0 };
    struct reply reply = engine_ask(world, &command, &entry);

    return reply.verdict == VERDICT_DONE && reply.leaf_count && entry.code == AUDIT_LEASE_GRANTED
               ? entry.on[ON_LEASE].id
               : (struct id){ 0 };
}

struct reply engine_release(struct engine_world *world, const struct actor *actor, struct id lease)
{
    struct command command = engine_command(actor, COMMAND_LEASE_RELEASE);

    command.lease = lease;
    return engine_ask(world, &command, NULL);
}

static void must(struct engine_world *world, const struct command *command, struct entry *ret_entry)
{
    struct reply reply = engine_ask(world, command, ret_entry);

    if (reply.verdict != VERDICT_DONE || reply.outcome.kind != OUTCOME_ENTRY) {
        printf("refused: verdict %d, %.*s %.*s\n", (int)reply.verdict, STR_ARG(problem_words[reply.outcome.problem]),
               STR_ARG(reply.outcome.member));
        abort();
    }
}

struct actor engine_person(struct engine_world *world, struct id organisation)
{
    struct command command = engine_command(&world->admin, COMMAND_USER_CREATE);
    struct actor actor = { .who = { id_new(&world->entropy, 1), ID_USER }, .via = VIA_API_TOKEN, .level = LEVEL_A1 };
    struct entry entry;

    command.principal_create = (struct principal_create){ .id = actor.who.id, .organisation = organisation };
    must(world, &command, NULL);
    command = engine_command(&world->admin, COMMAND_TOKEN_CREATE);
    command.token_create.owner = actor.who;
    command.token_create.scopes = PERMISSIONS_ALL;
    command.token_create.expires_ms = engine_now_ms(world->engine) + (int64_t)TOKEN_DAYS_MAX * 86400 * 1000;
    entropy_fill(&world->entropy, command.token_create.hash, sizeof command.token_create.hash);
    must(world, &command, &entry);
    actor.cred = entry.on[ON_CREDENTIAL].id;
    return actor;
}

void engine_world_fill(struct engine_world *world)
{
    static const struct str features[] = { STR_INIT("render") };
    static const struct entitlement_terms terms = { .feature = STR_INIT("render"), .limit = ENGINE_SEATS };
    struct command command = engine_command(&world->admin, COMMAND_PRODUCT_CREATE);
    struct entry entry;

    command.product_create = (struct product_create){ STR("cad"), features, 1 };
    must(world, &command, NULL);
    command = engine_command(&world->admin, COMMAND_ORGANISATION_CREATE);
    command.principal_create.id = world->organisation = id_new(&world->entropy, 1);
    must(world, &command, NULL);
    command = engine_command(&world->admin, COMMAND_LICENSE_CREATE);
    command.license_create = (struct license_create){ .product = STR("cad"),
                                                      .holder = { world->organisation, ID_ORGANISATION },
                                                      .entitlements = &terms,
                                                      .entitlement_count = 1 };
    must(world, &command, &entry);
    world->license = entry.on[ON_LICENSE].id;
    for (int i = 0; i < ENGINE_PEOPLE; i++)
        world->people[i] = engine_person(world, world->organisation);
}

/* ---- Looking ---- */

static struct store_reader *reader_open(const struct engine_world *world)
{
    struct store_reader *reader = NULL;
    struct err err = { 0 };

    if (!CHECK_OK(store_reader_open_path(world->dir, &reader, &err))) {
        printf("%s\n", err.text);
        abort();
    }
    return reader;
}

uint64_t engine_size(const struct engine_world *world)
{
    struct store_reader *reader = reader_open(world);
    struct store_head head = { 0 };

    CHECK_OK(store_head_read(reader, &head, NULL));
    store_reader_close(reader);
    return head.size;
}

static void entries_read(const struct engine_world *world, uint64_t first, const struct store_entry_visitor *visitor)
{
    struct store_reader *reader = reader_open(world);
    uint64_t next = first;
    uint64_t before;

    do {
        struct store_range range = { .first = next, .max_count = UINT32_MAX, .max_bytes = READ_BYTES };

        before = next;
        if (!CHECK_OK(store_entries_read(reader, &range, visitor, &next, NULL)))
            break;
    } while (next != before);
    store_reader_close(reader);
}

struct search {
    enum audit_code code;
    uint64_t count;
    struct arena *arena; /* of the newest one's text */
    struct str newest;
};

static status search_visit(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct search *search = context;
    struct entry entry;

    (void)index;
    TRY(entry_decode(leaf, &entry, err));
    if (entry.code != search->code)
        return OK;
    search->count++;
    return search->arena ? arena_copy(search->arena, leaf, &search->newest) : OK;
}

uint64_t engine_count(const struct engine_world *world, enum audit_code code, uint64_t from)
{
    struct search search = { .code = code };

    entries_read(world, from, &(struct store_entry_visitor){ search_visit, &search });
    return search.count;
}

bool engine_find(struct engine_world *world, enum audit_code code, uint64_t from, struct entry *ret_entry)
{
    struct search search = { .code = code, .arena = &world->arena };

    entries_read(world, from, &(struct store_entry_visitor){ search_visit, &search });
    return search.count && CHECK_OK(entry_decode(search.newest, ret_entry, NULL));
}

/* The edge of the leaves, and whether each full tile of level 0 is theirs. */
struct recount {
    struct edge edge;
    struct store_reader *tiles;
    struct facts facts;
    bool good;
};

static status recount_visit(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct recount *recount = context;
    struct edge_full full[TILE_LEVELS];
    struct hash hash = hash_leaf(leaf);
    struct entry entry;
    unsigned count = edge_append(&recount->edge, &hash, full);

    (void)index;
    for (unsigned i = 0; i < count; i++) {
        uint8_t stored[TILE_BYTES];

        recount->good &= CHECK_OK(store_tile_read(recount->tiles, full[i].level, full[i].n, stored, err)) &&
                         CHECK(memcmp(stored, full[i].hashes, sizeof stored) == 0);
    }
    TRY(entry_decode(leaf, &entry, err));
    return apply(&recount->facts, &entry, &hash, err);
}

bool engine_verifies(const struct engine_world *world)
{
    struct recount *recount = calloc(1, sizeof *recount);
    struct store_head head = { 0 };
    struct hash root;
    bool good;

    assert(recount);
    recount->good = true;
    recount->tiles = reader_open(world);
    CHECK_OK(facts_init(&recount->facts));
    entries_read(world, 0, &(struct store_entry_visitor){ recount_visit, recount });
    CHECK_OK(store_head_read(recount->tiles, &head, NULL));
    root = tree_root(&recount->edge.tree);
    good = CHECK_INT(recount->edge.tree.size, head.size) && recount->good;
    good = CHECK(hash_eq(&root, &head.root)) && good;
    facts_free(&recount->facts);
    store_reader_close(recount->tiles);
    free(recount);
    return good;
}

/* One pool is all there is. */
struct seats {
    int64_t limit;
    int64_t occupied;
    bool good;
};

static status seats_visit(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct seats *seats = context;
    struct entry entry;

    (void)index;
    TRY(entry_decode(leaf, &entry, err));
    if (entry.code == AUDIT_POOL_LIMIT_CHANGED)
        seats->limit = entry_number_or(&entry, DATA_LIMIT, 0);
    else if (entry.code == AUDIT_LEASE_GRANTED)
        seats->good &= CHECK((seats->occupied += entry.data[DATA_QUANTITY].number) <= seats->limit);
    else if (entry.code >= AUDIT_LEASE_RELEASED && entry.code <= AUDIT_LEASE_REVOKED)
        seats->good &= CHECK((seats->occupied -= entry.data[DATA_QUANTITY].number) >= 0);
    return OK;
}

bool engine_has_no_seat_too_many(const struct engine_world *world)
{
    struct seats seats = { .good = true };

    entries_read(world, 0, &(struct store_entry_visitor){ seats_visit, &seats });
    return seats.good;
}

struct hash engine_facts_hash(const struct engine_world *world)
{
    struct hash hash = { 0 };

    CHECK_OK(facts_hash(seed_facts(world->engine), &hash, NULL));
    return hash;
}

struct replay_to {
    struct facts facts;
    uint64_t size;
};

static status replay_visit(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct replay_to *replay = context;
    struct hash hash = hash_leaf(leaf);
    struct entry entry;

    if (index >= replay->size)
        return OK;
    TRY(entry_decode(leaf, &entry, err));
    return apply(&replay->facts, &entry, &hash, err);
}

struct hash engine_replayed_hash(const struct engine_world *world, uint64_t size)
{
    struct replay_to *replay = calloc(1, sizeof *replay);
    struct hash hash = { 0 };

    assert(replay);
    replay->size = size;
    CHECK_OK(facts_init(&replay->facts));
    entries_read(world, 0, &(struct store_entry_visitor){ replay_visit, replay });
    CHECK_INT(replay->facts.size, size);
    CHECK_OK(facts_hash(&replay->facts, &hash, NULL));
    facts_free(&replay->facts);
    free(replay);
    return hash;
}
