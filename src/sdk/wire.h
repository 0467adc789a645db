/*
 * sdk/wire: one HTTP request and its answer as libcurl wants and gives them. Private to sdk/: a single request
 * (client.c) and many at once (fetch.c) are prepared alike.
 *
 * It refuses redirects, other protocols than HTTP, and answers above ANSWER_MAX_BYTES.
 */
#ifndef SDK_WIRE_H
#define SDK_WIRE_H

#include <curl/curl.h>

#include "sdk/client.h"

/* What must live while the request is under way. */
struct wire_request {
    CURL *easy; /* the caller's; it keeps its connection from request to request */
    struct curl_slist *fields;
    char url[SERVER_URL_MAX_BYTES + TARGET_MAX_BYTES];
};

struct wire_answer {
    struct client_answer *to;
    int64_t retry_after_s; /* 0: the server did not say */
};

/* libcurl, once a process. */
MUST_CHECK status wire_init(struct err *err);
/* Everything but where the answer goes, on wire->easy. CODE_TOO_LARGE, CODE_NO_MEMORY. */
MUST_CHECK status wire_prepare(struct wire_request *wire, const struct client_config *config, const char *server,
                               const struct client_request *request, struct err *err);
void wire_request_free(struct wire_request *wire); /* wipes the token */
/* The answer's body goes to answer->to->body, from its end on. */
void wire_receive(CURL *easy, struct wire_answer *answer);
/* After the transfer: status and Retry-After. */
void wire_finish(CURL *easy, struct wire_answer *answer);

#endif
