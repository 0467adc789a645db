/*
 * engine/texts: memory for millions of short texts, some of which are soon forgotten.
 *
 * Texts are cut from large blocks, in sizes of TEXTS_UNIT_BYTES; a forgotten text's place serves the next one of its
 * size, so what comes and goes takes no more than there ever was at once. Blocks are freed together. A zeroed value is
 * ready for use. Not for several threads.
 */
#ifndef ENGINE_TEXTS_H
#define ENGINE_TEXTS_H

#include <stddef.h>

#include "base/limits.h"
#include "base/str.h"

#define TEXTS_UNIT_BYTES 16
#define TEXTS_SIZES      ((TEXT_MAX_BYTES + TEXTS_UNIT_BYTES - 1) / TEXTS_UNIT_BYTES)

struct texts {
    struct texts_block *blocks;              /* newest first */
    size_t used;                             /* bytes of the newest block */
    struct unused_text *unused[TEXTS_SIZES]; /* forgotten texts' places, by size */
};

void texts_free(struct texts *texts);
/* A copy that stays where it is. CODE_TOO_LARGE above TEXT_MAX_BYTES; CODE_NO_MEMORY. */
MUST_CHECK status texts_keep(struct texts *texts, struct str text, struct str *ret_copy);
/* `copy` was given by texts_keep. */
void texts_forget(struct texts *texts, struct str copy);

#endif
