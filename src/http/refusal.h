/*
 * http/refusal: everything that this room answers by itself, in one table: status, stable code and what was wrong.
 *
 * A refusal of the head or of the framing means that nobody can say where the next request begins: the answer is the
 * connection's last. One that concerns only what the request asks for leaves the connection open.
 */
#ifndef HTTP_REFUSAL_H
#define HTTP_REFUSAL_H

#include <stdbool.h>

enum refusal {
    REFUSE_NONE,
    /* The request line */
    REFUSE_REQUEST_LINE,
    REFUSE_VERSION,
    REFUSE_METHOD,
    REFUSE_TARGET,
    REFUSE_TARGET_TOO_LONG,
    /* Header fields */
    REFUSE_BARE_LF,
    REFUSE_BARE_CR,
    REFUSE_CONTROL,
    REFUSE_FOLDED_LINE,
    REFUSE_SPACE_BEFORE_COLON,
    REFUSE_FIELD_NAME,
    REFUSE_HEAD_TOO_LARGE,
    REFUSE_TOO_MANY_FIELDS,
    REFUSE_NO_HOST,
    REFUSE_HOST,
    REFUSE_REPEATED_HOST,
    REFUSE_LENGTH,
    REFUSE_REPEATED_LENGTH,
    REFUSE_LENGTH_AND_CODING,
    REFUSE_CODING,
    REFUSE_REPEATED_CODING,
    REFUSE_CODING_IN_1_0,
    REFUSE_EXPECTATION,
    REFUSE_DISAGREEMENT,
    /* The body */
    REFUSE_CHUNK,
    REFUSE_CHUNK_OVERHEAD,
    REFUSE_BODY_TOO_LARGE,
    /* What is asked for */
    REFUSE_PATH,
    REFUSE_NOT_FOUND,
    REFUSE_METHOD_NOT_ALLOWED,
    REFUSE_CONTENT_TYPE,
    /* The server's state */
    REFUSE_HEAD_TIMEOUT,
    REFUSE_BODY_TIMEOUT,
    REFUSE_TOO_MANY_CONNECTIONS,
    REFUSE_NO_MEMORY,
    REFUSE_COUNT
};

struct refusal_text {
    unsigned status;    /* of HTTP */
    const char *code;   /* stable, for programs */
    const char *detail; /* for people */
    bool last;          /* the connection can't be read on after it */
};

/* Any refusal but REFUSE_NONE. */
const struct refusal_text *refusal_text(enum refusal refusal);

#endif
