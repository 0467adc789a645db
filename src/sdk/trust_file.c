#include "sdk/trust_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/hex.h"
#include "crypto/hash.h"

#define NAME_HASH_BYTES 8 /* of the hash: what is in the file says for whom it is */

static status path_format(struct state_path *path, const char *first, const char *rest, struct err *err)
{
    int len = snprintf(path->text, sizeof(path->text), "%s%s", first, rest);

    if (len > 0 && (size_t)len < sizeof(path->text))
        return OK;
    return err_set(err, CODE_INVALID, "XDG_STATE_HOME or HOME is too long");
}

/* mkdir -p, with nobody else in what is made. */
static status directories_make(char *path, struct err *err)
{
    for (char *at = path + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(path, 0700) && errno != EEXIST)
            return err_system(err, "make the directory", path);
        *at = '/';
    }
    return mkdir(path, 0700) && errno != EEXIST ? err_system(err, "make the directory", path) : OK;
}

status state_dir(struct state_path *ret_dir, struct err *err)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");

    if (state && state[0] == '/')
        TRY(path_format(ret_dir, state, "/tally", err));
    else if (home && home[0] == '/')
        TRY(path_format(ret_dir, home, "/.local/state/tally", err));
    else
        return err_set(err, CODE_INVALID,
                       "there is no place to keep the newest checkpoint: set XDG_STATE_HOME or HOME to a directory");
    return directories_make(ret_dir->text, err);
}

status state_path_of(struct str about, const char *kind, struct state_path *ret_path, struct err *err)
{
    struct hash hash = hash_of(about);
    char name[1 + 2 * NAME_HASH_BYTES + 32] = "/";
    struct state_path dir;

    TRY(state_dir(&dir, err));
    hex_write(hash.bytes, NAME_HASH_BYTES, name + 1);
    (void)snprintf(name + 1 + 2 * NAME_HASH_BYTES, 32, ".%s", kind);
    return path_format(ret_path, dir.text, name, err);
}

static void file_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

status state_read(const struct state_path *path, struct buf *text, struct err *err)
{
    AUTO(int, file_close) fd = open(path->text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t len = 1;

    buf_clear(text);
    if (fd < 0)
        return errno == ENOENT ? OK : err_system(err, "open", path->text);
    while (len > 0) {
        char *at = buf_room(text, 4096);

        if (!at)
            return err_set(err, text->status.code, "%s is too large to be what a client wrote", path->text);
        len = read(fd, at, 4096);
        if (len < 0)
            return err_system(err, "read", path->text);
        buf_keep(text, (size_t)len);
    }
    return OK;
}

/* A new file beside it, made durable, then renamed over it. */
status state_write(const struct state_path *path, struct str text, struct err *err)
{
    AUTO(int, file_close) fd = -1;
    struct state_path fresh;

    TRY(path_format(&fresh, path->text, ".XXXXXX", err));
    fd = mkostemp(fresh.text, O_CLOEXEC);
    if (fd < 0)
        return err_system(err, "create", fresh.text);
    if (write(fd, text.at, text.len) == (ssize_t)text.len && fsync(fd) == 0 && rename(fresh.text, path->text) == 0)
        return OK;
    (void)err_system(err, "write", path->text);
    (void)unlink(fresh.text);
    return (status){ CODE_IO };
}

status state_lock(struct state_lock *lock, struct err *err)
{
    struct state_path dir, path;
    int fd;

    TRY(state_dir(&dir, err));
    TRY(path_format(&path, dir.text, "/lock", err));
    fd = open(path.text, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_system(err, "open", path.text);
    lock->plus_one = fd + 1;
    while (flock(fd, LOCK_EX)) {
        if (errno != EINTR)
            return err_system(err, "lock", path.text);
    }
    return OK;
}

void state_unlock(struct state_lock *lock)
{
    if (lock->plus_one)
        close(lock->plus_one - 1);
    lock->plus_one = 0;
}
