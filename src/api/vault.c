/*
 * api/vault: people are erased and held; private texts are read by who may; backups of their keys (P8).
 *
 * A private text is somebody's: that it is read is recorded with its index, each time, before it is opened.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "api/answer.h"
#include "api/audit.h"
#include "api/handlers.h"
#include "api/problems.h"
#include "api/requests.h"
#include "api/work.h"
#include "engine/vault_items.h"
#include "http/respond.h"

/* ---- Erasing and holding ---- */

static const struct json_field reason_fields[] = {
    JSON_TEXT(struct reason_request, reason, 1, TEXT_MAX_BYTES, JSON_REQUIRED, .about = "kept privately"),
};
const struct json_table needed_reason_table = JSON_TABLE("NeededReason", struct reason_request, reason_fields);

static void user_command(struct exchange *exchange, enum command_kind kind)
{
    struct call *call = call_of(exchange);
    struct reason_request request = { 0 };
    struct id user;
    struct job *job;

    if (!call_path_id(call, 0, ID_USER, &user) || !call_body(call, &needed_reason_table, &request))
        return;
    job = call_job(call, kind);
    if (!job)
        return;
    job->command.user = user;
    reason_command(call, request.reason);
}

void user_erase_handle(struct exchange *exchange)
{
    user_command(exchange, COMMAND_USER_ERASE);
}

void user_hold_handle(struct exchange *exchange)
{
    user_command(exchange, COMMAND_USER_HOLD);
}

void user_release_hold_handle(struct exchange *exchange)
{
    user_command(exchange, COMMAND_USER_RELEASE_HOLD);
}

/* ---- Private texts ---- */

struct private_row {
    uint64_t index;
    struct str text;
};

#define ROW(member_) offsetof(struct private_row, member_)

static const struct shape_member private_members[] = {
    { .name = "index", .kind = SHAPE_INDEX, .at = ROW(index) },
    { .name = "text", .kind = SHAPE_TEXT, .at = ROW(text), .about = "the exact JSON that the leaf commits to" },
};
const struct shape private_text_shape = SHAPE("PrivateText", private_members);

struct private_read {
    struct work work;
    struct private_row row;
    bool has_commitment;
    struct entry entry; /* of that index */
    bool dropped;
};

static status leaf_read(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct private_read *read = context;

    (void)index;
    TRY(entry_decode(leaf, &read->entry, err));
    read->has_commitment = read->entry.has_private;
    return OK;
}

static status item_open(void *context, const struct store_private *item, struct err *err)
{
    struct private_read *read = context;
    struct call *call = read->work.call;
    struct vault_stored stored = { item, read->entry.private_hash };
    struct err why = { 0 };
    status s;

    if (item->part != VAULT_TEXT)
        return OK;
    s = vault_unseal_text(engine_vault(call_engine(call)), &stored, call_arena(call), &read->row.text, &why);
    read->dropped = s.code == CODE_NOT_FOUND;
    return s.code && !read->dropped
               ? err_set(err, s.code, "the private text of entry %llu: %s", (unsigned long long)item->index, why.text)
               : OK;
}

static status private_run(struct work *work, struct ledger_view *view)
{
    struct private_read *read = (struct private_read *)work;
    struct store_reader *reader = ledger_view_reader(view);
    struct store_range range = { .first = read->row.index, .max_count = 1, .max_bytes = ENTRY_MAX_BYTES };
    struct store_entry_visitor leaves = { leaf_read, read };
    struct store_private_visitor texts = { item_open, read };
    uint64_t next;

    TRY(store_entries_read(reader, &range, &leaves, &next, &work->err));
    if (!read->has_commitment)
        return (status){ CODE_NOT_FOUND };
    return store_private_find(reader, &read->row.index, 1, &texts, &work->err);
}

static void private_done(struct work *work)
{
    struct private_read *read = (struct private_read *)work;
    struct call *call = work->call;
    struct json_out out = { .buf = &call->exchange->answer };
    struct shape_source source = { .value = &read->row };

    if (!work->status.code && !read->row.text.len)
        answer_problem(call, PROBLEM_NOT_FOUND,
                       read->dropped
                           ? STR("the text's key was dropped: whose it was has been erased, or its day is over")
                           : STR_NONE);
    else if (work->status.code == CODE_NOT_FOUND)
        call_reject_as(call, PROBLEM_NOT_FOUND, STR_NONE);
    else if (work->status.code)
        work_failed(work);
    else {
        json_out_object(&out, NULL);
        shape_write(&private_text_shape, &source, &out);
        json_out_end(&out);
        http_respond_json(call->exchange, 200);
    }
}

static void private_recorded(struct call *call)
{
    struct private_read *read = call->detail;

    if (call_refused(call, call->jobs))
        return;
    if (call->jobs->reply.outcome.kind == OUTCOME_ENTRY)
        work_start(call, &read->work);
    else
        answer_call(call);
}

void audit_private_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct private_read *read;
    struct job *job;
    uint64_t index;

    if (!audit_path_index(call, &index) || !audit_is_whole(call))
        return;
    read = arena_new(call_arena(call), 1, sizeof(*read));
    job = read ? call_job(call, COMMAND_DATA_READ) : NULL;
    if (!read)
        call_no_memory(call);
    if (!job)
        return;
    read->row.index = index;
    read->work.run = private_run;
    read->work.done = private_done;
    call->detail = read;
    job->command.read =
        (struct read_record){ .scope = STR("private"), .from = (int64_t)index, .to = (int64_t)index, .limit = 1 };
    call_submit(call, private_recorded);
}

/* ---- Backups of keys ---- */

#define NAME_BYTES 64
#define PATH_BYTES 4200

struct key_backup {
    struct work work;
    char name[NAME_BYTES];
    struct vault_span span;
};

static status key_backup_run(struct work *work, struct ledger_view *view)
{
    struct key_backup *backup = (struct key_backup *)work;
    struct engine *engine = call_engine(work->call);
    char dir[PATH_BYTES];

    (void)view;
    (void)snprintf(dir, sizeof(dir), "%s/%s", engine_keys_dir(engine), VAULT_COPIES);
    if (mkdir(dir, S_IRWXU) && errno != EEXIST)
        return err_system(&work->err, "make", dir);
    return vault_copy(engine_vault(engine), dir, backup->name, &backup->span, &work->err);
}

/* The entry is there whatever became of the copy: it says the latest day on which one can be good. */
static void key_backup_done(struct work *work)
{
    if (work->status.code == CODE_DISK_FULL)
        answer_problem(work->call, PROBLEM_READ_ONLY, STR("there is no room on the disk for the copy"));
    else if (work->status.code)
        work_failed(work);
    else
        answer_call(work->call);
}

static void key_backup_recorded(struct call *call)
{
    struct key_backup *backup = call->detail;
    struct answer answer;

    if (call_refused(call, call->jobs))
        return;
    if (call->dry_run || call->jobs->reply.outcome.kind != OUTCOME_ENTRY) {
        answer_call(call);
        return;
    }
    answer_read(call->jobs, &answer);
    backup->span.made_ms = answer.entry.time_ms;
    backup->span.lapses_ms = answer.entry.data[DATA_LAPSES_AT].number;
    (void)snprintf(backup->name, sizeof(backup->name), "vault-%llu-until-%lld.keys", (unsigned long long)answer.index,
                   (long long)(backup->span.lapses_ms / 1000));
    call->given[0] = str_of(backup->name);
    work_start(call, &backup->work);
}

/* Its entry comes before the copy, so that no erasure promises too early a day. A repeat copies nothing. */
void key_backup_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct reason_request nothing = { 0 };
    struct key_backup *backup = arena_new(call_arena(call), 1, sizeof(*backup));

    if (!backup) {
        call_no_memory(call);
        return;
    }
    if (!call_body(call, &nothing_table, &nothing) || !call_job(call, COMMAND_KEYS_COPY))
        return;
    backup->work.run = key_backup_run;
    backup->work.done = key_backup_done;
    call->detail = backup;
    call_command_then(call, key_backup_recorded);
}
