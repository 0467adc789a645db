/*
 * tlog/checkpoint: three lines and what may follow them.
 */
#include "tlog/checkpoint.h"

#include <assert.h>

#include "tlog/hash_text.h"

/* Each extension line must say something: a blank one would end the text for a reader that looks for the first. */
static bool has_empty_line(struct str lines)
{
    while (lines.len > 0) {
        if (str_take_line(&lines).len == 0)
            return true;
    }
    return false;
}

status checkpoint_parse(struct str text, struct checkpoint *ret_checkpoint, struct err *err)
{
    struct checkpoint checkpoint = { .extensions = text };
    struct str size, root;

    if (!note_text_is_valid(text))
        return err_set(err, CODE_INVALID, "a checkpoint must be UTF-8 without control characters and end in a newline");
    checkpoint.origin = str_take_line(&checkpoint.extensions);
    size = str_take_line(&checkpoint.extensions);
    root = str_take_line(&checkpoint.extensions);
    if (checkpoint.origin.len == 0)
        return err_set(err, CODE_INVALID, "a checkpoint's first line, the origin, is empty");
    if (checkpoint.origin.len > ORIGIN_MAX_BYTES)
        return err_set(err, CODE_TOO_LARGE, "a checkpoint's origin has %zu bytes, at most %d are allowed",
                       checkpoint.origin.len, ORIGIN_MAX_BYTES);
    if (str_to_u64(size, TREE_MAX_LEAVES, &checkpoint.head.size).code)
        return err_set(err, CODE_INVALID, "a checkpoint's size '%.*s' is not a decimal number up to 2^63-1",
                       STR_ARG(str_cut(size, 0, 40)));
    if (hash_text_read(root, &checkpoint.head.root).code)
        return err_set(err, CODE_INVALID, "a checkpoint's root '%.*s' is not the base64 of 32 bytes",
                       STR_ARG(str_cut(root, 0, 60)));
    if (has_empty_line(checkpoint.extensions))
        return err_set(err, CODE_INVALID, "a checkpoint has an empty extension line");
    *ret_checkpoint = checkpoint;
    return OK;
}

void checkpoint_add(struct buf *buf, const struct checkpoint *checkpoint)
{
    assert(checkpoint->origin.len > 0);
    buf_add(buf, checkpoint->origin);
    buf_add_byte(buf, '\n');
    buf_add_u64(buf, checkpoint->head.size);
    buf_add_byte(buf, '\n');
    hash_text_add(buf, &checkpoint->head.root);
    buf_add_byte(buf, '\n');
    buf_add(buf, checkpoint->extensions);
}

/* Without extensions; the key's name is the origin. */
static struct str text_of(const struct tree_head *head, const struct vkey *vkey, struct buf *text)
{
    struct checkpoint checkpoint = { .origin = vkey_name(vkey), .head = *head };

    checkpoint_add(text, &checkpoint);
    assert(text->status.code == CODE_OK);
    return buf_str(text);
}

status checkpoint_sign(struct buf *note, const struct tree_head *head, const struct skey *key, struct err *err)
{
    char space[CHECKPOINT_MAX_BYTES];
    struct buf buf = BUF_OVER(space);
    struct str text = text_of(head, &key->vkey, &buf);

    TRY(note_begin(note, text, err));
    return note_sign(note, text, key, err);
}

status checkpoint_signature(const struct tree_head *head, const struct skey *key,
                            struct ed25519_signature *ret_signature, struct err *err)
{
    char space[CHECKPOINT_MAX_BYTES];
    struct buf text = BUF_OVER(space);

    return ed25519_sign(&key->key, text_of(head, &key->vkey, &text), ret_signature, err);
}

status checkpoint_verify(const struct tree_head *head, struct str signature, const struct vkey *log, struct err *err)
{
    char space[CHECKPOINT_MAX_BYTES];
    struct buf text = BUF_OVER(space);

    return ed25519_verify(&log->public_key, text_of(head, log, &text), signature, err);
}

status checkpoint_complete(struct buf *note, const struct tree_head *head, const struct vkey *vkey,
                           const struct ed25519_signature *signature, struct err *err)
{
    struct str bytes = { (const char *)signature->bytes, sizeof signature->bytes };
    char space[CHECKPOINT_MAX_BYTES];
    struct buf buf = BUF_OVER(space);
    struct str text = text_of(head, vkey, &buf);

    TRY(ed25519_verify(&vkey->public_key, text, bytes, err));
    TRY(note_begin(note, text, err));
    return note_add_signature(note, vkey, bytes, err);
}

status checkpoint_open(struct str note, const struct vkey *log, struct checkpoint *ret_checkpoint, struct err *err)
{
    struct note parsed;
    struct note_check check;
    struct checkpoint checkpoint = { 0 };

    TRY(note_parse(note, &parsed, err));
    TRY(note_verify(&parsed, log, 1, &check, err));
    TRY(checkpoint_parse(parsed.text, &checkpoint, err));
    if (!str_eq(checkpoint.origin, vkey_name(log)))
        return err_set(err, CODE_CORRUPT, "the checkpoint is of '%.*s', expected '%.*s'", STR_ARG(checkpoint.origin),
                       STR_ARG(vkey_name(log)));
    *ret_checkpoint = checkpoint;
    return OK;
}
