/*
 * api/server: whether the server lives and serves, and what its operators do to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/answer.h"
#include "api/handlers.h"
#include "api/problems.h"
#include "api/requests.h"
#include "api/work.h"
#include "http/respond.h"

#define BACKUPS_DIR     "backups"
#define BACKUP_NAME_MAX 64
#define PATH_BYTES      4096
#define PIECE_BYTES     65536

void health_handle(struct exchange *exchange)
{
    http_respond_text(exchange, 200, STR("ok\n"));
}

/* Ready is who can give seats, which is what a balancer sends clients for; docs/operate.md says what follows. */
void ready_handle(struct exchange *exchange)
{
    struct engine_stats stats;

    engine_stats(call_engine(call_of(exchange)), &stats);
    if (!stats.ready)
        http_respond_text(exchange, 503, STR("not ready: it is starting or stopping\n"));
    else if (stats.read_only)
        http_respond_text(exchange, 503, STR("read-only: nothing can be recorded, or only what gives seats back\n"));
    else if (stats.grants_stopped)
        http_respond_text(exchange, 503, STR("grants stopped: the disk has little room, so no seats are given\n"));
    else if (stats.clock_frozen)
        http_respond_text(exchange, 200, STR("ready, but the clock jumped: no licence starts or expires\n"));
    else
        http_respond_text(exchange, 200, STR("ready\n"));
}

/* A command that says nothing but its name. */
static void plain_command(struct exchange *exchange, enum command_kind kind)
{
    struct call *call = call_of(exchange);
    char nothing;

    if (!call_body(call, &nothing_table, &nothing))
        return;
    if (call_job(call, kind))
        call_command(call);
}

void clock_confirm_handle(struct exchange *exchange)
{
    plain_command(exchange, COMMAND_CLOCK_CONFIRM);
}

void demo_seeded_handle(struct exchange *exchange)
{
    plain_command(exchange, COMMAND_DEMO_SEEDED);
}

/* ---- Backups ---- */

struct backup_request {
    struct str to;
};

static const struct json_field backup_fields[] = {
    JSON_TEXT(struct backup_request, to, 1, BACKUP_NAME_MAX, JSON_REQUIRED,
              .about = "a file name in the data directory's backups/: letters, digits, '.', '_' and '-'"),
};
const struct json_table backup_table = JSON_TABLE("BackupRequest", struct backup_request, backup_fields);

struct backup {
    struct work work;
    char path[PATH_BYTES];
    struct store_head head;
    struct hash hash; /* of the file */
};

static bool is_file_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';

        if (!plain && (c != '.' || i == 0))
            return false;
    }
    return true;
}

static status backups_dir_make(const char *data_dir, struct err *err)
{
    char path[PATH_BYTES];

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", data_dir, BACKUPS_DIR) >= sizeof(path))
        return err_set(err, CODE_INVALID, "the data directory's path is too long");
    return mkdir(path, 0700) && errno != EEXIST ? err_system(err, "make", path) : OK;
}

/* A server that stops does not wait for a copy of many gigabytes. */
static bool backup_goes_on(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    struct api *api = context;

    (void)done_bytes;
    (void)total_bytes;
    return !atomic_load(&api->stops);
}

static void file_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* As `sha256sum` tells it, so that whoever moves the copy can see that it arrived. */
static status file_hash(struct backup *backup, const struct store_progress *progress)
{
    AUTO(int, file_close) fd = open(backup->path, O_RDONLY | O_CLOEXEC);
    struct err *err = &backup->work.err;
    char piece[PIECE_BYTES];
    struct hash_stream stream;
    ssize_t got = fd < 0 ? -1 : 1;

    hash_stream_begin(&stream);
    while (got > 0) {
        if (!progress->go_on(progress->context, 0, 0))
            return err_set(err, CODE_UNAVAILABLE, "the backup was stopped");
        got = read(fd, piece, sizeof(piece));
        if (got > 0)
            hash_stream_add(&stream, (struct str){ piece, (size_t)got });
    }
    if (got < 0)
        return err_system(err, "read", backup->path);
    backup->hash = hash_stream_end(&stream);
    return OK;
}

/* What the copy holds is read from the copy: the ledger grew while it was made. */
static status backup_run(struct work *work, struct ledger_view *view)
{
    struct backup *backup = (struct backup *)work;
    struct api *api = call_api(work->call);
    struct store_progress progress = { backup_goes_on, api };
    struct store_reader *reader = NULL;
    status s;

    (void)view;
    TRY(backups_dir_make(api->config.dir, &work->err));
    TRY(store_backup(api->config.dir, backup->path, &progress, &work->err));
    TRY(store_reader_open_path(backup->path, &reader, &work->err));
    s = store_head_read(reader, &backup->head, &work->err);
    store_reader_close(reader);
    if (!s.code)
        s = file_hash(backup, &progress);
    if (s.code)
        (void)unlink(backup->path);
    return s;
}

/* A copy that could not be recorded was not made. */
static void backup_answer(struct call *call)
{
    const struct backup *backup = call->detail;
    const struct reply *reply = &call->jobs->reply;

    if (!call->dry_run && reply->verdict != VERDICT_UNKNOWN &&
        (reply->verdict != VERDICT_DONE || reply->outcome.kind != OUTCOME_ENTRY))
        (void)unlink(backup->path);
    answer_call(call);
}

static void backup_submit(struct call *call, const struct backup *backup)
{
    struct job *job = call_job(call, COMMAND_BACKUP_MADE);

    if (!job)
        return;
    job->command.backup.size = backup->head.size;
    memcpy(job->command.backup.root, backup->head.root.bytes, sizeof(job->command.backup.root));
    job->command.backup.has_hash = !call->dry_run;
    memcpy(job->command.backup.hash, backup->hash.bytes, sizeof(job->command.backup.hash));
    call_submit(call, backup_answer);
}

static void backup_done(struct work *work)
{
    struct backup *backup = (struct backup *)work;

    if (!work->status.code)
        backup_submit(work->call, backup);
    else if (work->status.code == CODE_CONFLICT)
        call_reject_as(work->call, PROBLEM_NAME_TAKEN, STR("to"));
    else if (work->status.code == CODE_DISK_FULL)
        answer_problem(work->call, PROBLEM_READ_ONLY, STR("there is no room on the disk for the copy"));
    else
        work_failed(work);
}

static bool backup_check(struct call *call, struct str to, struct backup *backup)
{
    struct err err = { 0 };
    int len = snprintf(backup->path, sizeof(backup->path), "%s/%s/%.*s", call_api(call)->config.dir, BACKUPS_DIR,
                       STR_ARG(to));

    if (is_file_name(to) && len > 0 && (size_t)len < sizeof(backup->path))
        return true;
    (void)err_member(&err, CODE_INVALID, "to",
                     "to must be a plain file name of letters, digits, '.', '_' and '-', not beginning with '.'");
    call_reject(call, &err);
    return false;
}

void backup_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct backup_request request = { 0 };
    struct backup *backup = arena_new(call_arena(call), 1, sizeof(*backup));
    struct tree_head head = publisher_head(engine_publisher(call_engine(call)));

    if (!backup) {
        call_no_memory(call);
        return;
    }
    if (!call_body(call, &backup_table, &request) || !backup_check(call, request.to, backup))
        return;
    call->given[0] = request.to;
    call->detail = backup;
    backup->work.run = backup_run;
    backup->work.done = backup_done;
    backup->head = (struct store_head){ .size = head.size, .root = head.root };
    if (call->dry_run)
        backup_submit(call, backup);
    else
        work_start(call, &backup->work);
}
