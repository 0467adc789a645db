/*
 * daemon/demo_world: the made-up past of a demo ledger: who there is, what is licensed, and how seats came and went.
 */
#ifndef DAEMON_DEMO_WORLD_H
#define DAEMON_DEMO_WORLD_H

#include <stdint.h>

#include "base/err.h"
#include "crypto/hash.h"

/*
 * Lives from the ledger's beginning until now_ms and records demo.seeded at the end. `member_token` is the hash of the
 * token that its first member gets.
 */
MUST_CHECK status demo_world_live(const char *dir, const struct hash *member_token, int64_t now_ms, struct err *err);

#endif
