/*
 * engine/texts: the newest block is cut from; full ones are only kept.
 */
#include "engine/texts.h"

#include <assert.h>
#include <stdalign.h>

#include "base/memory.h"

/* What remains at a block's end, less than the longest text, is then below one part in a hundred. */
#define BLOCK_BYTES ((size_t)64 * 1024)

struct texts_block {
    struct texts_block *older;
    alignas(TEXTS_UNIT_BYTES) char bytes[BLOCK_BYTES];
};

/* What a forgotten text's place holds. */
struct unused_text {
    struct unused_text *next;
};

static_assert(sizeof(struct unused_text) <= TEXTS_UNIT_BYTES, "the smallest place holds it");

void texts_free(struct texts *texts)
{
    while (texts->blocks) {
        struct texts_block *block = texts->blocks;

        texts->blocks = block->older;
        memory_free(block);
    }
    *texts = (struct texts){ 0 };
}

/* The size's place in `unused`; an empty text takes a unit, too. */
static size_t size_of(size_t len)
{
    return len ? (len - 1) / TEXTS_UNIT_BYTES : 0;
}

static char *take_unused(struct texts *texts, size_t size)
{
    struct unused_text *place = texts->unused[size];

    if (place)
        texts->unused[size] = place->next;
    return (char *)place;
}

static char *cut(struct texts *texts, size_t bytes)
{
    char *place;

    if (!texts->blocks || bytes > BLOCK_BYTES - texts->used) {
        struct texts_block *block = memory_resize(NULL, 1, sizeof *block);

        if (!block)
            return NULL;
        block->older = texts->blocks;
        texts->blocks = block;
        texts->used = 0;
    }
    place = texts->blocks->bytes + texts->used;
    texts->used += bytes;
    return place;
}

status texts_keep(struct texts *texts, struct str text, struct str *ret_copy)
{
    size_t size = size_of(text.len);
    char *place;

    if (text.len > TEXT_MAX_BYTES)
        return (status){ CODE_TOO_LARGE };
    place = take_unused(texts, size);
    if (!place)
        place = cut(texts, (size + 1) * TEXTS_UNIT_BYTES);
    if (!place)
        return (status){ CODE_NO_MEMORY };
    if (text.len)
        memcpy(place, text.at, text.len);
    *ret_copy = (struct str){ place, text.len };
    return OK;
}

void texts_forget(struct texts *texts, struct str copy)
{
    size_t size = size_of(copy.len);
    struct unused_text *place = (void *)copy.at; /* cut from a block of ours */

    memory_wipe(place, copy.len); /* it may be somebody's name */

    place->next = texts->unused[size];
    texts->unused[size] = place;
}
