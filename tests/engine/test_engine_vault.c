/*
 * engine/retention and the vault, in a whole engine: who is erased is gone from every copy of the data, whatever
 * happens on the way; what is too old goes too; and the ledger verifies and replays as before (P2, P3, P8).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/vault_items.h"
#include "engine_world.h"

#define NAME   "Maria Musterfrau"
#define REASON "she is on parental leave"
#define ALIAS  "maria-laptop"
#define DAY_S  ((int64_t)86400)

/* A person whom the ledger knows by name, with a lease taken and given back. */
struct scene {
    struct engine_world world;
    struct actor maria;
    struct id alias;
    uint64_t created; /* the entry with her name */
    uint64_t taken;   /* the entry with what she asserted */
};

static void job_text(struct engine_world *world, struct job *job, struct str text)
{
    struct hash commitment;

    job->private_text = text;
    entropy_fill(&world->entropy, job->salt, sizeof job->salt);
    commitment = private_commitment(job->salt, text);
    memcpy(job->command.private_hash, commitment.bytes, sizeof job->command.private_hash);
    job->command.has_private = true;
}

/* Asks with a text and a name, and gives the entry's index. */
static uint64_t told(struct engine_world *world, const struct command *command, struct str text,
                     const struct name_new *name)
{
    struct ask ask;
    uint64_t index;

    ask_init(&ask, world, command);
    job_text(world, &ask.job, text);
    if (name)
        ask.job.names[ask.job.name_count++] = *name;
    ask_send(&ask, 1);
    ask_wait(&ask);
    CHECK_INT(ask.job.reply.outcome.kind, OUTCOME_ENTRY);
    index = ask.job.reply.index;
    ask_free(&ask);
    return index;
}

static void maria_comes(struct scene *scene)
{
    struct engine_world *world = &scene->world;
    struct command command = engine_command(&world->admin, COMMAND_USER_CREATE);
    struct name_new name = { .id = id_new(&world->entropy, 1), .kind = NAME_USER, .text = STR(NAME) };
    struct entry entry;

    command.principal_create = (struct principal_create){ .id = name.id, .organisation = world->organisation };
    name.within = world->organisation;
    CHECK_OK(names_reserve(engine_names(world->engine), &name));
    scene->created = told(world, &command, STR("{\"name\":\"" NAME "\"}"), &name);
    scene->maria = (struct actor){ .who = { name.id, ID_USER }, .via = VIA_API_TOKEN, .level = LEVEL_A1 };
    command = engine_command(&world->admin, COMMAND_TOKEN_CREATE);
    command.token_create.owner = scene->maria.who;
    command.token_create.scopes = PERMISSIONS_ALL;
    command.token_create.expires_ms = engine_now_ms(world->engine) + (int64_t)TOKEN_DAYS_MAX * DAY_S * 1000;
    entropy_fill(&world->entropy, command.token_create.hash, sizeof command.token_create.hash);
    (void)engine_ask(world, &command, &entry);
    scene->maria.cred = entry.on[ON_CREDENTIAL].id;
}

/* With a host of her own that she asserts. */
static struct id maria_takes(struct scene *scene)
{
    struct engine_world *world = &scene->world;
    struct name_new host = { .kind = NAME_ALIAS_HOST, .within = scene->maria.who.id, .text = STR(ALIAS) };
    struct command command = engine_checkout(&scene->maria);
    struct entropy entropy = entropy_from_seed(test_seed() + 7);
    struct entry entry = { 0 };
    bool is_new = false;

    CHECK_OK(names_alias(engine_names(world->engine), &host, &entropy, engine_now_ms(world->engine), &is_new));
    scene->alias = command.lease_create.host_alias = host.id;
    scene->taken = told(world, &command, STR("{\"asserted\":{\"host\":\"" ALIAS "\"}}"), is_new ? &host : NULL);
    CHECK(engine_find(world, AUDIT_LEASE_GRANTED, scene->taken, &entry));
    return entry.on[ON_LEASE].id;
}

static void scene_new(struct scene *scene)
{
    engine_world_init(&scene->world);
    maria_comes(scene);
    (void)engine_release(&scene->world, &scene->maria, maria_takes(scene));
}

static struct reply maria_is_erased(struct scene *scene, struct entry *ret_entry)
{
    struct command command = engine_command(&scene->world.admin, COMMAND_USER_ERASE);

    command.user = scene->maria.who.id;
    return engine_ask(&scene->world, &command, ret_entry);
}

/* ---- What can be read ---- */

struct look {
    struct vault *vault;
    struct arena arena;
    uint8_t commitment[HASH_BYTES];
    status s;
    struct str text;
};

static status leaf_look(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct look *look = context;
    struct entry entry;

    (void)index;
    TRY(entry_decode(leaf, &entry, err));
    memcpy(look->commitment, entry.private_hash, HASH_BYTES);
    return OK;
}

static status text_look(void *context, const struct store_private *item, struct err *err)
{
    struct look *look = context;

    (void)err;
    look->s = vault_unseal_text(look->vault, &(struct vault_stored){ item, look->commitment }, &look->arena,
                                &look->text, NULL);
    return OK;
}

/* What somebody reads who has that copy of the data and that copy of the keys. */
static enum code reads(struct scene *scene, const char *data, const char *keys_dir, uint64_t index)
{
    struct look look = { .arena = { .max_bytes = 1 << 20 }, .s = { CODE_UNKNOWN } };
    struct store_entry_visitor leaves = { leaf_look, &look };
    struct store_private_visitor texts = { text_look, &look };
    struct store_range range = { .first = index, .max_count = 1, .max_bytes = 65536 };
    struct store_reader *reader = NULL;
    uint64_t next;

    (void)scene;
    CHECK_OK(vault_open_reading(keys_dir, &look.vault, NULL));
    CHECK_OK(store_reader_open_path(data, &reader, NULL));
    CHECK_OK(store_entries_read(reader, &range, &leaves, &next, NULL));
    CHECK_OK(store_private_find(reader, &index, 1, &texts, NULL));
    store_reader_close(reader);
    vault_close(look.vault);
    arena_free(&look.arena);
    return look.s.code;
}

static bool knows_name(struct scene *scene, struct id id)
{
    struct str text = STR_NONE;

    return !names_text(engine_names(scene->world.engine), id, &scene->world.arena, &text).code;
}

static const char *path_of(const struct scene *scene, const char *name)
{
    static char paths[4][ENGINE_DIR_BYTES + 64];
    static int next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof paths[0], "%s/%s", scene->world.dir, name);
    return path;
}

static void file_copy(const char *from, const char *to)
{
    static char bytes[1 << 20];
    int in = open(from, O_RDONLY);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t len = read(in, bytes, sizeof bytes);

    CHECK(len > 0 && len < (ssize_t)sizeof bytes && write(out, bytes, (size_t)len) == len);
    close(in);
    close(out);
}

static bool holds(const char *path, const char *needle)
{
    static char bytes[1 << 24];
    int fd = open(path, O_RDONLY);
    ssize_t len = read(fd, bytes, sizeof bytes);

    close(fd);
    CHECK(len >= 0 && len < (ssize_t)sizeof bytes);
    return str_find_str((struct str){ bytes, (size_t)len }, str_of(needle)) < (size_t)len;
}

/* ---- The claims ---- */

static void an_old_backup_reveals_nothing_about_whoever_was_erased(void)
{
    static const char *const files[] = { "ledger.db", "ledger.db-wal", "old.db" };
    struct scene scene;
    struct entry entry = { 0 };
    char old_keys[] = "/tmp/tally-keys-XXXXXX";
    char old_file[64];

    scene_new(&scene);
    CHECK_OK(store_backup(scene.world.dir, path_of(&scene, "old.db"), NULL, NULL));
    assert(mkdtemp(old_keys));
    (void)snprintf(old_file, sizeof old_file, "%s/%s", old_keys, VAULT_FILE);
    file_copy(path_of(&scene, VAULT_FILE), old_file);
    CHECK_INT(reads(&scene, path_of(&scene, "old.db"), scene.world.dir, scene.created), CODE_OK);
    CHECK(knows_name(&scene, scene.maria.who.id) && knows_name(&scene, scene.alias));

    CHECK_INT(maria_is_erased(&scene, &entry).outcome.kind, OUTCOME_ENTRY);
    CHECK(!knows_name(&scene, scene.maria.who.id) && !knows_name(&scene, scene.alias));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) { /* nor did they ever hold her name in the clear */
        CHECK(!holds(path_of(&scene, files[i]), NAME) && !holds(path_of(&scene, files[i]), ALIAS));
    }
    CHECK_INT(reads(&scene, path_of(&scene, "old.db"), scene.world.dir, scene.created), CODE_NOT_FOUND);
    CHECK_INT(reads(&scene, path_of(&scene, "old.db"), scene.world.dir, scene.taken), CODE_NOT_FOUND);
    /* The copy of the keys that was not announced knows her: that is why the day it lapses is told. */
    CHECK_INT(reads(&scene, path_of(&scene, "old.db"), old_keys, scene.created), CODE_OK);
    engine_world_stop(&scene.world);
    CHECK(engine_verifies(&scene.world));
    (void)unlink(old_file);
    (void)rmdir(old_keys);
    engine_world_free(&scene.world);
}

static void an_erasure_tells_when_the_last_backup_of_keys_lapses(void)
{
    struct scene scene;
    struct command copy;
    struct entry copied = { 0 };
    struct entry erased = { 0 };

    scene_new(&scene);
    copy = engine_command(&scene.world.admin, COMMAND_KEYS_COPY);
    CHECK_INT(engine_ask(&scene.world, &copy, &copied).outcome.kind, OUTCOME_ENTRY);
    CHECK_INT((copied.data[DATA_LAPSES_AT].number - copied.time_ms) / 1000, KEY_BACKUP_DAYS * DAY_S);
    (void)maria_is_erased(&scene, &erased);
    CHECK_INT(erased.data[DATA_LAPSES_AT].number, copied.data[DATA_LAPSES_AT].number);
    engine_world_free(&scene.world);
}

/* As after a kill -9 between the entry and the key, and as when an old vault.keys is put back: the facts decide. */
static void a_crash_before_the_key_is_dropped_is_made_good_at_the_start(void)
{
    struct scene scene;

    scene_new(&scene);
    file_copy(path_of(&scene, VAULT_FILE), path_of(&scene, "before"));
    (void)maria_is_erased(&scene, NULL);
    engine_world_stop(&scene.world);
    CHECK(rename(path_of(&scene, "before"), path_of(&scene, VAULT_FILE)) == 0);
    CHECK_INT(reads(&scene, scene.world.dir, scene.world.dir, scene.created), CODE_OK);
    engine_world_start(&scene.world);
    CHECK_INT(reads(&scene, scene.world.dir, scene.world.dir, scene.created), CODE_NOT_FOUND);
    CHECK(!knows_name(&scene, scene.maria.who.id) && !knows_name(&scene, scene.alias));
    engine_world_free(&scene.world);
}

static void a_key_that_can_not_be_overwritten_is_tried_again(void)
{
    struct scene scene;
    int tries = 0;

    scene_new(&scene);
    fault_arm(FAULT_VAULT_WRITE, 0, 1);
    CHECK_INT(maria_is_erased(&scene, NULL).outcome.kind, OUTCOME_ENTRY);
    CHECK(fault_was_hit(FAULT_VAULT_WRITE));
    while (reads(&scene, scene.world.dir, scene.world.dir, scene.created) != CODE_NOT_FOUND && tries++ < 600)
        usleep(10000);
    CHECK(tries < 600);
    engine_world_free(&scene.world);
}

/* The key is durable before the text: a commit that fails leaves a key of nobody, which the next start drops. */
static void a_key_without_its_person_is_dropped_at_the_start(void)
{
    struct scene scene;
    uint64_t keys;

    scene_new(&scene);
    keys = vault_key_count(engine_vault(scene.world.engine));
    fault_arm(FAULT_STORE_WRITE, 0, 1);
    {
        struct command command = engine_command(&scene.world.admin, COMMAND_USER_CREATE);
        struct ask ask;

        command.principal_create.id = id_new(&scene.world.entropy, 1);
        ask_init(&ask, &scene.world, &command);
        job_text(&scene.world, &ask.job, STR("{\"name\":\"nobody\"}"));
        ask_send(&ask, 1);
        ask_wait(&ask);
        CHECK_INT(ask.job.reply.verdict, VERDICT_READ_ONLY);
        ask_free(&ask);
    }
    engine_wait_ready(&scene.world);
    CHECK_INT(vault_key_count(engine_vault(scene.world.engine)), keys + 1);
    engine_world_stop(&scene.world);
    engine_world_start(&scene.world);
    CHECK_INT(vault_key_count(engine_vault(scene.world.engine)), keys);
    engine_world_free(&scene.world);
}

static void without_a_durable_key_nothing_is_committed(void)
{
    struct scene scene;
    struct command command;
    struct ask ask;
    uint64_t size;

    scene_new(&scene);
    size = engine_size(&scene.world);
    command = engine_command(&scene.world.admin, COMMAND_USER_CREATE);
    command.principal_create.id = id_new(&scene.world.entropy, 1);
    ask_init(&ask, &scene.world, &command);
    job_text(&scene.world, &ask.job, STR("{\"name\":\"nobody\"}"));
    fault_arm(FAULT_VAULT_WRITE, 0, 1);
    ask_send(&ask, 1);
    ask_wait(&ask);
    CHECK_INT(ask.job.reply.verdict, VERDICT_READ_ONLY);
    CHECK_INT(engine_count(&scene.world, AUDIT_USER_CREATED, size), 0);
    ask_free(&ask);
    engine_wait_ready(&scene.world);
    (void)maria_takes(&scene);
    CHECK_INT(reads(&scene, scene.world.dir, scene.world.dir, scene.taken), CODE_OK);
    engine_world_free(&scene.world);
}

static void after_an_erasure_everything_verifies_and_replays(void)
{
    struct scene scene;
    struct hash live;
    struct hash replayed;

    scene_new(&scene);
    (void)maria_is_erased(&scene, NULL);
    CHECK_INT(maria_is_erased(&scene, NULL).outcome.problem, PROBLEM_WRONG_STATE);
    CHECK(id_is_none(engine_take(&scene.world, &scene.maria)));
    engine_world_stop(&scene.world);
    CHECK(engine_verifies(&scene.world));
    CHECK_OK(engine_world_open(&scene.world, NULL));
    live = engine_facts_hash(&scene.world);
    replayed = engine_replayed_hash(&scene.world, engine_size(&scene.world));
    CHECK(hash_eq(&live, &replayed));
    engine_world_free(&scene.world);
}

/* ---- Days ---- */

static bool await(struct scene *scene, enum audit_code code, uint64_t from, struct entry *ret_entry)
{
    for (int i = 0; i < 1000; i++) {
        if (engine_find(&scene->world, code, from, ret_entry))
            return true;
        usleep(10000);
    }
    CHECKING("%.*s", STR_ARG(audit_rows[code].type));
    return CHECK(false);
}

/* The clock jumps, and somebody says that it is right. */
static uint64_t days_pass(struct scene *scene, int64_t days)
{
    struct command confirm = engine_command(&scene->world.admin, COMMAND_CLOCK_CONFIRM);
    uint64_t size = engine_size(&scene->world);
    struct entry entry;

    fault_arm(FAULT_CLOCK_OFFSET_S, days * DAY_S, 1);
    CHECK(await(scene, AUDIT_CLOCK_JUMPED, size, &entry));
    usleep(300000);
    CHECK_INT(engine_count(&scene->world, AUDIT_VAULT_DAYS_DROPPED, size), 0); /* nobody knows what day it is */
    CHECK_INT(engine_ask(&scene->world, &confirm, NULL).outcome.kind, OUTCOME_ENTRY);
    return size;
}

static void texts_of_days_that_are_over_lose_their_key(void)
{
    struct scene scene;
    struct entry entry = { 0 };
    struct name_new host = { .kind = NAME_ALIAS_HOST, .text = STR("build-7") };
    struct entropy entropy = entropy_from_seed(test_seed() + 8);
    struct command command;
    bool is_new = false;
    uint64_t size;

    scene_new(&scene);
    engine_world_stop(&scene.world);
    scene.world.config.vault_keep_days = 2;
    engine_world_start(&scene.world);
    CHECK_OK(
        names_alias(engine_names(scene.world.engine), &host, &entropy, engine_now_ms(scene.world.engine), &is_new));
    command = engine_checkout(&scene.world.people[0]);
    command.lease_create.host_alias = host.id;
    (void)told(&scene.world, &command, STR("{}"), &host);
    CHECK(knows_name(&scene, host.id));
    size = days_pass(&scene, 4);
    CHECK(await(&scene, AUDIT_VAULT_DAYS_DROPPED, size, &entry));
    CHECK_INT(entry.data[DATA_KEPT_FROM].number / 1000 / DAY_S, entry.time_ms / 1000 / DAY_S - 2);
    usleep(300000);
    CHECK_INT(reads(&scene, scene.world.dir, scene.world.dir, scene.taken), CODE_NOT_FOUND);
    CHECK(!knows_name(&scene, host.id));
    CHECK(knows_name(&scene, scene.maria.who.id) && knows_name(&scene, scene.alias)); /* hers stay until she goes */
    engine_world_stop(&scene.world);
    CHECK(engine_verifies(&scene.world));
    engine_world_free(&scene.world);
}

static void a_legal_hold_keeps_the_days_too(void)
{
    struct scene scene;
    struct entry entry = { 0 };
    struct command command;
    uint64_t size;

    scene_new(&scene);
    engine_world_stop(&scene.world);
    scene.world.config.vault_keep_days = 2;
    engine_world_start(&scene.world);
    command = engine_command(&scene.world.admin, COMMAND_USER_HOLD);
    command.user = scene.world.people[0].who.id;
    CHECK_INT(engine_ask(&scene.world, &command, NULL).outcome.kind, OUTCOME_ENTRY);
    size = days_pass(&scene, 4);
    usleep(500000);
    CHECK_INT(engine_count(&scene.world, AUDIT_VAULT_DAYS_DROPPED, size), 0);
    CHECK_INT(reads(&scene, scene.world.dir, scene.world.dir, scene.taken), CODE_OK);
    command.kind = COMMAND_USER_RELEASE_HOLD;
    CHECK_INT(engine_ask(&scene.world, &command, NULL).outcome.kind, OUTCOME_ENTRY);
    engine_world_stop(&scene.world); /* looked at once a day, and at each start */
    fault_arm(FAULT_CLOCK_OFFSET_S, 4 * DAY_S, 1);
    engine_world_start(&scene.world);
    CHECK(await(&scene, AUDIT_VAULT_DAYS_DROPPED, size, &entry));
    engine_world_free(&scene.world);
}

/* ---- Keys that are not there ---- */

static void without_its_keys_a_ledger_says_what_is_missing_and_new_ones_are_recorded(void)
{
    struct scene scene;
    struct err err = { 0 };
    struct key_header header = { .made_ms = 1, .announced = false };
    struct entry first = { 0 };
    uint64_t size;

    scene_new(&scene);
    CHECK(engine_find(&scene.world, AUDIT_LEDGER_CREATED, 0, &first));
    engine_world_stop(&scene.world);
    CHECK(rename(path_of(&scene, VAULT_FILE), path_of(&scene, "lost")) == 0);
    CHECK_OK(engine_world_open(&scene.world, &err)); /* whoever only looks */
    CHECK_CODE(engine_start(scene.world.engine, &err), CODE_CONFLICT);
    engine_world_stop(&scene.world);
    CHECK(str_find_str(str_of(err.text), STR("has no vault.keys")) < strlen(err.text));
    header.ledger = first.on[ON_SERVICE].id;
    CHECK_OK(vault_create(scene.world.dir, &header, NULL));
    size = engine_size(&scene.world);
    for (int pass = 0; pass < 2; pass++) { /* told once */
        engine_world_start(&scene.world);
        CHECK(!knows_name(&scene, scene.maria.who.id));
        CHECK_INT(engine_count(&scene.world, AUDIT_VAULT_KEYS_REPLACED, size), 1);
        (void)engine_release(&scene.world, &scene.maria, maria_takes(&scene)); /* goes on under new keys */
        CHECK_INT(reads(&scene, scene.world.dir, scene.world.dir, scene.taken), CODE_OK);
        engine_world_stop(&scene.world);
    }
    engine_world_free(&scene.world);
}

static const struct test tests[] = {
    TEST(an_old_backup_reveals_nothing_about_whoever_was_erased),
    TEST(an_erasure_tells_when_the_last_backup_of_keys_lapses),
    TEST(a_crash_before_the_key_is_dropped_is_made_good_at_the_start),
    TEST(a_key_that_can_not_be_overwritten_is_tried_again),
    TEST(a_key_without_its_person_is_dropped_at_the_start),
    TEST(without_a_durable_key_nothing_is_committed),
    TEST(after_an_erasure_everything_verifies_and_replays),
    TEST(texts_of_days_that_are_over_lose_their_key),
    TEST(a_legal_hold_keeps_the_days_too),
    TEST(without_its_keys_a_ledger_says_what_is_missing_and_new_ones_are_recorded),
};
TEST_MAIN(tests)
