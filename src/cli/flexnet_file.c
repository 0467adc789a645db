#include "cli/flexnet_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES ((size_t)64 * 1024)

void flexnet_file_close(struct flexnet_file *file)
{
    if (file->plus_one)
        close(file->plus_one - 1);
    file->plus_one = 0;
    flexnet_log_free(&file->log);
    zone_free(&file->zone);
    buf_free(&file->first);
}

/* One piece from where the file stands; empty at its end. */
static status piece_read(const struct flexnet_file *file, char *space, struct str *ret_piece, struct err *err)
{
    ssize_t len = read(file->plus_one - 1, space, PIECE_BYTES);

    if (len < 0)
        return err_system(err, "read", file->path);
    *ret_piece = (struct str){ space, (size_t)len };
    return OK;
}

static status rewind_file(const struct flexnet_file *file, struct err *err)
{
    return lseek(file->plus_one - 1, 0, SEEK_SET) ? err_system(err, "rewind", file->path) : OK;
}

/* Some other file, named by mistake: none of its lines has as much as a time and a daemon. An empty one may be a log
 * that has just begun. */
static status file_is_log(const struct flexnet_file *file, struct err *err)
{
    const struct flexnet_log *log = &file->log;

    if (!log->lines || log->counts[FLEXNET_CONTINUATION] + log->counts[FLEXNET_EMPTY] < log->lines)
        return OK;
    return err_member(err, CODE_INVALID, "log", "no line of %s is one of a FlexNet debug log", file->path);
}

/* Up to the first date, so that the lines before it can be placed, too. */
static status origin_look(struct flexnet_file *file, struct err *err)
{
    AUTO(struct buf, buf_free) space = { .max = PIECE_BYTES };
    struct str piece = STR("x");
    bool found = false;

    if (!buf_room(&space, PIECE_BYTES))
        return err_set(err, CODE_NO_MEMORY, "no memory to read %s", file->path);
    while (piece.len && !found) {
        TRY(piece_read(file, space.at, &piece, err));
        TRY(flexnet_log_look(&file->log, piece, &found, err));
    }
    TRY(file_is_log(file, err));
    flexnet_log_rewind(&file->log);
    return rewind_file(file, err);
}

status flexnet_file_first(struct flexnet_file *file, struct err *err)
{
    ssize_t len;

    file->first.max = FLEXNET_HEAD_BYTES;
    buf_clear(&file->first);
    if (!buf_room(&file->first, FLEXNET_HEAD_BYTES))
        return err_set(err, CODE_NO_MEMORY, "no memory to read %s", file->path);
    len = pread(file->plus_one - 1, file->first.at, FLEXNET_HEAD_BYTES, 0);
    if (len < 0)
        return err_system(err, "read", file->path);
    buf_keep(&file->first, (size_t)len);
    return OK;
}

status flexnet_file_open(const char *path, const char *zone, struct flexnet_file *file, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return err_system(err, "open", path);
    file->plus_one = fd + 1;
    file->path = path;
    if (zone && zone_load(ZONE_DIRECTORY, str_of(zone), &file->zone, err).code)
        return err_member(
            err, CODE_INVALID, "zone",
            "--zone must be a place as Europe/Madrid, an offset as +02:00, or a known name, not \"%.60s\"", zone);
    file->log = flexnet_log_start(zone ? &file->zone : NULL);
    TRY(flexnet_file_first(file, err));
    return origin_look(file, err);
}

static status piece_visit(struct flexnet_file *file, struct str piece, const struct flexnet_visitor *visitor,
                          struct err *err)
{
    struct flexnet_event event;

    while (piece.len) {
        TRY(flexnet_log_next(&file->log, &piece, &event, err));
        if (event.line.kind != FLEXNET_NONE)
            TRY(visitor->visit(visitor->context, &event, err));
    }
    return OK;
}

status flexnet_file_read(struct flexnet_file *file, const struct flexnet_visitor *visitor, struct err *err)
{
    AUTO(struct buf, buf_free) space = { .max = PIECE_BYTES };
    struct str piece = STR("x");
    struct stat about;

    if (!buf_room(&space, PIECE_BYTES))
        return err_set(err, CODE_NO_MEMORY, "no memory to read %s", file->path);
    if (fstat(file->plus_one - 1, &about))
        return err_system(err, "look at", file->path);
    if ((uint64_t)about.st_size < file->log.read)
        return err_set(err, CODE_CONFLICT, "%s became shorter: it was replaced or emptied", file->path);
    while (piece.len) {
        TRY(piece_read(file, space.at, &piece, err));
        TRY(piece_visit(file, piece, visitor, err));
    }
    return OK;
}

status flexnet_file_end(struct flexnet_file *file, const struct flexnet_visitor *visitor, struct err *err)
{
    struct flexnet_event event;

    TRY(flexnet_log_end(&file->log, &event, err));
    return event.line.kind == FLEXNET_NONE ? OK : visitor->visit(visitor->context, &event, err);
}
