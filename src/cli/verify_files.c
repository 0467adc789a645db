#include "cli/verify_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "engine/signed_head.h"
#include "store/files.h"

#define HEAD_FILE       "signer.head"
#define SNAPSHOT_BEFORE "facts-"
#define SNAPSHOT_AFTER  ".image"
#define CHUNK_BYTES     ((size_t)1 << 20)
#define SIGNED_TRIES    5 /* a server may be writing the file just then */
#define SIGNED_PAUSE_MS 20

/* ---- The form of the file ---- */

struct inspection {
    struct store_reader *reader;
    pthread_t thread;
    status found;
    struct err err;
};

static void *inspection_run(void *context)
{
    struct inspection *inspection = context;

    inspection->found = store_inspect(inspection->reader, &inspection->err);
    return NULL;
}

status inspection_begin(const char *path, struct inspection **ret_inspection, struct err *err)
{
    struct inspection *inspection = memory_new(1, sizeof(*inspection));
    status s;

    if (!inspection)
        return err_set(err, CODE_NO_MEMORY, "no memory to look at %s", path);
    s = store_reader_open_path(path, &inspection->reader, err);
    if (!s.code && pthread_create(&inspection->thread, NULL, inspection_run, inspection))
        s = err_set(err, CODE_NO_MEMORY, "the system has no thread to look at %s", path);
    if (s.code) {
        store_reader_close(inspection->reader);
        memory_free(inspection);
        return s;
    }
    *ret_inspection = inspection;
    return OK;
}

status inspection_end(struct inspection **inspection, struct err *err)
{
    struct inspection *ended = *inspection;
    status s = OK;

    if (!ended)
        return OK;
    *inspection = NULL;
    (void)pthread_join(ended->thread, NULL);
    if (ended->found.code)
        s = err_set(err, ended->found.code, "%s", ended->err.text);
    store_reader_close(ended->reader);
    memory_free(ended);
    return s;
}

/* ---- The newest signed checkpoint ---- */

static status head_file_check(const char *path, struct verification *verification, struct err *err)
{
    struct tree_head head = { 0 };
    struct timespec pause = { .tv_nsec = (long)SIGNED_PAUSE_MS * 1000000 };
    status s = OK;

    for (int i = 0; i < SIGNED_TRIES; i++) {
        s = signed_head_verify(path, HEAD_FILE, &verification->vkey, &head, err);
        if (s.code != CODE_CORRUPT)
            break;
        (void)nanosleep(&pause, NULL);
    }
    TRY(s);
    if (head.size == 0) {
        verification_left(verification, "a signature: nothing has been signed yet");
        return OK;
    }
    verification->signed_size = head.size;
    check_anchor(&verification->check, &head, "the checkpoint in " HEAD_FILE);
    return OK;
}

status signed_check(const char *path, struct verification *verification, struct err *err)
{
    struct stat about;
    struct path file;

    if (stat(path, &about) || !S_ISDIR(about.st_mode)) {
        verification_left(verification, "a signature: the file of a backup holds none");
        return OK;
    }
    verification->check.anchors_must = true;
    TRY(path_join(path, HEAD_FILE, &file, err));
    if (file_exists(file.text))
        return head_file_check(path, verification, err);
    verification_left(verification, "a signature: there is no " HEAD_FILE);
    return OK;
}

/* ---- Snapshots ---- */

static const struct snapshot_claim *claim_find(const struct check *check, uint64_t size)
{
    for (size_t i = check->claim_count; i-- > 0;) {
        if (check->claims[i].size == size)
            return &check->claims[i];
    }
    return NULL;
}

static status file_hash(const char *path, struct hash *ret_hash, struct err *err)
{
    AUTO(struct buf, buf_free) chunk = { .max = CHUNK_BYTES };
    struct hash_stream stream;
    ssize_t got = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_system(err, "open", path);
    hash_stream_begin(&stream);
    while (got > 0 && buf_room(&chunk, CHUNK_BYTES)) {
        got = read(fd, chunk.at, CHUNK_BYTES);
        if (got > 0)
            hash_stream_add(&stream, (struct str){ chunk.at, (size_t)got });
    }
    (void)close(fd);
    if (got < 0)
        return err_system(err, "read", path);
    *ret_hash = hash_stream_end(&stream);
    return chunk.status;
}

static status snapshot_check(const char *path, uint64_t size, struct verification *verification, struct err *err)
{
    const struct snapshot_claim *claim = claim_find(&verification->check, size);
    struct hash hash;
    struct path file;
    char name[64];

    (void)snprintf(name, sizeof(name), SNAPSHOT_BEFORE "%" PRIu64 SNAPSHOT_AFTER, size);
    if (!claim) {
        verification_left(verification, "a snapshot file that no entry names: it is never used");
        return OK;
    }
    TRY(path_join(path, name, &file, err));
    TRY(file_hash(file.text, &hash, err));
    if (!hash_eq(&hash, &claim->hash))
        return err_set(err, CODE_CORRUPT, "%s: it is not the snapshot that entry %" PRIu64 " names", file.text,
                       claim->index);
    verification->snapshots++;
    return OK;
}

/* "facts-<size>.image" */
static bool snapshot_name_read(struct str name, uint64_t *ret_size)
{
    if (!str_starts(name, STR(SNAPSHOT_BEFORE)) || !str_ends(name, STR(SNAPSHOT_AFTER)))
        return false;
    name = str_from(name, sizeof(SNAPSHOT_BEFORE) - 1);
    return !str_to_u64(str_cut(name, 0, name.len - (sizeof(SNAPSHOT_AFTER) - 1)), INT64_MAX, ret_size).code;
}

/* Each snapshot file of the directory; a backup's path is none. */
static status snapshots_visit(const char *path, struct verification *verification,
                              status (*visit)(const char *, uint64_t, struct verification *, struct err *),
                              struct err *err)
{
    DIR *directory = opendir(path);
    const struct dirent *item;
    uint64_t size;
    status s = OK;

    while (directory && !s.code && (item = readdir(directory))) {
        if (snapshot_name_read(str_of(item->d_name), &size))
            s = visit(path, size, verification, err);
    }
    if (directory)
        (void)closedir(directory);
    return s;
}

static status snapshot_want(const char *path, uint64_t size, struct verification *verification, struct err *err)
{
    (void)path;
    (void)err;
    replay_check_want(&verification->check.replay, size);
    return OK;
}

void snapshots_want(const char *path, struct verification *verification)
{
    (void)snapshots_visit(path, verification, snapshot_want, NULL).code;
}

/* ---- The store's facts ---- */

struct fact_walk {
    struct verification *verification;
    bool has_origin, has_key, has_schema;
};

/* "<size> <index of the entry that names it>" */
static status snapshot_fact_check(const struct check *check, const struct store_fact *fact, struct err *err)
{
    struct str index_text = fact->value;
    struct str size_text = str_take(&index_text, ' ');
    const struct snapshot_claim *claim;
    uint64_t size, index;

    if (str_to_u64(size_text, INT64_MAX, &size).code || str_to_u64(index_text, INT64_MAX, &index).code)
        return err_set(err, CODE_CORRUPT, "the fact %.*s is \"%.*s\"", STR_ARG(fact->name), STR_ARG(fact->value));
    claim = claim_find(check, size);
    if (index >= check_size(check) || (claim && claim->index == index))
        return OK; /* of an entry behind the head that the reading ends at: a server is writing */
    return err_set(err, CODE_CORRUPT, "the fact %.*s is \"%.*s\", and entry %" PRIu64 " names no such snapshot",
                   STR_ARG(fact->name), STR_ARG(fact->value), index);
}

static status fact_visit(void *context, const struct store_fact *fact, struct err *err)
{
    struct fact_walk *walk = context;
    const struct check *check = &walk->verification->check;

    if (str_eq(fact->name, STR("origin")) && str_eq(fact->value, vkey_name(&walk->verification->vkey)))
        walk->has_origin = true;
    else if (str_eq(fact->name, STR("vkey"))) /* has been compared with the first entry */
        walk->has_key = true;
    else if (str_eq(fact->name, STR("schema"))) /* has been read when the file was opened */
        walk->has_schema = true;
    else if (str_eq(fact->name, STR("snapshot")) || str_eq(fact->name, STR("snapshot.previous")))
        return snapshot_fact_check(check, fact, err);
    else if (check->has_carried && str_starts(fact->name, STR("carried"))) /* its hash was compared with an entry's */
        return OK;
    else
        return err_set(err, CODE_CORRUPT, "the store has a fact %.*s, \"%.*s\", which is not this ledger's",
                       STR_ARG(fact->name), STR_ARG(fact->value));
    return OK;
}

static status head_row_check(struct store_reader *reader, const struct verification *verification, struct err *err)
{
    const struct check *check = &verification->check;
    struct store_head head;

    TRY(store_head_read(reader, &head, err));
    if (head.size != check_size(check))
        return OK; /* a server has gone on since */
    if (head.time_ms != check->time_ms)
        return err_set(err, CODE_CORRUPT, "the head's time is not that of the newest entry");
    if (head.epoch != check->epoch)
        return err_set(err, CODE_CORRUPT, "the head is of writer %" PRIu64 ", and the newest one started is %" PRIu64,
                       head.epoch, check->epoch);
    return OK;
}

status facts_check(const char *path, struct store_reader *reader, struct verification *verification, struct err *err)
{
    struct fact_walk walk = { .verification = verification };
    struct store_fact_visitor visitor = { fact_visit, &walk };

    TRY(store_facts_read(reader, &visitor, err));
    if (!walk.has_origin || !walk.has_key || !walk.has_schema)
        return err_set(err, CODE_CORRUPT, "the store's facts lack the %s",
                       !walk.has_origin ? "origin"
                       : !walk.has_key  ? "vkey"
                                        : "schema");
    TRY(head_row_check(reader, verification, err));
    return snapshots_visit(path, verification, snapshot_check, err);
}

/* ---- Private texts ---- */

status commitments_add(struct commitments *commitments, uint64_t index, const struct entry *entry, struct err *err)
{
    struct commitment *commitment = &commitments->at[commitments->count];

    if (entry->code == AUDIT_LEDGER_CREATED)
        TRY(names_check_self(&commitments->names, entry->on[ON_SERVICE].id, err));
    if (!entry->has_private)
        return OK;
    commitment->index = index;
    memcpy(commitment->hash.bytes, entry->private_hash, HASH_BYTES);
    told_of(entry, &commitment->told);
    commitments->count++;
    return OK;
}

static status missing(const struct commitment *commitment, struct err *err)
{
    return err_set(err, CODE_CORRUPT, "entry %" PRIu64 ": its private text is missing", commitment->index);
}

static status text_visit(void *context, const struct store_private *item, struct err *err)
{
    struct commitments *commitments = context;
    const struct commitment *next = &commitments->at[commitments->next];
    struct str text = STR_NONE;
    struct err why = { 0 };
    status s;

    if (commitments->next == commitments->count || item->index < next->index)
        return err_set(err, CODE_CORRUPT, "entry %" PRIu64 ": it has a private text, and its leaf commits to none",
                       item->index);
    if (item->index > next->index)
        return missing(next, err);
    s = verify_vault_text(&commitments->vault, item, next->hash.bytes, &text, &why);
    if (s.code && s.code != CODE_NOT_FOUND)
        return err_set(err, s.code, "entry %" PRIu64 ": its private text: %s", item->index, why.text);
    commitments->next++;
    if (s.code) /* its keys are not here */
        return OK;
    commitments->texts++;
    s = names_check_text(&commitments->names, &next->told, text, &why);
    return s.code ? err_set(err, s.code, "entry %" PRIu64 ": %s", item->index, why.text) : OK;
}

status commitments_check(struct commitments *commitments, struct store_reader *reader, uint64_t first, uint64_t end,
                         struct err *err)
{
    struct store_private_visitor visitor = { text_visit, commitments };

    commitments->next = 0;
    TRY(store_private_read(reader, first, end, &visitor, err));
    if (commitments->next < commitments->count)
        return missing(&commitments->at[commitments->next], err);
    commitments->count = 0;
    return OK;
}
