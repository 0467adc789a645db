#include "sdk/lease.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "codec/hex.h"
#include "codec/json_doc.h"
#include "codec/json_out.h"
#include "codec/timetext.h"

#define NONCE_BYTES       16
#define REQUEST_MAX_BYTES ((size_t)32 * 1024)
#define POLL_S            30 /* the longest that the server holds a poll open */
#define PATH_MAX_BYTES    128

/* One check-out under way. */
struct taking {
    struct trust *trust;
    const struct lease_wish *wish;
    char nonce[2 * NONCE_BYTES + 1];
    struct str ticket; /* its seat was waited for; the leaf names it */
    struct client_answer answer;
    struct json_doc doc;
    int64_t sent_ms;
};

static void taking_free(struct taking *taking)
{
    json_doc_free(&taking->doc);
    client_answer_free(&taking->answer);
}

int64_t lease_end_ms(const struct lease *lease)
{
    int64_t silent_ms = lease->answered_ms + (lease->ttl_s + lease->grace_s) * 1000;
    int64_t unproven_ms = lease->proven_ms + lease->grace_s * 1000;

    return silent_ms < unproven_ms ? silent_ms : unproven_ms;
}

/* ---- Refusals ---- */

/* What a check-out's refusal means to who wants to work: later, or never like this. */
static status refusal_status(const struct taking *taking, struct err *err)
{
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    const struct client_answer *answer = &taking->answer;
    status s = client_refusal(taking->trust->client, answer, err);
    struct str code;

    if (s.code != CODE_CONFLICT || json_doc_read(buf_str(&answer->body), &doc, NULL).code)
        return s;
    code = json_doc_text(&doc, "code");
    if (str_eq(code, STR("NO_SEATS")))
        return (status){ CODE_BUSY };
    if (str_eq(code, STR("NOT_LICENSED")) || str_eq(code, STR("EXCLUDED")))
        return (status){ CODE_DENIED };
    if (str_eq(code, STR("TICKET_ENDED")))
        return err_set(err, CODE_BUSY, "no seat came free in time");
    return s;
}

/* ---- Proof ---- */

static bool text_is(struct json_node node, const char *name, struct str want)
{
    return want.len && str_eq(json_node_text(json_node_member(node, name)), want);
}

/* The leaf, once the ledger was shown to hold it. */
static status leaf_prove(struct trust *trust, const struct json_doc *answer, const char *type,
                         struct json_doc *ret_leaf, struct err *err)
{
    struct str entry = json_doc_text(answer, "entry");
    uint64_t index = 0;

    if (!entry.len)
        return err_set(err, CODE_CORRUPT, "the server sent no receipt of %s", type);
    if (!json_doc_text(answer, "receipt").len)
        return err_set(err, CODE_UNAVAILABLE, "the server can't prove %s at the moment: its signing fails", type);
    TRY(trust_prove(trust, json_doc_text(answer, "receipt"), entry, &index, err));
    TRY(json_doc_read(entry, ret_leaf, err));
    if (!text_is(json_doc_root(ret_leaf), "type", str_of(type)) ||
        !text_is(json_node_member(json_doc_root(ret_leaf), "on"), "lease", json_doc_text(answer, "id")) ||
        index != (uint64_t)json_doc_number(answer, "index", -1))
        return err_set(err, CODE_CORRUPT, "the receipt proves another entry than this lease's %s", type);
    return OK;
}

static status times_read(const struct json_doc *doc, const char *first, const char *second, int64_t *ret_between_ms)
{
    int64_t first_ms = 0, second_ms = 0;

    TRY(timetext_read(json_doc_text(doc, first), &first_ms));
    TRY(timetext_read(json_doc_text(doc, second), &second_ms));
    *ret_between_ms = second_ms - first_ms;
    return OK;
}

static status grant_check(const struct taking *taking, struct lease *lease, struct err *err)
{
    AUTO(struct json_doc, json_doc_free) leaf = { 0 };
    struct json_node on, data;

    TRY(leaf_prove(taking->trust, &taking->doc, "lease.granted", &leaf, err));
    on = json_node_member(json_doc_root(&leaf), "on");
    data = json_node_member(json_doc_root(&leaf), "data");
    if (!text_is(data, "nonce", str_of(taking->nonce)) ||
        (taking->ticket.len && !text_is(on, "ticket", taking->ticket)))
        return err_set(err, CODE_CORRUPT, "the receipt proves a lease that was not asked for here");
    lease->quantity = json_node_number(json_node_member(data, "quantity"), -1);
    lease->grace_s = json_node_number(json_node_member(data, "grace_s"), 0);
    lease->ttl_s = json_node_number(json_node_member(data, "ttl_s"), -1);
    if (lease->quantity != taking->wish->quantity || lease->ttl_s < 1 ||
        !text_is(data, "proven_until", json_doc_text(&taking->doc, "proven_until")))
        return err_set(err, CODE_CORRUPT, "the receipt proves another lease than the answer tells");
    return OK;
}

static status lease_read(const struct taking *taking, struct lease *ret_lease, struct err *err)
{
    struct lease lease = { .index = (uint64_t)json_doc_number(&taking->doc, "index", 0),
                           .answered_ms = taking->sent_ms };
    int64_t proven_ms = 0;

    if (!str_to_c(json_doc_text(&taking->doc, "id"), lease.id, sizeof(lease.id)) ||
        !str_to_c(json_doc_text(&taking->doc, "proven_until"), lease.proven_until, sizeof(lease.proven_until)) ||
        times_read(&taking->doc, "granted_at", "proven_until", &proven_ms).code)
        return err_set(err, CODE_CORRUPT, "the server's answer is no lease");
    lease.proven_ms = taking->sent_ms + proven_ms;
    *ret_lease = lease;
    TRY(grant_check(taking, ret_lease, err));
    return OK;
}

/* ---- Taking ---- */

static void wish_write(const struct taking *taking, struct buf *body)
{
    const struct lease_wish *wish = taking->wish;
    struct json_out out = { .buf = body };

    json_out_object(&out, NULL);
    json_out_text(&out, "feature", wish->feature);
    json_out_i64(&out, "quantity", wish->quantity);
    json_out_i64(&out, "ttl_s", wish->ttl_s);
    if (wish->wait_s)
        json_out_i64(&out, "wait_s", wish->wait_s);
    if (wish->project.len)
        json_out_text(&out, "project", wish->project);
    json_out_object(&out, "asserted");
    for (size_t i = 0; i < wish->asserted_count; i++) {
        if (wish->asserted[i].text.len)
            json_out_pair(&out, wish->asserted[i].name, wish->asserted[i].text);
    }
    json_out_end(&out);
    json_out_text(&out, "nonce", str_of(taking->nonce));
    json_out_end(&out);
}

/* Sends, and reads the answer whatever it says. */
static status taking_send(struct taking *taking, const struct client_request *request, struct err *err)
{
    json_doc_free(&taking->doc);
    taking->sent_ms = clock_read().running_ms;
    TRY(client_send(taking->trust->client, request, &taking->answer, err));
    if (taking->answer.status / 100 != 2)
        return refusal_status(taking, err);
    return json_doc_read(buf_str(&taking->answer.body), &taking->doc, err);
}

static status taking_begin(struct taking *taking, struct err *err)
{
    AUTO(struct buf, buf_free) body = { .max = REQUEST_MAX_BYTES };
    struct client_request request = { .method = "POST", .target = STR("/v1/leases"), .wants_receipt = true };
    uint8_t nonce[NONCE_BYTES];

    entropy_fill(client_entropy(taking->trust->client), nonce, sizeof(nonce));
    hex_write(nonce, sizeof(nonce), taking->nonce);
    wish_write(taking, &body);
    TRY(body.status);
    request.body = buf_str(&body);
    return taking_send(taking, &request, err);
}

static status ticket_send(struct taking *taking, const struct client_request *request, const char *suffix,
                          struct err *err)
{
    struct client_request sent = *request;
    char target[PATH_MAX_BYTES];

    (void)snprintf(target, sizeof(target), "/v1/tickets/%.*s%s", STR_ARG(taking->ticket), suffix);
    sent.target = str_of(target);
    sent.timeout_ms = (POLL_S + 10) * 1000;
    return taking_send(taking, &sent, err);
}

/* With the nonce again: the server forgets the check-out's while its ticket waits. */
static status ticket_claim(struct taking *taking, struct err *err)
{
    char space[64];
    struct buf body = BUF_OVER(space);
    struct json_out out = { .buf = &body };
    struct client_request request = { .method = "POST", .wants_receipt = true };

    json_out_object(&out, NULL);
    json_out_text(&out, "nonce", str_of(taking->nonce));
    json_out_end(&out);
    TRY(body.status);
    request.body = buf_str(&body);
    return ticket_send(taking, &request, "/claim", err);
}

static status ticket_give_up(struct taking *taking, struct err *err)
{
    struct client_request request = { .method = "DELETE" };
    status s = ticket_send(taking, &request, "", err);

    (void)s; /* a ticket that is not polled ends by itself */
    return err_set(err, CODE_CLOSED, "interrupted while waiting for a seat");
}

/* Polls until the seat is offered, then claims it; an offer that ran out meanwhile is waited for again. */
static status ticket_wait(struct taking *taking, const struct lease_patience *patience, struct err *err)
{
    struct client_request request = { .method = "GET" };
    char poll[32];
    status s = OK;

    (void)snprintf(poll, sizeof(poll), "?wait_s=%d", patience ? 1 : POLL_S);
    for (;;) {
        if (json_doc_number(&taking->doc, "place", 1) == 0) { /* its turn: a seat is kept for it */
            s = ticket_claim(taking, err);
            if (s.code != CODE_CONFLICT)
                return s;
        } else if (patience && !patience->go_on(patience->context, json_doc_number(&taking->doc, "place", 0))) {
            return ticket_give_up(taking, err);
        }
        TRY(ticket_send(taking, &request, poll, err));
    }
}

/* What can't be proven must not stay taken. Where that fails, too, the seats come back when the lease lapses. */
static void taking_undo(const struct taking *taking)
{
    struct lease lease = { 0 };
    status s = OK;

    if (str_to_c(json_doc_text(&taking->doc, "id"), lease.id, sizeof(lease.id)) && lease.id[0])
        s = lease_release(taking->trust->client, &lease, NULL);
    (void)s;
}

status lease_take(struct trust *trust, const struct lease_wish *wish, const struct lease_patience *patience,
                  struct lease *ret_lease, struct err *err)
{
    AUTO(struct taking, taking_free) taking = { .trust = trust, .wish = wish };
    char ticket[TYPEID_BYTES + 1];
    status s;

    TRY(taking_begin(&taking, err));
    if (taking.answer.status == 202) {
        if (!str_to_c(json_doc_text(&taking.doc, "id"), ticket, sizeof(ticket)))
            return err_set(err, CODE_CORRUPT, "the server's answer is no ticket");
        taking.ticket = str_of(ticket);
        TRY(ticket_wait(&taking, patience, err));
    }
    s = lease_read(&taking, ret_lease, err);
    if (s.code)
        taking_undo(&taking);
    return s;
}

/* ---- Holding ---- */

/* A heartbeat that moved proven_until is believed only with the renewal's proof. */
static status renewal_take(struct trust *trust, const struct json_doc *doc, struct lease *lease, struct err *err)
{
    AUTO(struct json_doc, json_doc_free) leaf = { 0 };
    struct str proven_until = json_doc_text(doc, "proven_until");
    int64_t between_ms = 0;

    if (str_eq(proven_until, str_of(lease->proven_until)))
        return OK;
    TRY(leaf_prove(trust, doc, "lease.renewed", &leaf, err));
    if (!text_is(json_node_member(json_doc_root(&leaf), "data"), "proven_until", proven_until) ||
        times_read(doc, "expires_at", "proven_until", &between_ms).code ||
        !str_to_c(proven_until, lease->proven_until, sizeof(lease->proven_until)))
        return err_set(err, CODE_CORRUPT, "the receipt proves another renewal than the answer tells");
    lease->proven_ms = lease->answered_ms + lease->ttl_s * 1000 + between_ms;
    return OK;
}

static status beat_refused(const struct client_answer *answer, struct err *err)
{
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    status s = problem_status(answer, err);
    struct str reason;

    if (s.code != CODE_CONFLICT && s.code != CODE_NOT_FOUND)
        return s;
    if (json_doc_read(buf_str(&answer->body), &doc, NULL).code)
        return err_set(err, CODE_CLOSED, "the lease has ended");
    reason = json_doc_text(&doc, "reason");
    return err_set(err, CODE_CLOSED, "the lease has ended%s%.*s", reason.len ? ": " : "", STR_ARG(reason));
}

status lease_beat(struct trust *trust, struct lease *lease, int64_t timeout_ms, struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    char target[PATH_MAX_BYTES];
    struct client_request request = { .method = "POST", .wants_receipt = true, .timeout_ms = timeout_ms, .rounds = 1 };
    int64_t sent_ms = clock_read().running_ms;

    (void)snprintf(target, sizeof(target), "/v1/leases/%s/heartbeat", lease->id);
    request.target = str_of(target);
    TRY(client_send(trust->client, &request, &answer, err));
    if (answer.status / 100 != 2)
        return beat_refused(&answer, err);
    TRY(json_doc_read(buf_str(&answer.body), &doc, err));
    lease->answered_ms = sent_ms;
    return renewal_take(trust, &doc, lease, err);
}

status lease_release(struct client *client, const struct lease *lease, struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    char target[PATH_MAX_BYTES];
    struct client_request request = { .method = "DELETE" };

    (void)snprintf(target, sizeof(target), "/v1/leases/%s", lease->id);
    request.target = str_of(target);
    return client_call(client, &request, &answer, err);
}
