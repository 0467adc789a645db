/*
 * engine/signer_wire: writing and reading packets.
 */
#include "engine/signer_wire.h"

#include <assert.h>

#define VERSION '\1'

static const char ask_letters[] = { [SIGNER_ASK_HELLO] = 'h', [SIGNER_ASK_SIGN] = 's' };
static const char answer_letters[] = { [SIGNER_ANSWER_HELLO] = 'H',
                                       [SIGNER_ANSWER_SIGNATURE] = 'S',
                                       [SIGNER_ANSWER_REFUSAL] = 'R',
                                       [SIGNER_ANSWER_FAILURE] = 'F' };

/* ---- Writing ---- */

static void begin(struct buf *packet, char letter)
{
    buf_add_byte(packet, VERSION);
    buf_add_byte(packet, letter);
}

static void add_head(struct buf *packet, const struct tree_head *head)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_add_byte(packet, (char)(head->size >> shift));
    buf_add(packet, hash_str(&head->root));
}

void signer_ask_add(struct buf *packet, const struct signer_ask *ask)
{
    begin(packet, ask_letters[ask->kind]);
    if (ask->kind != SIGNER_ASK_SIGN)
        return;
    assert(ask->sign.origin.len <= ORIGIN_MAX_BYTES && ask->sign.proof.count <= PROOF_MAX_HASHES);
    add_head(packet, &ask->sign.head);
    buf_add_byte(packet, (char)ask->sign.origin.len);
    buf_add(packet, ask->sign.origin);
    buf_add_byte(packet, (char)ask->sign.proof.count);
    for (size_t i = 0; i < ask->sign.proof.count; i++)
        buf_add(packet, hash_str(&ask->sign.proof.hashes[i]));
}

void signer_answer_add(struct buf *packet, const struct signer_answer *answer)
{
    begin(packet, answer_letters[answer->kind]);
    switch (answer->kind) {
    case SIGNER_ANSWER_HELLO:
        add_head(packet, &answer->head);
        buf_add(packet, answer->vkey);
        break;
    case SIGNER_ANSWER_SIGNATURE:
        buf_add(packet, (struct str){ (const char *)answer->signature.bytes, ED25519_SIGNATURE_BYTES });
        break;
    case SIGNER_ANSWER_REFUSAL:
        buf_add_byte(packet, (char)answer->refusal);
        add_head(packet, &answer->head);
        break;
    case SIGNER_ANSWER_FAILURE:
        buf_add_byte(packet, (char)answer->failure.code);
        buf_add(packet, str_cut(answer->text, 0, ERR_TEXT_MAX_BYTES - 1));
        break;
    }
}

/* ---- Reading ---- */

/* What is left of a packet. Once it was too short it stays so. */
struct rest {
    struct str bytes;
    bool short_of;
};

static struct str take(struct rest *rest, size_t len)
{
    struct str taken = str_cut(rest->bytes, 0, len);

    rest->short_of = rest->short_of || taken.len < len;
    rest->bytes = str_from(rest->bytes, taken.len);
    return taken;
}

static uint8_t take_byte(struct rest *rest)
{
    struct str taken = take(rest, 1);

    return taken.len ? (uint8_t)taken.at[0] : 0;
}

static void take_hash(struct rest *rest, struct hash *ret_hash)
{
    struct str taken = take(rest, HASH_BYTES);

    if (taken.len == HASH_BYTES)
        memcpy(ret_hash->bytes, taken.at, HASH_BYTES);
}

static void take_head(struct rest *rest, struct tree_head *ret_head)
{
    for (int i = 0; i < 8; i++)
        ret_head->size = ret_head->size << 8 | take_byte(rest);
    take_hash(rest, &ret_head->root);
}

static status malformed(struct err *err, const char *what)
{
    return err_set(err, CODE_INVALID, "a packet between server and signer %s", what);
}

/* Whether all of the packet was read and there was enough of it, and what it says of a tree can be. */
static status rest_end(const struct rest *rest, const struct tree_head *head, struct err *err)
{
    if (rest->short_of)
        return malformed(err, "is too short");
    if (rest->bytes.len)
        return malformed(err, "is too long");
    return head->size > TREE_MAX_LEAVES ? malformed(err, "tells of a tree that is too large") : OK;
}

/* The kind whose letter the packet has. */
static status take_kind(struct rest *rest, const char *letters, int count, int *ret_kind, struct err *err)
{
    struct str start = take(rest, 2);

    if (start.len < 2 || start.at[0] != VERSION)
        return malformed(err, "is of another version");
    for (int kind = 0; kind < count; kind++) {
        if (letters[kind] == start.at[1]) {
            *ret_kind = kind;
            return OK;
        }
    }
    return malformed(err, "is none that there is");
}

static status take_sign(struct rest *rest, struct sign_request *sign, struct err *err)
{
    take_head(rest, &sign->head);
    sign->origin = take(rest, take_byte(rest));
    sign->proof.count = take_byte(rest);
    if (sign->proof.count > PROOF_MAX_HASHES)
        return malformed(err, "has a proof that is too long");
    for (size_t i = 0; i < sign->proof.count; i++)
        take_hash(rest, &sign->proof.hashes[i]);
    return OK;
}

status signer_ask_parse(struct str packet, struct signer_ask *ret_ask, struct err *err)
{
    struct rest rest = { .bytes = packet };
    struct signer_ask ask = { 0 };
    int kind = 0;

    TRY(take_kind(&rest, ask_letters, sizeof ask_letters, &kind, err));
    ask.kind = (enum signer_ask_kind)kind;
    if (ask.kind == SIGNER_ASK_SIGN)
        TRY(take_sign(&rest, &ask.sign, err));
    TRY(rest_end(&rest, &ask.sign.head, err));
    *ret_ask = ask;
    return OK;
}

static status take_refusal(struct rest *rest, struct signer_answer *answer, struct err *err)
{
    uint8_t refusal = take_byte(rest);

    if (refusal == REFUSAL_NONE || refusal >= REFUSAL_COUNT)
        return malformed(err, "refuses for no reason that there is");
    answer->refusal = (enum signer_refusal)refusal;
    take_head(rest, &answer->head);
    return OK;
}

static status take_failure(struct rest *rest, struct signer_answer *answer, struct err *err)
{
    uint8_t code = take_byte(rest);

    if (code == CODE_OK || code >= CODE_COUNT)
        return malformed(err, "fails for no reason that there is");
    answer->failure = (status){ (enum code)code };
    answer->text = take(rest, rest->bytes.len);
    return answer->text.len >= ERR_TEXT_MAX_BYTES ? malformed(err, "is too long") : OK;
}

status signer_answer_parse(struct str packet, struct signer_answer *ret_answer, struct err *err)
{
    struct rest rest = { .bytes = packet };
    struct signer_answer answer = { 0 };
    struct str bytes;
    int kind = 0;

    TRY(take_kind(&rest, answer_letters, sizeof answer_letters, &kind, err));
    answer.kind = (enum signer_answer_kind)kind;
    if (answer.kind == SIGNER_ANSWER_HELLO) {
        take_head(&rest, &answer.head);
        answer.vkey = take(&rest, rest.bytes.len);
    } else if (answer.kind == SIGNER_ANSWER_SIGNATURE) {
        bytes = take(&rest, ED25519_SIGNATURE_BYTES);
        if (bytes.len == ED25519_SIGNATURE_BYTES) /* else rest_end says that it is too short */
            memcpy(answer.signature.bytes, bytes.at, bytes.len);
    } else if (answer.kind == SIGNER_ANSWER_REFUSAL) {
        TRY(take_refusal(&rest, &answer, err));
    } else {
        TRY(take_failure(&rest, &answer, err));
    }
    TRY(rest_end(&rest, &answer.head, err));
    *ret_answer = answer;
    return OK;
}
