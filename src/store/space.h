/*
 * store/space: how full the disk is, and the ballast that is thrown off when it is full.
 *
 * The ballast is a file of BALLAST_BYTES real blocks in the data directory: freeing it leaves room for what must go on
 * (release, lapse, revoke, admin login, erasure) while somebody makes space. Plain file functions of any thread; the
 * caller sees to it that one thread at a time handles the ballast.
 */
#ifndef STORE_SPACE_H
#define STORE_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct space {
    uint64_t total_bytes;
    uint64_t free_bytes; /* for this process: without what is reserved for root */
};

MUST_CHECK status space_read(const char *dir, struct space *ret_space, struct err *err);
/* 0 … 100, rounded up, so that 100 means that nothing can be written. */
unsigned space_used_percent(const struct space *space);
/* The highest warning level reached: 95, 90, 80, or 0. */
unsigned space_warning(const struct space *space);

bool ballast_is_there(const char *dir);
/* Makes it if it is not there. CODE_DISK_FULL leaves nothing behind. */
MUST_CHECK status ballast_create(const char *dir, struct err *err);
/* Gives its blocks back; does nothing when there is none. */
MUST_CHECK status ballast_free(const char *dir, struct err *err);

#endif
