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

struct world_token {
    struct who owner;
    struct id credential;
};

/* Room for one more; tests have no answer to a system without memory. */
static void *grown(void *at, size_t *capacity, size_t want, size_t size)
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

    world->text = grown(world->text, &world->text_capacity, world->text_len + text.len, 1);
    world->leaves = grown(world->leaves, &world->leaf_capacity, number + 1, sizeof *world->leaves);
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

    if (entry->code != TS2001)
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
    if (command->dry_run)
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

    answered(world, command, problem, TS5005, &entry);
    CHECK_STR(world->outcome.member, str_of(member));
    CHECK_STR(entry_has(&entry, DATA_MEMBER) ? entry.data[DATA_MEMBER].text : STR_NONE, str_of(member));
    CHECK_INT(entry.data[DATA_PROBLEM].number, problem);
}

void world_denied(struct world *world, const struct command *command, enum reason reason)
{
    struct entry entry;

    answered(world, command, PROBLEM_FORBIDDEN, TS5003, &entry);
    CHECK_STR(reason_words[entry.data[DATA_REASON].number], reason_words[reason]);
}

void world_unauthorized(struct world *world, const struct command *command, enum reason reason)
{
    struct entry entry;

    answered(world, command, PROBLEM_UNAUTHORIZED, TS5001, &entry);
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
    world_system(world, TS1005, (int64_t)world->facts.epoch + 1);
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

/* ---- who ---- */

struct id world_credential(const struct world *world, struct who who)
{
    for (size_t i = world->token_count; i > 0; i--) {
        if (id_eq(world->tokens[i - 1].owner.id, who.id))
            return world->tokens[i - 1].credential;
    }
    return (struct id){ 0 };
}

static void token_keep(struct world *world, struct who owner, struct id credential)
{
    world->tokens = grown(world->tokens, &world->token_capacity, world->token_count + 1, sizeof *world->tokens);
    world->tokens[world->token_count++] = (struct world_token){ owner, credential };
}

struct id world_token(struct world *world, struct who owner, permissions scopes, int64_t days)
{
    struct command command = world_as(world, world->admin, COMMAND_TOKEN_CREATE);
    struct entry entry;

    command.dry_run = false;
    command.token_create.owner = owner;
    command.token_create.scopes = scopes;
    command.token_create.expires_ms = world->now_ms + days * DAY_MS;
    entropy_fill(&world->entropy, command.token_create.hash, sizeof command.token_create.hash);
    world_entry(world, world_done(world, &command), &entry);
    token_keep(world, owner, entry.on[ON_CREDENTIAL].id);
    return entry.on[ON_CREDENTIAL].id;
}

struct command world_as(struct world *world, struct who who, enum command_kind kind)
{
    struct command command = {
        .kind = kind,
        .actor = { .who = who, .via = VIA_API_TOKEN, .level = LEVEL_A1, .cred = world_credential(world, who) },
        .dry_run = world->dry_run,
        .route = STR("POST /v1/test"),
    };

    if (id_is_none(command.actor.cred))
        command.actor.cred = world_token(world, who, PERMISSIONS_ALL, 3650);
    return command;
}

static struct who created(struct world *world, enum command_kind kind, struct who organisation, enum role role)
{
    static const enum id_kind kinds[] = { [COMMAND_ORGANISATION_CREATE] = ID_ORGANISATION,
                                          [COMMAND_USER_CREATE] = ID_USER,
                                          [COMMAND_TEAM_CREATE] = ID_TEAM,
                                          [COMMAND_SERVICE_CREATE] = ID_SERVICE };
    struct command command = world_as(world, world->admin, kind);

    command.principal_create.id = id_new(&world->entropy, world->now_ms);
    command.principal_create.organisation = organisation.id;
    command.principal_create.role = role;
    world_done(world, &command);
    return (struct who){ command.principal_create.id, kinds[kind] };
}

struct who world_organisation(struct world *world)
{
    return created(world, COMMAND_ORGANISATION_CREATE, WORLD_NOBODY, ROLE_MEMBER);
}

struct who world_user(struct world *world, struct who organisation, enum role role)
{
    return created(world, COMMAND_USER_CREATE, organisation, role);
}

struct who world_service(struct world *world, struct who organisation, enum role role)
{
    return created(world, COMMAND_SERVICE_CREATE, organisation, role);
}

struct who world_team(struct world *world, struct who organisation)
{
    return created(world, COMMAND_TEAM_CREATE, organisation, ROLE_MEMBER);
}

void world_join(struct world *world, struct who team, struct who user)
{
    struct command command = world_as(world, world->admin, COMMAND_MEMBER_ADD);

    command.member.team = team.id;
    command.member.user = user.id;
    world_done(world, &command);
}

/* ---- what ---- */

void world_product(struct world *world, const char *name, const char *features)
{
    struct command command = world_as(world, world->admin, COMMAND_PRODUCT_CREATE);
    struct str rest = str_of(features);
    struct str names[FEATURES_MAX];

    command.product_create.name = str_of(name);
    command.product_create.features = names;
    while (rest.len > 0 && command.product_create.feature_count < FEATURES_MAX)
        names[command.product_create.feature_count++] = str_take(&rest, ' ');
    world_done(world, &command);
}

struct id world_license(struct world *world, struct who holder, const char *feature, int64_t limit)
{
    struct command command = world_as(world, world->admin, COMMAND_LICENSE_CREATE);
    struct str name = str_of(feature);
    struct entitlement_terms terms = { .limit = limit };
    struct entry entry;

    command.license_create.product = str_take(&name, '/');
    command.license_create.holder = holder;
    command.license_create.entitlements = &terms;
    command.license_create.entitlement_count = 1;
    terms.feature = name;
    world_entry(world, world_done(world, &command), &entry);
    return entry.on[ON_LICENSE].id;
}

struct pool *world_pool(const struct world *world, struct who holder, const char *feature)
{
    uint32_t organisation = holder.kind == ID_NONE ? NONE : principal_find(&world->facts, holder.id);
    uint32_t place = pool_find_group(&world->facts, organisation, feature_find(&world->facts, str_of(feature)));

    assert(place != NONE);
    return pool_at(&world->facts, place);
}

struct command world_checkout(struct world *world, struct who who, const char *feature, int64_t quantity)
{
    struct command command = world_as(world, who, COMMAND_LEASE_CREATE);

    command.lease_create.feature = str_of(feature);
    command.lease_create.quantity = quantity;
    command.lease_create.ttl_s = TTL_DEFAULT_S;
    return command;
}

struct id world_take(struct world *world, struct who who, const char *feature, int64_t quantity)
{
    struct command command = world_checkout(world, who, feature, quantity);
    struct entry entry;

    CHECK_OK(world_command(world, &command));
    if (world->outcome.kind != OUTCOME_ENTRY)
        return (struct id){ 0 };
    world_answer(world, 0, &entry);
    return entry.code == TS2001 ? entry.on[ON_LEASE].id : (struct id){ 0 };
}

struct id world_alias(struct world *world)
{
    return id_new(&world->entropy, world->now_ms);
}

/* ---- from the beginning ---- */

static void ledger_begin(struct world *world)
{
    struct command command = { .kind = COMMAND_SYSTEM, .actor = world->system };

    command.system.code = TS1001;
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

    entry_begin(entry, TS4001, &world->system, world->now_ms);
    entry->id = id_new(&world->entropy, world->now_ms);
    entry_on_id(entry, ON_USER, world->admin.id);
    entry_number(entry, DATA_ROLE, ROLE_ADMIN);
    must_append(world, entry);
    entry_begin(entry, TS4004, &world->system, world->now_ms);
    entry->id = id_new(&world->entropy, world->now_ms);
    entropy_fill(&world->entropy, hash, sizeof hash);
    entry_on_id(entry, ON_CREDENTIAL, credential);
    entry_principal(entry, DATA_OWNER, world->admin);
    entry_text(entry, DATA_SCOPES, STR("all"));
    entry_number(entry, DATA_EXPIRES_AT, world->now_ms + 3650 * DAY_MS);
    entry_bytes(entry, DATA_TOKEN_HASH, hash);
    must_append(world, entry);
    token_keep(world, world->admin, credential);
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
