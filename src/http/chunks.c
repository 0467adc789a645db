/*
 * http/chunks: one table of moves; only the digits of a size need more than it.
 */
#include "http/chunks.h"

#include <assert.h>

#include "http/grammar.h"
#include "http/limits.h"

/* 60 bits: no sum of sizes overflows. */
#define DIGITS_MAX 15

static const struct {
    unsigned class;             /* bytes of this grammar class … */
    enum chunks_state class_to; /* … lead here */
    char byte;                  /* this one byte … */
    enum chunks_state byte_to;  /* … leads here; every other byte is refused */
} moves[CHUNKS_STATE_COUNT] = {
    [CHUNKS_SIZE] = { 0, CHUNKS_BAD, '\r', CHUNKS_SIZE_LF },
    [CHUNKS_EXTENSION] = { GRAMMAR_TEXT, CHUNKS_EXTENSION, '\r', CHUNKS_SIZE_LF },
    [CHUNKS_SIZE_LF] = { 0, CHUNKS_BAD, '\n', CHUNKS_DATA },
    [CHUNKS_DATA_CR] = { 0, CHUNKS_BAD, '\r', CHUNKS_DATA_LF },
    [CHUNKS_DATA_LF] = { 0, CHUNKS_BAD, '\n', CHUNKS_SIZE },
    [CHUNKS_TRAILER] = { GRAMMAR_TOKEN, CHUNKS_TRAILER_NAME, '\r', CHUNKS_LAST_LF },
    [CHUNKS_TRAILER_NAME] = { GRAMMAR_TOKEN, CHUNKS_TRAILER_NAME, ':', CHUNKS_TRAILER_VALUE },
    [CHUNKS_TRAILER_VALUE] = { GRAMMAR_TEXT, CHUNKS_TRAILER_VALUE, '\r', CHUNKS_TRAILER_LF },
    [CHUNKS_TRAILER_LF] = { 0, CHUNKS_BAD, '\n', CHUNKS_TRAILER },
    [CHUNKS_LAST_LF] = { 0, CHUNKS_BAD, '\n', CHUNKS_DONE },
};

static enum chunks_state move(const struct chunks *chunks, char byte)
{
    if (byte == moves[chunks->state].byte)
        return moves[chunks->state].byte_to;
    return grammar_bytes[(unsigned char)byte] & moves[chunks->state].class ? moves[chunks->state].class_to : CHUNKS_BAD;
}

static enum chunks_state read_size(struct chunks *chunks, char byte)
{
    int digit = grammar_hex(byte);

    if (digit < 0 && chunks->digits == 0)
        return CHUNKS_BAD;
    if (digit < 0)
        return byte == ';' ? CHUNKS_EXTENSION : move(chunks, byte);
    chunks->left = chunks->left * 16 + (unsigned)digit;
    return ++chunks->digits <= DIGITS_MAX ? CHUNKS_SIZE : CHUNKS_BAD;
}

/* The size is complete after its LF: data, or the trailers after the last chunk. */
static enum chunks_state begin_chunk(struct chunks *chunks)
{
    chunks->digits = 0;
    return chunks->left ? CHUNKS_DATA : CHUNKS_TRAILER;
}

static void read_byte(struct chunks *chunks, char byte)
{
    enum chunks_state to = chunks->state == CHUNKS_SIZE ? read_size(chunks, byte) : move(chunks, byte);

    chunks->spare_bytes++;
    chunks->state = to == CHUNKS_DATA ? begin_chunk(chunks) : to;
}

static size_t skip_data(struct chunks *chunks, size_t len)
{
    if (len > chunks->left)
        len = (size_t)chunks->left;
    chunks->left -= len;
    chunks->data_bytes += len;
    if (chunks->left == 0)
        chunks->state = CHUNKS_DATA_CR;
    return len;
}

enum refusal chunks_read(struct chunks *chunks, struct str bytes, size_t *ret_used)
{
    size_t used = 0;

    assert(chunks->state < CHUNKS_DONE);
    while (used < bytes.len && chunks->state < CHUNKS_DONE) {
        if (chunks->state == CHUNKS_DATA)
            used += skip_data(chunks, bytes.len - used);
        else
            read_byte(chunks, bytes.at[used++]);
    }
    *ret_used = used;
    if (chunks->state == CHUNKS_BAD)
        return REFUSE_CHUNK;
    return chunks->spare_bytes > chunks->data_bytes + HTTP_CHUNK_SPARE_BYTES ? REFUSE_CHUNK_OVERHEAD : REFUSE_NONE;
}
