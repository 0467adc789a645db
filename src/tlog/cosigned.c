/*
 * tlog/cosigned: a note of the one's text and the other's lines is verified as any other.
 */
#include "tlog/cosigned.h"

static bool is_by(const struct note_signature *signature, const struct vkey *key)
{
    return signature->key_id == key->id && str_eq(signature->name, vkey_name(key));
}

static bool has_line_by(const struct note *note, size_t count, const struct vkey *key)
{
    for (size_t i = 0; i < count; i++) {
        if (is_by(&note->signatures[i], key))
            return true;
    }
    return false;
}

static const struct vkey *known(const struct note_signature *signature, const struct vkey *keys, size_t key_count)
{
    for (size_t i = 0; i < key_count; i++) {
        if (is_by(signature, &keys[i]))
            return &keys[i];
    }
    return NULL;
}

static void line_add(struct buf *buf, const struct note_signature *signature)
{
    buf_add(buf, STR("\u2014 "));
    buf_add(buf, signature->name);
    buf_add_byte(buf, ' ');
    buf_add(buf, signature->base64);
    buf_add_byte(buf, '\n');
}

/* A key's first line, unless `already` has one. */
static void lines_add(struct buf *buf, const struct note *from, const struct note *already, const struct vkey *keys,
                      size_t key_count)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct vkey *key = known(&from->signatures[i], keys, key_count);

        if (key && !has_line_by(from, i, key) && !(already && has_line_by(already, already->count, key)))
            line_add(buf, &from->signatures[i]);
    }
}

static status fitted(const struct buf *note, struct err *err)
{
    return note->status.code ? err_set(err, note->status.code, "a note of %zu bytes can't grow: %s", note->len,
                                       status_name(note->status))
                             : OK;
}

status cosigned_begin(struct buf *ret_note, const struct note *note, const struct vkey *keys, size_t key_count,
                      struct err *err)
{
    TRY(note_begin(ret_note, note->text, err));
    lines_add(ret_note, note, NULL, keys, key_count);
    return fitted(ret_note, err);
}

status cosigned_join(struct buf *ret_note, struct str note, struct str lines, const struct cosigners *by,
                     struct err *err)
{
    AUTO(struct buf, buf_free) other = { .max = (size_t)NOTE_MAX_BYTES };
    struct note ours;
    struct note theirs;

    TRY(note_parse(note, &ours, err));
    TRY(note_begin(&other, ours.text, err));
    buf_add(&other, lines);
    TRY(fitted(&other, err));
    TRY(note_parse(buf_str(&other), &theirs, err));
    TRY(note_verify(&theirs, by->keys, by->count, by->checks, err));
    buf_add(ret_note, note);
    lines_add(ret_note, &theirs, &ours, by->keys, by->count);
    return fitted(ret_note, err);
}
