/*
 * store/files: plain calls of the system. Any thread.
 */
#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZEROS_BYTES 65536

/* A file descriptor that closes itself; zeroed it is none, so it holds the number plus one. */
struct open_file {
    int number_plus_one;
};

static void close_file(struct open_file *file)
{
    if (file->number_plus_one)
        (void)close(file->number_plus_one - 1);
}

static status open_file(const char *path, int flags, struct open_file *ret_file, struct err *err)
{
    int fd = open(path, flags | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd < 0)
        return err_system(err, "open", path);
    ret_file->number_plus_one = fd + 1;
    return OK;
}

static status path_print(const char *dir, const char *between, const char *name, struct path *ret_path, struct err *err)
{
    int len = snprintf(ret_path->text, sizeof ret_path->text, "%s%s%s", dir, between, name);

    if (len < 0 || (size_t)len >= sizeof ret_path->text)
        return err_set(err, CODE_TOO_LARGE, "the path %.64s… is longer than %d bytes", dir, FILES_PATH_MAX_BYTES - 1);
    return OK;
}

status path_join(const char *dir, const char *name, struct path *ret_path, struct err *err)
{
    return path_print(dir, "/", name, ret_path, err);
}

status path_add(const char *text, const char *suffix, struct path *ret_path, struct err *err)
{
    return path_print(text, "", suffix, ret_path, err);
}

/* dirname changes the text it is given and may return another one. */
status path_parent(const char *path, struct path *ret_dir, struct err *err)
{
    struct path copy = { 0 };

    TRY(path_add(path, "", &copy, err));
    return path_add(dirname(copy.text), "", ret_dir, err);
}

bool file_exists(const char *path)
{
    struct stat found;

    return lstat(path, &found) == 0;
}

status file_create(const char *path, struct err *err)
{
    AUTO(struct open_file, close_file) file = { 0 };

    if (file_exists(path))
        return err_set(err, CODE_CONFLICT, "%s exists already", path);
    return open_file(path, O_WRONLY | O_CREAT | O_EXCL, &file, err);
}

status file_sync_directory(const char *dir, struct err *err)
{
    AUTO(struct open_file, close_file) file = { 0 };

    TRY(open_file(dir, O_RDONLY | O_DIRECTORY, &file, err));
    return fsync(file.number_plus_one - 1) ? err_system(err, "fsync", dir) : OK;
}

status file_sync(const char *path, struct err *err)
{
    AUTO(struct open_file, close_file) file = { 0 };

    TRY(open_file(path, O_WRONLY, &file, err));
    return fsync(file.number_plus_one - 1) ? err_system(err, "fsync", path) : OK;
}

static status write_zeros(int fd, uint64_t from, uint64_t to, const char *path, struct err *err)
{
    static const char zeros[ZEROS_BYTES];

    while (from < to) {
        uint64_t part = to - from < ZEROS_BYTES ? to - from : ZEROS_BYTES;
        ssize_t written = pwrite(fd, zeros, (size_t)part, (off_t)from);
        if (written < 0 && errno != EINTR)
            return err_system(err, "write", path);
        from += written > 0 ? (uint64_t)written : 0;
    }
    return OK;
}

status file_grow(const char *path, uint64_t len, struct err *err)
{
    AUTO(struct open_file, close_file) file = { 0 };
    struct stat now;

    TRY(open_file(path, O_WRONLY, &file, err));
    if (fstat(file.number_plus_one - 1, &now))
        return err_system(err, "stat", path);
    return write_zeros(file.number_plus_one - 1, (uint64_t)now.st_size, len, path, err);
}

status file_publish(const char *from, const char *to, struct err *err)
{
    struct path dir = { 0 };

    TRY(path_parent(to, &dir, err));
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE)) {
        if (errno == EEXIST)
            return err_set(err, CODE_CONFLICT, "%s exists already", to);
        return err_system(err, "rename", to);
    }
    return file_sync_directory(dir.text, err);
}
