/*
 * base/buf: growing text with a maximum and a sticky error.
 *
 * After the first failure further additions do nothing, so a run of them needs one check: `TRY(buf.status)`.
 * A zeroed buf with `max` set is ready for use.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

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

void buf_free(struct buf *buf);  /* frees and zeroes everything but max */
void buf_clear(struct buf *buf); /* empties and forgets the error; keeps the memory */
void buf_add(struct buf *buf, struct str text);
void buf_add_byte(struct buf *buf, char byte);
void buf_add_u64(struct buf *buf, uint64_t number); /* decimal */
void buf_add_i64(struct buf *buf, int64_t number);
void buf_add_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for `len` more bytes, to be filled by the caller, then kept with buf_keep. NULL when the error is (now) set. */
char *buf_room(struct buf *buf, size_t len);
void buf_keep(struct buf *buf, size_t len);
/* Shortens to `len`, which must not be above the current length. */
void buf_cut(struct buf *buf, size_t len);
/* Removes the first `len` bytes. */
void buf_drop_front(struct buf *buf, size_t len);
struct str buf_str(const struct buf *buf);

#endif
