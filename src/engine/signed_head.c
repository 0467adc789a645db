/*
 * engine/signed_head: reading and writing slots.
 */
#include "engine/signed_head.h"

#include "base/fault.h"

#define SLOTS         2
#define SIZE_AT       8
#define ROOT_AT       16
#define SIGNATURE_AT  (ROOT_AT + HASH_BYTES)
#define CHECKED_BYTES (SIGNATURE_AT + ED25519_SIGNATURE_BYTES)
#define SLOT_BYTES    (CHECKED_BYTES + HASH_BYTES)
#define SLOT_DISTANCE 4096 /* no disk writes both slots with one sector */
#define FILE_BYTES    (SLOT_DISTANCE + SLOT_BYTES)

static const char check_text[] = "tallystick/signer-head/v2";

static void put_u64(uint8_t *bytes, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
}

static uint64_t get_u64(const uint8_t *bytes)
{
    uint64_t number = 0;

    for (int i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return number;
}

static struct hash check_of(const struct ed25519_public *key, const uint8_t *bytes)
{
    const struct str parts[] = { { check_text, sizeof check_text },
                                 { (const char *)key->bytes, sizeof key->bytes },
                                 { (const char *)bytes, CHECKED_BYTES } };

    return hash_of_parts(parts, sizeof parts / sizeof *parts);
}

/* Writes head->head into the slot of its sequence. */
static status slot_write(const struct signed_head *head, struct err *err)
{
    uint8_t bytes[SLOT_BYTES];
    struct hash check;

    put_u64(bytes, head->sequence);
    put_u64(bytes + SIZE_AT, head->head.size);
    memcpy(bytes + ROOT_AT, head->head.root.bytes, HASH_BYTES);
    memcpy(bytes + SIGNATURE_AT, head->signature.bytes, ED25519_SIGNATURE_BYTES);
    check = check_of(&head->key, bytes);
    memcpy(bytes + CHECKED_BYTES, check.bytes, HASH_BYTES);
    if (fault_hit(FAULT_SIGNER_WRITE))
        return err_set(err, CODE_IO, "write %s: a fault point says that it failed", head->file.path.text);
    TRY(private_file_write(&head->file, (struct str){ (const char *)bytes, sizeof bytes },
                           head->sequence % SLOTS * SLOT_DISTANCE, err));
    return private_file_sync(&head->file, err);
}

/* What a slot says, if it is whole. */
static bool slot_parse(const uint8_t *bytes, const struct ed25519_public *key, struct signed_head *ret_head)
{
    struct hash check = check_of(key, bytes);

    if (memcmp(check.bytes, bytes + CHECKED_BYTES, HASH_BYTES) != 0)
        return false;
    ret_head->sequence = get_u64(bytes);
    ret_head->head.size = get_u64(bytes + SIZE_AT);
    memcpy(ret_head->head.root.bytes, bytes + ROOT_AT, HASH_BYTES);
    memcpy(ret_head->signature.bytes, bytes + SIGNATURE_AT, ED25519_SIGNATURE_BYTES);
    return true;
}

/* Takes the slot over if it is whole and newer than what was found before. */
static status slot_read(struct signed_head *head, unsigned slot, bool *found, struct err *err)
{
    uint8_t bytes[SLOT_BYTES];
    struct buf read = { .at = (char *)bytes, .capacity = sizeof bytes, .max = sizeof bytes, .borrowed = true };
    struct signed_head told = *head;

    TRY(private_file_read(&head->file, (uint64_t)slot * SLOT_DISTANCE, &read, err));
    if (read.len < sizeof bytes || !slot_parse(bytes, &head->key, &told) || (*found && told.sequence < head->sequence))
        return OK;
    *head = told;
    *found = true;
    return OK;
}

/* Both slots say the same. */
static status slots_write_first(struct signed_head *head, struct err *err)
{
    head->head.root = hash_of(STR_NONE);
    for (head->sequence = 0; head->sequence < SLOTS; head->sequence++)
        TRY(slot_write(head, err));
    return OK;
}

status signed_head_create(const char *dir, const char *name, const struct ed25519_public *key, struct err *err)
{
    AUTO(struct signed_head, signed_head_close) head = { .key = *key };
    status s;

    TRY(private_file_create(dir, name, &head.file, err));
    s = slots_write_first(&head, err);
    if (s.code)
        private_file_discard(&head.file);
    return s;
}

status signed_head_open(const char *dir, const char *name, const struct ed25519_public *key,
                        struct signed_head *ret_head, struct err *err)
{
    AUTO(struct signed_head, signed_head_close) head = { .key = *key };
    bool found = false;
    status opened = private_file_open(dir, name, true, &head.file, err);

    if (opened.code == CODE_NOT_FOUND)
        return err_set(err, CODE_CORRUPT, "%s/%s is missing: nobody knows what was signed last", dir, name);
    TRY(opened);
    for (unsigned slot = 0; slot < SLOTS; slot++)
        TRY(slot_read(&head, slot, &found, err));
    if (!found)
        return err_set(err, CODE_CORRUPT, "%s/%s does not tell what was signed last with the key beside it", dir, name);
    *ret_head = head;
    head.file.plus_one = 0;
    return OK;
}

void signed_head_close(struct signed_head *head)
{
    private_file_close(&head->file);
}

status signed_head_move(struct signed_head *head, const struct tree_head *next,
                        const struct ed25519_signature *signature, struct err *err)
{
    struct signed_head moved = *head;

    moved.sequence++;
    moved.head = *next;
    moved.signature = *signature;
    TRY(slot_write(&moved, err));
    *head = moved;
    return OK;
}

/* ---- Verifying ---- */

/* A slot's place follows from its sequence, so that the two that are there were written one after the other. */
static status slot_verify(const uint8_t *bytes, unsigned slot, const struct vkey *vkey, struct signed_head *ret_head,
                          struct err *err)
{
    static const struct ed25519_signature none = { { 0 } };
    struct str signature = { (const char *)ret_head->signature.bytes, ED25519_SIGNATURE_BYTES };

    if (!slot_parse(bytes + (size_t)slot * SLOT_DISTANCE, &vkey->public_key, ret_head) ||
        ret_head->sequence % SLOTS != slot)
        return err_set(err, CODE_CORRUPT, "slot %u is not as the signer writes it with this key", slot);
    if (ret_head->head.size == 0 && memcmp(signature.at, none.bytes, sizeof none) == 0)
        return OK; /* a new file's */
    if (checkpoint_verify(&ret_head->head, signature, vkey, err).code)
        return err_set(err, CODE_CORRUPT, "slot %u holds a head that the key did not sign", slot);
    return OK;
}

static status bytes_verify(const uint8_t *bytes, const struct vkey *vkey, struct tree_head *ret_head, struct err *err)
{
    struct signed_head heads[SLOTS] = { 0 };
    uint64_t between;

    for (unsigned slot = 0; slot < SLOTS; slot++)
        TRY(slot_verify(bytes, slot, vkey, &heads[slot], err));
    between = heads[0].sequence > heads[1].sequence ? heads[0].sequence - heads[1].sequence
                                                    : heads[1].sequence - heads[0].sequence;
    if (between != 1)
        return err_set(err, CODE_CORRUPT, "its two slots were not written one after the other");
    for (size_t at = SLOT_BYTES; at < SLOT_DISTANCE; at++) {
        if (bytes[at])
            return err_set(err, CODE_CORRUPT, "byte %zu belongs to neither slot and is not zero", at);
    }
    *ret_head = heads[heads[1].sequence > heads[0].sequence].head;
    return OK;
}

status signed_head_verify(const char *dir, const char *name, const struct vkey *vkey, struct tree_head *ret_head,
                          struct err *err)
{
    AUTO(struct private_file, private_file_close) file = { 0 };
    uint8_t bytes[FILE_BYTES + 1];
    struct buf read = { .at = (char *)bytes, .capacity = sizeof bytes, .max = sizeof bytes, .borrowed = true };
    struct err why = { 0 };
    status s;

    TRY(private_file_open(dir, name, false, &file, err));
    TRY(private_file_read(&file, 0, &read, err));
    s = read.len == FILE_BYTES ? bytes_verify(bytes, vkey, ret_head, &why)
                               : err_set(&why, CODE_CORRUPT, "its length is not that of two slots");
    return s.code ? err_set(err, s.code, "%s: %s", file.path.text, why.text) : OK;
}
