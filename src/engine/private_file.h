/*
 * engine/private_file: small files that nobody but their owner may read or write.
 *
 * It makes them new or not at all, refuses one that others have access to, and follows no symbolic link. Failures are
 * told with the file's path. One thread at a time.
 */
#ifndef ENGINE_PRIVATE_FILE_H
#define ENGINE_PRIVATE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/files.h"

/* A zeroed one is closed. */
struct private_file {
    int plus_one; /* the descriptor and one more */
    struct path path;
};

/* An empty one of 0600 in an existing directory. CODE_CONFLICT when the name is taken. */
MUST_CHECK status private_file_create(const char *dir, const char *name, struct private_file *ret_file,
                                      struct err *err);
/* For reading, or for both. CODE_NOT_FOUND; CODE_INVALID when it is no file, or open to others. */
MUST_CHECK status private_file_open(const char *dir, const char *name, bool writable, struct private_file *ret_file,
                                    struct err *err);
/* Takes the file for this process alone until it is closed. CODE_BUSY when another has it. */
MUST_CHECK status private_file_lock(const struct private_file *file, struct err *err);
int private_file_descriptor(const struct private_file *file);
void private_file_close(struct private_file *file);
/* Closes it and removes its name, of one that was made for nothing. */
void private_file_discard(struct private_file *file);

/*
 * Puts these bytes in place of what the name holds, durably: written under the name with ".new" behind it, synced,
 * renamed, and the directory synced. A crash leaves the old bytes or the new ones.
 */
MUST_CHECK status private_file_replace(const char *dir, const char *name, struct str bytes, struct err *err);

MUST_CHECK status private_file_write(const struct private_file *file, struct str bytes, uint64_t at, struct err *err);
/* Makes what was written durable; the name of a new file is for file_sync_directory. */
MUST_CHECK status private_file_sync(const struct private_file *file, struct err *err);
/* Appends the file's bytes from `at` on: as many as there are and the buf, a BUF_OVER, has room for. */
MUST_CHECK status private_file_read(const struct private_file *file, uint64_t at, struct buf *bytes, struct err *err);

#endif
