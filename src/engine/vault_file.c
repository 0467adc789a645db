/*
 * engine/vault_file: vault.keys, from the disk and to it.
 */
#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "codec/timetext.h"
#include "engine/vault_parts.h"

#define DAYS_MAX   (1u << 16) /* 179 years of keys of days */
#define KEYS_MAX   (PRINCIPALS_MAX + DAYS_MAX)
#define READ_UNITS 1024

static status unit_write(const struct private_file *file, uint8_t *bytes, uint64_t at, struct err *err)
{
    status s = fault_hit(FAULT_VAULT_WRITE)
                   ? err_set(err, CODE_IO, "write %s: a fault point says so", file->path.text)
                   : private_file_write(file, (struct str){ (const char *)bytes, KEY_UNIT_BYTES }, at, err);

    memory_wipe(bytes, KEY_UNIT_BYTES);
    return s;
}

static status header_write(const struct private_file *file, const struct key_header *header, struct err *err)
{
    uint8_t bytes[KEY_UNIT_BYTES];

    key_header_write(header, bytes);
    return unit_write(file, bytes, 0, err);
}

status slot_write(const struct private_file *file, const struct key_slot *slot, uint64_t at, struct err *err)
{
    uint8_t bytes[KEY_UNIT_BYTES];

    key_slot_write(slot, bytes);
    return unit_write(file, bytes, at, err);
}

/* Gives the finished file its name, which no other has. */
static status publish(struct private_file *file, const char *dir, const char *name, struct err *err)
{
    struct path path = { 0 };

    TRY(private_file_sync(file, err));
    TRY(path_join(dir, name, &path, err));
    return file_publish(file->path.text, path.text, err);
}

static status create_under(const char *dir, const struct key_header *header, struct private_file *file, struct err *err)
{
    struct path left = { 0 };

    TRY(path_join(dir, VAULT_NEW, &left, err));
    (void)unlink(left.text); /* of one that a crash cut off */
    TRY(private_file_create(dir, VAULT_NEW, file, err));
    return header_write(file, header, err);
}

status vault_create(const char *dir, const struct key_header *header, struct err *err)
{
    struct private_file file = { 0 };
    status s = create_under(dir, header, &file, err);

    if (!s.code)
        s = publish(&file, dir, VAULT_FILE, err);
    if (s.code && file.plus_one)
        private_file_discard(&file);
    private_file_close(&file);
    return s;
}

/* ---- Opening ---- */

/* Each slot takes its place, free ones too: they are given back when all are read. */
static status slot_take(struct vault *vault, const uint8_t *bytes, struct err *err)
{
    struct key_slot slot = { .holder = { KEY_FREE, { 0, 0 } } };
    uint32_t place;
    status s = key_slot_read(bytes, &slot);

    if (table_reserve(&vault->records, 1).code)
        return err_set(err, CODE_NO_MEMORY, "no memory for the keys in %s", vault->file.path.text);
    place = table_take(&vault->records);
    if (!s.code && slot.holder.kind != KEY_FREE)
        s = vault_keep(vault, place, &slot);
    memory_wipe(&slot, sizeof(slot));
    if (s.code == CODE_CORRUPT) {
        record_at(vault, place)->damaged = true;
        log_write(LOG_ERROR, "vault",
                  "%s: slot %u is damaged; texts under its key can't be read until a backup of the keys is put back",
                  vault->file.path.text, place);
        return OK;
    }
    return s.code ? err_set(err, s.code, "no memory for the keys in %s", vault->file.path.text) : OK;
}

static status slots_read(struct vault *vault, struct err *err)
{
    char space[READ_UNITS * KEY_UNIT_BYTES];
    uint64_t at = KEY_UNIT_BYTES;
    status s = OK;
    size_t got;

    do {
        struct buf bytes = BUF_OVER(space);

        s = private_file_read(&vault->file, at, &bytes, err);
        got = bytes.len / KEY_UNIT_BYTES; /* what a crash left of a slot was never used */
        for (size_t i = 0; !s.code && i < got; i++)
            s = slot_take(vault, (const uint8_t *)space + i * KEY_UNIT_BYTES, err);
        at += sizeof(space);
    } while (!s.code && got == READ_UNITS);
    memory_wipe(space, sizeof(space));
    for (uint32_t place = vault->records.used; place > 0; place--) {
        const struct record *record = record_at(vault, place - 1);

        if (!record_is_held(record) && !record->damaged)
            table_give(&vault->records, place - 1);
    }
    return s;
}

static status header_read(struct vault *vault, struct err *err)
{
    char bytes[KEY_UNIT_BYTES];
    struct buf text = BUF_OVER(bytes);

    TRY(private_file_read(&vault->file, 0, &text, err));
    if (text.len < sizeof(bytes) || key_header_read((const uint8_t *)bytes, &vault->header).code)
        return err_set(err, CODE_CORRUPT, "%s is no file of keys that this version reads", vault->file.path.text);
    return OK;
}

/* A backup that is put back becomes the ledger's own keys. */
static status header_settle(struct vault *vault, struct id ledger, int64_t now_ms, struct err *err)
{
    char when[TIMETEXT_BYTES + 1] = { 0 };

    if (!id_eq(vault->header.ledger, ledger))
        return err_set(err, CODE_CONFLICT, "%s has the keys of another ledger", vault->file.path.text);
    if (!vault->header.lapses_ms)
        return OK;
    if (vault->header.lapses_ms <= now_ms) {
        timetext_write(vault->header.lapses_ms, when);
        return err_set(
            err, CODE_CONFLICT,
            "%s is a backup of keys that lapsed at %s: whoever was erased since was promised that it is gone",
            vault->file.path.text, when);
    }
    vault->header.lapses_ms = 0;
    TRY(header_write(&vault->file, &vault->header, err));
    return private_file_sync(&vault->file, err);
}

static status parts_new(struct vault *vault)
{
    vault->records = table_of(sizeof(struct record), KEYS_MAX);
    TRY(guard_init(&vault->guard));
    (void)pthread_mutex_init(&vault->opening_lock, NULL);
    TRY(aead_new(&vault->sealing));
    return aead_new(&vault->opening);
}

static status read_file(struct vault *vault, const char *dir, bool writable, struct err *err)
{
    if (parts_new(vault).code)
        return err_set(err, CODE_NO_MEMORY, "no memory for the vault");
    TRY(private_file_open(dir, VAULT_FILE, writable, &vault->file, err));
    return header_read(vault, err);
}

static status open_in(struct vault *vault, const char *dir, struct id ledger, int64_t now_ms, struct err *err)
{
    TRY(read_file(vault, dir, true, err));
    TRY(header_settle(vault, ledger, now_ms, err));
    return slots_read(vault, err);
}

status vault_open(const char *dir, struct id ledger, int64_t now_ms, struct vault **ret_vault, struct err *err)
{
    struct vault *vault = memory_new(1, sizeof(*vault));
    status s;

    if (!vault)
        return err_set(err, CODE_NO_MEMORY, "no memory for the vault");
    s = open_in(vault, dir, ledger, now_ms, err);
    if (s.code)
        vault_close(vault);
    else
        *ret_vault = vault;
    return s;
}

status vault_open_reading(const char *dir, struct vault **ret_vault, struct err *err)
{
    struct vault *vault = memory_new(1, sizeof(*vault));
    status s;

    if (!vault)
        return err_set(err, CODE_NO_MEMORY, "no memory for the vault");
    s = read_file(vault, dir, false, err);
    if (!s.code)
        s = slots_read(vault, err);
    if (s.code)
        vault_close(vault);
    else
        *ret_vault = vault;
    return s;
}

void vault_close(struct vault *vault)
{
    if (!vault)
        return;
    for (uint32_t place = 0; place < vault->records.used; place++)
        memory_wipe(record_at(vault, place), sizeof(struct record));
    private_file_close(&vault->file);
    table_free(&vault->records);
    map_free(&vault->by_holder);
    memory_free(vault->pending);
    aead_free(vault->sealing);
    aead_free(vault->opening);
    guard_free(&vault->guard);
    (void)pthread_mutex_destroy(&vault->opening_lock);
    memory_free(vault);
}

bool vault_is_announced(const struct vault *vault)
{
    return vault->header.announced;
}

status vault_announce(struct vault *vault, struct err *err)
{
    vault->header.announced = true;
    TRY(header_write(&vault->file, &vault->header, err));
    return private_file_sync(&vault->file, err);
}

/* ---- Backups of keys ---- */

/* The guard is held. */
static status slots_copy(const struct vault *vault, const struct private_file *to, struct err *err)
{
    uint32_t written = 0;

    for (uint32_t place = 0; place < vault->records.used; place++) {
        if (record_is_held(record_at(vault, place)))
            TRY(slot_write(to, &record_at(vault, place)->slot, slot_offset(written++), err));
    }
    return OK;
}

status vault_copy(struct vault *vault, const char *dir, const char *name, const struct vault_span *span,
                  struct err *err)
{
    struct key_header header = {
        .ledger = vault->header.ledger, .lapses_ms = span->lapses_ms, .made_ms = span->made_ms, .announced = true
    };
    AUTO(struct private_file, private_file_close) file = { 0 };
    struct path path = { 0 };
    status s;

    TRY(path_join(dir, name, &path, err));
    TRY(private_file_create(dir, name, &file, err));
    s = header_write(&file, &header, err);
    guard_read(&vault->guard);
    if (!s.code)
        s = slots_copy(vault, &file, err);
    guard_leave(&vault->guard);
    if (!s.code)
        s = private_file_sync(&file, err);
    if (!s.code)
        s = file_sync_directory(dir, err);
    if (s.code)
        private_file_discard(&file);
    return s;
}

status vault_take(const char *from, const char *to, struct err *err)
{
    struct vault *vault = NULL;
    status s;

    TRY(vault_open_reading(from, &vault, err));
    assert(vault);
    s = vault_copy(vault, to, VAULT_FILE, &(struct vault_span){ vault->header.made_ms, vault->header.lapses_ms }, err);
    vault_close(vault);
    return s;
}

/* A file that is none of ours, or can't be read, stays. */
static bool has_lapsed(const char *dir, const char *name, struct id ledger, int64_t now_ms)
{
    AUTO(struct private_file, private_file_close) file = { 0 };
    struct key_header header = { 0 };
    char bytes[KEY_UNIT_BYTES];
    struct buf text = BUF_OVER(bytes);

    return !private_file_open(dir, name, false, &file, NULL).code && !private_file_read(&file, 0, &text, NULL).code &&
           text.len == sizeof(bytes) && !key_header_read((const uint8_t *)bytes, &header).code &&
           id_eq(header.ledger, ledger) && header.lapses_ms && header.lapses_ms <= now_ms;
}

void vault_copies_end(const char *dir, struct id ledger, int64_t now_ms)
{
    struct path path = { 0 };
    const struct dirent *item;
    DIR *directory;

    if (path_join(dir, VAULT_COPIES, &path, NULL).code || !(directory = opendir(path.text)))
        return;
    while ((item = readdir(directory))) {
        if (!has_lapsed(path.text, item->d_name, ledger, now_ms))
            continue;
        log_write(LOG_INFO, "vault", "the backup of keys %s has lapsed and is removed", item->d_name);
        (void)unlinkat(dirfd(directory), item->d_name, 0);
    }
    (void)closedir(directory);
}
