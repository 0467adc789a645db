/*
 * base/buf: growing, numbers and formats.
 */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"

/* The first allocation: a short answer or line fits. */
#define FIRST_BYTES 256
/* 2^64 - 1 has 20 digits. */
#define DIGITS_MAX 20

void buf_free(struct buf *buf)
{
    if (!buf->borrowed)
        memory_free(buf->at);
    *buf = (struct buf){ .max = buf->max };
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->status = OK;
}

static status grow(struct buf *buf, size_t want)
{
    void *at = buf->at;

    if (want > buf->max || buf->borrowed)
        return (status){ CODE_TOO_LARGE };
    if (want < FIRST_BYTES)
        want = FIRST_BYTES < buf->max ? FIRST_BYTES : buf->max;
    TRY(memory_grow(&at, &buf->capacity, want, buf->max, 1));
    buf->at = at;
    return OK;
}

char *buf_room_slow(struct buf *buf, size_t len)
{
    if (buf->status.code)
        return NULL;
    if (len > SIZE_MAX - buf->len)
        buf->status = (status){ CODE_TOO_LARGE };
    else if (!buf->at || len > buf->capacity - buf->len)
        buf->status = grow(buf, buf->len + len);
    return buf->status.code ? NULL : buf->at + buf->len;
}

void buf_add_u64(struct buf *buf, uint64_t number)
{
    char digits[DIGITS_MAX];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    buf_add(buf, (struct str){ digits + at, sizeof digits - at });
}

void buf_add_i64(struct buf *buf, int64_t number)
{
    if (number < 0)
        buf_add_byte(buf, '-');
    buf_add_u64(buf, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

/* vsnprintf wants room for its NUL, which is not kept; a second call is needed only where the room was too small. */
void buf_add_format(struct buf *buf, const char *format, ...)
{
    char space[256];
    va_list args;
    char *at;
    int len;

    va_start(args, format);
    len = vsnprintf(space, sizeof space, format, args);
    va_end(args);
    assert(len >= 0);
    if ((size_t)len < sizeof space) {
        buf_add(buf, (struct str){ space, (size_t)len });
        return;
    }
    at = buf_room(buf, (size_t)len + 1);
    if (!at)
        return;
    va_start(args, format);
    (void)vsnprintf(at, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
}

void buf_cut(struct buf *buf, size_t len)
{
    assert(len <= buf->len);
    buf->len = len;
}

void buf_drop_front(struct buf *buf, size_t len)
{
    assert(len <= buf->len);
    buf->len -= len;
    if (buf->len && len)
        memmove(buf->at, buf->at + len, buf->len);
}
