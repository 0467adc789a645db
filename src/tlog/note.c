/*
 * tlog/note: the envelope read, checked and written.
 */
#include "tlog/note.h"

#include <assert.h>

#include "codec/base64.h"
#include "tlog/cosignature.h"

#define DASH         "\u2014 " /* an em dash and a space start a signature line */
#define KEY_ID_BYTES 4
/* The longest signature that any supported key makes. */
#define BLOB_MAX_BYTES (KEY_ID_BYTES + COSIGNATURE_BYTES)

/* No byte below a space but newlines; bytes of UTF-8 sequences are all above. */
static bool is_plain_text(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] < ' ' && text.at[i] != '\n')
            return false;
    }
    return str_is_utf8(text);
}

bool note_text_is_valid(struct str text)
{
    return str_ends(text, STR("\n")) && is_plain_text(text);
}

/* The position of the last blank line's newline, or text.len. */
static size_t find_separator(struct str text)
{
    for (size_t i = text.len; i-- > 1;) {
        if (text.at[i] == '\n' && text.at[i - 1] == '\n')
            return i;
    }
    return text.len;
}

static status parse_signature(struct str line, struct note_signature *ret_signature, struct err *err)
{
    struct note_signature signature = { 0 };
    uint8_t first[6]; /* the bytes of eight characters, which hold the key id */
    size_t len = 0;

    if (!str_starts(line, STR(DASH)))
        return err_set(err, CODE_INVALID, "the signature line '%.*s' does not start with U+2014 and a space",
                       STR_ARG(str_cut(line, 0, 80)));
    signature.base64 = str_from(line, sizeof DASH - 1);
    signature.name = str_take(&signature.base64, ' ');
    if (!vkey_name_is_valid(signature.name))
        return err_set(err, CODE_INVALID, "the signature line '%.*s' has no valid key name",
                       STR_ARG(str_cut(line, 0, 80)));
    if (base64_check(signature.base64, &len).code || len <= KEY_ID_BYTES ||
        base64_read(str_cut(signature.base64, 0, 8), first, sizeof first, &len).code)
        return err_set(err, CODE_INVALID, "the signature of '%.*s' is not the base64 of a key id and a signature",
                       STR_ARG(str_cut(signature.name, 0, 80)));
    signature.key_id = (uint32_t)first[0] << 24 | (uint32_t)first[1] << 16 | (uint32_t)first[2] << 8 | first[3];
    *ret_signature = signature;
    return OK;
}

static status parse_signatures(struct str lines, struct note *note, struct err *err)
{
    while (lines.len > 0) {
        if (note->count == NOTE_MAX_SIGNATURES)
            return err_set(err, CODE_TOO_LARGE, "a note has more than %d signatures", NOTE_MAX_SIGNATURES);
        TRY(parse_signature(str_take_line(&lines), &note->signatures[note->count], err));
        note->count++;
    }
    return OK;
}

status note_parse(struct str bytes, struct note *ret_note, struct err *err)
{
    struct note note = { 0 };
    size_t separator = find_separator(bytes);

    if (bytes.len > (size_t)NOTE_MAX_BYTES)
        return err_set(err, CODE_TOO_LARGE, "a note has %zu bytes, at most %d are allowed", bytes.len, NOTE_MAX_BYTES);
    if (!note_text_is_valid(bytes))
        return err_set(err, CODE_INVALID, "a note must be UTF-8 without control characters and end in a newline");
    if (separator == bytes.len || separator + 1 == bytes.len)
        return err_set(err, CODE_INVALID, "a note must have a blank line and signature lines after it");
    note.text = str_cut(bytes, 0, separator);
    TRY(parse_signatures(str_from(bytes, separator + 1), &note, err));
    *ret_note = note;
    return OK;
}

static status verify_signature(const struct note *note, const struct note_signature *signature, const struct vkey *key,
                               int64_t *ret_time_s, struct err *err)
{
    char blob[BLOB_MAX_BYTES];
    struct str sealed = { blob, 0 };

    if (base64_read(signature->base64, blob, sizeof blob, &sealed.len).code)
        return err_set(err, CODE_CORRUPT, "the signature of '%.*s' is longer than any of its key's type",
                       STR_ARG(vkey_name(key)));
    sealed = str_from(sealed, KEY_ID_BYTES);
    if (key->type == VKEY_COSIGNATURE)
        return cosignature_verify(&key->public_key, note->text, sealed, ret_time_s, err);
    *ret_time_s = 0;
    return ed25519_verify(&key->public_key, note->text, sealed, err);
}

/* All lines of one key; the first gives the time. */
static status verify_key(const struct note *note, const struct vkey *key, struct note_check *ret_check, struct err *err)
{
    struct note_check check = { 0 };

    for (size_t i = 0; i < note->count; i++) {
        const struct note_signature *signature = &note->signatures[i];
        int64_t time_s = 0;

        if (signature->key_id != key->id || !str_eq(signature->name, vkey_name(key)))
            continue;
        TRY(verify_signature(note, signature, key, &time_s, err));
        if (!check.verified)
            check = (struct note_check){ .verified = true, .time_s = time_s };
    }
    *ret_check = check;
    return OK;
}

static status verify_all(const struct note *note, const struct vkey *keys, size_t key_count, struct note_check *checks,
                         struct err *err)
{
    size_t verified = 0;

    for (size_t i = 0; i < key_count; i++) {
        TRY(verify_key(note, &keys[i], &checks[i], err));
        verified += checks[i].verified;
    }
    if (verified == 0)
        return err_set(err, CODE_NOT_FOUND, "none of the note's %zu signatures is by a known key", note->count);
    return OK;
}

status note_verify(const struct note *note, const struct vkey *keys, size_t key_count, struct note_check *ret_checks,
                   struct err *err)
{
    status verified = verify_all(note, keys, key_count, ret_checks, err);

    for (size_t i = 0; verified.code && i < key_count; i++)
        ret_checks[i] = (struct note_check){ 0 };
    return verified;
}

static status written(const struct buf *note, struct err *err)
{
    if (note->status.code)
        return err_set(err, note->status.code, "a note of %zu bytes can't grow: %s", note->len,
                       status_name(note->status));
    return OK;
}

status note_begin(struct buf *note, struct str text, struct err *err)
{
    if (!note_text_is_valid(text))
        return err_set(err, CODE_INVALID,
                       "a note's text must be UTF-8 without control characters and end in a newline");
    buf_add(note, text);
    buf_add_byte(note, '\n');
    return written(note, err);
}

status note_add_signature(struct buf *note, const struct vkey *key, struct str signature, struct err *err)
{
    uint8_t blob[BLOB_MAX_BYTES] = { (uint8_t)(key->id >> 24), (uint8_t)(key->id >> 16), (uint8_t)(key->id >> 8),
                                     (uint8_t)key->id };

    assert(signature.len <= sizeof blob - KEY_ID_BYTES);
    memcpy(blob + KEY_ID_BYTES, signature.at, signature.len);
    buf_add(note, STR(DASH));
    buf_add(note, vkey_name(key));
    buf_add_byte(note, ' ');
    base64_add(note, blob, KEY_ID_BYTES + signature.len);
    buf_add_byte(note, '\n');
    return written(note, err);
}

status note_sign(struct buf *note, struct str text, const struct skey *key, struct err *err)
{
    struct ed25519_signature signature;

    assert(key->vkey.type == VKEY_NOTE);
    TRY(ed25519_sign(&key->key, text, &signature, err));
    return note_add_signature(note, &key->vkey, (struct str){ (const char *)signature.bytes, sizeof signature.bytes },
                              err);
}

status note_cosign(struct buf *note, struct str text, const struct skey *key, int64_t time_s, struct err *err)
{
    struct cosignature cosignature;

    assert(key->vkey.type == VKEY_COSIGNATURE);
    TRY(cosignature_sign(&key->key, text, time_s, &cosignature, err));
    return note_add_signature(note, &key->vkey,
                              (struct str){ (const char *)cosignature.bytes, sizeof cosignature.bytes }, err);
}
