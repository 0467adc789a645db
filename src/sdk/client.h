/*
 * sdk/client: one conversation with a ledger's servers over HTTP, for the command line.
 *
 * Owns connections (kept open), the order in which servers are asked, time-outs, and retries: a request that may have
 * been lost is sent again with the same Idempotency-Key, so that nothing is done twice (P4). It refuses redirects,
 * which could carry the token elsewhere, and answers above a maximum. Retries are few and bounded (P9): what must go on
 * for longer, as a lease's heartbeat, is the caller's loop.
 *
 * A client belongs to one thread.
 */
#ifndef SDK_CLIENT_H
#define SDK_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/entropy.h"
#include "sdk/config.h"

#define CLIENT_TIMEOUT_MS      30000
#define CLIENT_ROUNDS          4   /* through all servers, before an unreachable service is said to be so */
#define CLIENT_PAUSE_MS        100 /* before the second round; doubled for each further one */
#define CLIENT_RETRY_AFTER_MAX 3   /* seconds that a server's Retry-After is waited for at most, a round */
#define ANSWER_MAX_BYTES       ((size_t)64 << 20)
#define TARGET_MAX_BYTES       2048

struct client;

struct client_request {
    const char *method;
    struct str target;  /* path and query */
    struct str body;    /* none: empty */
    const char *media;  /* of the body; NULL: JSON */
    struct str key;     /* Idempotency-Key; empty: one is drawn for a POST */
    bool wants_receipt; /* Prefer: receipt */
    int64_t timeout_ms; /* of one try; 0: CLIENT_TIMEOUT_MS */
    unsigned rounds;    /* 0: CLIENT_ROUNDS */
};

struct client_answer {
    unsigned status;
    struct buf body;
};

/* The environment is not read here: `config` says everything, and is copied. CODE_NO_MEMORY. */
MUST_CHECK status client_new(const struct client_config *config, struct client **ret_client, struct err *err);
void client_free(struct client *client); /* accepts NULL */
/* The server that answered last, or would be asked first. */
const char *client_server(const struct client *client);
const struct client_config *client_config(const struct client *client);
/* The client's own source of randomness: nonces, jitter. */
struct entropy *client_entropy(struct client *client);

void client_answer_free(struct client_answer *answer);
/*
 * OK for any answer but 503; its body is in ret_answer, which is emptied before. CODE_UNAVAILABLE when no server could
 * be reached or each said 503, with what the last one said; CODE_TOO_LARGE for an answer above ANSWER_MAX_BYTES.
 */
MUST_CHECK status client_send(struct client *client, const struct client_request *request,
                              struct client_answer *ret_answer, struct err *err);
/*
 * As client_send, and an answer that is no success (2xx) becomes its code (problem_status) and its text; it is in
 * ret_answer all the same.
 */
MUST_CHECK status client_call(struct client *client, const struct client_request *request,
                              struct client_answer *ret_answer, struct err *err);
/* client_call of a GET. */
MUST_CHECK status client_get(struct client *client, const char *target, struct client_answer *ret_answer,
                             struct err *err);

/* As problem_status; of a token that is refused it also says where that came from. */
status client_refusal(const struct client *client, const struct client_answer *answer, struct err *err);
/* What a problem document (RFC 9457) or any other refusal means; writes its detail, and member, as the text. */
status problem_status(const struct client_answer *answer, struct err *err);

#endif
