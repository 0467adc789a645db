/*
 * http/input: the bytes of one connection that arrived and were not read yet, in blocks that requests can hold on to.
 *
 * Bytes are received straight into a block and stay where they are: heads and short bodies are slices of it. A request
 * holds the block it lies in, so several of one connection share one; an idle connection holds none. Only the unread
 * beginning of a head is moved, once, when its block is full. Blocks are kept for reuse by their pool. One thread: the
 * loop's.
 */
#ifndef HTTP_INPUT_H
#define HTTP_INPUT_H

#include "base/str.h"
#include "http/limits.h"

struct input_block {
    struct input_block *next; /* in the pool */
    unsigned holders;
    char bytes[HTTP_BLOCK_BYTES];
};

/* Blocks for reuse; a zeroed pool is empty. */
struct input_pool {
    struct input_block *first;
    size_t count;
};

/* Zeroed: empty. */
struct input {
    struct input_block *block;
    size_t start; /* of the unread bytes */
    size_t end;
};

/* Where to receive to, at least one byte; empty when there is no memory. Keep with input_add what came. */
struct str input_room(struct input *input, struct input_pool *pool);
void input_add(struct input *input, size_t len);
static inline struct str input_bytes(const struct input *input)
{
    return input->block ? (struct str){ input->block->bytes + input->start, input->end - input->start } : STR_NONE;
}
/* Takes `len` unread bytes off. */
void input_take(struct input *input, size_t len);
/* The block that the unread bytes lie in, held once more for the caller. */
struct input_block *input_hold(const struct input *input);
void input_let_go(struct input_block **block, struct input_pool *pool); /* accepts NULL there */
/* Forgets all bytes and lets the block go. */
void input_free(struct input *input, struct input_pool *pool);
void input_pool_free(struct input_pool *pool);

#endif
