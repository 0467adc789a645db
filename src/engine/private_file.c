/*
 * engine/private_file: open, fstat, pread, pwrite, fdatasync.
 */
#include "engine/private_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OTHERS_ACCESS (S_IRWXG | S_IRWXO)
#define MODE_BITS     07777

int private_file_descriptor(const struct private_file *file)
{
    return file->plus_one - 1;
}

void private_file_close(struct private_file *file)
{
    if (file->plus_one)
        (void)close(private_file_descriptor(file));
    file->plus_one = 0;
}

void private_file_discard(struct private_file *file)
{
    private_file_close(file);
    (void)unlink(file->path.text);
}

status private_file_create(const char *dir, const char *name, struct private_file *ret_file, struct err *err)
{
    struct private_file file = { 0 };
    int opened;

    TRY(path_join(dir, name, &file.path, err));
    opened = open(file.path.text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (opened < 0 && errno == EEXIST)
        return err_set(err, CODE_CONFLICT, "%s exists already", file.path.text);
    if (opened < 0)
        return err_system(err, "open", file.path.text);
    file.plus_one = opened + 1;
    *ret_file = file;
    return OK;
}

static status check_owner_only(const struct private_file *file, struct err *err)
{
    struct stat found;

    if (fstat(private_file_descriptor(file), &found))
        return err_system(err, "stat", file->path.text);
    if (!S_ISREG(found.st_mode))
        return err_set(err, CODE_INVALID, "%s is not a file", file->path.text);
    if (found.st_mode & OTHERS_ACCESS)
        return err_set(err, CODE_INVALID, "%s is open to others than its owner (mode %04o): it must be 0600",
                       file->path.text, (unsigned)(found.st_mode & MODE_BITS));
    return OK;
}

status private_file_open(const char *dir, const char *name, bool writable, struct private_file *ret_file,
                         struct err *err)
{
    AUTO(struct private_file, private_file_close) file = { 0 };
    int opened;

    TRY(path_join(dir, name, &file.path, err));
    opened = open(file.path.text, (writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (opened < 0 && errno == ENOENT)
        return err_set(err, CODE_NOT_FOUND, "there is no %s", file.path.text);
    if (opened < 0)
        return err_system(err, "open", file.path.text);
    file.plus_one = opened + 1;
    TRY(check_owner_only(&file, err));
    *ret_file = file;
    file.plus_one = 0;
    return OK;
}

status private_file_lock(const struct private_file *file, struct err *err)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    if (!fcntl(private_file_descriptor(file), F_OFD_SETLK, &whole))
        return OK;
    if (errno == EAGAIN || errno == EACCES)
        return err_set(err, CODE_BUSY, "another process is using %s", file->path.text);
    return err_system(err, "lock", file->path.text);
}

status private_file_write(const struct private_file *file, struct str bytes, uint64_t at, struct err *err)
{
    while (bytes.len > 0) {
        ssize_t written = pwrite(private_file_descriptor(file), bytes.at, bytes.len, (off_t)at);

        if (written < 0 && errno != EINTR)
            return err_system(err, "write", file->path.text);
        if (written > 0) {
            bytes = str_from(bytes, (size_t)written);
            at += (uint64_t)written;
        }
    }
    return OK;
}

/* A file under that path, complete. */
static status fill(const char *dir, const char *name, struct str bytes, struct err *err)
{
    AUTO(struct private_file, private_file_close) file = { 0 };
    status s;

    TRY(private_file_create(dir, name, &file, err));
    s = private_file_write(&file, bytes, 0, err);
    if (!s.code)
        s = private_file_sync(&file, err);
    if (s.code)
        private_file_discard(&file);
    return s;
}

status private_file_replace(const char *dir, const char *name, struct str bytes, struct err *err)
{
    struct path path = { 0 };
    struct path fresh = { 0 };

    TRY(path_join(dir, name, &path, err));
    TRY(path_add(path.text, ".new", &fresh, err));
    if (unlink(fresh.text) && errno != ENOENT) /* of a try that was cut short */
        return err_system(err, "unlink", fresh.text);
    TRY(fill(dir, fresh.text + strlen(dir) + 1, bytes, err));
    if (rename(fresh.text, path.text))
        return err_system(err, "rename", fresh.text);
    return file_sync_directory(dir, err);
}

status private_file_sync(const struct private_file *file, struct err *err)
{
    return fdatasync(private_file_descriptor(file)) ? err_system(err, "fsync", file->path.text) : OK;
}

status private_file_read(const struct private_file *file, uint64_t at, struct buf *bytes, struct err *err)
{
    ssize_t got = -1;

    assert(bytes->borrowed);
    while (bytes->len < bytes->capacity && got != 0) {
        got = pread(private_file_descriptor(file), bytes->at + bytes->len, bytes->capacity - bytes->len, (off_t)at);
        if (got < 0 && errno != EINTR)
            return err_system(err, "read", file->path.text);
        if (got > 0) {
            buf_keep(bytes, (size_t)got);
            at += (uint64_t)got;
        }
    }
    return OK;
}
