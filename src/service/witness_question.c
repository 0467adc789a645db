/*
 * service/witness_question: add-checkpoint with a proof from where the witness is, a few times until both agree where
 * that is; and what a witness's page can prove.
 */
#include <inttypes.h>

#include "base/log.h"
#include "engine/private_file.h"
#include "service/witnesses_inside.h"
#include "tlog/add_checkpoint.h"

#define TRIES_MAX 3 /* a witness that names a further size each time is not followed for ever */

/* ---- The ledger's own history ---- */

/* A proof from one size to another, both published. */
static status consistency(struct witnesses *witnesses, uint64_t older, uint64_t newer, struct tree_path *ret_proof,
                          struct err *err)
{
    struct ledger_view *view = NULL;
    status s;

    pthread_mutex_lock(&witnesses->view_mutex);
    s = ledger_view_open(witnesses->views, &view, err);
    if (!s.code)
        s = ledger_view_consistency(view, older, newer, ret_proof, err);
    ledger_view_close(view);
    pthread_mutex_unlock(&witnesses->view_mutex);
    return s;
}

status history_holds(struct witnesses *witnesses, const struct tree_head *head, struct err *err)
{
    struct tree_head published = publisher_head(witnesses->publisher);
    struct engine_stats stats;
    struct tree_path proof = { 0 };

    if (head->size <= published.size) {
        TRY(consistency(witnesses, head->size, published.size, &proof, err));
        if (!tree_check_consistency(head, &published, &proof, NULL).code)
            return OK;
        return err_set(err, CODE_CORRUPT, "its %" PRIu64 " entries are not the first ones of this ledger", head->size);
    }
    engine_stats(witnesses->config.engine, &stats);
    if (head->size > stats.size)
        return err_set(err, CODE_CORRUPT, "it has %" PRIu64 " entries, and this ledger has %" PRIu64, head->size,
                       stats.size);
    return err_set(err, CODE_NOT_FOUND, "it has %" PRIu64 " entries, and %" PRIu64 " are published", head->size,
                   published.size);
}

static void evidence_keep(const char *dir, struct str note)
{
    AUTO(struct private_file, private_file_close) file = { 0 };
    struct err err = { 0 };
    status s = private_file_create(dir, WITNESS_EVIDENCE_FILE, &file, &err);

    if (s.code == CODE_CONFLICT)
        return; /* the first one is kept */
    if (!s.code)
        s = private_file_write(&file, note, 0, &err);
    if (!s.code)
        s = private_file_sync(&file, &err);
    if (!s.code)
        s = file_sync_directory(dir, &err);
    if (s.code)
        log_write(LOG_ERROR, "witnesses", "the evidence of a fork could not be kept: %s", err.text);
}

void fork_note(struct witnesses *witnesses, size_t peer, const struct tree_head *head, struct str note)
{
    bool is_first;

    publisher_bar(witnesses->publisher);
    pthread_mutex_lock(&witnesses->mutex);
    is_first = !witnesses->fork.is_there;
    if (is_first)
        witnesses->fork = (struct fork){ .is_there = true, .peer = peer, .head = *head };
    pthread_cond_broadcast(&witnesses->changed);
    pthread_mutex_unlock(&witnesses->mutex);
    if (!is_first)
        return;
    evidence_keep(witnesses->config.dir, note);
    log_write(LOG_ERROR, "witnesses",
              "%.*s has a checkpoint of %" PRIu64 " entries that is signed with this ledger's key and is not of this "
              "ledger's history. Nothing is signed any more. It is in %s/%s; docs/witness.md says what to do",
              STR_ARG(witnesses->peers[peer].who->name), head->size, witnesses->config.dir, WITNESS_EVIDENCE_FILE);
}

/* ---- Its page ---- */

enum asked witness_look(struct peer *peer, struct err *err)
{
    AUTO(struct witness_reply, witness_reply_free) reply = { 0 };
    const struct vkey *log = publisher_vkey(peer->all->publisher);
    struct checkpoint checkpoint;
    struct err why = { 0 };
    status s;

    if (witness_link_page(peer->link, vkey_name(log), &reply, err).code)
        return ASKED_UNREACHABLE;
    if (reply.status != 200 || checkpoint_open(buf_str(&reply.body), log, &checkpoint, &why).code)
        return ASKED_COSIGNED; /* it shows nothing that is signed by us */
    s = history_holds(peer->all, &checkpoint.head, err);
    if (s.code == CODE_NOT_FOUND)
        return ASKED_LATER;
    if (s.code != CODE_CORRUPT)
        return ASKED_COSIGNED;
    fork_note(peer->all, peer->number, &checkpoint.head, buf_str(&reply.body));
    return ASKED_FORK;
}

/* ---- One question ---- */

static status body_write(const struct peer *peer, const struct question *question, struct buf *body, struct err *err)
{
    struct add_checkpoint request = { .old_size = question->old_size, .checkpoint = buf_str(&question->note) };

    TRY(consistency(peer->all, question->old_size, question->head.size, &request.proof, err));
    buf_clear(body);
    add_checkpoint_add(body, &request);
    return body->status;
}

/* It says that it cosigned another size last than was thought. */
static enum asked other_size(struct peer *peer, struct question *question, uint64_t size, struct err *err)
{
    uint64_t published = publisher_head(peer->all->publisher).size;
    struct err why = { 0 };
    enum asked looked;

    if (size > question->head.size && size <= published)
        return ASKED_LATER;
    if (size <= question->head.size) {
        question->old_size = size;
        return ASKED_COSIGNED; /* ask again from there */
    }
    question->claimed = size;
    (void)err_set(err, CODE_CONFLICT, "it says that it cosigned %" PRIu64 " entries, and %" PRIu64 " are published",
                  size, published);
    looked = witness_look(peer, &why);
    return looked == ASKED_FORK || looked == ASKED_LATER ? looked : ASKED_AHEAD;
}

static enum asked refused(struct peer *peer, const struct witness_reply *reply, struct err *err)
{
    struct str line = str_cut(buf_str(&reply->body), 0, str_find(buf_str(&reply->body), '\n'));
    struct err unused = { 0 };

    (void)err_set(err, CODE_DENIED, "it refused with %u: %.*s", reply->status, STR_ARG(str_cut(line, 0, 120)));
    if (reply->status >= 500 || reply->status == 429)
        return ASKED_UNREACHABLE;
    /* Our proof is right for our history: is its history another one by our own key? */
    if ((reply->status == 422 || reply->status == 409) && witness_look(peer, &unused) == ASKED_FORK)
        return ASKED_FORK;
    return ASKED_REFUSED;
}

static enum asked answered(struct peer *peer, struct question *question, struct witness_reply *reply, struct err *err)
{
    if (reply->status != 200)
        return refused(peer, reply, err);
    buf_free(&question->lines);
    question->lines = reply->body;
    reply->body = (struct buf){ 0 };
    return ASKED_COSIGNED;
}

enum asked witness_ask(struct peer *peer, struct question *question, struct err *err)
{
    AUTO(struct buf, buf_free) body = { .max = ADD_CHECKPOINT_MAX_BYTES };

    for (int i = 0; i < TRIES_MAX; i++) {
        AUTO(struct witness_reply, witness_reply_free) reply = { 0 };
        enum asked asked;

        if (body_write(peer, question, &body, err).code ||
            witness_link_add(peer->link, buf_str(&body), &reply, err).code)
            return ASKED_UNREACHABLE;
        if (!reply.has_size)
            return answered(peer, question, &reply, err);
        if (reply.size == question->old_size) {
            (void)err_set(err, CODE_CORRUPT, "it refuses the old size %" PRIu64 " and names the same", reply.size);
            return ASKED_BAD_ANSWER;
        }
        asked = other_size(peer, question, reply.size, err);
        if (asked != ASKED_COSIGNED)
            return asked;
    }
    (void)err_set(err, CODE_CORRUPT, "it named %d sizes one after the other", TRIES_MAX);
    return ASKED_BAD_ANSWER;
}
