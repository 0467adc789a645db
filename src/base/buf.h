/*
 * base/buf: growing text with a maximum and a sticky error.
 *
 * After the first failure further additions do nothing, so a run of them needs one check: `TRY(buf.status)`.
 * A zeroed buf with `max` set is ready for use. What is added must not lie in the buf itself. Not for several threads.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <assert.h>
#include <stdint.h>

#include "base/str.h"

struct buf {
    char *at;
    size_t len;
    size_t capacity;
    size_t max;    /* bytes; passing it is CODE_TOO_LARGE */
    status status; /* the first failure */
    bool borrowed; /* `at` belongs to the caller and can't grow past `capacity` */
};

/* A buf over memory of the caller's (a stack array, say): it never allocates. */
#define BUF_OVER(array)                                                                                                \
    ((struct buf){ .at = (array), .capacity = sizeof(array), .max = sizeof(array), .borrowed = true })

void buf_free(struct buf *buf);                   /* frees and zeroes everything but max */
void buf_clear(struct buf *buf);                  /* empties and forgets the error; keeps the memory */
char *buf_room_slow(struct buf *buf, size_t len); /* buf_room where it has to grow or fail */
/* Room for `len` more bytes, to be filled by the caller, then kept with buf_keep. NULL when the error is (now) set. */
static inline char *buf_room(struct buf *buf, size_t len)
{
    if (buf->status.code || len > buf->capacity - buf->len || !buf->at)
        return buf_room_slow(buf, len);
    return buf->at + buf->len;
}
/* At most what buf_room was asked for. */
static inline void buf_keep(struct buf *buf, size_t len)
{
    assert(len <= buf->capacity - buf->len);
    buf->len += len;
}
static inline void buf_add(struct buf *buf, struct str text)
{
    char *at = buf_room(buf, text.len);

    if (!at || text.len == 0)
        return;
    memcpy(at, text.at, text.len);
    buf->len += text.len;
}
static inline void buf_add_byte(struct buf *buf, char byte)
{
    char *at = buf_room(buf, 1);

    if (!at)
        return;
    *at = byte;
    buf->len++;
}
void buf_add_u64(struct buf *buf, uint64_t number); /* decimal */
void buf_add_i64(struct buf *buf, int64_t number);
void buf_add_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Shortens to `len`, which must not be above the current length. */
void buf_cut(struct buf *buf, size_t len);
/* Removes the first `len` bytes. */
void buf_drop_front(struct buf *buf, size_t len);
static inline struct str buf_str(const struct buf *buf)
{
    return (struct str){ buf->at, buf->len };
}

#endif
