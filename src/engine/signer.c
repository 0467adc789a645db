/*
 * engine/signer: the key file, and what may be signed.
 */
#include "engine/signer.h"

#include <unistd.h>

#include "base/memory.h"
#include "engine/key_file.h"
#include "engine/private_file.h"
#include "engine/signed_head.h"

struct signer {
    struct skey key;
    struct signed_head last;
};

/* ---- Making ---- */

/* The head comes first: where a key is, there is a head. */
status signer_create(const char *dir, struct str origin, struct err *err)
{
    AUTO(struct skey, skey_close) key = { 0 };
    struct path head = { 0 };
    struct path path = { 0 };
    status s;

    TRY(path_join(dir, SIGNER_KEY_FILE, &path, err));
    TRY(path_join(dir, SIGNER_HEAD_FILE, &head, err));
    if (file_exists(path.text))
        return err_set(err, CODE_CONFLICT, "%s exists already", path.text);
    TRY(key_draw(origin, VKEY_NOTE, &key, err));
    TRY(signed_head_create(dir, SIGNER_HEAD_FILE, &key.vkey.public_key, err));
    s = key_file_create(path.text, &key, err);
    if (s.code)
        (void)unlink(head.text);
    return s;
}

/* ---- Opening ---- */

static status files_open(struct signer *signer, const char *dir, struct err *err)
{
    struct path path = { 0 };

    TRY(path_join(dir, SIGNER_KEY_FILE, &path, err));
    TRY(key_file_open(path.text, VKEY_NOTE, &signer->key, err));
    TRY(signed_head_open(dir, SIGNER_HEAD_FILE, &signer->key.vkey.public_key, &signer->last, err));
    return private_file_lock(&signer->last.file, err);
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

int signer_descriptor(const struct signer *signer)
{
    return private_file_descriptor(&signer->last.file);
}

/* ---- Signing ---- */

/* P3. Equal heads need no proof; what is signed twice is the same signature. */
static enum signer_refusal follows(const struct signer *signer, const struct sign_request *request)
{
    const struct tree_head *last = &signer->last.head;

    if (!str_eq(request->origin, vkey_name(&signer->key.vkey)))
        return REFUSAL_ORIGIN;
    if (request->head.size < last->size)
        return REFUSAL_SMALLER;
    if (request->head.size == last->size && !hash_eq(&request->head.root, &last->root))
        return REFUSAL_OTHER_ROOT;
    return tree_check_consistency(last, &request->head, &request->proof, NULL).code ? REFUSAL_NO_PROOF : REFUSAL_NONE;
}

/* The signature is made first, so that it is kept with its head, and leaves last. */
static status sign(struct signer *signer, const struct tree_head *head, struct ed25519_signature *ret_signature)
{
    struct ed25519_signature signature;

    TRY(checkpoint_signature(head, &signer->key, &signature, NULL));
    if (head->size > signer->last.head.size)
        TRY(signed_head_move(&signer->last, head, &signature, NULL));
    *ret_signature = signature;
    return OK;
}

enum signer_refusal signer_sign(struct signer *signer, const struct sign_request *request,
                                struct ed25519_signature *ret_signature)
{
    enum signer_refusal refusal = follows(signer, request);

    if (refusal)
        return refusal;
    switch (sign(signer, &request->head, ret_signature).code) {
    case CODE_OK:
        return REFUSAL_NONE;
    case CODE_NO_MEMORY:
        return REFUSAL_MEMORY;
    case CODE_DISK_FULL:
        return REFUSAL_DISK_FULL;
    default:
        return REFUSAL_DISK;
    }
}
