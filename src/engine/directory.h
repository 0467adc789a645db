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

/* Why a token was refused. */
struct denial {
    enum reason reason; /* bad_token, token_revoked, token_expired, disabled */
    struct id cred;     /* which credential it was; none: no known one */
};

MUST_CHECK status directory_new(struct directory **ret_directory);
void directory_free(struct directory *directory); /* accepts NULL */
/* Replaces everything by what the facts say; on failure everything stays as it was. Engine's thread. */
MUST_CHECK status directory_load(struct directory *directory, const struct facts *facts);
/*
 * Takes over, for an entry that has been applied, what the facts say about the credential or principal that it names.
 * Only an entry that makes a token can fail (CODE_NO_MEMORY, CODE_TOO_LARGE): the token is then not known. Engine's
 * thread.
 */
MUST_CHECK status directory_update(struct directory *directory, const struct facts *facts, const struct entry *entry);
/* The bearer of a token with that SHA-256 (32 bytes). CODE_DENIED writes *ret_denial instead. */
MUST_CHECK status directory_find(struct directory *directory, const uint8_t *hash, int64_t now_ms,
                                 struct bearer *ret_bearer, struct denial *ret_denial);

#endif
