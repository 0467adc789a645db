/*
 * tests/crash/disk_shim: a disk under a whole server (LD_PRELOAD) that fails at the call whose number a test gives.
 *
 * Counted are write, pwrite, ftruncate, fsync, fdatasync, rename and unlink, of files below DISK_SHIM_DIR, in the
 * process that claims the control page first (the server; its signer is let through). The shared-memory index of SQLite
 * and the lock are no part of what is kept, and not counted. At the armed call: an error, a short write, death, or a
 * cut of power.
 *
 * The model of a cut: of all 512- or 4096-byte pages written since the last good sync of their file, any subset is on
 * the disk, and the others hold what they held; a file that shrank may be long again, one that grew may be short; a
 * rename or a removal in a directory that was not synced may not have happened. A sync that fails with EIO may also
 * lose pages, as Linux does. Not modelled: files that were made and whose directory was not synced; writes through a
 * mapping.
 *
 * Any thread; one call at a time. It allocates with the process's own malloc and never closes a descriptor of a file
 * that it follows: that would drop the process's locks.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SECTOR = 512, PAGE = 4096, FILES_MAX = 256, MOVES_MAX = 256 };
enum mode { FAIL_EIO = 1, FAIL_ENOSPC, FAIL_SHORT, DIE_BEFORE, DIE_HALF, CUT, FAIL_EIO_LOST };

/* What test and process share; `Control` in test_crash_faults.py has the same layout. */
struct control {
    uint64_t owner; /* the process that is followed; 0: the next one */
    uint64_t armed; /* the call that fails, from 1; 0: none */
    uint64_t mode;
    uint64_t seed;
    uint64_t calls; /* since the test set it to 0 */
    uint64_t fired;
    char what[256]; /* the call that failed: its name and file */
};

/* A sector as it was at the last sync. */
struct sector {
    uint64_t number;
    bool cut_off; /* by an ftruncate, so that all of those come back or none */
    char was[SECTOR];
};

struct followed {
    dev_t device;
    ino_t inode;
    int fd;
    uint64_t durable_bytes;
    struct sector *sectors;
    size_t count, room;
    uint8_t *saved; /* by number of the sector */
    size_t saved_room;
};

/* A rename, or a removal (no `to`), in a directory that was not synced since. */
struct move {
    char from[PATH_MAX];
    char to[PATH_MAX];
    int replaced; /* what `to`, or the removed file, was; -1: nothing */
};

static struct control *control;
static char root[PATH_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct followed files[FILES_MAX];
static size_t file_count;
static struct move moves[MOVES_MAX];
static size_t move_count;
static uint64_t chance;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("DISK_SHIM_CONTROL"), *dir = getenv("DISK_SHIM_DIR");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    uint64_t nobody = 0;
    void *page;

    if (fd < 0 || !dir || !realpath(dir, root))
        return;
    page = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (page == MAP_FAILED)
        return;
    control = page;
    if (!__atomic_compare_exchange_n(&control->owner, &nobody, (uint64_t)getpid(), false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST))
        control = NULL; /* somebody else is followed */
}

static uint64_t roll(uint64_t sides)
{
    chance = chance * 6364136223846793005u + 1442695040888963407u;
    return (chance >> 33) % sides;
}

static void die(void)
{
    (void)kill(getpid(), SIGKILL);
    for (;;)
        (void)pause();
}

static bool is_kept(const char *path)
{
    size_t len = strlen(path);

    return strncmp(path, root, strlen(root)) == 0 && (len < 4 || strcmp(path + len - 4, "-shm") != 0) &&
           (len < 5 || strcmp(path + len - 5, "/lock") != 0);
}

static bool path_of(int fd, char path[PATH_MAX])
{
    char link[64];
    ssize_t len;

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    len = readlink(link, path, PATH_MAX - 1);
    path[len < 0 ? 0 : len] = '\0';
    return len > 0 && path[0] == '/' && is_kept(path);
}

/* ---- What was written and is not synced ---- */

static uint64_t size_of(int fd)
{
    struct stat about;

    return fstat(fd, &about) ? 0 : (uint64_t)about.st_size;
}

static struct followed *follow(int fd)
{
    struct stat about;
    char link[64];
    struct followed *file;

    if (fstat(fd, &about) || !S_ISREG(about.st_mode))
        return NULL;
    for (size_t i = 0; i < file_count; i++)
        if (files[i].inode == about.st_ino && files[i].device == about.st_dev)
            return &files[i];
    if (file_count == FILES_MAX)
        return NULL;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    file = &files[file_count];
    *file = (struct followed){ .device = about.st_dev, .inode = about.st_ino, .fd = open(link, O_RDWR | O_CLOEXEC) };
    if (file->fd < 0)
        return NULL;
    file->durable_bytes = (uint64_t)about.st_size;
    file_count++;
    return file;
}

static bool make_room(struct followed *file, uint64_t number)
{
    if (number >= file->saved_room) {
        size_t room = (size_t)number * 2 + 1024;
        uint8_t *more = realloc(file->saved, room);

        if (!more)
            return false;
        memset(more + file->saved_room, 0, room - file->saved_room);
        file->saved = more;
        file->saved_room = room;
    }
    if (file->count == file->room) {
        size_t room = file->room * 2 + 64;
        struct sector *more = realloc(file->sectors, room * sizeof *more);

        if (!more)
            return false;
        file->sectors = more;
        file->room = room;
    }
    return true;
}

/* Remembers what these bytes are before they are changed. */
static void save(struct followed *file, uint64_t begin_at, uint64_t end, bool cut_off)
{
    for (uint64_t number = begin_at / SECTOR; number * SECTOR < end; number++) {
        struct sector *sector;

        if (!make_room(file, number))
            die();
        if (file->saved[number])
            continue;
        file->saved[number] = 1;
        sector = &file->sectors[file->count++];
        *sector = (struct sector){ .number = number, .cut_off = cut_off };
        (void)pread(file->fd, sector->was, SECTOR, (off_t)(number * SECTOR));
    }
}

static void forget(struct followed *file)
{
    file->count = 0;
    if (file->saved)
        memset(file->saved, 0, file->saved_room);
    file->durable_bytes = size_of(file->fd);
}

/* Any subset of what is not synced is lost. */
static void lose(struct followed *file)
{
    uint64_t page = roll(2) ? SECTOR : PAGE, share = roll(5), salt = roll(UINT32_MAX), size = size_of(file->fd);
    bool shrinks_back = roll(2) != 0;

    for (size_t i = 0; i < file->count; i++) {
        const struct sector *sector = &file->sectors[i];
        uint64_t place = sector->number * SECTOR / page;

        chance = (place + 1) * 0x9E3779B97F4A7C15u ^ salt; /* one fate for all sectors of a page */
        if (sector->cut_off ? shrinks_back : roll(4) < share)
            (void)syscall(SYS_pwrite64, file->fd, sector->was, (size_t)SECTOR, (off_t)(sector->number * SECTOR));
    }
    if (size > file->durable_bytes && roll(2))
        (void)syscall(SYS_ftruncate, file->fd, (off_t)(file->durable_bytes + roll(size - file->durable_bytes + 1)));
}

static void copy_into(const char *path, int from)
{
    int to = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    char bytes[PAGE];
    ssize_t len;

    for (off_t at = 0; to >= 0 && (len = pread(from, bytes, sizeof bytes, at)) > 0; at += len)
        (void)syscall(SYS_pwrite64, to, bytes, (size_t)len, at);
}

static void cut_power(void)
{
    for (size_t i = 0; i < file_count; i++) {
        chance = control->seed + i;
        lose(&files[i]);
    }
    /* A journal keeps the order of what happens to names: from some moment on, nothing did. */
    chance = control->seed;
    for (size_t keep = roll(move_count + 1); move_count > keep; move_count--) {
        const struct move *move = &moves[move_count - 1];

        if (move->to[0])
            (void)syscall(SYS_rename, move->to, move->from);
        if (move->replaced >= 0)
            copy_into(move->to[0] ? move->to : move->from, move->replaced);
    }
    die();
}

/* ---- The armed call ---- */

/* Counts a call; what is to happen to it, 0: nothing. */
static uint64_t count(const char *name, const char *path)
{
    const char *file = strrchr(path, '/');

    control->calls++;
    if (!control->armed || control->calls != control->armed)
        return 0;
    (void)snprintf(control->what, sizeof control->what, "%s %s", name, file ? file + 1 : path);
    control->fired = 1;
    if (control->mode == DIE_BEFORE)
        die();
    return control->mode;
}

static ssize_t fail_with(int number)
{
    errno = number;
    return -1;
}

static ssize_t write_raw(int fd, const void *bytes, size_t len, off_t at)
{
    return at < 0 ? (ssize_t)syscall(SYS_write, fd, bytes, len) : (ssize_t)syscall(SYS_pwrite64, fd, bytes, len, at);
}

static ssize_t write_counted(int fd, const void *bytes, size_t len, off_t at)
{
    char path[PATH_MAX];
    struct followed *file;
    uint64_t begin_at, fate;
    ssize_t done;

    if (!control || !path_of(fd, path))
        return write_raw(fd, bytes, len, at);
    (void)pthread_mutex_lock(&lock);
    fate = count("write", path);
    file = follow(fd);
    begin_at = at < 0 ? (uint64_t)lseek(fd, 0, SEEK_CUR) : (uint64_t)at;
    if (file)
        save(file, begin_at, begin_at + len, false);
    if (fate == FAIL_EIO || fate == FAIL_EIO_LOST || fate == FAIL_ENOSPC) {
        done = fail_with(fate == FAIL_ENOSPC ? ENOSPC : EIO);
    } else {
        done = write_raw(fd, bytes, (fate == FAIL_SHORT || fate == DIE_HALF) && len > 1 ? len / 2 : len, at);
        if (fate == DIE_HALF)
            die();
        if (fate == CUT)
            cut_power();
    }
    (void)pthread_mutex_unlock(&lock);
    return done;
}

static int sync_counted(int fd, long call)
{
    char path[PATH_MAX];
    struct followed *file;
    uint64_t fate;
    int done;

    if (!control || !path_of(fd, path))
        return (int)syscall(call, fd);
    (void)pthread_mutex_lock(&lock);
    fate = count("sync", path);
    file = follow(fd);
    if (fate == CUT)
        cut_power();
    if (fate == FAIL_EIO_LOST && file) {
        chance = control->seed;
        lose(file);
    }
    done = fate && fate != FAIL_SHORT ? (int)fail_with(fate == FAIL_ENOSPC ? ENOSPC : EIO) : (int)syscall(call, fd);
    if (!file && !done)
        move_count = 0; /* a directory: all of ours is one */
    else if (file && (!done || fate == FAIL_EIO_LOST))
        forget(file);
    (void)pthread_mutex_unlock(&lock);
    if (fate == DIE_HALF)
        die();
    return done;
}

/* ---- The calls ---- */

ssize_t write(int fd, const void *bytes, size_t len)
{
    return write_counted(fd, bytes, len, -1);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return write_counted(fd, bytes, len, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    return write_counted(fd, bytes, len, at);
}

int fsync(int fd)
{
    return sync_counted(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return sync_counted(fd, SYS_fdatasync);
}

int ftruncate(int fd, off_t len)
{
    char path[PATH_MAX];
    struct followed *file;
    uint64_t fate;
    int done = 0;

    if (!control || !path_of(fd, path))
        return (int)syscall(SYS_ftruncate, fd, len);
    (void)pthread_mutex_lock(&lock);
    fate = count("ftruncate", path);
    file = follow(fd);
    if (file && (uint64_t)len < size_of(fd))
        save(file, (uint64_t)len, size_of(fd), true);
    if (fate == FAIL_EIO || fate == FAIL_EIO_LOST || fate == FAIL_ENOSPC)
        done = (int)fail_with(fate == FAIL_ENOSPC ? ENOSPC : EIO);
    else
        done = (int)syscall(SYS_ftruncate, fd, len);
    if (fate == DIE_HALF)
        die();
    if (fate == CUT)
        cut_power();
    (void)pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate64(int fd, off64_t len)
{
    return ftruncate(fd, len);
}

static int move_raw(const char *from, const char *to, unsigned flags)
{
    return (int)(to ? syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags) : syscall(SYS_unlink, from));
}

/* A rename, or a removal where `to` is NULL. */
static int move_counted(const char *from, const char *to, unsigned flags)
{
    struct move move = { .replaced = -1 };
    char path[PATH_MAX];
    uint64_t fate;
    int done;

    if (!realpath(from, path) || !is_kept(path))
        return move_raw(from, to, flags);
    (void)pthread_mutex_lock(&lock);
    fate = count(to ? "rename" : "unlink", path);
    (void)snprintf(move.from, sizeof move.from, "%s", from);
    (void)snprintf(move.to, sizeof move.to, "%s", to ? to : "");
    move.replaced = open(to ? to : from, O_RDONLY | O_CLOEXEC);
    if (fate == FAIL_EIO || fate == FAIL_EIO_LOST || fate == FAIL_ENOSPC)
        done = (int)fail_with(fate == FAIL_ENOSPC ? ENOSPC : EIO);
    else
        done = move_raw(from, to, flags);
    if (!done && move_count < MOVES_MAX)
        moves[move_count++] = move;
    if (fate == DIE_HALF)
        die();
    if (fate == CUT)
        cut_power();
    (void)pthread_mutex_unlock(&lock);
    return done;
}

int rename(const char *from, const char *to)
{
    return control ? move_counted(from, to, 0) : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0u);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    return control && from_dir == AT_FDCWD && to_dir == AT_FDCWD
               ? move_counted(from, to, flags)
               : (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int unlink(const char *path)
{
    return control ? move_counted(path, NULL, 0) : (int)syscall(SYS_unlink, path);
}
