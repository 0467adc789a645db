/*
 * engine/snapshot: the facts as a file, so that a restart replays only the tail.
 *
 * A forked child writes what memory held at the fork and does nothing else; its hash becomes a ledger.snapshot entry,
 * and only a file that matches such an entry is ever loaded (P2). Two files are kept: the one that the newest entry
 * names and the one before. A file that does not match is refused with an alarm, and replay starts earlier.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "codec/hex.h"
#include "core/image.h"
#include "engine/state.h"
#include "store/space.h"

#define PATH_BYTES   4200
#define CHILD_MAX_MS (15 * 60 * 1000) /* the largest facts are written in a few minutes */
/* The store's fact: "<size> <index of the entry>". */
#define FACT_NAME     "snapshot"
#define FACT_PREVIOUS "snapshot.previous"

static void snapshot_path(const struct engine *engine, uint64_t size, char *ret_path)
{
    (void)snprintf(ret_path, PATH_BYTES, "%s/facts-%llu.image", engine->dir, (unsigned long long)size);
}

/* One is written at a time, and the next one writes over what was left of one that ended early. */
static void partial_path(const struct engine *engine, char *ret_path)
{
    (void)snprintf(ret_path, PATH_BYTES, "%s/facts.image.partial", engine->dir);
}

/* ---- Writing ---- */

struct file_sink {
    int fd;
};

static status sink_write(void *context, struct str bytes, struct err *err)
{
    const struct file_sink *sink = context;

    while (bytes.len) {
        ssize_t written = fault_hit(FAULT_SNAPSHOT_WRITE) ? -1 : write(sink->fd, bytes.at, bytes.len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return err_system(err, "write", "a snapshot");
        bytes = str_from(bytes, (size_t)written);
    }
    return OK;
}

/* Writes the file under another name, makes it durable, gives it its name. */
static status image_file_write(struct engine *engine, uint64_t size, struct hash *ret_hash, struct err *err)
{
    char partial[PATH_BYTES];
    char path[PATH_BYTES];
    struct file_sink sink;
    status s;

    partial_path(engine, partial);
    snapshot_path(engine, size, path);
    sink.fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (sink.fd < 0)
        return err_system(err, "open", partial);
    s = image_write(&engine->facts, &(struct image_sink){ sink_write, &sink }, ret_hash, err);
    if (!s.code && (fsync(sink.fd) || rename(partial, path)))
        s = err_system(err, "fsync or rename", partial);
    close(sink.fd);
    if (s.code)
        (void)unlink(partial);
    return s;
}

/* A snapshot only saves time: it may not take the room that commits need. A disk that can't be asked has some. */
static bool there_is_room(const struct engine *engine)
{
    struct space space;

    if (space_read(engine->dir, &space, NULL).code ||
        space.free_bytes >= image_bytes(&engine->facts) + 2 * GRANTS_STOP_BYTES)
        return true;
    log_write(LOG_WARN, "engine", "no room for a snapshot of the facts; the next restart replays more");
    return false;
}

/*
 * What a child inherits it keeps open: clients' sockets, which then don't close when the server closes them, the
 * ledger's file and its lock. It needs none of them.
 */
static void child_forget(struct engine *engine, int pipe_fd)
{
    store_forget_in_child(engine->store);
    if (pipe_fd > STDERR_FILENO + 1)
        (void)close_range(STDERR_FILENO + 1, (unsigned)pipe_fd - 1, 0);
    (void)close_range((unsigned)pipe_fd + 1, UINT_MAX, 0);
}

/* The child of fork: writes, tells the hash, ends. */
static _Noreturn void child_write(struct engine *engine, int pipe_fd)
{
    struct err err = { 0 };
    struct hash hash;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    child_forget(engine, pipe_fd);
    if (image_file_write(engine, engine->facts.size, &hash, &err).code)
        _exit(1);
    _exit(write(pipe_fd, hash.bytes, sizeof(hash.bytes)) == (ssize_t)sizeof(hash.bytes) ? 0 : 1);
}

static void child_start(struct engine *engine)
{
    int fds[2];
    pid_t pid;

    engine->snapshot_ms = clock_read().running_ms;
    if (!there_is_room(engine) || pipe2(fds, O_CLOEXEC))
        return;
    pid = fork();
    if (pid == 0)
        child_write(engine, fds[1]);
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return;
    }
    engine->snapshot = (struct snapshot_child){ .pid = pid, .pipe = fds[0], .size = engine->facts.size };
}

/* ---- Recording ---- */

static status fact_shift(struct engine *engine, struct err *err)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
    struct store_fact fact = { .name = STR(FACT_PREVIOUS) };
    status s = store_fact_read(engine->reader, STR(FACT_NAME), &arena, &fact.value, err);

    if (s.code == CODE_NOT_FOUND)
        return OK;
    TRY(s);
    return store_fact_write(engine->store, &fact, err);
}

/* The size that a fact names; 0: none. */
static uint64_t fact_size(struct engine *engine, struct str fact_name)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
    struct str value;
    uint64_t size;

    if (store_fact_read(engine->reader, fact_name, &arena, &value, NULL).code ||
        str_to_u64(str_take(&value, ' '), UINT64_MAX, &size).code)
        return 0;
    return size;
}

/* Whether a file is an image, and of which size. */
static bool is_image(const char *name, uint64_t *ret_size)
{
    struct str text = str_of(name);

    if (!str_starts(text, STR("facts-")) || !str_ends(text, STR(".image")))
        return false;
    text = str_cut(text, strlen("facts-"), text.len - strlen("facts-.image"));
    return str_to_u64(text, UINT64_MAX, ret_size).code == CODE_OK;
}

/*
 * Images that nobody names any more: the one before the previous, and what was left where a server ended, or an entry
 * failed, between the file and its entry. A directory that can't be read is looked through after the next snapshot.
 */
static void others_remove(struct engine *engine)
{
    uint64_t newest = fact_size(engine, STR(FACT_NAME));
    uint64_t previous = fact_size(engine, STR(FACT_PREVIOUS));
    DIR *dir = opendir(engine->dir);
    char path[PATH_BYTES];
    uint64_t size;

    for (struct dirent *file = dir ? readdir(dir) : NULL; file; file = readdir(dir)) {
        if (!is_image(file->d_name, &size) || size == newest || size == previous)
            continue;
        snapshot_path(engine, size, path);
        (void)unlink(path);
    }
    if (dir)
        (void)closedir(dir);
}

/* Appends ledger.snapshot and, once that is durable, names it in the store. */
static status snapshot_record(struct engine *engine, uint64_t size, const struct hash *hash, struct err *err)
{
    struct command command = system_command(engine, AUDIT_LEDGER_SNAPSHOT);
    char text[64];
    struct store_fact fact = { .name = STR(FACT_NAME) };
    uint64_t index = engine->facts.size;

    command.system.numbers[0] = (int64_t)size;
    memcpy(command.system.hash, hash->bytes, sizeof(command.system.hash));
    batch_clear(&engine->batch, engine->facts.size);
    TRY(writer_append_system(engine, &command, err));
    if (!commit_batch(engine))
        return err_set(err, CODE_IO, "its entry could not be committed");
    TRY(fact_shift(engine, err));
    (void)snprintf(text, sizeof(text), "%llu %llu", (unsigned long long)size, (unsigned long long)index);
    fact.value = str_of(text);
    TRY(store_fact_write(engine->store, &fact, err));
    engine->snapshot_size = size;
    others_remove(engine);
    return OK;
}

static void child_finish(struct engine *engine, bool succeeded)
{
    struct hash hash;
    struct err err = { 0 };
    ssize_t got = read(engine->snapshot.pipe, hash.bytes, sizeof(hash.bytes));
    uint64_t size = engine->snapshot.size;

    close(engine->snapshot.pipe);
    engine->snapshot = (struct snapshot_child){ 0 };
    if (!succeeded || got != (ssize_t)sizeof(hash.bytes))
        log_write(LOG_WARN, "engine", "a snapshot of the facts could not be written; the next restart replays more");
    else if (snapshot_record(engine, size, &hash, &err).code)
        log_write(LOG_WARN, "engine", "a snapshot could not be recorded: %s", err.text);
}

/* Takes note of a child that is done, and ends one that hangs: the turn after this finds it done. */
static void child_turn(struct engine *engine, int64_t running_ms)
{
    pid_t pid = engine->snapshot.pid;
    int wait_status;

    if (waitpid(pid, &wait_status, WNOHANG) == pid)
        child_finish(engine, WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0);
    else if (running_ms - engine->snapshot_ms >= CHILD_MAX_MS)
        (void)kill(pid, SIGKILL);
}

void snapshot_turn(struct engine *engine)
{
    int64_t running_ms = clock_read().running_ms;

    if (engine->writing >= WRITING_GIVE_BACK)
        return;
    if (engine->snapshot.pid)
        child_turn(engine, running_ms);
    else if (engine->facts.size - engine->snapshot_size >= SNAPSHOT_EVERY_ENTRIES &&
             running_ms - engine->snapshot_ms >= SNAPSHOT_EVERY_MS)
        child_start(engine);
}

void snapshot_at_stop(struct engine *engine)
{
    struct hash hash;
    struct err err = { 0 };
    uint64_t size = engine->facts.size;

    if (engine->snapshot.pid) {
        (void)kill(engine->snapshot.pid, SIGKILL);
        (void)waitpid(engine->snapshot.pid, NULL, 0);
        close(engine->snapshot.pipe);
        engine->snapshot = (struct snapshot_child){ 0 };
    }
    if (engine->writing >= WRITING_GIVE_BACK || size == engine->snapshot_size || !there_is_room(engine))
        return;
    if (image_file_write(engine, size, &hash, &err).code || snapshot_record(engine, size, &hash, &err).code)
        log_write(LOG_WARN, "engine", "no snapshot at stop: %s", err.text);
}

/* ---- Loading ---- */

/* What the ledger says about a snapshot. */
struct snapshot_claim {
    uint64_t size;
    struct hash hash;
    bool found;
};

static status claim_visit(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct snapshot_claim *claim = context;
    struct entry entry;

    (void)index;
    TRY(entry_decode(leaf, &entry, err));
    claim->found = entry.code == AUDIT_LEDGER_SNAPSHOT && (uint64_t)entry.data[DATA_SIZE].number == claim->size;
    if (claim->found)
        memcpy(claim->hash.bytes, entry.data[DATA_SHA256].bytes, HASH_BYTES);
    return OK;
}

/* Reads the fact and the entry it names. CODE_NOT_FOUND when there is no snapshot. */
static status claim_read(struct engine *engine, struct str fact_name, struct snapshot_claim *ret_claim, struct err *err)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
    struct store_range range = { .max_count = 1, .max_bytes = 1 };
    struct store_entry_visitor visitor = { claim_visit, ret_claim };
    struct str value;
    uint64_t next;

    *ret_claim = (struct snapshot_claim){ 0 };
    TRY(store_fact_read(engine->reader, fact_name, &arena, &value, err));
    TRY(str_to_u64(str_take(&value, ' '), UINT64_MAX, &ret_claim->size));
    TRY(str_to_u64(value, UINT64_MAX, &range.first));
    return store_entries_read(engine->reader, &range, &visitor, &next, err);
}

/* A file mapped for reading. */
struct mapping {
    void *at;
    size_t len;
};

static void mapping_end(struct mapping *mapping)
{
    if (mapping->at)
        (void)munmap(mapping->at, mapping->len);
}

static status mapping_open(const char *path, struct mapping *ret_mapping, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat file;
    status s = OK;

    if (fd < 0 && errno == ENOENT)
        return err_set(err, CODE_NOT_FOUND, "%s is not there, as in a restored backup", path);
    if (fd < 0)
        return err_system(err, "open", path);
    if (fstat(fd, &file))
        s = err_system(err, "fstat", path);
    else if (file.st_size == 0)
        s = err_set(err, CODE_CORRUPT, "the snapshot %s is empty", path);
    if (!s.code) {
        void *at = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);

        if (at == MAP_FAILED)
            s = err_system(err, "mmap", path);
        else
            *ret_mapping = (struct mapping){ at, (size_t)file.st_size };
    }
    close(fd);
    return s;
}

static status claim_load(struct engine *engine, const struct snapshot_claim *claim, struct facts *facts,
                         struct err *err)
{
    AUTO(struct mapping, mapping_end) mapping = { 0 };
    char path[PATH_BYTES];
    struct hash hash;

    if (!claim->found)
        return err_set(err, CODE_CORRUPT, "no entry names the snapshot of %llu entries",
                       (unsigned long long)claim->size);
    snapshot_path(engine, claim->size, path);
    TRY(mapping_open(path, &mapping, err));
    TRY(image_read((struct str){ mapping.at, mapping.len }, facts, &hash, err));
    if (hash_eq(&hash, &claim->hash) && facts->size == claim->size)
        return OK;
    TRY(facts_reset(facts));
    return err_set(err, CODE_CORRUPT, "the snapshot %s is not the one its entry names", path);
}

status snapshot_load(struct engine *engine, struct facts *facts, struct snapshot_refusal *ret_refusal, struct err *err)
{
    static const struct str names[] = { STR_INIT(FACT_NAME), STR_INIT(FACT_PREVIOUS) };

    *ret_refusal = (struct snapshot_refusal){ 0 };
    for (size_t i = 0; i < 2; i++) {
        struct snapshot_claim claim;
        struct err why = { 0 };
        status s = claim_read(engine, names[i], &claim, &why);

        if (s.code == CODE_NOT_FOUND)
            break;
        if (!s.code)
            s = claim_load(engine, &claim, facts, &why);
        if (!s.code) {
            engine->snapshot_size = facts->size;
            return OK;
        }
        if (s.code == CODE_NO_MEMORY)
            return s;
        if (s.code == CODE_NOT_FOUND) {
            log_write(LOG_INFO, "engine", "the snapshot %s", why.text);
            continue;
        }
        log_write(LOG_ERROR, "engine", "a snapshot was refused: %s", why.text);
        if (!ret_refusal->happened)
            *ret_refusal = (struct snapshot_refusal){ .happened = true, .size = claim.size, .hash = claim.hash };
    }
    (void)err;
    return OK;
}
