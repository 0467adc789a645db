/*
 * engine/rebuild_snapshots: the files of the facts that the store names. A file that is right is left alone. An entry
 * that tells another hash than the entries give is nothing to mend: such a snapshot is never loaded.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "core/image.h"
#include "engine/rebuild_parts.h"
#include "store/files.h"

#define NAME_BYTES  64
#define CHUNK_BYTES 65536

static void file_close(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

/* A file that can't be read is as good as none. */
static bool file_has_hash(const char *path, const struct hash *wanted)
{
    AUTO(int, file_close) fd = open(path, O_RDONLY | O_CLOEXEC);
    struct hash_stream stream;
    char chunk[CHUNK_BYTES];
    struct hash hash;
    ssize_t got = fd < 0 ? -1 : 1;

    hash_stream_begin(&stream);
    while (got > 0) {
        got = read(fd, chunk, sizeof(chunk));
        if (got > 0)
            hash_stream_add(&stream, (struct str){ chunk, (size_t)got });
    }
    hash = hash_stream_end(&stream);
    return got == 0 && hash_eq(&hash, wanted);
}

static status sink_write(void *context, struct str bytes, struct err *err)
{
    const int *fd = context;

    while (bytes.len) {
        ssize_t written = write(*fd, bytes.at, bytes.len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return err_system(err, "write", "a snapshot");
        bytes = str_from(bytes, (size_t)written);
    }
    return OK;
}

static status file_write(const struct rebuild *rebuild, const struct path *path, struct err *err)
{
    AUTO(int, file_close) fd = -1;
    struct image_sink sink = { sink_write, &fd };
    struct path partial;
    struct hash hash;

    TRY(path_add(path->text, ".partial", &partial, err));
    fd = open(partial.text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_system(err, "open", partial.text);
    TRY(image_write(&rebuild->facts, &sink, &hash, err));
    if (fsync(fd) || rename(partial.text, path->text))
        return err_system(err, "put in place", path->text);
    return file_sync_directory(rebuild->dir, err);
}

static status snapshot_derive(struct rebuild *rebuild, const struct named_snapshot *named, struct err *err)
{
    char name[NAME_BYTES];
    struct path path;
    struct hash hash;

    TRY(facts_hash(&rebuild->facts, &hash, err));
    if (!named->told || !hash_eq(&hash, &named->hash))
        return err_set(err, CODE_CORRUPT,
                       "entry %" PRIu64 " does not tell of the facts that the first %" PRIu64 " entries give",
                       named->index, named->size);
    (void)snprintf(name, sizeof(name), "facts-%" PRIu64 ".image", named->size);
    TRY(path_join(rebuild->dir, name, &path, err));
    rebuild->told->looked_at++;
    if (file_has_hash(path.text, &named->hash))
        return OK;
    rebuild->told->mended++;
    return file_write(rebuild, &path, err);
}

static status snapshots_entry(struct rebuild *rebuild, const struct edge_full *full, unsigned full_count,
                              struct err *err)
{
    (void)full;
    (void)full_count;
    for (size_t i = 0; i < rebuild->snapshot_count; i++) {
        if (rebuild->snapshots[i].size == rebuild->facts.size)
            TRY(snapshot_derive(rebuild, &rebuild->snapshots[i], err));
    }
    return OK;
}

const struct derivation snapshots_derivation = { "snapshots", snapshots_entry, NULL };
