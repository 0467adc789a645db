/*
 * api/token: API tokens (identity.md flow 5): told once, of which only the hash is kept.
 */
#include <string.h>

#include "api/answer.h"
#include "api/handlers.h"
#include "api/requests.h"
#include "codec/token_text.h"
#include "crypto/hash.h"

#define SCOPES_MAX_BYTES 1024 /* of all words (core/audit) */

struct token_request {
    struct str owner;
    struct json_array scopes; /* struct str */
    int64_t expires_at;
};

static const struct json_field token_fields[] = {
    JSON_TEXT(struct token_request, owner, TYPEID_BYTES, TYPEID_BYTES, JSON_REQUIRED,
              .about = "the id of the user or service that it speaks for"),
    JSON_TEXT_ARRAY(struct token_request, scopes, 1, PERMISSION_COUNT, 32, JSON_REQUIRED,
                    .about = "permissions, or \"all\" alone"),
    JSON_TIME(struct token_request, expires_at, JSON_REQUIRED),
};
const struct json_table token_table = JSON_TABLE("TokenRequest", struct token_request, token_fields);

static status scopes_join(const struct json_array *scopes, permissions *ret_scopes)
{
    char space[SCOPES_MAX_BYTES];
    struct buf text = BUF_OVER(space);
    const struct str *words = scopes->at;

    for (size_t i = 0; i < scopes->count; i++) {
        if (i)
            buf_add_byte(&text, ' ');
        buf_add(&text, words[i]);
    }
    TRY(text.status);
    return scopes_read(buf_str(&text), ret_scopes);
}

/* A fresh token: its hash into the command, its text for the answer. */
static status token_new(struct call *call, struct job *job)
{
    AUTO(struct secret, secret_free) token = { 0 };
    enum token_kind kind = job->command.token_create.owner.kind == ID_SERVICE ? TOKEN_SERVICE : TOKEN_PERSON;
    struct hash hash;
    struct str text;

    token_text_new(kind, &call_loop(call)->entropy, &token);
    text = (struct str){ (const char *)token.bytes, token.len };
    hash = hash_of(text);
    memcpy(job->command.token_create.hash, hash.bytes, sizeof(job->command.token_create.hash));
    return arena_copy(call_arena(call), text, &call->given[0]);
}

/* A repeat made no token: it is answered by the entry of the one that is known already. */
static void token_answer(struct call *call)
{
    if (call->jobs->reply.outcome.kind == OUTCOME_REPEAT)
        call->given[0] = STR_NONE;
    answer_call(call);
}

void token_create_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct token_request request = { 0 };
    struct err err = { 0 };
    permissions scopes = 0;
    struct job *job;

    if (!call_body(call, &token_table, &request))
        return;
    if (scopes_join(&request.scopes, &scopes).code) {
        (void)err_member(&err, CODE_INVALID, "scopes", "scopes must be different permissions, or \"all\" alone");
        call_reject(call, &err);
        return;
    }
    job = call_job(call, COMMAND_TOKEN_CREATE);
    if (!job)
        return;
    job->command.token_create.owner = principal_named(call, request.owner);
    job->command.token_create.scopes = scopes;
    job->command.token_create.expires_ms = request.expires_at;
    if (token_new(call, job).code)
        call_no_memory(call);
    else
        call_command_then(call, token_answer);
}

void token_revoke_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct id credential;
    struct job *job;

    if (!call_path_id(call, 0, ID_CREDENTIAL, &credential))
        return;
    job = call_job(call, COMMAND_TOKEN_REVOKE);
    if (!job)
        return;
    job->command.credential = credential;
    call_command(call);
}
