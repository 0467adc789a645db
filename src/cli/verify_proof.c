/*
 * cli/verify_proof: a tlog-proof, checked offline: nothing but the key, the entry and the proof is needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/verify.h"
#include "tlog/bundle.h"
#include "tlog/proof.h"

static void file_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

status file_read_text(const char *path, struct buf *text, struct err *err)
{
    AUTO(int, file_close) fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t len = 1;

    if (fd < 0)
        return err_system(err, "open", path);
    while (len > 0) {
        char *at = buf_room(text, 4096);

        if (!at)
            return err_set(err, text->status.code, "%s is larger than %zu bytes", path, text->max);
        len = read(fd, at, 4096);
        if (len < 0)
            return err_system(err, "read", path);
        buf_keep(text, (size_t)len);
    }
    return OK;
}

status verify_proof(const char *path, const char *entry, const struct vkey *vkey, uint64_t *ret_index, struct err *err)
{
    AUTO(struct buf, buf_free) text = { .max = PROOF_MAX_BYTES + 4096 };
    AUTO(struct buf, buf_free) leaf = { .max = BUNDLE_ENTRY_MAX_BYTES + 4096 };
    struct checkpoint checkpoint = { 0 };
    struct proof proof;
    struct hash hash;
    struct str line;

    TRY(file_read_text(path, &text, err));
    TRY(file_read_text(entry, &leaf, err));
    line = buf_str(&leaf);
    if (str_ends(line, STR("\n"))) /* an editor's, or a shell's */
        line.len--;
    hash = hash_leaf(line);
    TRY(proof_parse(buf_str(&text), &proof, err));
    TRY(proof_verify(&proof, &hash, vkey, &checkpoint, err));
    *ret_index = proof.index;
    return OK;
}
