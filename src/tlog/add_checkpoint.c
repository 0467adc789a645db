/*
 * tlog/add_checkpoint: line by line, then the checkpoint as it is.
 */
#include "tlog/add_checkpoint.h"

#include "tlog/hash_lines.h"

#define OLD STR("old ")

status add_checkpoint_parse(struct str body, struct add_checkpoint *ret_request, struct err *err)
{
    struct add_checkpoint request = { .checkpoint = body };
    struct str line;

    if (body.len > ADD_CHECKPOINT_MAX_BYTES)
        return err_set(err, CODE_TOO_LARGE, "a request to a witness has %zu bytes, at most %d are allowed", body.len,
                       ADD_CHECKPOINT_MAX_BYTES);
    line = str_take_line(&request.checkpoint);
    if (!str_starts(line, OLD) || str_to_u64(str_from(line, OLD.len), TREE_MAX_LEAVES, &request.old_size).code)
        return err_set(err, CODE_INVALID,
                       "a request to a witness begins with 'old' and a decimal number up to 2^63-1, not '%.*s'",
                       STR_ARG(str_cut(line, 0, 60)));
    TRY(hash_lines_take(&request.checkpoint, "a request to a witness", &request.proof, err));
    if (request.checkpoint.len == 0)
        return err_set(err, CODE_INVALID, "a request to a witness has no checkpoint");
    *ret_request = request;
    return OK;
}

void add_checkpoint_add(struct buf *buf, const struct add_checkpoint *request)
{
    buf_add(buf, OLD);
    buf_add_u64(buf, request->old_size);
    buf_add_byte(buf, '\n');
    hash_lines_add(buf, &request->proof);
    buf_add(buf, request->checkpoint);
}
