/*
 * engine/directory: two tables, who has tokens and which, with a map for each way in; one guard around both.
 */
#include "engine/directory.h"

#include <string.h>

#include "base/guard.h"
#include "base/memory.h"

/* What needs no permission needs no scope either. */
#define UNSCOPED ((permissions)1 << PERM_PUBLIC | (permissions)1 << PERM_ANY)

/* A principal that has a token. */
struct owner {
    struct who who;
    struct who organisation;
    uint8_t role; /* enum role */
    bool disabled;
};

struct token {
    struct id id;
    uint8_t hash[32];
    int64_t expires_ms;
    permissions scopes;
    uint32_t owner;
    bool revoked;
};

/* What is replaced as a whole by directory_load. */
struct book {
    struct table owners, tokens;
    struct map owner_by_id, token_by_id, token_by_hash;
};

struct directory {
    struct guard guard;
    struct book book;
};

/* ---- Keys ---- */

static uint64_t owner_hash(const void *owner, uint32_t place)
{
    const struct book *book = owner;
    const struct owner *record = table_at(&book->owners, place);

    return id_hash(record->who.id);
}

static bool owner_equals(const void *owner, uint32_t place, const void *key)
{
    const struct book *book = owner;
    const struct owner *record = table_at(&book->owners, place);
    const struct id *id = key;

    return id_eq(record->who.id, *id);
}

static const struct map_kind owners_by_id = { owner_hash, owner_equals };

static uint64_t token_id_hash(const void *owner, uint32_t place)
{
    const struct book *book = owner;
    const struct token *token = table_at(&book->tokens, place);

    return id_hash(token->id);
}

static bool token_id_equals(const void *owner, uint32_t place, const void *key)
{
    const struct book *book = owner;
    const struct token *token = table_at(&book->tokens, place);
    const struct id *id = key;

    return id_eq(token->id, *id);
}

static const struct map_kind tokens_by_id = { token_id_hash, token_id_equals };

/* SHA-256 spreads for us. */
static uint64_t spread(const uint8_t *hash)
{
    uint64_t start;

    memcpy(&start, hash, sizeof start);
    return start;
}

static uint64_t token_hash_hash(const void *owner, uint32_t place)
{
    const struct book *book = owner;
    const struct token *token = table_at(&book->tokens, place);

    return spread(token->hash);
}

/*
 * Not constant in time, and need not be: what time tells is how far the SHA-256 of a guess agrees with a stored one.
 * Who knows all of a stored hash is no nearer to a token that has it.
 */
static bool token_hash_equals(const void *owner, uint32_t place, const void *key)
{
    const struct book *book = owner;
    const struct token *token = table_at(&book->tokens, place);

    return memcmp(token->hash, key, sizeof token->hash) == 0;
}

static const struct map_kind tokens_by_hash = { token_hash_hash, token_hash_equals };

/* ---- The book ---- */

static struct book book_of(void)
{
    return (struct book){ .owners = table_of(sizeof(struct owner), PRINCIPALS_MAX),
                          .tokens = table_of(sizeof(struct token), CREDENTIALS_MAX) };
}

static void book_free(struct book *book)
{
    table_free(&book->owners);
    table_free(&book->tokens);
    map_free(&book->owner_by_id);
    map_free(&book->token_by_id);
    map_free(&book->token_by_hash);
}

static struct owner owner_of(const struct facts *facts, uint32_t place)
{
    const struct principal *principal = principal_at(facts, place);
    struct owner owner = { .who = { principal->id, principal->kind },
                           .role = principal->role,
                           .disabled = principal->disabled };

    if (principal->organisation != NONE)
        owner.organisation = (struct who){ principal_at(facts, principal->organisation)->id, ID_ORGANISATION };
    return owner;
}

static struct owner *owner_find(const struct book *book, struct id id)
{
    uint32_t place = map_find(&book->owner_by_id, &owners_by_id, book, id_hash(id), &id);

    return place == MAP_NONE ? NULL : table_at(&book->owners, place);
}

/* Room for a token and its owner, so that adding them can't fail. */
static status reserve(struct book *book)
{
    TRY(table_reserve(&book->owners, 1));
    TRY(table_reserve(&book->tokens, 1));
    TRY(map_reserve(&book->owner_by_id, &owners_by_id, book, 1));
    TRY(map_reserve(&book->token_by_id, &tokens_by_id, book, 1));
    return map_reserve(&book->token_by_hash, &tokens_by_hash, book, 1);
}

static uint32_t owner_put(struct book *book, const struct owner *owner)
{
    uint32_t place = map_find(&book->owner_by_id, &owners_by_id, book, id_hash(owner->who.id), &owner->who.id);

    if (place != MAP_NONE)
        return place;
    place = table_take(&book->owners);
    *(struct owner *)table_at(&book->owners, place) = *owner;
    map_put(&book->owner_by_id, id_hash(owner->who.id), place);
    return place;
}

static struct token *token_find(const struct book *book, struct id id)
{
    uint32_t place = map_find(&book->token_by_id, &tokens_by_id, book, id_hash(id), &id);

    return place == MAP_NONE ? NULL : table_at(&book->tokens, place);
}

static status token_add(struct book *book, const struct facts *facts, const struct credential *credential)
{
    struct owner owner = owner_of(facts, credential->owner);
    struct token token = { .id = credential->id,
                           .expires_ms = credential->expires_ms,
                           .scopes = credential->scopes,
                           .revoked = credential->revoked };
    uint32_t place;

    TRY(reserve(book));
    memcpy(token.hash, credential->hash, sizeof token.hash);
    token.owner = owner_put(book, &owner);
    place = table_take(&book->tokens);
    *(struct token *)table_at(&book->tokens, place) = token;
    map_put(&book->token_by_id, id_hash(token.id), place);
    map_put(&book->token_by_hash, spread(token.hash), place);
    return OK;
}

/* ---- The directory ---- */

status directory_new(struct directory **ret_directory)
{
    struct directory *directory = memory_new(1, sizeof *directory);

    if (!directory)
        return (status){ CODE_NO_MEMORY };
    if (guard_init(&directory->guard).code) {
        memory_free(directory);
        return (status){ CODE_NO_MEMORY };
    }
    directory->book = book_of();
    *ret_directory = directory;
    return OK;
}

void directory_free(struct directory *directory)
{
    if (!directory)
        return;
    book_free(&directory->book);
    guard_free(&directory->guard);
    memory_free(directory);
}

/* The new book is made beside the old one, from which everybody goes on reading. Credentials are never removed. */
status directory_load(struct directory *directory, const struct facts *facts)
{
    AUTO(struct book, book_free) book = book_of();
    struct book old;

    assert(facts->credentials.live == facts->credentials.used);
    for (uint32_t place = 0; place < facts->credentials.used; place++)
        TRY(token_add(&book, facts, credential_at(facts, place)));
    guard_write(&directory->guard);
    old = directory->book;
    directory->book = book;
    guard_leave(&directory->guard);
    book = old; /* is freed */
    return OK;
}

static status token_update(struct directory *directory, const struct facts *facts, struct id id)
{
    uint32_t place = credential_find(facts, id);
    const struct credential *credential;
    struct token *token;
    status s = OK;

    assert(place != NONE);
    credential = credential_at(facts, place);
    guard_write(&directory->guard);
    token = token_find(&directory->book, id);
    if (token)
        token->revoked = credential->revoked;
    else
        s = token_add(&directory->book, facts, credential);
    guard_leave(&directory->guard);
    return s;
}

static void owner_update(struct directory *directory, const struct facts *facts, struct id id)
{
    uint32_t place = principal_find(facts, id);
    struct owner *owner;

    assert(place != NONE);
    guard_write(&directory->guard);
    owner = owner_find(&directory->book, id);
    if (owner) /* else it has no token, and nobody can come as it */
        *owner = owner_of(facts, place);
    guard_leave(&directory->guard);
}

status directory_update(struct directory *directory, const struct facts *facts, const struct entry *entry)
{
    switch (entry->code) {
    case AUDIT_TOKEN_CREATED:
    case AUDIT_TOKEN_REVOKED:
        return token_update(directory, facts, entry->on[ON_CREDENTIAL].id);
    case AUDIT_ROLE_CHANGED:
        owner_update(directory, facts, entry->on[entry_has_on(entry, ON_USER) ? ON_USER : ON_SERVICE].id);
        return OK;
    case AUDIT_USER_ERASED:
        owner_update(directory, facts, entry->on[ON_USER].id);
        return OK;
    default: /* a new principal has no token yet; what teams allow is decide()'s business */
        return OK;
    }
}

/* In decide()'s order, so that admission and decision give the same reason. */
static bool is_live(const struct token *token, const struct owner *owner, int64_t now_ms, enum reason *ret_reason)
{
    if (token->revoked)
        *ret_reason = REASON_TOKEN_REVOKED;
    else if (token->expires_ms <= now_ms)
        *ret_reason = REASON_TOKEN_EXPIRED;
    else if (owner->disabled)
        *ret_reason = REASON_DISABLED;
    else
        return true;
    return false;
}

static bool bearer_find(const struct book *book, const uint8_t *hash, int64_t now_ms, struct bearer *ret_bearer,
                        struct denial *ret_denial)
{
    uint32_t place = map_find(&book->token_by_hash, &tokens_by_hash, book, spread(hash), hash);
    const struct token *token = place == MAP_NONE ? NULL : table_at(&book->tokens, place);
    const struct owner *owner = token ? table_at(&book->owners, token->owner) : NULL;
    struct denial denial = { .reason = REASON_BAD_TOKEN };

    if (token)
        denial.cred = token->id;
    if (!token || !is_live(token, owner, now_ms, &denial.reason)) {
        *ret_denial = denial;
        return false;
    }
    *ret_bearer = (struct bearer){
        .actor = { .who = owner->who, .via = VIA_API_TOKEN, .cred = token->id, .level = LEVEL_A1 },
        .role = owner->role,
        .permissions = role_permissions(owner->role, owner->organisation.kind != ID_NONE) & (token->scopes | UNSCOPED),
        .organisation = owner->organisation,
    };
    return true;
}

status directory_find(struct directory *directory, const uint8_t *hash, int64_t now_ms, struct bearer *ret_bearer,
                      struct denial *ret_denial)
{
    bool found;

    guard_read(&directory->guard);
    found = bearer_find(&directory->book, hash, now_ms, ret_bearer, ret_denial);
    guard_leave(&directory->guard);
    return found ? OK : (status){ CODE_DENIED };
}
