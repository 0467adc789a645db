/*
 * store/lock: see lock.h.
 */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "store/files.h"

#define PID_BYTES 24

/* The holder may not have written its pid yet, or found no room for it. */
static status refuse(int fd, const char *dir, struct err *err)
{
    char text[PID_BYTES] = { 0 };
    uint64_t pid = 0;
    ssize_t len = pread(fd, text, sizeof text, 0);

    if (len < 2 || str_to_u64((struct str){ text, (size_t)len - 1 }, INT32_MAX, &pid).code)
        return err_set(err, CODE_BUSY, "another process is using the ledger in %s", dir);
    return err_set(err, CODE_BUSY, "process %lu is using the ledger in %s", (unsigned long)pid, dir);
}

/* A full disk must not keep a ledger from being opened, so failing here is not a failure. */
static void write_pid(int fd)
{
    char text[PID_BYTES];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)len, 0) == len)
        return;
    if (ftruncate(fd, 0))
        log_write(LOG_WARN, "store", "the lock file names a process that is gone");
}

status lock_take(const char *dir, struct lock *ret_lock, struct err *err)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    struct path path = { 0 };
    status s;
    int fd;

    TRY(path_join(dir, FILES_LOCK, &path, err));
    fd = open(path.text, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return err_system(err, "open", path.text);
    if (fcntl(fd, F_OFD_SETLK, &whole)) {
        s = errno == EAGAIN || errno == EACCES ? refuse(fd, dir, err) : err_system(err, "lock", path.text);
        (void)close(fd);
        return s;
    }
    write_pid(fd);
    *ret_lock = (struct lock){ .held = true, .fd = fd };
    return OK;
}

void lock_drop(struct lock *lock)
{
    if (lock->held)
        (void)close(lock->fd);
    *lock = (struct lock){ 0 };
}
