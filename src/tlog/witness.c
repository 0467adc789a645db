/*
 * tlog/witness: the order of the checks is the specification's: form, origin, signature, sizes; then state and proof.
 */
#include "tlog/witness.h"

#include <inttypes.h>

#include "tlog/cosigned.h"

static status form_read(struct str body, struct witness_request *request, struct err *err)
{
    struct add_checkpoint parts;

    TRY(add_checkpoint_parse(body, &parts, err));
    TRY(note_parse(parts.checkpoint, &request->note, err));
    TRY(checkpoint_parse(request->note.text, &request->checkpoint, err));
    request->old_size = parts.old_size;
    request->proof = parts.proof;
    return OK;
}

enum witness_verdict witness_read(struct str body, const struct witness_logs *logs, struct witness_request *ret_request,
                                  struct err *err)
{
    struct note_check checks[WITNESS_LOG_KEYS_MAX];

    *ret_request = (struct witness_request){ 0 };
    if (form_read(body, ret_request, err).code)
        return WITNESS_MALFORMED;
    ret_request->log = witness_logs_find(logs, ret_request->checkpoint.origin);
    if (!ret_request->log) {
        (void)err_set(err, CODE_NOT_FOUND, "'%.*s' is not a log that this witness serves",
                      STR_ARG(ret_request->checkpoint.origin));
        return WITNESS_UNKNOWN;
    }
    if (note_verify(&ret_request->note, ret_request->log->keys, ret_request->log->key_count, checks, err).code)
        return WITNESS_UNSIGNED;
    if (ret_request->old_size > ret_request->checkpoint.head.size) {
        (void)err_set(err, CODE_INVALID, "the old size, %" PRIu64 ", is larger than the checkpoint's, %" PRIu64,
                      ret_request->old_size, ret_request->checkpoint.head.size);
        return WITNESS_MALFORMED;
    }
    return WITNESS_COSIGNS;
}

enum witness_verdict witness_judge(const struct witness_request *request, const struct tree_head *last, struct err *err)
{
    if (request->old_size != last->size) {
        (void)err_set(err, CODE_CONFLICT, "the size cosigned last is %" PRIu64 ", not %" PRIu64, last->size,
                      request->old_size);
        return WITNESS_ELSEWHERE;
    }
    return tree_check_consistency(last, &request->checkpoint.head, &request->proof, err).code ? WITNESS_UNPROVEN
                                                                                              : WITNESS_COSIGNS;
}

status witness_cosign(const struct witness_request *request, const struct skey *key, int64_t time_s,
                      struct buf *ret_note, struct err *err)
{
    TRY(cosigned_begin(ret_note, &request->note, request->log->keys, request->log->key_count, err));
    return note_cosign(ret_note, request->note.text, key, time_s, err);
}

status witness_recall(struct str note, const struct vkey *witness, struct checkpoint *ret_last, struct err *err)
{
    struct note parsed;
    struct note_check check;

    TRY(note_parse(note, &parsed, err));
    TRY(note_verify(&parsed, witness, 1, &check, err));
    return checkpoint_parse(parsed.text, ret_last, err);
}
