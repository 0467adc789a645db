#include "engine/seed.h"

#include <assert.h>
#include <string.h>

#include "codec/json_out.h"
#include "core/private.h"
#include "engine/state.h"

#define STEP_MS 60000

status seed_flush(struct engine *engine, struct err *err)
{
    struct job *job;

    while ((job = job_list_take(&engine->batch.jobs))) {
        for (int i = 0; i < job->name_count; i++)
            names_settle(engine->names, &job->names[i], true);
    }
    if (engine->batch.count) {
        batch_close(&engine->batch, &engine->edge, &engine->facts);
        TRY(vault_sync(engine->vault, err));
        TRY(store_append(engine->store, &engine->batch.store, err));
    }
    batch_clear(&engine->batch, engine->facts.size);
    return OK;
}

status seed_begin(struct engine *engine, struct err *err)
{
    struct command command = system_command(engine, AUDIT_WRITER_STARTED);

    assert(!engine->started);
    engine->clock.now_ms = engine->facts.time_ms;
    batch_clear(&engine->batch, engine->facts.size);
    command.system.numbers[0] = (int64_t)engine->facts.epoch + 1;
    return writer_append_system(engine, &command, err);
}

status seed_wait(struct engine *engine, int64_t now_ms, struct err *err)
{
    assert(!engine->started);
    while (engine->clock.now_ms < now_ms) {
        int64_t step_ms = now_ms - engine->clock.now_ms;

        engine->clock.now_ms += step_ms < STEP_MS ? step_ms : STEP_MS;
        TRY(writer_due(engine, err));
        if (!batch_has_room(&engine->batch))
            TRY(seed_flush(engine, err));
    }
    return OK;
}

/* A batch whose entries may be many: jobs are settled as soon as they are decided, so none outlives its call. */
status seed_job(struct engine *engine, struct job *job, const struct entry **ret_entry, struct err *err)
{
    assert(!engine->started);
    if (!batch_has_room(&engine->batch))
        TRY(seed_flush(engine, err));
    TRY(writer_decide(engine, job, err));
    *ret_entry = job->reply.index != UINT64_MAX && engine->draft.count ? &engine->draft.entries[0] : NULL;
    if (engine->flood_waits.jobs)
        TRY(writer_roll_up(engine, true, err));
    if (job->command.has_private || job->name_count)
        return seed_flush(engine, err); /* their texts are the caller's, and need not live on */
    while (job_list_take(&engine->batch.jobs))
        continue;
    return OK;
}

const struct facts *seed_facts(const struct engine *engine)
{
    return &engine->facts;
}

struct entropy *seed_entropy(struct engine *engine)
{
    return &engine->entropy;
}

status seed_name(struct engine *engine, struct job *job, const struct name_new *name, struct err *err)
{
    AUTO(struct buf, buf_free) text = { .max = 1024 };
    struct json_out out = { .buf = &text };
    struct name_new *kept = &job->names[job->name_count];
    struct hash commitment;

    *kept = *name;
    kept->id = id_new(&engine->entropy, engine->clock.now_ms);
    if (names_reserve(engine->names, kept).code)
        return err_set(err, CODE_CONFLICT, "the name %.*s is taken", STR_ARG(name->text));
    job->name_count++;
    json_out_object(&out, NULL);
    json_out_text(&out, "name", name->text);
    json_out_end(&out);
    TRY(text.status);
    TRY(arena_copy(job->arena, buf_str(&text), &job->private_text));
    entropy_fill(&engine->entropy, job->salt, sizeof(job->salt));
    commitment = private_commitment(job->salt, job->private_text);
    memcpy(job->command.private_hash, commitment.bytes, sizeof(job->command.private_hash));
    job->command.has_private = true;
    job->command.principal_create.id = kept->id;
    return OK;
}
