/*
 * tests/core_world: the bookkeeping uses the system's own allocator, so that failing the project's does not fail it.
 */
#include "core_world.h"

#include <assert.h>
#include <stdlib.h>

#include "base/fault.h"
#include "core_check.h"
#include "test.h"

#define NAMES_MAX_BYTES (1024 * 1024)

struct world_leaf {
    size_t offset;
    size_t len;
};

void *world_grown(void *at, size_t *capacity, size_t want, size_t size)
{
    if (want <= *capacity)
        return at;
    *capacity = want * 2;
    at = realloc(at, *capacity * size);
    assert(at);
    return at;
}

static void leaf_keep(struct world *world, struct str text)
{
    size_t number = world->facts.size;

    world->text = world_grown(world->text, &world->text_capacity, world->text_len + text.len, 1);
    world->leaves = world_grown(world->leaves, &world->leaf_capacity, number + 1, sizeof *world->leaves);
    memcpy(world->text + world->text_len, text.at, text.len);
    world->leaves[number] = (struct world_leaf){ world->text_len, text.len };
    world->text_len += text.len;
}

/*
 * Applies the entry; with torture, each allocation on the way fails once first, and whatever had been reserved until
 * then, no fact may have changed.
 */
static status leaf_apply(struct world *world, const struct entry *entry, const struct hash *leaf, struct err *err)
{
    struct hash before;

    if (!world->torture)
        return apply(&world->facts, entry, leaf, err);
    before = facts_digest(&world->facts);
    for (int64_t step = 0;; step++) {
        struct hash after;
        bool hit;
        status s;

        fault_arm(FAULT_MEMORY, step, 1);
        s = apply(&world->facts, entry, leaf, err);
        hit = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        if (!hit)
            return s;
        world->failed_once++;
        after = facts_digest(&world->facts);
        CHECK_CODE(s, CODE_NO_MEMORY);
        if (!CHECK(hash_eq(&before, &after)))
            return s;
    }
}

/* P4: no grant raises what an enforced pool has occupied above its limit. */
static void grant_check(const struct world *world, const struct entry *entry)
{
    const struct pool *pool;

    if (entry->code != AUDIT_LEASE_GRANTED)
        return;
    pool = pool_at(&world->facts, pool_find(&world->facts, entry->on[ON_POOL].id));
    CHECK(pool->occupied <= pool->limit);
}

status world_append(struct world *world, struct entry *entry, struct err *err)
{
    struct hash leaf;
    struct entry decoded;

    TRY(entry_seal(&world->facts, entry, &world->sealing, &leaf));
    TRY(entry_decode(buf_str(&world->sealing), &decoded, err));
    leaf_keep(world, buf_str(&world->sealing));
    TRY(leaf_apply(world, &decoded, &leaf, err));
    grant_check(world, &decoded);
    if (world->applied)
        world->applied(world->context, &decoded);
    return OK;
}

static void must_append(struct world *world, struct entry *entry)
{
    struct err err = { 0 };
    status s = world_append(world, entry, &err);

    if (s.code)
        CHECK_STR(str_of(err.text), STR(""));
    assert(!s.code);
}

size_t world_due(struct world *world)
{
    struct entry *entry = world->draft.entries;
    size_t count = 0;

    while (due_next(&world->facts, &world->entropy, world->now_ms, &world->system, entry)) {
        must_append(world, entry);
        count++;
    }
    return count;
}

static void rolled_up(struct world *world)
{
    struct flood_key key;

    while (flood_roll_up(&world->floods, world->now_ms, true, world->draft.entries, &key)) {
        world->draft.entries->id = id_new(&world->entropy, world->now_ms);
        must_append(world, world->draft.entries);
        world->count++;
    }
}

static status decide_once(struct world *world, const struct command *command)
{
    struct decide_context context = {
        .facts = &world->facts, .floods = &world->floods, .entropy = &world->entropy, .now_ms = world->now_ms
    };

    arena_reset(&world->names);
    return decide(&context, command, &world->draft, &world->outcome);
}

static status decided(struct world *world, const struct command *command)
{
    if (!world->torture)
        return decide_once(world, command);
    for (int64_t step = 0;; step++) {
        status s;
        bool hit;

        arena_free(&world->names);
        fault_arm(FAULT_MEMORY, step, 1);
        s = decide_once(world, command);
        hit = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        if (!hit)
            return s;
        world->failed_once++;
        if (!CHECK_CODE(s, CODE_NO_MEMORY))
            return s;
    }
}

static status draft_append(struct world *world)
{
    struct err err = { 0 };

    for (size_t i = 0; i < world->draft.count; i++)
        TRY(world_append(world, &world->draft.entries[i], &err));
    return OK;
}

status world_command(struct world *world, const struct command *command)
{
    if (!world->no_due)
        world_due(world);
    TRY(decided(world, command));
    world->count = world->draft.count;
    world->index = world->count ? world->facts.size : UINT64_MAX;
    if (!draft_is_written(command, &world->outcome))
        return OK;
    TRY(draft_append(world));
    if (world->outcome.kind == OUTCOME_FLOOD) {
        world->index = world->facts.size;
        rolled_up(world);
    }
    if (!world->no_due)
        world_due(world);
    return OK;
}

uint64_t world_done(struct world *world, const struct command *command)
{
    status s = world_command(world, command);

    if (s.code || world->outcome.kind != OUTCOME_ENTRY)
        CHECK_STR(problem_words[world->outcome.problem], STR("NONE"));
    assert(!s.code && world->outcome.kind == OUTCOME_ENTRY && world->count > 0);
    return world->index;
}

/* What every refusal is; its entry is *ret_entry. */
static void answered(struct world *world, const struct command *command, enum problem problem, enum audit_code code,
                     struct entry *ret_entry)
{
    uint64_t size;

    world->now_ms += 61000;
    if (!world->no_due)
        world_due(world);
    size = world->facts.size;
    CHECK_OK(world_command(world, command));
    CHECK_INT(world->outcome.kind, OUTCOME_PROBLEM);
    CHECK_STR(problem_words[world->outcome.problem], problem_words[problem]);
    assert(CHECK_INT(world->facts.size, size + 1));
    world_answer(world, 0, ret_entry);
    CHECK_STR(audit_rows[ret_entry->code].code, audit_rows[code].code);
}

void world_refused(struct world *world, const struct command *command, enum problem problem, const char *member)
{
    struct entry entry;

    answered(world, command, problem, AUDIT_REQUEST_REJECTED, &entry);
    CHECK_STR(world->outcome.member, str_of(member));
    CHECK_STR(entry_has(&entry, DATA_MEMBER) ? entry.data[DATA_MEMBER].text : STR_NONE, str_of(member));
    CHECK_INT(entry.data[DATA_PROBLEM].number, problem);
}

void world_denied(struct world *world, const struct command *command, enum reason reason)
{
    struct entry entry;

    answered(world, command, PROBLEM_FORBIDDEN, AUDIT_ACCESS_DENIED, &entry);
    CHECK_STR(reason_words[entry.data[DATA_REASON].number], reason_words[reason]);
}

void world_unauthorized(struct world *world, const struct command *command, enum reason reason)
{
    struct entry entry;

    answered(world, command, PROBLEM_UNAUTHORIZED, AUDIT_AUTH_FAILED, &entry);
    CHECK_STR(reason_words[entry.data[DATA_REASON].number], reason_words[reason]);
}

void world_wait(struct world *world, int64_t ms)
{
    int64_t end_ms = world->now_ms + ms;

    while (world->now_ms < end_ms) {
        world->now_ms += end_ms - world->now_ms < 1000 ? end_ms - world->now_ms : 1000;
        world_due(world);
    }
}

void world_system(struct world *world, enum audit_code code, int64_t number)
{
    struct command command = { .kind = COMMAND_SYSTEM, .actor = world->system };

    command.system.code = code;
    command.system.numbers[0] = number;
    world_done(world, &command);
}

void world_restart(struct world *world)
{
    bool no_due = world->no_due;

    world->no_due = true;
    world_system(world, AUDIT_WRITER_STARTED, (int64_t)world->facts.epoch + 1);
    world->no_due = no_due;
}

/* ---- the ledger ---- */

struct str world_leaf(const struct world *world, uint64_t index)
{
    assert(index < world->facts.size);
    return (struct str){ world->text + world->leaves[index].offset, world->leaves[index].len };
}

void world_entry(const struct world *world, uint64_t index, struct entry *ret_entry)
{
    struct err err = { 0 };

    CHECK_OK(entry_decode(world_leaf(world, index), ret_entry, &err));
    CHECK_STR(str_of(err.text), STR(""));
}

void entry_relink(const struct facts *facts, struct entry *entry)
{
    entry->seq_count = entry_chains(entry, entry->seq);
    for (int i = 0; i < entry->seq_count; i++) {
        struct seq_link *link = &entry->seq[i];
        uint32_t place = link->kind == ID_POOL ? pool_find(facts, link->id) : license_find(facts, link->id);
        struct chain chain = { 0 };

        if (place != NONE)
            chain = link->kind == ID_POOL ? pool_at(facts, place)->chain : license_at(facts, place)->chain;
        link->number = chain.number + 1;
        memcpy(link->prev, chain.prev, sizeof link->prev);
    }
}

void world_answer(const struct world *world, size_t at, struct entry *ret_entry)
{
    world_entry(world, world->index + at, ret_entry);
}

size_t world_count(const struct world *world, enum audit_code code, uint64_t from)
{
    size_t count = 0;

    for (uint64_t index = from; index < world->facts.size; index++) {
        struct entry entry;

        world_entry(world, index, &entry);
        count += entry.code == code;
    }
    return count;
}

status world_replay(const struct world *world, uint64_t count, struct facts *ret_facts, struct err *err)
{
    TRY(facts_init(ret_facts));
    for (uint64_t index = 0; index < count; index++) {
        struct str text = world_leaf(world, index);
        struct hash leaf = hash_leaf(text);
        struct entry entry;

        TRY(entry_decode(text, &entry, err));
        TRY(apply(ret_facts, &entry, &leaf, err));
    }
    return OK;
}

/* ---- from the beginning ---- */

static void ledger_begin(struct world *world)
{
    struct command command = { .kind = COMMAND_SYSTEM, .actor = world->system };

    command.system.code = AUDIT_LEDGER_CREATED;
    command.system.texts[0] = STR("test.example/ledger");
    command.system.texts[1] = STR("test.example/ledger+00000000+AAAA");
    command.system.texts[2] = STR("0");
    world_done(world, &command);
}

static void admin_begin(struct world *world)
{
    struct entry *entry = world->draft.entries;
    struct id credential = id_new(&world->entropy, world->now_ms);
    uint8_t hash[32];

    entry_begin(entry, AUDIT_USER_CREATED, &world->system, world->now_ms);
    entry->id = id_new(&world->entropy, world->now_ms);
    entry_on_id(entry, ON_USER, world->admin.id);
    entry_number(entry, DATA_ROLE, ROLE_ADMIN);
    must_append(world, entry);
    entry_begin(entry, AUDIT_TOKEN_CREATED, &world->system, world->now_ms);
    entry->id = id_new(&world->entropy, world->now_ms);
    entropy_fill(&world->entropy, hash, sizeof hash);
    entry_on_id(entry, ON_CREDENTIAL, credential);
    entry_principal(entry, DATA_OWNER, world->admin);
    entry_text(entry, DATA_SCOPES, STR("all"));
    entry_number(entry, DATA_EXPIRES_AT, world->now_ms + 3650 * DAY_MS);
    entry_bytes(entry, DATA_TOKEN_HASH, hash);
    must_append(world, entry);
    world_token_keep(world, world->admin, credential);
}

struct world *world_new(uint64_t seed)
{
    struct world *world = calloc(1, sizeof *world);

    assert(world);
    world->entropy = entropy_from_seed(seed);
    world->now_ms = WORLD_START_MS;
    world->names.max_bytes = NAMES_MAX_BYTES;
    world->sealing.max = ENTRY_MAX_BYTES;
    world->draft.names = &world->names;
    world->draft.entries = calloc(CHANGE_MAX_ENTRIES, sizeof *world->draft.entries);
    world->system = (struct actor){ .who = { id_new(&world->entropy, world->now_ms), ID_SERVICE },
                                    .via = VIA_SYSTEM,
                                    .level = LEVEL_A1 };
    world->admin = (struct who){ id_new(&world->entropy, world->now_ms), ID_USER };
    assert(world->draft.entries && !facts_init(&world->facts).code && !floods_init(&world->floods).code);
    ledger_begin(world);
    admin_begin(world);
    world_restart(world);
    return world;
}

void world_free(struct world **world)
{
    struct world *gone = *world;

    if (!gone)
        return;
    facts_free(&gone->facts);
    floods_free(&gone->floods);
    arena_free(&gone->names);
    buf_free(&gone->sealing);
    free(gone->draft.entries);
    free(gone->text);
    free(gone->leaves);
    free(gone->tokens);
    free(gone);
    *world = NULL;
}
