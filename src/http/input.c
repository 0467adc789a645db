/*
 * http/input: blocks counted by their holders.
 */
#include "http/input.h"

#include <assert.h>

#include "base/memory.h"

static struct input_block *take_block(struct input_pool *pool)
{
    struct input_block *block = pool->first;

    if (block) {
        pool->first = block->next;
        pool->count--;
    } else {
        block = memory_resize(NULL, 1, sizeof *block); /* 16 KiB that need not be zeroed */
    }
    if (block)
        block->holders = 1;
    return block;
}

void input_let_go(struct input_block **block, struct input_pool *pool)
{
    struct input_block *held = *block;

    *block = NULL;
    if (!held || --held->holders > 0)
        return;
    if (pool->count == HTTP_FREE_BLOCKS_MAX) {
        memory_free(held);
        return;
    }
    held->next = pool->first;
    pool->first = held;
    pool->count++;
}

/* Goes on in a fresh block, with the unread bytes at its beginning. */
static bool move_on(struct input *input, struct input_pool *pool)
{
    struct input_block *fresh = take_block(pool);
    struct str unread = input_bytes(input);

    if (!fresh)
        return false;
    if (unread.len)
        memcpy(fresh->bytes, unread.at, unread.len);
    input_let_go(&input->block, pool);
    *input = (struct input){ .block = fresh, .end = unread.len };
    return true;
}

/* A block that nobody else holds is filled from its beginning again. */
static bool is_worn(struct input *input)
{
    if (!input->block)
        return true;
    if (input->start == input->end && input->block->holders == 1)
        input->start = input->end = 0;
    return input->start > 0 && HTTP_BLOCK_BYTES - input->end < HTTP_READ_MIN_BYTES;
}

struct str input_room(struct input *input, struct input_pool *pool)
{
    if (is_worn(input) && !move_on(input, pool))
        return STR_NONE;
    assert(input->end < HTTP_BLOCK_BYTES); /* a head that fills a block was refused by then */
    return (struct str){ input->block->bytes + input->end, HTTP_BLOCK_BYTES - input->end };
}

void input_add(struct input *input, size_t len)
{
    assert(len <= HTTP_BLOCK_BYTES - input->end);
    input->end += len;
}

void input_take(struct input *input, size_t len)
{
    assert(len <= input->end - input->start);
    input->start += len;
}

struct input_block *input_hold(const struct input *input)
{
    assert(input->block);
    input->block->holders++;
    return input->block;
}

void input_free(struct input *input, struct input_pool *pool)
{
    input_let_go(&input->block, pool);
    *input = (struct input){ 0 };
}

void input_pool_free(struct input_pool *pool)
{
    while (pool->first) {
        struct input_block *block = pool->first;
        pool->first = block->next;
        memory_free(block);
    }
    pool->count = 0;
}
