/*
 * engine/signer: the key file, and what may be signed.
 */
#include "engine/signer.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/entropy.h"
#include "base/memory.h"
#include "codec/base64.h"
#include "engine/private_file.h"
#include "engine/signed_head.h"
#include "tlog/hash_text.h"

#define KEY_FILE  "ledger.key"
#define HEAD_FILE "signer.head"

struct signer {
    struct skey key;
    struct signed_head last;
};

/* The text of a key file, with its newline and a byte that makes a longer one too long; wiped when it goes. */
struct key_text {
    char bytes[SKEY_MAX_BYTES + 2];
};

static void key_text_wipe(struct key_text *text)
{
    memory_wipe(text, sizeof *text);
}

/* ---- Making ---- */

static status key_draw(struct str origin, struct skey *ret_key, struct err *err)
{
    /* No argument (P10): a ledger's key is never anything but random. */
    struct entropy entropy = entropy_from_system();
    AUTO(struct secret, secret_free) seed = { 0 };

    ed25519_seed_new(&entropy, &seed);
    memory_wipe(&entropy, sizeof entropy);
    return skey_open(origin, VKEY_NOTE, &seed, ret_key, err);
}

static status key_write(const struct private_file *file, const struct skey *key, struct err *err)
{
    AUTO(struct key_text, key_text_wipe) space = { 0 };
    struct buf text = BUF_OVER(space.bytes);

    skey_add(&text, key);
    buf_add_byte(&text, '\n');
    TRY(text.status);
    TRY(private_file_write(file, buf_str(&text), 0, err));
    return private_file_sync(file, err);
}

static status key_create(const char *dir, const struct skey *key, struct err *err)
{
    AUTO(struct private_file, private_file_close) file = { 0 };
    status s;

    TRY(private_file_create(dir, KEY_FILE, &file, err));
    s = key_write(&file, key, err);
    if (!s.code)
        s = file_sync_directory(dir, err);
    if (s.code)
        private_file_discard(&file);
    return s;
}

/* The head comes first: where a key is, there is a head. */
status signer_create(const char *dir, struct str origin, struct err *err)
{
    AUTO(struct skey, skey_close) key = { 0 };
    struct path head = { 0 };
    struct path path = { 0 };
    status s;

    TRY(path_join(dir, KEY_FILE, &path, err));
    TRY(path_join(dir, HEAD_FILE, &head, err));
    if (file_exists(path.text))
        return err_set(err, CODE_CONFLICT, "%s exists already", path.text);
    TRY(key_draw(origin, &key, err));
    TRY(signed_head_create(dir, HEAD_FILE, &key.vkey.public_key, err));
    s = key_create(dir, &key, err);
    if (s.code)
        (void)unlink(head.text);
    return s;
}

/* ---- Opening ---- */

static status key_open(const char *dir, struct skey *ret_key, struct err *err)
{
    AUTO(struct private_file, private_file_close) file = { 0 };
    AUTO(struct key_text, key_text_wipe) space = { 0 };
    struct buf text = BUF_OVER(space.bytes);

    TRY(private_file_open(dir, KEY_FILE, false, &file, err));
    TRY(private_file_read(&file, 0, &text, err));
    if (str_ends(buf_str(&text), STR("\n")))
        buf_cut(&text, text.len - 1);
    TRY(skey_parse(buf_str(&text), ret_key, err));
    if (ret_key->vkey.type != VKEY_NOTE)
        return err_set(err, CODE_INVALID, "the key in %s does not sign checkpoints", file.path.text);
    return OK;
}

static status files_open(struct signer *signer, const char *dir, struct err *err)
{
    TRY(key_open(dir, &signer->key, err));
    return signed_head_open(dir, HEAD_FILE, &signer->key.vkey.public_key, &signer->last, err);
}

status signer_open(const char *dir, struct signer **ret_signer, struct err *err)
{
    struct signer *signer = memory_new(1, sizeof *signer);
    status s;

    if (!signer)
        return err_set(err, CODE_NO_MEMORY, "no memory for the signer");
    s = files_open(signer, dir, err);
    if (s.code) {
        signer_close(signer);
        return s;
    }
    *ret_signer = signer;
    return OK;
}

void signer_close(struct signer *signer)
{
    if (!signer)
        return;
    signed_head_close(&signer->last);
    skey_close(&signer->key);
    memory_free(signer);
}

const struct vkey *signer_vkey(const struct signer *signer)
{
    return &signer->key.vkey;
}

struct tree_head signer_head(const struct signer *signer)
{
    return signer->last.head;
}

/* ---- Signing ---- */

static status refuse(const struct tree_head *head, const struct tree_head *last, struct err *err)
{
    char spaces[2][HASH_TEXT_BYTES];
    struct buf root = BUF_OVER(spaces[0]);
    struct buf last_root = BUF_OVER(spaces[1]);

    hash_text_add(&root, &head->root);
    hash_text_add(&last_root, &last->root);
    return err_set(err, CODE_CONFLICT,
                   "the tree of %" PRIu64 " entries with root %.*s does not follow the one signed last, of %" PRIu64
                   " entries with root %.*s",
                   head->size, STR_ARG(buf_str(&root)), last->size, STR_ARG(buf_str(&last_root)));
}

/* The signature of a note that has one. */
static status signature_of(struct str note, struct ed25519_signature *ret_signature, struct err *err)
{
    uint8_t blob[4 + ED25519_SIGNATURE_BYTES]; /* the key's id comes first */
    struct note parsed;

    TRY(note_parse(note, &parsed, err));
    TRY(base64_read_exact(parsed.signatures[0].base64, blob, sizeof blob));
    memcpy(ret_signature->bytes, blob + 4, ED25519_SIGNATURE_BYTES);
    return OK;
}

/* Signed into memory first, because the durable head holds the signature, too; it leaves when that is durable. */
static status sign_and_keep(struct signer *signer, const struct tree_head *head, struct buf *note, struct err *err)
{
    size_t before = note->len;
    struct ed25519_signature signature;

    TRY(checkpoint_sign(note, head, &signer->key, err));
    if (head->size == signer->last.head.size)
        return OK;
    TRY(signature_of(str_from(buf_str(note), before), &signature, err));
    return signed_head_move(&signer->last, head, &signature, err);
}

/* P3, as far as sizes and roots can tell. */
status signer_sign(struct signer *signer, const struct tree_head *head, struct buf *note, struct err *err)
{
    const struct tree_head *last = &signer->last.head;
    size_t before = note->len;
    status s;

    if (head->size < last->size || (head->size == last->size && !hash_eq(&head->root, &last->root)))
        return refuse(head, last, err);
    s = sign_and_keep(signer, head, note, err);
    if (s.code)
        buf_cut(note, before);
    return s;
}
