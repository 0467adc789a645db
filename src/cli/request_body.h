/*
 * cli/request_body: from a command's operands and options to the target and body of its request, by the shapes that its
 * rows name. Pure.
 */
#ifndef CLI_REQUEST_BODY_H
#define CLI_REQUEST_BODY_H

#include "base/buf.h"
#include "base/limits.h"
#include "cli/request.h"

struct request_body {
    struct buf target;
    struct buf text; /* empty for a request without one */
};

void request_body_free(struct request_body *body);
/* CODE_INVALID names the option. */
MUST_CHECK status request_body_make(const struct command_line *line, const struct request_options *options,
                                    struct request_body *ret_body, struct err *err);
/* Appends "?name=number", or "&name=number" when there is a query already. */
void query_add(struct buf *target, const char *name, int64_t number);
/* The same with a text, percent-encoded where it must be (RFC 3986). */
void query_add_text(struct buf *target, const char *name, struct str text);

/* Begins the text of an error with what was typed for the operand or option that it is about, unless it says that. */
void request_fault_tell(const struct command_line *line, const void *options, struct err *err);

#endif
