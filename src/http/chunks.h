/*
 * http/chunks: the strict reader of a chunked body's framing (RFC 9112 section 7.1), for the same reason as http/head.
 *
 * It refuses: sizes that are not 1 to 15 hexadecimal digits, LF without CR, CR without LF, controls, trailer lines that
 * are not "name: value" (folded ones, a space before the colon), and bodies that spend far more on framing than on
 * data. Extensions and trailers are checked and then mean nothing. It keeps no data: the parser behind it does that.
 *
 * Pure: no I/O, no memory of its own, any thread. P9.
 */
#ifndef HTTP_CHUNKS_H
#define HTTP_CHUNKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "http/refusal.h"

enum chunks_state {
    CHUNKS_SIZE, /* zero, so that a zeroed struct is ready */
    CHUNKS_EXTENSION,
    CHUNKS_SIZE_LF,
    CHUNKS_DATA,
    CHUNKS_DATA_CR,
    CHUNKS_DATA_LF,
    CHUNKS_TRAILER, /* at the beginning of a trailer line */
    CHUNKS_TRAILER_NAME,
    CHUNKS_TRAILER_VALUE,
    CHUNKS_TRAILER_LF,
    CHUNKS_LAST_LF,
    CHUNKS_DONE,
    CHUNKS_BAD,
    CHUNKS_STATE_COUNT
};

struct chunks {
    enum chunks_state state;
    unsigned digits;      /* of the size that is being read */
    uint64_t left;        /* data bytes of this chunk still to come */
    uint64_t data_bytes;  /* so far */
    uint64_t spare_bytes; /* all that is not data, so far */
};

/*
 * Reads on until the body's end (chunks->state is CHUNKS_DONE then) or the end of `bytes`; *ret_used tells how many of
 * them belong to the body.
 */
enum refusal chunks_read(struct chunks *chunks, struct str bytes, size_t *ret_used);

#endif
