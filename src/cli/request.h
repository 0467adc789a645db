/*
 * cli/request: subcommands that are one request to the server: `tally license create`, `tally pool list`. Each is a row
 * of a table: its words, its options, which say how they travel in the request, and what of the answer is shown.
 *
 * Options of all these commands share one struct, so that their rows can say where each lies.
 */
#ifndef CLI_REQUEST_H
#define CLI_REQUEST_H

#include "base/arena.h"
#include "cli/command.h"
#include "codec/json_doc.h"

/* How an option travels. The member's name is the option's, with '_' for '-'. */
enum request_shape {
    SHAPED_NOT,    /* not at all */
    SHAPED_TEXT,   /* "name":"value" */
    SHAPED_NUMBER, /* "name":8 */
    SHAPED_TEXTS,  /* "name":["value"] */
    SHAPED_TRUE,   /* "name":true */
    SHAPED_NAMES,  /* "features":[{"name":"value"}] */
    SHAPED_LIMITS, /* "entitlements":[{"feature":"value","limit":8}] from value=8 */
    SHAPED_MODELS, /* the same with "model":"floating" */
    SHAPED_QUERY,  /* ?name=value */
};

#define NUMBER_NONE INT64_MIN /* an option of kind OPTION_INT that was not given */

struct request_options {
    const char *organisation, *role, *user, *product, *holder, *kind, *starts_at, *expires_at, *owner, *reason;
    const char *feature, *token_file, *ending, *to;
    int64_t limit, days, quantity;
    bool dry_run, all, never_expires;
    struct option_texts features, entitlements, scopes, where;
};

struct request_spec {
    const char *method;
    const char *path;    /* "/v1/licenses/{}/suspend": each {} takes an operand */
    const char *operand; /* the body's members that take the operands after those: "name", "principal role" */
    const char *named;   /* lists to find the operands in that are names and no ids: "teams users,services" */
    const char *list;    /* the answer's member that holds rows; NULL: the answer is one object */
    const char *columns; /* what of a row, or of the object, is shown */
    const char *members; /* of a list: all that a row can have, which --where may name */
    const char *done;    /* of a change: "suspended", before its id and index; NULL: the object is shown */
};

struct session;

/* Names of organisations and owners among the options, and of what the spec says among the operands, become ids. */
MUST_CHECK status request_names_resolve(struct session *session, struct command_line *line,
                                        struct request_options *options, struct arena *arena, struct err *err);
/* The answer to a dry run, for people. */
void would_print(struct json_node answer);
/* Every such command's defaults and run. */
void request_defaults(void *options);
int request_run(const struct command_line *line, const void *options);

#endif
