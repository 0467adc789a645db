#include "api/holders.h"

#include "api/list.h"

#define LOOKED_AT_MAX 1024 /* leases of other organisations are passed over; the engine is held for no longer */

#define HOLDER(member_) offsetof(struct holder_row, member_)

/* clang-format off */
static const struct shape_member holder_members[] = {
    { .name = "lease", .kind = SHAPE_ID, .id = ID_LEASE, .at = HOLDER(lease) },
    { .name = "principal", .kind = SHAPE_WHO, .at = HOLDER(principal), .about = "who took it" },
    { .name = "principal_name", .kind = SHAPE_TEXT, .at = HOLDER(principal_name), .maybe = true },
    { .name = "quantity", .kind = SHAPE_COUNT, .at = HOLDER(quantity) },
    { .name = "granted_at", .kind = SHAPE_TIME, .at = HOLDER(granted_ms), .maybe = true },
    { .name = "expires_at", .kind = SHAPE_TIME, .at = HOLDER(expires_ms), .maybe = true,
      .about = "unless it is kept alive" },
};
/* clang-format on */
const struct shape holder_shape = SHAPE("Holder", holder_members);

/* ---- On the engine's thread ---- */

static bool is_told(const struct holders *holders, const struct facts *facts, uint32_t viewer,
                    const struct lease *lease)
{
    return lease->principal == viewer ||
           (holders->all &&
            sees_organisation(facts, principal_at(facts, viewer), principal_organisation(facts, lease->principal)));
}

static void holders_view(void *context, const struct facts *facts, int64_t now_ms)
{
    struct holders *holders = context;
    struct holder_row *rows = holders->rows.at;
    uint32_t viewer = principal_find(facts, holders->viewer);
    uint32_t pool = pool_find(facts, holders->pool);
    uint32_t place = pool == NONE ? NONE : pool_at(facts, pool)->lease_oldest;

    (void)now_ms;
    for (int i = 0; i < LOOKED_AT_MAX && place != NONE && holders->rows.count < HOLDERS_MAX; i++) {
        const struct lease *lease = lease_at(facts, place);
        const struct principal *principal = principal_at(facts, lease->principal);

        if (is_told(holders, facts, viewer, lease))
            rows[holders->rows.count++] = (struct holder_row){
                .lease = lease->id,
                .principal = { .id = principal->id, .kind = (enum id_kind)principal->kind },
                .quantity = lease->quantity,
                .granted_ms = lease->granted_ms,
                .expires_ms = lease_pulse_at(facts, place)->last_seen_ms + (int64_t)lease->ttl_s * 1000,
            };
        place = lease->newer;
    }
}

/* ---- On the loop ---- */

/* Whether the jobs did what they should: the look, and before it, where there is one, the record of it. */
static bool is_done(const struct call *call)
{
    for (size_t i = 0; i < call->job_count; i++) {
        if (call->jobs[i].reply.verdict != VERDICT_DONE)
            return false;
    }
    return call->job_count == 1 || call->jobs[0].reply.outcome.kind == OUTCOME_ENTRY;
}

static void holders_viewed(struct call *call)
{
    struct holders *holders = call->detail;
    struct holder_row *rows = holders->rows.at;

    if (!is_done(call))
        holders->rows.count = 0;
    for (size_t i = 0; i < holders->rows.count; i++)
        rows[i].principal_name = list_name(call, rows[i].principal.id);
    holders->answer(call);
}

static struct holders *holders_new(struct call *call, const struct job *job, struct id pool)
{
    struct holders *holders = arena_new(call_arena(call), 1, sizeof(*holders));

    if (holders)
        holders->rows.at = arena_new(call_arena(call), HOLDERS_MAX, sizeof(struct holder_row));
    if (!holders || !holders->rows.at) {
        call_no_memory(call);
        return NULL;
    }
    holders->job = job;
    holders->pool = pool;
    holders->viewer = call->bearer.actor.who.id;
    holders->all = permissions_hold(call->bearer.permissions, PERM_LEASE_READ);
    call->detail = holders;
    return holders;
}

void holders_ask(struct call *call, const struct job *job, struct id pool, call_answer *answer)
{
    struct holders *holders = holders_new(call, job, pool);
    struct job *jobs = holders ? call_jobs(call, holders->all ? 2 : 1) : NULL;
    struct job *look;

    if (!jobs)
        return;
    look = &jobs[call->job_count - 1];
    if (holders->all) {
        jobs[0].command.kind = COMMAND_DATA_READ;
        jobs[0].command.dry_run = false;
        jobs[0].command.read =
            (struct read_record){ .scope = STR("leases"), .from = -1, .to = -1, .limit = HOLDERS_MAX };
    }
    look->command.kind = COMMAND_VIEW;
    look->command.view.call = holders_view;
    look->command.view.context = holders;
    holders->answer = answer;
    call_submit(call, holders_viewed);
}
