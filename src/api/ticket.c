/*
 * api/ticket: waiting for a seat: a poll that keeps its place, held until its turn comes; claim; giving up.
 */
#include <string.h>

#include "api/answer.h"
#include "api/handlers.h"
#include "api/requests.h"
#include "api/wait.h"

struct poll {
    struct wait wait;
    struct call *call;
    struct id ticket;
    bool last_try;
};

static void poll_submit(struct poll *poll, call_answer *answer)
{
    struct job *job = call_job(poll->call, COMMAND_TICKET_POLL);

    if (!job) {
        wait_leave(&poll->wait);
        return;
    }
    job->command.ticket = poll->ticket;
    call_submit(poll->call, answer);
}

/* Held while it waits for its turn; everything else is told at once. */
static void poll_answer(struct call *call)
{
    struct poll *poll = call->detail;
    const struct reply *reply = &call->jobs->reply;

    if (!poll->last_try && reply->verdict == VERDICT_DONE && reply->outcome.kind == OUTCOME_TICKET &&
        reply->outcome.place > 0) {
        wait_sleep(&poll->wait);
        return;
    }
    wait_leave(&poll->wait);
    answer_call(call);
}

static void poll_again(struct wait *wait)
{
    struct poll *poll = wait->owner;

    poll->last_try = true;
    poll_submit(poll, poll_answer);
}

void ticket_poll_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct poll *poll = arena_new(call_arena(call), 1, sizeof(*poll));
    int64_t wait_s = call_number(call, QUERY_WAIT_S, 0);
    struct id ticket;

    if (!poll) {
        call_no_memory(call);
        return;
    }
    if (!call_path_id(call, 0, ID_TICKET, &ticket))
        return;
    poll->call = call;
    poll->ticket = ticket;
    poll->last_try = wait_s == 0;
    call->detail = poll;
    if (wait_s > 0) {
        poll->wait = (struct wait){ .waiting_for = WAIT_TICKET,
                                    .ticket = ticket,
                                    .until_ms = loop_now_ms(exchange->loop) + wait_s * 1000,
                                    .wake = poll_again,
                                    .owner = poll };
        wait_watch(call_loop(call)->waits, &poll->wait);
    }
    poll_submit(poll, poll_answer);
}

struct claim_request {
    unsigned char nonce[16];
    bool has_nonce;
};

static const struct json_field claim_fields[] = {
    JSON_HEX(
        struct claim_request, nonce, JSON_SEEN(struct claim_request, has_nonce),
        .about =
            "16 bytes drawn for this lease, whose entry will hold them; a check-out's are forgotten while it waits"),
};
const struct json_table claim_table = JSON_TABLE("ClaimRequest", struct claim_request, claim_fields);

void ticket_claim_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct claim_request request = { 0 };
    struct id ticket;
    struct job *job;

    if (!call_path_id(call, 0, ID_TICKET, &ticket) || !call_body(call, &claim_table, &request))
        return;
    job = call_job(call, COMMAND_TICKET_CLAIM);
    if (!job)
        return;
    job->command.ticket = ticket;
    job->command.has_claim_nonce = request.has_nonce;
    memcpy(job->command.claim_nonce, request.nonce, sizeof(job->command.claim_nonce));
    call_command(call);
}

void ticket_cancel_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct id ticket;
    struct job *job;

    if (!call_path_id(call, 0, ID_TICKET, &ticket))
        return;
    job = call_job(call, COMMAND_TICKET_CANCEL);
    if (!job)
        return;
    job->command.ticket = ticket;
    call_command(call);
}
