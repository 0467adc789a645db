/*
 * engine/signed_head: reading and writing slots.
 */
#include "engine/signed_head.h"

#include "base/fault.h"

#define SLOTS         2
#define SLOT_BYTES    (8 + 8 + HASH_BYTES + HASH_BYTES)
#define CHECKED_BYTES (SLOT_BYTES - HASH_BYTES)
#define SLOT_DISTANCE 4096 /* no disk writes both slots with one sector */

static const char check_text[] = "tallystick/signer-head/v1";

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
    put_u64(bytes + 8, head->head.size);
    memcpy(bytes + 16, head->head.root.bytes, HASH_BYTES);
    check = check_of(&head->key, bytes);
    memcpy(bytes + CHECKED_BYTES, check.bytes, HASH_BYTES);
    if (fault_hit(FAULT_SIGNER_WRITE))
        return err_set(err, CODE_IO, "write %s: a fault point says that it failed", head->file.path.text);
    TRY(private_file_write(&head->file, (struct str){ (const char *)bytes, sizeof bytes },
                           head->sequence % SLOTS * SLOT_DISTANCE, err));
    return private_file_sync(&head->file, err);
}

/* Takes the slot over if it is whole and newer than what was found before. */
static status slot_read(struct signed_head *head, unsigned slot, bool *found, struct err *err)
{
    uint8_t bytes[SLOT_BYTES];
    struct buf read = { .at = (char *)bytes, .capacity = sizeof bytes, .max = sizeof bytes, .borrowed = true };
    struct hash check;

    TRY(private_file_read(&head->file, (uint64_t)slot * SLOT_DISTANCE, &read, err));
    if (read.len < sizeof bytes)
        return OK;
    check = check_of(&head->key, bytes);
    if (memcmp(check.bytes, bytes + CHECKED_BYTES, HASH_BYTES) != 0 || (*found && get_u64(bytes) < head->sequence))
        return OK;
    head->sequence = get_u64(bytes);
    head->head.size = get_u64(bytes + 8);
    memcpy(head->head.root.bytes, bytes + 16, HASH_BYTES);
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

status signed_head_move(struct signed_head *head, const struct tree_head *next, struct err *err)
{
    struct signed_head moved = *head;

    moved.sequence++;
    moved.head = *next;
    TRY(slot_write(&moved, err));
    *head = moved;
    return OK;
}
