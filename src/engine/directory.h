/*
 * engine/directory: who a token speaks for, for admission on any thread.
 *
 * A copy of the rights part of the facts as of the last durable batch; decide() checks again at its own index, so a
 * stale answer here can let nobody in. The engine's thread writes after each commit that touched rights; others read.
 */
#ifndef ENGINE_DIRECTORY_H
#define ENGINE_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/access.h"
#include "core/facts.h"

struct directory;

/* What admission learns of a token. */
struct bearer {
    struct actor actor;
    enum role role;
    permissions permissions; /* role's and token's together */
    struct who organisation; /* kind ID_NONE: of the installation */
};

MUST_CHECK status directory_new(struct directory **ret_directory);
void directory_free(struct directory *directory);
/* Replaces everything by what the facts say. Engine's thread. */
MUST_CHECK status directory_load(struct directory *directory, const struct facts *facts);
/* Takes over one credential's or all of one principal's credentials' state. Engine's thread. */
MUST_CHECK status directory_update(struct directory *directory, const struct facts *facts, const struct entry *entry);
/*
 * The bearer of a token with that SHA-256. CODE_DENIED tells in *ret_reason why not (bad_token, token_expired,
 * token_revoked, disabled) and in *ret_cred which credential it was, if it was one.
 */
MUST_CHECK status directory_find(struct directory *directory, const uint8_t *hash, int64_t now_ms,
                                 struct bearer *ret_bearer, enum reason *ret_reason, struct id *ret_cred);

#endif
