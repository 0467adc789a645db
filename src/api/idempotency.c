#include "api/idempotency.h"

#include <string.h>

#include "crypto/hash.h"

#define SUFFIX_MAX_BYTES 8

static bool is_printable(struct str key)
{
    for (size_t i = 0; i < key.len; i++) {
        if (key.at[i] <= ' ' || key.at[i] > '~')
            return false;
    }
    return true;
}

bool idempotency_key(struct call *call, struct str *ret_key)
{
    struct err err = { 0 };
    struct str key = STR_NONE;

    if (!exchange_header_once(call->exchange, STR("Idempotency-Key"), &key, &err).code &&
        (!key.at || (key.len >= IDEM_KEY_MIN_BYTES && key.len <= IDEM_KEY_MAX_BYTES && is_printable(key)))) {
        *ret_key = key;
        return true;
    }
    (void)err_member(&err, CODE_INVALID, "Idempotency-Key",
                     "Idempotency-Key must be one value of %d to %d printable characters", IDEM_KEY_MIN_BYTES,
                     IDEM_KEY_MAX_BYTES);
    call_reject(call, &err);
    return false;
}

void idempotency_set(struct job *job, struct str key, struct str suffix, struct str body)
{
    struct command *command = &job->command;
    char author[TYPEID_BYTES];
    char space[IDEM_KEY_MAX_BYTES + SUFFIX_MAX_BYTES];
    struct buf full = BUF_OVER(space);
    struct hash hash;

    if (!key.at || command->dry_run)
        return;
    buf_add(&full, key);
    buf_add(&full, suffix);
    typeid_write(command->actor.who.kind, command->actor.who.id, author);
    hash = hash_of_parts((struct str[]){ { author, sizeof(author) }, command->route, buf_str(&full) }, 3);
    memcpy(command->idem_key, hash.bytes, sizeof(command->idem_key));
    hash = hash_mac(buf_str(&full), body);
    memcpy(command->idem_body, hash.bytes, sizeof(command->idem_body));
    command->has_idem = true;
}
