/*
 * api/batch: up to 1,000 independent commands in one request, one a line, decided in their order and answered in it. A
 * bad line is its own 400 and stops nothing.
 */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/idempotency.h"
#include "api/ops.h"
#include "api/problems.h"
#include "api/would.h"
#include "http/respond.h"

/* What is wrong with a line; NULL: nothing. */
struct line {
    const struct err *wrong;
};

struct batch {
    struct line *lines;
};

/* ---- Answering ---- */

static void problem_line(enum problem problem, struct json_out *out)
{
    const struct problem_row *row = problem_row(problem);

    json_out_u64(out, "status", row->status);
    json_out_text(out, "title", str_of(row->title));
    json_out_text(out, "detail", str_of(row->detail));
    json_out_text(out, "code", problem_words[problem]);
}

static enum problem verdict_problem(enum verdict verdict)
{
    if (verdict == VERDICT_OVERLOADED)
        return PROBLEM_OVERLOADED;
    return verdict == VERDICT_READ_ONLY ? PROBLEM_READ_ONLY : PROBLEM_STOPPING;
}

static void wrong_line(const struct job *job, const struct err *err, struct json_out *out)
{
    json_out_u64(out, "status", problem_row(PROBLEM_BAD_REQUEST)->status);
    json_out_text(out, "title", str_of(problem_row(PROBLEM_BAD_REQUEST)->title));
    json_out_text(out, "detail", str_of(err->text));
    json_out_text(out, "code", problem_words[PROBLEM_BAD_REQUEST]);
    if (err->member[0])
        json_out_text(out, "member", str_of(err->member));
    json_out_u64(out, "index", job->reply.index);
}

static void would_line(struct call *call, const struct job *job, struct json_out *out)
{
    json_out_u64(out, "status", 200);
    would_write(call, job, out);
}

static void answer_line(struct call *call, const struct job *job, const struct err *wrong, struct json_out *out)
{
    struct answer answer;

    if (job->reply.verdict != VERDICT_DONE) {
        problem_line(verdict_problem(job->reply.verdict), out);
    } else if (wrong && job->reply.outcome.problem == PROBLEM_BAD_REQUEST) {
        wrong_line(job, wrong, out);
    } else if (!draft_is_written(&job->command, &job->reply.outcome) && job->reply.outcome.kind != OUTCOME_PROBLEM) {
        would_line(call, job, out);
    } else {
        answer_read(job, &answer);
        json_out_u64(out, "status", answer.status);
        answer_write(call, job, &answer, out);
    }
}

static void batch_answer(struct call *call)
{
    const struct batch *batch = call->detail;
    struct buf *text = &call->exchange->answer;

    for (size_t i = 0; i < call->job_count; i++) {
        if (call->jobs[i].reply.verdict == VERDICT_UNKNOWN) {
            http_hang_up(call->exchange); /* what became of one can't be told, so nothing is */
            return;
        }
    }
    for (size_t i = 0; i < call->job_count; i++) {
        struct json_out out = { .buf = text };

        json_out_object(&out, NULL);
        answer_line(call, &call->jobs[i], batch->lines[i].wrong, &out);
        json_out_end(&out);
        buf_add_byte(text, '\n');
    }
    http_respond_answer(call->exchange, 200, MEDIA_NDJSON);
}

/* ---- Reading ---- */

static size_t lines_count(struct str text)
{
    size_t count = 0;

    while (text.len) {
        (void)str_take_line(&text);
        count++;
    }
    return count;
}

struct suffix {
    char text[8];
};

static struct str line_suffix(size_t number, struct suffix *space)
{
    struct buf suffix = BUF_OVER(space->text);

    buf_add_byte(&suffix, '#');
    buf_add_u64(&suffix, number);
    return buf_str(&suffix);
}

static bool wants_key(enum command_kind kind)
{
    return kind != COMMAND_LEASE_HEARTBEAT && kind != COMMAND_REJECTED;
}

/* A wrong line is kept with its text, to be answered in its place; only a lack of memory ends the whole. */
static status line_fill(struct call *call, size_t at, struct str line, struct str key)
{
    struct batch *batch = call->detail;
    struct job *job = &call->jobs[at];
    struct err err = { 0 };
    struct err *kept;
    struct suffix suffix;
    status s = op_fill(call, job, line, &err);

    if (s.code == CODE_NO_MEMORY)
        return s;
    if (s.code) {
        kept = arena_new(call_arena(call), 1, sizeof(*kept));
        if (!kept)
            return (status){ CODE_NO_MEMORY };
        *kept = err;
        batch->lines[at].wrong = kept;
        job_reject(call, job, PROBLEM_BAD_REQUEST, op_member(str_of(err.member)));
    }
    if (wants_key(job->command.kind))
        idempotency_set(job, key, line_suffix(at + 1, &suffix), line);
    return OK;
}

static bool batch_begin(struct call *call, size_t count)
{
    struct batch *batch = arena_new(call_arena(call), 1, sizeof(*batch));

    if (batch)
        batch->lines = arena_new(call_arena(call), count, sizeof(*batch->lines));
    call->detail = batch;
    if (batch && batch->lines)
        return call_jobs(call, count) != NULL;
    call_no_memory(call);
    return false;
}

static bool count_check(struct call *call, size_t count)
{
    struct err err = { 0 };

    if (count >= 1 && count <= BATCH_LINES_MAX)
        return true;
    (void)err_set(&err, CODE_INVALID, "a batch has 1 to %d lines, each a JSON object, not %zu", BATCH_LINES_MAX, count);
    call_reject(call, &err);
    return false;
}

void batch_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    size_t count = lines_count(exchange->body);
    struct str rest = exchange->body;
    struct str key = STR_NONE;

    if (!count_check(call, count) || !idempotency_key(call, &key) || !batch_begin(call, count))
        return;
    for (size_t i = 0; i < count; i++) {
        if (line_fill(call, i, str_take_line(&rest), key).code) {
            call_no_memory(call);
            return;
        }
    }
    call_submit(call, batch_answer);
}
