/*
 * store/space: see space.h.
 */
#include "store/space.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/limits.h"
#include "store/files.h"

status space_read(const char *dir, struct space *ret_space, struct err *err)
{
    struct statvfs found;

    if (statvfs(dir, &found))
        return err_system(err, "statvfs", dir);
    *ret_space = (struct space){ .total_bytes = (uint64_t)found.f_blocks * found.f_frsize,
                                 .free_bytes = (uint64_t)found.f_bavail * found.f_frsize };
    return OK;
}

unsigned space_used_percent(const struct space *space)
{
    double used = (double)space->total_bytes - (double)space->free_bytes;
    double percent = space->total_bytes ? used * 100 / (double)space->total_bytes : 100;
    unsigned whole = (unsigned)percent;

    return whole < percent ? whole + 1 : whole;
}

unsigned space_warning(const struct space *space)
{
    static const unsigned levels[] = { 95, 90, 80 };
    unsigned used = space_used_percent(space);

    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (used >= levels[i])
            return levels[i];
    }
    return 0;
}

bool ballast_is_there(const char *dir)
{
    struct path path = { 0 };

    return !path_join(dir, FILES_BALLAST, &path, NULL).code && file_exists(path.text);
}

/* Allocates real blocks: a file of holes would give nothing back. The number it returns is an errno. */
static status allocate(const char *path, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int result;

    if (fd < 0)
        return err_system(err, "open", path);
    do {
        result = posix_fallocate(fd, 0, (off_t)BALLAST_BYTES);
    } while (result == EINTR);
    if (!result && fsync(fd))
        result = errno;
    (void)close(fd);
    errno = result;
    return result ? err_system(err, "allocate", path) : OK;
}

status ballast_create(const char *dir, struct err *err)
{
    struct path path = { 0 };
    status s;

    TRY(path_join(dir, FILES_BALLAST, &path, err));
    if (file_exists(path.text))
        return OK;
    TRY(file_create(path.text, err));
    s = allocate(path.text, err);
    if (s.code) {
        (void)unlink(path.text);
        return s;
    }
    return file_sync_directory(dir, err);
}

status ballast_free(const char *dir, struct err *err)
{
    struct path path = { 0 };

    TRY(path_join(dir, FILES_BALLAST, &path, err));
    if (unlink(path.text) && errno != ENOENT)
        return err_system(err, "unlink", path.text);
    return OK;
}
