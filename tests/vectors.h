/*
 * tests/vectors.h: the shared test vectors of the transparency log (vectors/tlog-vectors.txt): lines of words, some
 * followed by indented hashes.
 */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include <stdio.h>

#include "codec/hex.h"
#include "test.h"
#include "tlog/hash_text.h"
#include "tlog/tree.h"

#define VECTORS_FILE "vectors/tlog-vectors.txt"

/* The text after `prefix` in the first line that starts with it. A missing one fails the test. */
static inline struct str vectors_find(const struct buf *file, const char *prefix)
{
    struct str rest = buf_str(file);

    while (rest.len > 0) {
        struct str line = str_take_line(&rest);

        if (str_starts(line, str_of(prefix)))
            return str_from(line, strlen(prefix));
    }
    CHECKING("vector '%s'", prefix);
    CHECK(false);
    return STR_NONE;
}

/* The indented hashes after the line `name`. */
static inline struct tree_path vectors_path(const struct buf *file, const char *name)
{
    struct tree_path path = { 0 };
    struct str rest = buf_str(file);

    while (rest.len > 0 && !str_eq(str_take_line(&rest), str_of(name)))
        continue;
    while (str_starts(rest, STR("  ")) && path.count < PROOF_MAX_HASHES)
        CHECK_OK(hash_text_read(str_trim(str_take_line(&rest)), &path.hashes[path.count++]));
    CHECK(path.count > 0);
    return path;
}

static inline struct hash vectors_root(const struct buf *file, unsigned size)
{
    char prefix[32];
    struct hash root = { 0 };

    snprintf(prefix, sizeof prefix, "root %u ", size);
    CHECK_OK(hash_text_read(vectors_find(file, prefix), &root));
    return root;
}

#endif
