#include "api/seen.h"

#include "core/visible.h"
#include "http/respond.h"

#define PEOPLE_MAX 8 /* of one entry: its author, the principals in `on`, holder, owner */

struct subject {
    struct id people[PEOPLE_MAX];
    size_t people_count;
    struct id pool;
    struct id license;
    struct id credential;
    bool visible;
};

struct seen {
    struct id viewer;
    struct subject *subjects;
    size_t count;
};

static struct seen *seen_of(const struct call *call)
{
    return call->jobs->command.view.context;
}

/* ---- On the engine's thread ---- */

static bool is_of(const struct facts *facts, uint32_t organisation, uint32_t principal)
{
    return principal != NONE && principal_organisation(facts, principal) == organisation;
}

static bool objects_are_of(const struct facts *facts, uint32_t organisation, const struct subject *subject)
{
    uint32_t pool = pool_find(facts, subject->pool);
    uint32_t license = license_find(facts, subject->license);
    uint32_t credential = credential_find(facts, subject->credential);

    return (pool != NONE && is_of(facts, organisation, pool_at(facts, pool)->holder)) ||
           (license != NONE && is_of(facts, organisation, license_at(facts, license)->holder)) ||
           (credential != NONE && is_of(facts, organisation, credential_at(facts, credential)->owner));
}

static bool is_visible(const struct facts *facts, uint32_t organisation, const struct subject *subject)
{
    for (size_t i = 0; i < subject->people_count; i++) {
        if (is_of(facts, organisation, principal_find(facts, subject->people[i])))
            return true;
    }
    return objects_are_of(facts, organisation, subject);
}

static void view_run(void *context, const struct facts *facts, int64_t now_ms)
{
    struct seen *seen = context;
    uint32_t viewer = principal_find(facts, seen->viewer);
    uint32_t organisation = principal_organisation(facts, viewer);

    (void)now_ms;
    for (size_t i = 0; i < seen->count; i++)
        seen->subjects[i].visible = is_visible(facts, organisation, &seen->subjects[i]);
}

/* ---- On the loop ---- */

bool seen_begin(struct call *call, size_t count)
{
    struct seen *seen = arena_new(call_arena(call), 1, sizeof(*seen));
    struct job *job;

    if (seen)
        seen->subjects = arena_new(call_arena(call), count, sizeof(*seen->subjects));
    if (!seen || !seen->subjects) {
        call_no_memory(call);
        return false;
    }
    job = call_job(call, COMMAND_VIEW);
    if (!job)
        return false;
    seen->viewer = call->bearer.actor.who.id;
    seen->count = count;
    job->command.view.call = view_run;
    job->command.view.context = seen;
    return true;
}

static void person_add(struct subject *subject, struct id id)
{
    if (!id_is_none(id) && subject->people_count < PEOPLE_MAX)
        subject->people[subject->people_count++] = id;
}

void seen_add(struct call *call, size_t at, struct str leaf)
{
    static const enum on_field people[] = { ON_ORGANISATION, ON_TEAM, ON_USER, ON_SERVICE };
    struct subject *subject = &seen_of(call)->subjects[at];
    struct entry entry;

    if (entry_decode(leaf, &entry, NULL).code)
        return;
    person_add(subject, entry.actor.who.id);
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
        if (entry_has_on(&entry, people[i]))
            person_add(subject, entry.on[people[i]].id);
    }
    if (entry_has(&entry, DATA_HOLDER))
        person_add(subject, entry.data[DATA_HOLDER].principal.id);
    if (entry_has(&entry, DATA_OWNER))
        person_add(subject, entry.data[DATA_OWNER].principal.id);
    if (entry_has_on(&entry, ON_POOL))
        subject->pool = entry.on[ON_POOL].id;
    if (entry_has_on(&entry, ON_LICENSE))
        subject->license = entry.on[ON_LICENSE].id;
    if (entry_has_on(&entry, ON_CREDENTIAL))
        subject->credential = entry.on[ON_CREDENTIAL].id;
}

bool seen_is_visible(const struct call *call, size_t at)
{
    return seen_of(call)->subjects[at].visible;
}
