#include "api/call.h"

#include <assert.h>
#include <string.h>

#include "api/answer.h"
#include "api/idempotency.h"
#include "core/private.h"

struct call *call_of(const struct exchange *exchange)
{
    return exchange->user;
}

struct api_loop *call_loop(const struct call *call)
{
    return loop_user(call->exchange->loop);
}

struct api *call_api(const struct call *call)
{
    return call_loop(call)->api;
}

struct engine *call_engine(const struct call *call)
{
    return api_engine(call_api(call));
}

struct arena *call_arena(const struct call *call)
{
    return &call->exchange->arena;
}

bool call_asked(const struct call *call, enum query query)
{
    return call->query && (call->query->has >> query & 1);
}

int64_t call_number(const struct call *call, enum query query, int64_t otherwise)
{
    return call_asked(call, query) ? call->query->numbers[query] : otherwise;
}

struct str call_text(const struct call *call, enum query query)
{
    return call_asked(call, query) ? call->query->texts[query] : STR_NONE;
}

/* ---- Jobs ---- */

static void task_answer(struct loop_task *task)
{
    struct call *call = (struct call *)(void *)((char *)task - offsetof(struct call, task));

    call->answer(call);
}

/* On the engine's, publisher's or submitting thread: the last job of a call sends it home. */
static void job_done(struct job *job)
{
    struct call *call = job->owner;

    if (atomic_fetch_sub(&call->pending, 1) == 1)
        loop_post(call->exchange->loop, &call->task);
}

void call_forget_names(struct call *call, struct job *job)
{
    for (int i = 0; i < job->name_count; i++)
        names_settle(engine_names(call_engine(call)), &job->names[i], false);
    job->name_count = 0;
}

void call_forget(struct call *call)
{
    for (size_t i = 0; i < call->job_count && !call->submitted; i++)
        call_forget_names(call, &call->jobs[i]);
    call->job_count = 0;
    call->submitted = false;
}

struct job *call_jobs(struct call *call, size_t count)
{
    call_forget(call);
    call->jobs = arena_new(call_arena(call), count, sizeof(struct job));
    if (!call->jobs) {
        call_no_memory(call);
        return NULL;
    }
    call->job_count = count;
    for (size_t i = 0; i < count; i++) {
        struct job *job = &call->jobs[i];

        job->command.actor = call->bearer.actor;
        job->command.request = call->request;
        job->command.route = str_of(about_of(call->exchange->route)->name);
        job->command.dry_run = call->dry_run;
        job->arena = call_arena(call);
        job->owner = call;
        job->done = job_done;
    }
    return call->jobs;
}

struct job *call_job(struct call *call, enum command_kind kind)
{
    struct job *job = call_jobs(call, 1);

    if (job)
        job->command.kind = kind;
    return job;
}

void call_submit(struct call *call, call_answer *answer)
{
    struct api_loop *loop = call_loop(call);

    assert(call->job_count > 0);
    call->answer = answer;
    call->submitted = true;
    call->task = (struct loop_task){ .run = task_answer };
    atomic_store(&call->pending, call->job_count);
    for (size_t i = 0; i < call->job_count; i++)
        job_list_add(&loop->gathered, &call->jobs[i]);
}

void call_command(struct call *call)
{
    call_command_then(call, answer_call);
}

void call_command_unless(struct call *call, status failure, const struct err *err)
{
    if (failure.code)
        call_fail(call, failure, err);
    else
        call_command(call);
}

void call_command_then(struct call *call, call_answer *answer)
{
    struct str key = STR_NONE;

    assert(call->job_count == 1);
    if (!idempotency_key(call, &key))
        return;
    idempotency_set(call->jobs, key, STR_NONE, call->exchange->body);
    call->jobs->wants_receipt = !call->dry_run && call_prefers(call, STR("receipt"));
    call_submit(call, answer);
}

/* ---- Requests ---- */

bool call_body(struct call *call, const struct json_table *table, void *ret_request)
{
    struct str body = call->exchange->body.len ? call->exchange->body : STR("{}");
    struct err err = { 0 };
    status s = json_read(body, table, call_arena(call), ret_request, &err);

    if (s.code)
        call_fail(call, s, &err);
    return !s.code;
}

bool call_path_id(struct call *call, size_t parameter, enum id_kind kind, struct id *ret_id)
{
    if (!typeid_read(call->exchange->parameters[parameter], kind, ret_id).code)
        return true;
    call_reject_as(call, PROBLEM_NOT_FOUND, STR_NONE);
    return false;
}

bool call_prefers(const struct call *call, struct str preference)
{
    struct str rest = exchange_header(call->exchange, STR("Prefer"));

    while (rest.len) {
        if (str_eq_nocase(str_trim(str_take(&rest, ',')), preference))
            return true;
    }
    return false;
}

/* The network a failure is counted by: 24 bits of IPv4, 48 of IPv6. The peer's text is in canonical form. */
static struct str network_of(struct str address)
{
    bool is_v6 = str_find(address, ':') < address.len;
    size_t end = 0;

    for (int groups = 0; groups < 3 && end < address.len; groups++) {
        end += str_find(str_from(address, end), is_v6 ? ':' : '.');
        end += end < address.len;
    }
    return str_cut(address, 0, end);
}

void call_set_source(struct call *call, struct job *job)
{
    struct str address = { call->exchange->peer.text, call->exchange->peer.text_len };
    struct engine *engine = call_engine(call);
    struct name_new name = { .kind = NAME_ALIAS_NETWORK, .text = network_of(address) };
    bool is_new = false;

    if (names_alias(engine_names(engine), &name, &call_loop(call)->entropy, engine_now_ms(engine), &is_new).code)
        return; /* the register is full: the entry goes without a source */
    job->command.src = name.id;
    if (is_new)
        job->names[job->name_count++] = name;
}

void call_set_private(struct call *call, struct job *job, struct str text)
{
    struct hash commitment;

    entropy_fill(&call_loop(call)->entropy, job->salt, sizeof(job->salt));
    commitment = private_commitment(job->salt, text);
    memcpy(job->command.private_hash, commitment.bytes, sizeof(job->command.private_hash));
    job->command.has_private = true;
    job->private_text = text;
}
