#include "daemon/demo_world.h"

#include <stdio.h>
#include <string.h>

#include "engine/seed.h"

#define STEP_MS     300000 /* people are looked at every five minutes of the past */
#define TTL_S       3600
#define BEAT_STEPS  6 /* a heartbeat each half hour */
#define PEOPLE_MAX  16
#define HOUR_MS     3600000
#define DAY_MS      (24 * (int64_t)HOUR_MS)
#define WORK_BEGINS 8 /* UTC */
#define WORK_ENDS   18

/* Somebody who works with the software. */
struct person {
    struct actor actor;
    const char *features[2]; /* what this person mostly uses */
    struct id lease;         /* none: not working */
    int64_t until_ms;
    int steps; /* since the last heartbeat */
};

struct past {
    struct engine *engine;
    struct arena arena;
    struct actor admin;
    struct person people[PEOPLE_MAX];
    int person_count;
    int64_t now_ms;
    uint64_t sessions;
};

static void past_free(struct past *past)
{
    engine_close(past->engine);
    arena_free(&past->arena);
}

static struct job job_of(struct past *past, const struct actor *actor, enum command_kind kind, struct str route)
{
    struct job job = { .arena = &past->arena };

    job.command.kind = kind;
    job.command.actor = *actor;
    job.command.route = route;
    return job;
}

/* Runs a job whose answer nobody waits for. */
static status job_run(struct past *past, struct job *job, const struct entry **ret_entry, struct err *err)
{
    TRY(seed_job(past->engine, job, ret_entry, err));
    arena_reset(&past->arena);
    return OK;
}

/* The same for what must succeed: a demo that is refused its own catalogue is a defect. */
static status job_must(struct past *past, struct job *job, const struct entry **ret_entry, struct err *err)
{
    TRY(job_run(past, job, ret_entry, err));
    if (job->reply.outcome.kind != OUTCOME_ENTRY)
        return err_set(err, CODE_CONFLICT, "the demo's %.*s was refused: %.*s", STR_ARG(job->command.route),
                       STR_ARG(problem_words[job->reply.outcome.problem]));
    return OK;
}

/* ---- Who and what there is ---- */

static status principal_make(struct past *past, enum command_kind kind, const struct name_new *name, struct id *ret_id,
                             struct err *err)
{
    struct job job = job_of(past, &past->admin, kind, STR("demo principal"));
    const struct entry *entry;

    job.command.principal_create.organisation = name->within;
    TRY(seed_name(past->engine, &job, name, err));
    *ret_id = job.command.principal_create.id;
    return job_must(past, &job, &entry, err);
}

static status token_make(struct past *past, struct who owner, const uint8_t *hash, struct id *ret_cred, struct err *err)
{
    struct job job = job_of(past, &past->admin, COMMAND_TOKEN_CREATE, STR("demo token"));
    const struct entry *entry;

    job.command.token_create.owner = owner;
    job.command.token_create.scopes = role_permissions(ROLE_MEMBER, false);
    job.command.token_create.expires_ms = past->now_ms + 365 * DAY_MS;
    memcpy(job.command.token_create.hash, hash, HASH_BYTES);
    TRY(job_must(past, &job, &entry, err));
    *ret_cred = entry->on[ON_CREDENTIAL].id;
    return OK;
}

struct crew {
    struct id organisation;
    const char *title; /* names are title-1, title-2 … */
    int count;
    const char *features[2];
};

static status person_make(struct past *past, const struct crew *crew, int number, const struct hash *token,
                          struct err *err)
{
    struct person *person = &past->people[past->person_count++];
    struct name_new name = { .kind = NAME_USER, .within = crew->organisation };
    struct who who = { .kind = ID_USER };
    char text[NAME_MAX_BYTES];
    uint8_t random[HASH_BYTES];

    (void)snprintf(text, sizeof(text), "%s-%d", crew->title, number);
    name.text = str_of(text);
    TRY(principal_make(past, COMMAND_USER_CREATE, &name, &who.id, err));
    entropy_fill(seed_entropy(past->engine), random, sizeof(random));
    person->actor = (struct actor){ .who = who, .via = VIA_API_TOKEN, .level = LEVEL_A1 };
    memcpy(person->features, crew->features, sizeof(person->features));
    return token_make(past, who, token ? token->bytes : random, &person->actor.cred, err);
}

static status crew_make(struct past *past, const struct crew *crew, const struct hash *first_token, struct err *err)
{
    for (int i = 1; i <= crew->count; i++)
        TRY(person_make(past, crew, i, i == 1 ? first_token : NULL, err));
    return OK;
}

static status product_make(struct past *past, struct str name, const struct str *features, size_t count,
                           struct err *err)
{
    struct job job = job_of(past, &past->admin, COMMAND_PRODUCT_CREATE, STR("demo product"));
    const struct entry *entry;

    job.command.product_create.name = name;
    job.command.product_create.features = features;
    job.command.product_create.feature_count = count;
    return job_must(past, &job, &entry, err);
}

static status license_make(struct past *past, const struct license_create *license, struct err *err)
{
    struct job job = job_of(past, &past->admin, COMMAND_LICENSE_CREATE, STR("demo licence"));
    const struct entry *entry;

    job.command.license_create = *license;
    return job_must(past, &job, &entry, err);
}

static status catalogue_make(struct past *past, struct id studio, struct id lab, struct err *err)
{
    static const struct str cad[] = { STR_INIT("render"), STR_INIT("mesh"), STR_INIT("simulate") };
    static const struct str eda[] = { STR_INIT("route") };
    static const struct entitlement_terms studio_terms[] = {
        { STR_INIT("render"), 5, 0 },
        { STR_INIT("mesh"), 3, 0 },
        { STR_INIT("simulate"), 1, 0 },
    };
    static const struct entitlement_terms lab_terms[] = { { STR_INIT("route"), 3, 0 } };
    struct license_create first = { .product = STR("cad"),
                                    .holder = { studio, ID_ORGANISATION },
                                    .kind = LICENSE_SUBSCRIPTION,
                                    .ends_ms = past->now_ms + 60 * DAY_MS,
                                    .entitlements = studio_terms,
                                    .entitlement_count = 3 };
    struct license_create second = { .product = STR("eda"),
                                     .holder = { lab, ID_ORGANISATION },
                                     .kind = LICENSE_PERPETUAL,
                                     .entitlements = lab_terms,
                                     .entitlement_count = 1 };

    TRY(product_make(past, STR("cad"), cad, 3, err));
    TRY(product_make(past, STR("eda"), eda, 1, err));
    TRY(license_make(past, &first, err));
    return license_make(past, &second, err);
}

static status world_make(struct past *past, const struct hash *member_token, struct err *err)
{
    struct name_new studio = { .kind = NAME_ORGANISATION, .text = STR("Example Studio") };
    struct name_new lab = { .kind = NAME_ORGANISATION, .text = STR("Example Lab") };
    struct crew designers = { .title = "designer", .count = 8, .features = { "cad/render", "cad/mesh" } };
    struct crew engineers = { .title = "engineer", .count = 4, .features = { "eda/route", "eda/route" } };

    TRY(principal_make(past, COMMAND_ORGANISATION_CREATE, &studio, &studio.id, err));
    TRY(principal_make(past, COMMAND_ORGANISATION_CREATE, &lab, &lab.id, err));
    TRY(catalogue_make(past, studio.id, lab.id, err));
    designers.organisation = studio.id;
    engineers.organisation = lab.id;
    TRY(crew_make(past, &designers, member_token, err));
    return crew_make(past, &engineers, NULL, err);
}

/* ---- How the days went ---- */

static bool chance(struct past *past, uint64_t one_in)
{
    return entropy_below(seed_entropy(past->engine), one_in) == 0;
}

static status session_begin(struct past *past, struct person *person, struct err *err)
{
    struct job job = job_of(past, &person->actor, COMMAND_LEASE_CREATE, STR("demo lease"));
    const struct entry *entry;

    job.command.lease_create.feature = str_of(person->features[chance(past, 3)]);
    if (chance(past, 12) && str_starts(job.command.lease_create.feature, STR("cad")))
        job.command.lease_create.feature = STR("cad/simulate");
    job.command.lease_create.quantity = 1;
    job.command.lease_create.ttl_s = TTL_S;
    TRY(job_run(past, &job, &entry, err));
    if (!entry || entry->code != AUDIT_LEASE_GRANTED)
        return OK; /* denied: the record of it is what a demo is for */
    person->lease = entry->on[ON_LEASE].id;
    person->steps = 0;
    person->until_ms = past->now_ms + 20 * 60000 + (int64_t)entropy_below(seed_entropy(past->engine), 4 * HOUR_MS);
    past->sessions++;
    return OK;
}

static status lease_job(struct past *past, struct person *person, enum command_kind kind, struct err *err)
{
    struct job job = job_of(past, &person->actor, kind, STR("demo lease"));
    const struct entry *entry;

    job.command.lease = person->lease;
    TRY(job_run(past, &job, &entry, err));
    if (kind == COMMAND_LEASE_RELEASE || job.reply.outcome.kind != OUTCOME_LEASE)
        person->lease = (struct id){ 0 };
    return OK;
}

/* Now and then a machine is switched off with its seat: the lease lapses. */
static status session_go_on(struct past *past, struct person *person, struct err *err)
{
    if (chance(past, 2000)) {
        person->lease = (struct id){ 0 };
        return OK;
    }
    if (past->now_ms >= person->until_ms)
        return lease_job(past, person, COMMAND_LEASE_RELEASE, err);
    if (++person->steps % BEAT_STEPS == 0)
        return lease_job(past, person, COMMAND_LEASE_HEARTBEAT, err);
    return OK;
}

/* One in how many looks somebody sits down to work: often in working hours, seldom at night and at weekends. */
static uint64_t eagerness(int64_t now_ms)
{
    int64_t hour = now_ms / HOUR_MS % 24;
    int64_t weekday = (now_ms / DAY_MS + 4) % 7; /* 0 is Sunday: 1970-01-01 was a Thursday */
    bool works = weekday >= 1 && weekday <= 5 && hour >= WORK_BEGINS && hour < WORK_ENDS;

    return works ? 10 : 600;
}

static status step(struct past *past, struct err *err)
{
    for (int i = 0; i < past->person_count; i++) {
        struct person *person = &past->people[i];

        if (!id_is_none(person->lease))
            TRY(session_go_on(past, person, err));
        else if (chance(past, eagerness(past->now_ms)))
            TRY(session_begin(past, person, err));
    }
    return OK;
}

static status days_pass(struct past *past, int64_t end_ms, struct err *err)
{
    while (past->now_ms + STEP_MS < end_ms) {
        past->now_ms += STEP_MS;
        TRY(seed_wait(past->engine, past->now_ms, err));
        TRY(step(past, err));
    }
    return OK;
}

static status seeded_record(struct past *past, struct err *err)
{
    struct job job = job_of(past, &past->admin, COMMAND_DEMO_SEEDED, STR("demo"));
    const struct entry *entry;

    TRY(job_must(past, &job, &entry, err));
    return seed_flush(past->engine, err);
}

/* The administrator that the ledger began with. */
static struct actor admin_of(const struct facts *facts)
{
    const struct credential *credential = credential_at(facts, 0);

    return (struct actor){ .who = { principal_at(facts, credential->owner)->id, ID_USER },
                           .via = VIA_API_TOKEN,
                           .cred = credential->id,
                           .level = LEVEL_A1 };
}

status demo_world_live(const char *dir, const struct hash *member_token, int64_t now_ms, struct err *err)
{
    AUTO(struct past, past_free) past = { .arena = { .max_bytes = 1 << 20 } };
    struct engine_config config = { .dir = dir };

    TRY(engine_open(&config, &past.engine, err));
    past.now_ms = seed_facts(past.engine)->time_ms;
    past.admin = admin_of(seed_facts(past.engine));
    TRY(seed_begin(past.engine, err));
    TRY(world_make(&past, member_token, err));
    TRY(days_pass(&past, now_ms, err));
    return seeded_record(&past, err);
}
