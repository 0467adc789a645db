/*
 * tlog/cosignature: the message "cosignature/v1", the time, and the checkpoint's text.
 */
#include "tlog/cosignature.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/limits.h"

#define TIME_BYTES       8
#define HEADER_MAX_BYTES 64 /* "cosignature/v1\ntime 9223372036854775807\n" has 40 */

static status write_message(struct buf *message, struct str text, int64_t time_s, struct err *err)
{
    buf_add_format(message, "cosignature/v1\ntime %" PRId64 "\n", time_s);
    buf_add(message, text);
    if (message->status.code)
        return err_set(err, message->status.code, "the message of a cosignature over %zu bytes can't be made",
                       text.len);
    return OK;
}

status cosignature_sign(const struct ed25519_key *key, struct str text, int64_t time_s,
                        struct cosignature *ret_cosignature, struct err *err)
{
    AUTO(struct buf, buf_free) message = { .max = NOTE_MAX_BYTES + HEADER_MAX_BYTES };
    struct ed25519_signature signature;

    if (time_s < 0)
        return err_set(err, CODE_INVALID, "a cosignature can't have the time %" PRId64, time_s);
    TRY(write_message(&message, text, time_s, err));
    TRY(ed25519_sign(key, buf_str(&message), &signature, err));
    for (int i = 0; i < TIME_BYTES; i++)
        ret_cosignature->bytes[i] = (uint8_t)(time_s >> (8 * (TIME_BYTES - 1 - i)));
    memcpy(ret_cosignature->bytes + TIME_BYTES, signature.bytes, sizeof signature.bytes);
    return OK;
}

static uint64_t read_time(struct str cosignature)
{
    uint64_t time_s = 0;

    for (size_t i = 0; i < TIME_BYTES; i++)
        time_s = time_s << 8 | (unsigned char)cosignature.at[i];
    return time_s;
}

status cosignature_verify(const struct ed25519_public *public_key, struct str text, struct str cosignature,
                          int64_t *ret_time_s, struct err *err)
{
    AUTO(struct buf, buf_free) message = { .max = NOTE_MAX_BYTES + HEADER_MAX_BYTES };
    uint64_t time_s;

    if (cosignature.len != COSIGNATURE_BYTES)
        return err_set(err, CODE_CORRUPT, "a cosignature has %zu bytes, expected %d", cosignature.len,
                       COSIGNATURE_BYTES);
    time_s = read_time(cosignature);
    if (time_s > INT64_MAX)
        return err_set(err, CODE_CORRUPT, "a cosignature's time %" PRIu64 " is above 2^63-1", time_s);
    TRY(write_message(&message, text, (int64_t)time_s, err));
    TRY(ed25519_verify(public_key, buf_str(&message), str_from(cosignature, TIME_BYTES), err));
    *ret_time_s = (int64_t)time_s;
    return OK;
}
