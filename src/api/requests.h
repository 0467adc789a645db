/*
 * api/requests: what requests of several resources have in common.
 */
#ifndef API_REQUESTS_H
#define API_REQUESTS_H

#include "api/call.h"

/* A body that may be absent, or an object with nothing in it. Reads into anything. */
extern const struct json_table nothing_table;

struct reason_request {
    struct str reason; /* kept privately */
};
extern const struct json_table reason_table;
/* call_command, with the reason as the call's private text. */
void reason_command(struct call *call, struct str reason);

/* Roles, without those that are none yet. */
#define JSON_ROLE(type, member, ...) JSON_ENUM(type, member, role_words, ROLE_COUNT, __VA_ARGS__)

/*
 * The principal that a text names: an id of any kind of principal, or the name of an organisation. Unknown names give
 * an id of nobody, which decide() does not find.
 */
struct who principal_named(struct call *call, struct str text);

#endif
