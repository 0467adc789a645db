/*
 * tests/faulty_disk.h: a disk that fails on purpose, between SQLite and the real one.
 *
 * It stands before SQLite's default VFS and counts every write, truncation and sync of every file opened through it;
 * the one whose number was armed fails. A failed sync also loses what was written to that file since its last good one,
 * as Linux does (it marks the pages clean, reports the failure once, and shows the old contents when they are read from
 * the disk again). So a store that trusts its reads after a failed sync is found out.
 */
#ifndef TESTS_FAULTY_DISK_H
#define TESTS_FAULTY_DISK_H

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/str.h"

enum disk_call { DISK_WRITE, DISK_TRUNCATE, DISK_SYNC };

#define DISK_PATH_BYTES 512
#define DISK_PATHS_MAX  16

/* What a file held before a write that is not synced yet; newest first. */
struct disk_undo {
    struct disk_undo *next;
    int64_t offset;
    int64_t file_bytes; /* the file's length before */
    int len;
    char old[];
};

static struct {
    pthread_mutex_t lock;
    int64_t countdown; /* < 0: not armed */
    int code;          /* what the failing write or truncation says; a sync says SQLITE_IOERR_FSYNC */
    bool syncs_only;
    const char *only; /* only files whose path ends so; NULL: all */
    bool hit;
    struct {
        char path[DISK_PATH_BYTES];
        struct disk_undo *undo;
    } files[DISK_PATHS_MAX];
    sqlite3_vfs vfs;
} disk = { .lock = PTHREAD_MUTEX_INITIALIZER, .countdown = -1 };

struct disk_file {
    sqlite3_file base;
    int place; /* in disk.files; -1 when the file is not kept track of */
    sqlite3_file *real;
};

/* ---- For the tests ---- */

/* The call of that number (from 0) fails: a write or truncation with `code`, a sync with SQLITE_IOERR_FSYNC and loss.
 */
static inline void disk_arm(int64_t countdown, int code, bool syncs_only, const char *only)
{
    (void)pthread_mutex_lock(&disk.lock);
    disk.countdown = countdown;
    disk.code = code;
    disk.syncs_only = syncs_only;
    disk.only = only;
    disk.hit = false;
    (void)pthread_mutex_unlock(&disk.lock);
}

/* Whether the armed call has come. */
static inline bool disk_disarm(void)
{
    bool hit;

    (void)pthread_mutex_lock(&disk.lock);
    disk.countdown = -1;
    hit = disk.hit;
    (void)pthread_mutex_unlock(&disk.lock);
    return hit;
}

/* ---- Behind it; the lock is held in those that say `locked` ---- */

static inline sqlite3_file *disk_real(sqlite3_file *file)
{
    return ((struct disk_file *)file)->real;
}

static inline void disk_forget_locked(int place)
{
    struct disk_undo *undo = place < 0 ? NULL : disk.files[place].undo;

    while (undo) {
        struct disk_undo *next = undo->next;
        memory_free(undo);
        undo = next;
    }
    if (place >= 0)
        disk.files[place].undo = NULL;
}

static inline void disk_note_locked(struct disk_file *file, int64_t offset, int len)
{
    struct disk_undo *undo = memory_new(1, sizeof *undo + (size_t)len);
    sqlite3_int64 bytes = 0;

    assert(undo);
    (void)file->real->pMethods->xFileSize(file->real, &bytes);
    undo->offset = offset;
    undo->file_bytes = bytes;
    undo->len = bytes <= offset ? 0 : bytes - offset < len ? (int)(bytes - offset) : len;
    if (undo->len)
        (void)file->real->pMethods->xRead(file->real, undo->old, undo->len, offset);
    undo->next = disk.files[file->place].undo;
    disk.files[file->place].undo = undo;
}

static inline void disk_lose_locked(struct disk_file *file)
{
    struct disk_undo *undo = file->place < 0 ? NULL : disk.files[file->place].undo;

    for (; undo; undo = undo->next) {
        (void)file->real->pMethods->xTruncate(file->real, undo->file_bytes);
        if (undo->len)
            (void)file->real->pMethods->xWrite(file->real, undo->old, undo->len, undo->offset);
    }
    disk_forget_locked(file->place);
}

static inline bool disk_fails_locked(const struct disk_file *file, enum disk_call call)
{
    struct str path = file->place < 0 ? STR_NONE : str_of(disk.files[file->place].path);

    if (disk.countdown < 0 || (disk.syncs_only && call != DISK_SYNC))
        return false;
    if (disk.only && !str_ends(path, str_of(disk.only)))
        return false;
    disk.hit = disk.hit || disk.countdown == 0;
    return disk.countdown-- == 0;
}

static inline int disk_write(sqlite3_file *base, const void *bytes, int len, sqlite3_int64 offset)
{
    struct disk_file *file = (struct disk_file *)base;
    int result;

    (void)pthread_mutex_lock(&disk.lock);
    if (file->place >= 0)
        disk_note_locked(file, offset, len);
    result =
        disk_fails_locked(file, DISK_WRITE) ? disk.code : file->real->pMethods->xWrite(file->real, bytes, len, offset);
    (void)pthread_mutex_unlock(&disk.lock);
    return result;
}

static inline int disk_truncate(sqlite3_file *base, sqlite3_int64 len)
{
    struct disk_file *file = (struct disk_file *)base;
    sqlite3_int64 bytes = 0;
    int result;

    (void)pthread_mutex_lock(&disk.lock);
    (void)file->real->pMethods->xFileSize(file->real, &bytes);
    if (file->place >= 0 && len < bytes)
        disk_note_locked(file, len, (int)(bytes - len));
    result = disk_fails_locked(file, DISK_TRUNCATE) ? disk.code : file->real->pMethods->xTruncate(file->real, len);
    (void)pthread_mutex_unlock(&disk.lock);
    return result;
}

static inline int disk_sync(sqlite3_file *base, int flags)
{
    struct disk_file *file = (struct disk_file *)base;
    int result = SQLITE_IOERR_FSYNC;

    (void)pthread_mutex_lock(&disk.lock);
    if (disk_fails_locked(file, DISK_SYNC)) {
        disk_lose_locked(file);
    } else {
        result = file->real->pMethods->xSync(file->real, flags);
        disk_forget_locked(file->place);
    }
    (void)pthread_mutex_unlock(&disk.lock);
    return result;
}

/* ---- Handed on ---- */

static inline int disk_close(sqlite3_file *file)
{
    int result = disk_real(file)->pMethods ? disk_real(file)->pMethods->xClose(disk_real(file)) : SQLITE_OK;

    memory_free(disk_real(file));
    return result;
}
static inline int disk_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 offset)
{
    return disk_real(file)->pMethods->xRead(disk_real(file), bytes, len, offset);
}
static inline int disk_file_size(sqlite3_file *file, sqlite3_int64 *ret_bytes)
{
    return disk_real(file)->pMethods->xFileSize(disk_real(file), ret_bytes);
}
static inline int disk_lock(sqlite3_file *file, int level)
{
    return disk_real(file)->pMethods->xLock(disk_real(file), level);
}
static inline int disk_unlock(sqlite3_file *file, int level)
{
    return disk_real(file)->pMethods->xUnlock(disk_real(file), level);
}
static inline int disk_check_lock(sqlite3_file *file, int *ret_locked)
{
    return disk_real(file)->pMethods->xCheckReservedLock(disk_real(file), ret_locked);
}
static inline int disk_control(sqlite3_file *file, int op, void *argument)
{
    return disk_real(file)->pMethods->xFileControl(disk_real(file), op, argument);
}
static inline int disk_sector_size(sqlite3_file *file)
{
    return disk_real(file)->pMethods->xSectorSize(disk_real(file));
}
static inline int disk_characteristics(sqlite3_file *file)
{
    return disk_real(file)->pMethods->xDeviceCharacteristics(disk_real(file));
}
static inline int disk_shm_map(sqlite3_file *file, int page, int len, int extend, void volatile **ret_at)
{
    return disk_real(file)->pMethods->xShmMap(disk_real(file), page, len, extend, ret_at);
}
static inline int disk_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return disk_real(file)->pMethods->xShmLock(disk_real(file), offset, count, flags);
}
static inline void disk_shm_barrier(sqlite3_file *file)
{
    disk_real(file)->pMethods->xShmBarrier(disk_real(file));
}
static inline int disk_shm_unmap(sqlite3_file *file, int remove)
{
    return disk_real(file)->pMethods->xShmUnmap(disk_real(file), remove);
}

/* The same path is the same place, whoever opens it; a file that was removed and made again has nothing to undo. */
static inline int disk_place_locked(const char *path)
{
    for (int i = 0; i < DISK_PATHS_MAX; i++) {
        if (disk.files[i].path[0] && strcmp(disk.files[i].path, path) != 0)
            continue;
        (void)snprintf(disk.files[i].path, sizeof disk.files[i].path, "%s", path);
        return i;
    }
    assert(false); /* more files than a test may use */
    return -1;
}

static inline int disk_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *ret_flags)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 2, /* no memory maps, which would pass by */
        .xClose = disk_close,
        .xRead = disk_read,
        .xWrite = disk_write,
        .xTruncate = disk_truncate,
        .xSync = disk_sync,
        .xFileSize = disk_file_size,
        .xLock = disk_lock,
        .xUnlock = disk_unlock,
        .xCheckReservedLock = disk_check_lock,
        .xFileControl = disk_control,
        .xSectorSize = disk_sector_size,
        .xDeviceCharacteristics = disk_characteristics,
        .xShmMap = disk_shm_map,
        .xShmLock = disk_shm_lock,
        .xShmBarrier = disk_shm_barrier,
        .xShmUnmap = disk_shm_unmap,
    };
    struct disk_file *file = (struct disk_file *)base;
    sqlite3_vfs *real = vfs->pAppData;
    int result;

    *file = (struct disk_file){ .place = -1, .real = memory_new(1, (size_t)real->szOsFile) };
    assert(file->real);
    result = real->xOpen(real, path, file->real, flags, ret_flags);
    if (result) {
        (void)disk_close(base);
        return result;
    }
    (void)pthread_mutex_lock(&disk.lock);
    file->place = path ? disk_place_locked(path) : -1;
    (void)pthread_mutex_unlock(&disk.lock);
    file->base.pMethods = &methods;
    return SQLITE_OK;
}

/* Removing a file ends what could be lost of it. */
static inline int disk_delete(sqlite3_vfs *vfs, const char *path, int sync_directory)
{
    sqlite3_vfs *real = vfs->pAppData;

    (void)pthread_mutex_lock(&disk.lock);
    disk_forget_locked(disk_place_locked(path));
    (void)pthread_mutex_unlock(&disk.lock);
    return real->xDelete(real, path, sync_directory);
}

/* From here on every database of this process lies on it. */
static inline void disk_install(void)
{
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);

    assert(real);
    if (real == &disk.vfs)
        return;
    disk.vfs = *real;
    disk.vfs.zName = "faulty";
    disk.vfs.pAppData = real;
    disk.vfs.szOsFile = sizeof(struct disk_file);
    disk.vfs.xOpen = disk_open;
    disk.vfs.xDelete = disk_delete;
    (void)sqlite3_vfs_register(&disk.vfs, 1);
}

/* At the end of a test: other paths may come. */
static inline void disk_forget_all(void)
{
    (void)pthread_mutex_lock(&disk.lock);
    for (int i = 0; i < DISK_PATHS_MAX; i++) {
        disk_forget_locked(i);
        disk.files[i].path[0] = '\0';
    }
    (void)pthread_mutex_unlock(&disk.lock);
}

#endif
