/*
 * tlog/proof: line by line, then the checkpoint as it is.
 */
#include "tlog/proof.h"

#include "codec/base64.h"
#include "tlog/hash_lines.h"

static const char header[] = "c2sp.org/tlog-proof@v1";

/* What follows "<word> " on the next line, when the line starts so. */
static bool take_field(struct str *rest, struct str word, struct str *ret_value)
{
    struct str after = *rest;
    struct str line = str_take_line(&after);

    if (!str_starts(line, word))
        return false;
    *ret_value = str_from(line, word.len);
    *rest = after;
    return true;
}

static status check_extra(struct str base64, struct err *err)
{
    size_t len = 0;

    if (base64_check(base64, &len).code || len == 0)
        return err_set(err, CODE_INVALID, "a proof's extra data is not base64, or empty");
    if (len > PROOF_EXTRA_MAX_BYTES)
        return err_set(err, CODE_TOO_LARGE, "a proof's extra data has %zu bytes, at most %d are allowed", len,
                       PROOF_EXTRA_MAX_BYTES);
    return OK;
}

status proof_parse(struct str text, struct proof *ret_proof, struct err *err)
{
    struct proof proof = { .checkpoint = text };
    struct str *rest = &proof.checkpoint;
    struct str index;

    if (text.len > PROOF_MAX_BYTES)
        return err_set(err, CODE_TOO_LARGE, "a proof has %zu bytes, at most %d are allowed", text.len, PROOF_MAX_BYTES);
    if (!str_eq(str_take_line(rest), str_of(header)))
        return err_set(err, CODE_INVALID, "a proof's first line is not '%s'", header);
    if (take_field(rest, STR("extra "), &proof.extra_base64))
        TRY(check_extra(proof.extra_base64, err));
    if (!take_field(rest, STR("index "), &index) || str_to_u64(index, TREE_MAX_LEAVES, &proof.index).code)
        return err_set(err, CODE_INVALID, "a proof lacks a line 'index' with a decimal number up to 2^63-1");
    TRY(hash_lines_take(rest, "a proof", &proof.path, err));
    if (proof.checkpoint.len == 0)
        return err_set(err, CODE_INVALID, "a proof has no checkpoint");
    *ret_proof = proof;
    return OK;
}

void proof_add(struct buf *buf, const struct proof *proof)
{
    buf_add_format(buf, "%s\n", header);
    if (proof->extra_base64.len > 0) {
        buf_add(buf, STR("extra "));
        buf_add(buf, proof->extra_base64);
        buf_add_byte(buf, '\n');
    }
    buf_add(buf, STR("index "));
    buf_add_u64(buf, proof->index);
    buf_add_byte(buf, '\n');
    hash_lines_add(buf, &proof->path);
    buf_add(buf, proof->checkpoint);
}

status proof_verify(const struct proof *proof, const struct hash *leaf_hash, const struct vkey *log,
                    struct checkpoint *ret_checkpoint, struct err *err)
{
    struct checkpoint checkpoint = { 0 };

    TRY(checkpoint_open(proof->checkpoint, log, &checkpoint, err));
    TRY(tree_check_inclusion(&checkpoint.head, proof->index, leaf_hash, &proof->path, err));
    *ret_checkpoint = checkpoint;
    return OK;
}
