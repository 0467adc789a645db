/*
 * base/err: the text of a failure, written once, at the lowest layer that knows.
 *
 * Upper layers pass it on unchanged; only api/ and cli/ show it. A NULL err is allowed everywhere and means that the
 * caller does not want the text.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/status.h"

#define ERR_TEXT_MAX_BYTES   320
#define ERR_MEMBER_MAX_BYTES 64

struct err {
    char text[ERR_TEXT_MAX_BYTES];     /* one sentence without a final stop: what was wrong with which value */
    char member[ERR_MEMBER_MAX_BYTES]; /* the request member or option at fault; empty when there is none */
};

/* Writes the text (truncated, never overrun) and returns `code` as a status, so that failing is one statement. */
status err_set(struct err *err, enum code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, and names the member at fault. */
status err_member(struct err *err, enum code code, const char *member, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* From errno of `call` on `object`: ENOSPC and EDQUOT become CODE_DISK_FULL, ENOMEM CODE_NO_MEMORY, others CODE_IO. */
status err_system(struct err *err, const char *call, const char *object);

#endif
