/*
 * core/image: the facts as one run of bytes, and back.
 *
 * Equal facts give equal bytes (P2), whatever the heap or the compiler's padding: records are written member by member
 * in the order of their places, free places too, because they decide which place is taken next. What lies beside the
 * facts (maps, pulses, wheels, the due list) is not written; it is found again when reading, but for the deadlines,
 * which the next writer.started sets. Read bytes are not trusted: every place and list is looked through before anybody
 * follows it, and what is not as image_write writes it is CODE_CORRUPT. Whether an image is the right one says its
 * hash. An image is for the machine's own byte order; on another the ledger is replayed. Reads and writes no file
 * (P10).
 */
#ifndef CORE_IMAGE_H
#define CORE_IMAGE_H

#include "base/err.h"
#include "base/str.h"
#include "core/facts.h"
#include "crypto/hash.h"

/* Where the bytes go, piece by piece; a failure of `write` ends the writing. */
struct image_sink {
    status (*write)(void *context, struct str bytes, struct err *err);
    void *context;
};

/* How many bytes image_write would give. */
uint64_t image_bytes(const struct facts *facts);
/* *ret_hash is the SHA-256 of all bytes. Changes nothing and needs little memory. */
MUST_CHECK status image_write(const struct facts *facts, const struct image_sink *sink, struct hash *ret_hash,
                              struct err *err);
/*
 * Fills facts that are as facts_init left them; after a failure they are so again. `bytes` may be a mapped file and are
 * not kept. *ret_hash is the SHA-256 of all bytes, for the caller to compare before use.
 */
MUST_CHECK status image_read(struct str bytes, struct facts *facts, struct hash *ret_hash, struct err *err);
/* The hash that image_write would give. */
MUST_CHECK status facts_hash(const struct facts *facts, struct hash *ret_hash, struct err *err);

#endif
