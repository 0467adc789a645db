#include "world.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "codec/token_text.h"
#include "engine/seed.h"

#define TTL_S       86400
#define AGE_MS      3600000
#define PER_MS      20 /* commands that share a millisecond */
#define NAME_BYTES  48
#define ARENA_BYTES ((size_t)1 << 20)

struct world {
    struct engine *engine;
    struct entropy entropy;
    struct arena arena;
    struct actor admin;
    struct err err;
    uint64_t organisations;
    uint64_t features;
    uint64_t commands;
    int64_t began_ms;
};

struct str world_feature(uint64_t number, char *text, size_t size)
{
    (void)snprintf(text, size, "cad/f%llu", (unsigned long long)number);
    return str_of(text);
}

static struct actor actor_of(const struct facts *facts, uint32_t credential)
{
    const struct principal *owner = principal_at(facts, credential_at(facts, credential)->owner);

    return (struct actor){ .who = { owner->id, (enum id_kind)owner->kind },
                           .via = VIA_API_TOKEN,
                           .cred = credential_at(facts, credential)->id,
                           .level = LEVEL_A1 };
}

/* Credential 0 is the administrator's; the services follow in the order of their organisations. */
struct actor world_service(const struct facts *facts)
{
    return actor_of(facts, 1);
}

static struct job job_of(struct world *world, const struct actor *actor, enum command_kind kind)
{
    struct job job = { .arena = &world->arena };

    arena_reset(&world->arena);
    job.command.kind = kind;
    job.command.actor = *actor;
    job.command.request = id_new(&world->entropy, world->began_ms);
    job.command.route = STR("bench");
    return job;
}

/* The entry is valid until the next command. */
static const struct entry *run(struct world *world, struct job *job)
{
    const struct entry *entry = NULL;

    if (++world->commands % PER_MS == 0)
        must_ok(seed_wait(world->engine, seed_facts(world->engine)->time_ms + 1, &world->err), &world->err);
    must_ok(seed_job(world->engine, job, &entry, &world->err), &world->err);
    must(job->reply.outcome.kind == OUTCOME_ENTRY && entry != NULL, "a command was refused");
    return entry;
}

/* ---- Who and what there is ---- */

static void token_write(const char *dir, const char *suffix, enum token_kind kind, struct hash *ret_hash)
{
    AUTO(struct secret, secret_free) token = { 0 };
    struct entropy entropy = entropy_from_system();
    char path[SCRATCH_BYTES + 16];
    FILE *file;

    token_text_new(kind, &entropy, &token);
    *ret_hash = hash_of((struct str){ (const char *)token.bytes, token.len });
    (void)snprintf(path, sizeof(path), "%s%s", dir, suffix);
    file = fopen(path, "we");
    must(file && fwrite(token.bytes, 1, token.len, file) == token.len && fclose(file) == 0, path);
}

static struct id principal_make(struct world *world, enum command_kind kind, struct name_new *name)
{
    struct job job = job_of(world, &world->admin, kind);

    job.command.principal_create.organisation = name->within;
    must_ok(seed_name(world->engine, &job, name, &world->err), &world->err);
    (void)run(world, &job);
    return job.command.principal_create.id;
}

static void service_make(struct world *world, struct id organisation, const struct hash *token)
{
    struct name_new name = { .kind = NAME_SERVICE, .within = organisation, .text = STR("load") };
    struct who who = { principal_make(world, COMMAND_SERVICE_CREATE, &name), ID_SERVICE };
    struct job job = job_of(world, &world->admin, COMMAND_TOKEN_CREATE);

    job.command.token_create.owner = who;
    job.command.token_create.scopes = role_permissions(ROLE_MEMBER, false);
    job.command.token_create.expires_ms = world->began_ms + (int64_t)86400000 * TOKEN_DAYS_DEFAULT;
    memcpy(job.command.token_create.hash, token->bytes, HASH_BYTES);
    (void)run(world, &job);
}

static void organisations_make(struct world *world, const char *dir)
{
    for (uint64_t i = 0; i < world->organisations; i++) {
        char text[NAME_BYTES];
        struct name_new name = { .kind = NAME_ORGANISATION };
        struct hash token;

        (void)snprintf(text, sizeof(text), "Organisation %llu", (unsigned long long)i);
        name.text = str_of(text);
        if (i == 0)
            token_write(dir, WORLD_TOKEN_SUFFIX, TOKEN_SERVICE, &token);
        else
            entropy_fill(&world->entropy, token.bytes, sizeof(token.bytes));
        service_make(world, principal_make(world, COMMAND_ORGANISATION_CREATE, &name), &token);
    }
}

static void product_make(struct world *world)
{
    struct job job = job_of(world, &world->admin, COMMAND_PRODUCT_CREATE);
    static char texts[FEATURES_MAX][NAME_BYTES];
    static struct str names[FEATURES_MAX];

    for (uint64_t i = 0; i < world->features; i++)
        names[i] = str_from(world_feature(i, texts[i], NAME_BYTES), 4);
    job.command.product_create =
        (struct product_create){ .name = STR("cad"), .features = names, .feature_count = (size_t)world->features };
    (void)run(world, &job);
}

/* The organisations' places follow the administrator's and the server's, each with its service behind it. */
static struct who organisation_of(const struct world *world, uint64_t number)
{
    const struct facts *facts = seed_facts(world->engine);
    uint32_t service = credential_at(facts, (uint32_t)number + 1)->owner;

    return (struct who){ principal_at(facts, principal_at(facts, service)->organisation)->id, ID_ORGANISATION };
}

static void licenses_make(struct world *world, const struct world_plan *plan)
{
    for (uint64_t i = 0; i < plan->licenses; i++) {
        char text[NAME_BYTES];
        struct entitlement_terms terms = { .limit = plan->limit };
        struct job job = job_of(world, &world->admin, COMMAND_LICENSE_CREATE);

        terms.feature = str_from(world_feature(i % world->features, text, sizeof(text)), 4);
        job.command.license_create =
            (struct license_create){ .product = STR("cad"),
                                     .holder = organisation_of(world, i / world->features % world->organisations),
                                     .entitlements = &terms,
                                     .entitlement_count = 1 };
        (void)run(world, &job);
    }
}

/* ---- What happens ---- */

static struct id lease_take(struct world *world, uint64_t number)
{
    char text[NAME_BYTES];
    const struct actor actor = actor_of(seed_facts(world->engine), (uint32_t)(number % world->organisations) + 1);
    struct job job = job_of(world, &actor, COMMAND_LEASE_CREATE);
    struct lease_create *create = &job.command.lease_create;

    create->feature = world_feature(number / world->organisations % world->features, text, sizeof(text));
    create->quantity = 1;
    create->ttl_s = TTL_S;
    create->has_nonce = true;
    create->user_alias = id_new(&world->entropy, world->began_ms);
    create->host_alias = id_new(&world->entropy, world->began_ms);
    entropy_fill(&world->entropy, create->nonce, sizeof(create->nonce));
    return run(world, &job)->on[ON_LEASE].id;
}

static void lease_pair(struct world *world, uint64_t number)
{
    const struct actor actor = actor_of(seed_facts(world->engine), (uint32_t)(number % world->organisations) + 1);
    struct id lease = lease_take(world, number);
    struct job job = job_of(world, &actor, COMMAND_LEASE_RELEASE);

    job.command.lease = lease;
    (void)run(world, &job);
}

static void pairs_until(struct world *world, uint64_t entries)
{
    for (uint64_t i = 0; seed_facts(world->engine)->size < entries; i++)
        lease_pair(world, i);
}

/* ---- A ledger ---- */

static void begin(struct world *world, const char *dir)
{
    struct engine_config config = { .dir = dir };

    world->arena.max_bytes = ARENA_BYTES;
    world->entropy = entropy_from_system();
    must_ok(engine_open(&config, &world->engine, &world->err), &world->err);
    world->began_ms = seed_facts(world->engine)->time_ms;
    world->admin = actor_of(seed_facts(world->engine), 0);
    must_ok(seed_begin(world->engine, &world->err), &world->err);
}

static void end(struct world *world)
{
    must_ok(seed_flush(world->engine, &world->err), &world->err);
    engine_close(world->engine);
    arena_free(&world->arena);
}

/* That the ledger was made up stands in it. */
static void seeded_record(struct world *world)
{
    struct job job = job_of(world, &world->admin, COMMAND_DEMO_SEEDED);

    (void)run(world, &job);
}

void world_make(const struct world_plan *plan)
{
    struct engine_genesis genesis = { .dir = plan->dir,
                                      .origin = STR("bench.example/ledger"),
                                      .admin_name = STR("admin"),
                                      .version = STR(TALLY_VERSION),
                                      .admin_token_days = TOKEN_DAYS_DEFAULT,
                                      .at_ms = clock_read().wall_ms - AGE_MS };
    struct world world = { .organisations = plan->organisations, .features = plan->features };
    struct hash token;

    must(plan->features <= FEATURES_MAX, "too many features for one product");
    must(mkdir(plan->dir, S_IRWXU) == 0, plan->dir);
    token_write(plan->dir, WORLD_ADMIN_SUFFIX, TOKEN_PERSON, &token);
    memcpy(genesis.admin_token_hash, token.bytes, HASH_BYTES);
    must_ok(engine_create(&genesis, &world.err), &world.err);
    begin(&world, plan->dir);
    organisations_make(&world, plan->dir);
    product_make(&world);
    licenses_make(&world, plan);
    for (uint64_t i = 0; i < plan->leases; i++)
        (void)lease_take(&world, i);
    pairs_until(&world, plan->entries);
    seeded_record(&world);
    end(&world);
}

void world_extend(const char *dir, uint64_t entries)
{
    struct world world = { 0 };

    begin(&world, dir);
    world.organisations = seed_facts(world.engine)->credentials.live - 1;
    world.features = seed_facts(world.engine)->features.live;
    pairs_until(&world, seed_facts(world.engine)->size + entries);
    end(&world);
}
