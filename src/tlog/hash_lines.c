/*
 * tlog/hash_lines: line by line.
 */
#include "tlog/hash_lines.h"

#include "tlog/hash_text.h"

status hash_lines_take(struct str *rest, const char *what, struct tree_path *path, struct err *err)
{
    while (rest->len > 0) {
        struct str line = str_take_line(rest);

        if (line.len == 0)
            return OK;
        if (path->count == PROOF_MAX_HASHES)
            return err_set(err, CODE_TOO_LARGE, "%s has more than %d hashes", what, PROOF_MAX_HASHES);
        if (hash_text_read(line, &path->hashes[path->count]).code)
            return err_set(err, CODE_INVALID, "hash %zu of %s, '%.*s', is not the base64 of 32 bytes", path->count + 1,
                           what, STR_ARG(str_cut(line, 0, 60)));
        path->count++;
    }
    return err_set(err, CODE_INVALID, "%s has no blank line before its checkpoint", what);
}

void hash_lines_add(struct buf *buf, const struct tree_path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        hash_text_add(buf, &path->hashes[i]);
        buf_add_byte(buf, '\n');
    }
    buf_add_byte(buf, '\n');
}
