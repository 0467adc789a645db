#include "api/call.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api/answer.h"
#include "api/handlers.h"
#include "base/log.h"
#include "base/memory.h"
#include "core/private.h"
#include "crypto/hash.h"
#include "http/server.h"

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

/* ---- Loops ---- */

void call_loop_begin(struct loop *loop)
{
    struct api_loop *mine = memory_new(1, sizeof(*mine));

    if (!mine) { /* a loop that can't begin would answer nothing, ever */
        log_write(LOG_ERROR, "api", "no memory for a loop");
        abort();
    }
    mine->api = server_user(loop);
    mine->loop = loop;
    mine->entropy = entropy_from_system();
    loop_set_user(loop, mine);
    api_loop_joined(mine->api, mine);
}

void call_loop_end(struct loop *loop)
{
    struct api_loop *mine = loop_user(loop);

    api_loop_left(mine->api, mine);
    memory_free(mine);
}

void call_turn(struct loop *loop)
{
    struct api_loop *mine = loop_user(loop);
    struct job *first = mine->gathered.first;

    if (!first)
        return;
    mine->gathered = (struct job_list){ 0 };
    engine_submit(api_engine(mine->api), first);
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

/* Names that unsubmitted jobs were given are free again. */
static void jobs_forget(struct call *call)
{
    for (size_t i = 0; i < call->job_count && !call->submitted; i++) {
        for (int k = 0; k < call->jobs[i].name_count; k++)
            names_settle(engine_names(call_engine(call)), &call->jobs[i].names[k], false);
    }
    call->job_count = 0;
    call->submitted = false;
}

struct job *call_jobs(struct call *call, size_t count)
{
    jobs_forget(call);
    call->jobs = arena_new(call_arena(call), count, sizeof(struct job));
    if (!call->jobs) {
        http_respond_refusal(call->exchange, REFUSE_NO_MEMORY);
        return NULL;
    }
    call->job_count = count;
    for (size_t i = 0; i < count; i++) {
        struct job *job = &call->jobs[i];

        job->command.actor = call->bearer.actor;
        job->command.request = call->request;
        job->command.route = api_route_name(call->exchange->route);
        job->command.dry_run = call->dry_run;
        job->arena = call_arena(call);
        job->owner = call;
        job->done = job_done;
    }
    return call->jobs;
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

static bool key_is_printable(struct str key)
{
    for (size_t i = 0; i < key.len; i++) {
        if (key.at[i] <= ' ' || key.at[i] > '~')
            return false;
    }
    return key.len >= IDEM_KEY_MIN_BYTES && key.len <= IDEM_KEY_MAX_BYTES;
}

bool call_set_idempotency(struct call *call, struct job *job, struct str suffix, struct str body)
{
    struct err err = { 0 };
    struct str key = STR_NONE;
    struct id author = call->bearer.actor.who.id;
    struct hash hash;

    if (exchange_header_once(call->exchange, STR("Idempotency-Key"), &key, &err).code ||
        (key.at && !key_is_printable(key))) {
        (void)err_member(&err, CODE_INVALID, "Idempotency-Key",
                         "Idempotency-Key must be one value of %d to %d printable characters", IDEM_KEY_MIN_BYTES,
                         IDEM_KEY_MAX_BYTES);
        call_reject(call, &err);
        return false;
    }
    if (!key.at || call->dry_run)
        return true;
    hash = hash_of_parts(
        (struct str[]){ { (const char *)&author, sizeof(author) }, job->command.route, STR("\n"), key, suffix }, 5);
    memcpy(job->command.idem_key, hash.bytes, sizeof(job->command.idem_key));
    hash = hash_mac(key, body);
    memcpy(job->command.idem_body, hash.bytes, sizeof(job->command.idem_body));
    job->command.has_idem = true;
    return true;
}

/* ---- Refusing ---- */

bool call_refused(struct call *call, const struct job *job)
{
    switch (job->reply.verdict) {
    case VERDICT_DONE:
        return false;
    case VERDICT_OVERLOADED:
        answer_problem(call, PROBLEM_OVERLOADED, STR_NONE);
        return true;
    case VERDICT_READ_ONLY:
        answer_problem(call, PROBLEM_READ_ONLY, STR_NONE);
        return true;
    case VERDICT_STOPPING:
        answer_problem(call, PROBLEM_STOPPING, STR_NONE);
        return true;
    default: /* it may have happened: an answer would be a guess (DESIGN section 2) */
        http_hang_up(call->exchange);
        return true;
    }
}

/* The text of a 400, kept while its entry is written. */
static void rejection_answer(struct call *call)
{
    const struct err *err = call->detail;
    struct http_problem doc = { .status = 400,
                                .code = "BAD_REQUEST",
                                .title = STR("Bad request"),
                                .detail = str_of(err->text),
                                .member = str_of(err->member) };
    struct json_out out;

    if (call_refused(call, call->jobs))
        return;
    out = http_problem_begin(call->exchange, &doc);
    json_out_u64(&out, "index", call->jobs->reply.index);
    http_problem_send(call->exchange, &out, &doc);
}

void call_reject(struct call *call, const struct err *err)
{
    struct err *kept = arena_new(call_arena(call), 1, sizeof(*kept));
    struct job *job = kept ? call_jobs(call, 1) : NULL;

    if (!job) {
        if (!kept)
            http_respond_refusal(call->exchange, REFUSE_NO_MEMORY);
        return;
    }
    *kept = *err;
    call->detail = kept;
    job->command.kind = COMMAND_REJECTED;
    job->command.rejected.problem = PROBLEM_BAD_REQUEST;
    job->command.rejected.member = api_member_name(call->exchange->route, str_of(kept->member));
    call_submit(call, rejection_answer);
}

bool call_path_id(struct call *call, size_t parameter, enum id_kind kind, struct id *ret_id)
{
    struct job *job;

    if (!typeid_read(call->exchange->parameters[parameter], kind, ret_id).code)
        return true;
    job = call_jobs(call, 1);
    if (job) {
        job->command.kind = COMMAND_REJECTED;
        job->command.rejected.problem = PROBLEM_NOT_FOUND;
        call_submit(call, answer_call);
    }
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
