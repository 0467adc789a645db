/*
 * service/witnesses: threads from start to end, and what others ask.
 */
#include "service/witnesses.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "engine/private_file.h"
#include "service/witnesses_inside.h"
#include "tlog/cosigned.h"

/* ---- Its life ---- */

static status peer_init(struct witnesses *witnesses, size_t number, struct err *err)
{
    struct peer *peer = &witnesses->peers[number];
    struct buf text = BUF_OVER(peer->vkey_text);

    peer->all = witnesses;
    peer->number = number;
    peer->who = &witnesses->config.policy->witnesses[number];
    peer->trouble = REASON_UNREACHABLE;
    witnesses->keys[number] = peer->who->vkey;
    vkey_add(&text, &peer->who->vkey);
    peer->vkey_len = text.len;
    return peer->who->url.len ? witness_link_open(peer->who->url, witnesses->config.ca_file, &peer->link, err) : OK;
}

/* A file that is missing, or can't be read, is one checkpoint less to show, until the next one meets the policy. */
static void remember(struct witnesses *witnesses)
{
    AUTO(struct private_file, private_file_close) file = { 0 };
    char space[NOTE_MAX_BYTES];
    struct buf text = BUF_OVER(space);

    witnesses->remembered.max = (size_t)NOTE_MAX_BYTES;
    if (!private_file_open(witnesses->config.dir, WITNESSED_CHECKPOINT_FILE, false, &file, NULL).code &&
        !private_file_read(&file, 0, &text, NULL).code)
        buf_add(&witnesses->remembered, buf_str(&text));
}

static status locks_init(struct witnesses *witnesses)
{
    pthread_condattr_t attributes;
    int failed;

    /* The condition's clock is what clock_monotonic_us reads. */
    (void)pthread_mutex_init(&witnesses->mutex, NULL);
    (void)pthread_mutex_init(&witnesses->view_mutex, NULL);
    if (pthread_condattr_init(&attributes))
        return (status){ CODE_NO_MEMORY };
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    failed = pthread_cond_init(&witnesses->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return failed ? (status){ CODE_NO_MEMORY } : OK;
}

static status parts_new(struct witnesses *witnesses, struct err *err)
{
    const struct witness_policy *policy = witnesses->config.policy;

    if (!witness_policy_is_for(policy, publisher_vkey(witnesses->publisher)))
        return err_set(err, CODE_INVALID, "the witness policy names other logs than this ledger");
    witnesses->peers = memory_new(policy->witness_count ? policy->witness_count : 1, sizeof *witnesses->peers);
    if (!witnesses->peers ||
        ledger_views_new(engine_store(witnesses->config.engine), witnesses->publisher, 1, &witnesses->views).code)
        return err_set(err, CODE_NO_MEMORY, "no memory for %zu witnesses", policy->witness_count);
    while (witnesses->count < policy->witness_count) {
        witnesses->count++;
        TRY(peer_init(witnesses, witnesses->count - 1, err));
    }
    remember(witnesses);
    return OK;
}

status witnesses_new(const struct witnesses_config *config, struct witnesses **ret_witnesses, struct err *err)
{
    struct witnesses *witnesses = memory_new(1, sizeof *witnesses);
    status s;

    if (!witnesses || locks_init(witnesses).code) {
        memory_free(witnesses);
        return err_set(err, CODE_NO_MEMORY, "no memory for witnesses");
    }
    witnesses->config = *config;
    witnesses->publisher = engine_publisher(config->engine);
    s = parts_new(witnesses, err);
    if (s.code)
        witnesses_free(witnesses);
    else
        *ret_witnesses = witnesses;
    return s;
}

status witnesses_start(struct witnesses *witnesses, struct err *err)
{
    for (size_t i = 0; i < witnesses->count; i++) {
        struct peer *peer = &witnesses->peers[i];

        if (peer->link && pthread_create(&peer->thread, NULL, witness_peer_run, peer))
            return err_set(err, CODE_NO_MEMORY, "the thread of a witness could not be started");
        peer->has_thread = peer->link != NULL;
    }
    if (pthread_create(&witnesses->keeper, NULL, witness_keeper_run, witnesses))
        return err_set(err, CODE_NO_MEMORY, "the thread that keeps the witnesses could not be started");
    witnesses->has_keeper = true;
    return OK;
}

void witnesses_stop(struct witnesses *witnesses)
{
    if (!witnesses)
        return;
    pthread_mutex_lock(&witnesses->mutex);
    witnesses->stopping = true;
    pthread_cond_broadcast(&witnesses->changed);
    pthread_mutex_unlock(&witnesses->mutex);
    for (size_t i = 0; i < witnesses->count; i++) {
        struct peer *peer = &witnesses->peers[i];

        if (peer->link)
            witness_link_interrupt(peer->link);
        if (peer->has_thread)
            (void)pthread_join(peer->thread, NULL);
        peer->has_thread = false;
    }
    if (witnesses->has_keeper)
        (void)pthread_join(witnesses->keeper, NULL);
    witnesses->has_keeper = false;
}

void witnesses_free(struct witnesses *witnesses)
{
    if (!witnesses)
        return;
    witnesses_stop(witnesses);
    for (size_t i = 0; i < witnesses->count; i++)
        witness_link_close(witnesses->peers[i].link);
    for (size_t i = 0; i < ROUNDS_KEPT; i++)
        buf_free(&witnesses->rounds[i].note);
    buf_free(&witnesses->best.note);
    buf_free(&witnesses->remembered);
    ledger_views_free(witnesses->views);
    (void)pthread_cond_destroy(&witnesses->changed);
    (void)pthread_mutex_destroy(&witnesses->view_mutex);
    (void)pthread_mutex_destroy(&witnesses->mutex);
    memory_free(witnesses->peers);
    memory_free(witnesses);
}

void witnesses_sleep(struct witnesses *witnesses, int64_t until_us)
{
    struct timespec until = { .tv_sec = until_us / US_PER_S, .tv_nsec = until_us % US_PER_S * 1000 };

    (void)pthread_cond_timedwait(&witnesses->changed, &witnesses->mutex, &until);
}

bool witnesses_forbid_signing(const char *dir)
{
    struct path path = { 0 };

    return !path_join(dir, WITNESS_EVIDENCE_FILE, &path, NULL).code && file_exists(path.text);
}

/* ---- What was cosigned ---- */

status witnesses_newest(struct witnesses *witnesses, struct arena *arena, struct cosigned_checkpoint *ret_checkpoint)
{
    status s = { CODE_NOT_FOUND };

    pthread_mutex_lock(&witnesses->mutex);
    if (witnesses->best.head.size) {
        ret_checkpoint->head = witnesses->best.head;
        s = arena_copy(arena, buf_str(&witnesses->best.note), &ret_checkpoint->note);
    }
    pthread_mutex_unlock(&witnesses->mutex);
    return s;
}

status witnesses_note(struct witnesses *witnesses, const struct tree_head *head, struct arena *arena,
                      struct str *ret_note)
{
    status s = { CODE_NOT_FOUND };

    pthread_mutex_lock(&witnesses->mutex);
    for (size_t i = 0; i < ROUNDS_KEPT && s.code == CODE_NOT_FOUND && head->size; i++) {
        const struct round *round = &witnesses->rounds[i];

        if (round->head.size == head->size && hash_eq(&round->head.root, &head->root))
            s = arena_copy(arena, buf_str(&round->note), ret_note);
    }
    pthread_mutex_unlock(&witnesses->mutex);
    return s;
}

uint64_t witnesses_size(struct witnesses *witnesses)
{
    uint64_t size;

    pthread_mutex_lock(&witnesses->mutex);
    size = witnesses->best.head.size;
    pthread_mutex_unlock(&witnesses->mutex);
    return size;
}

void witnesses_want(struct witnesses *witnesses, uint64_t size)
{
    pthread_mutex_lock(&witnesses->mutex);
    if (size > witnesses->wanted) {
        witnesses->wanted = size;
        pthread_cond_broadcast(&witnesses->changed);
    }
    pthread_mutex_unlock(&witnesses->mutex);
}

/* ---- From a file ---- */

/* It is signed by our key, and not of our history: whoever brought it has shown a fork. */
static void fork_brought(struct witnesses *witnesses, const struct tree_head *head, struct str note,
                         const struct note_check *checks)
{
    size_t peer = 0;

    while (peer + 1 < witnesses->count && !checks[peer].verified)
        peer++;
    if (witnesses->count)
        fork_note(witnesses, peer, head, note);
}

status witnesses_check(struct witnesses *witnesses, struct str note, struct tree_head *ret_head, size_t *ret_count,
                       struct err *err)
{
    struct note_check checks[POLICY_WITNESSES_MAX] = { 0 };
    struct checkpoint checkpoint;
    struct note parsed;
    size_t count = 0;
    status cosigned;
    status ours;

    TRY(checkpoint_open(note, publisher_vkey(witnesses->publisher), &checkpoint, err));
    TRY(note_parse(note, &parsed, err));
    cosigned = note_verify(&parsed, witnesses->keys, witnesses->count, checks, err);
    ours = history_holds(witnesses, &checkpoint.head, err);
    if (ours.code == CODE_CORRUPT)
        fork_brought(witnesses, &checkpoint.head, note, checks);
    TRY(ours);
    if (cosigned.code)
        return err_set(err, CODE_INVALID, "it has no valid cosignature by a witness of the policy, or a false one");
    for (size_t i = 0; i < witnesses->count; i++)
        count += checks[i].verified;
    *ret_head = checkpoint.head;
    *ret_count = count;
    return OK;
}

/* The signature lines of a note. */
static struct str lines_of(struct str note)
{
    size_t at = note.len;

    while (at > 1 && !(note.at[at - 1] == '\n' && note.at[at - 2] == '\n'))
        at--;
    return str_from(note, at);
}

status witnesses_keep(struct witnesses *witnesses, struct str note, struct err *err)
{
    AUTO(struct buf, buf_free) own = { .max = (size_t)NOTE_MAX_BYTES };
    const struct vkey *log = publisher_vkey(witnesses->publisher);
    struct arrival arrival = { .lines = lines_of(note), .any_time = true };
    struct checkpoint checkpoint;
    struct note parsed;
    status s;

    TRY(checkpoint_open(note, log, &checkpoint, err));
    TRY(note_parse(note, &parsed, err));
    TRY(cosigned_begin(&own, &parsed, log, 1, err));
    arrival.head = checkpoint.head;
    arrival.note = buf_str(&own);
    pthread_mutex_lock(&witnesses->mutex);
    s = rounds_join(witnesses, &arrival, err);
    witnesses->saved_us = 0; /* what came in a file is not asked for again */
    pthread_cond_broadcast(&witnesses->changed);
    pthread_mutex_unlock(&witnesses->mutex);
    if (arrival.met && witnesses->config.witnessed)
        witnesses->config.witnessed(witnesses->config.context, arrival.met);
    return s;
}

/* ---- For /metrics ---- */

size_t witnesses_count(const struct witnesses *witnesses)
{
    return witnesses->count;
}

void witnesses_status(struct witnesses *witnesses, size_t number, struct witness_status *ret_status)
{
    const struct peer *peer = &witnesses->peers[number];

    pthread_mutex_lock(&witnesses->mutex);
    *ret_status = (struct witness_status){ .name = peer->who->name,
                                           .has_url = peer->link != NULL,
                                           .is_absent = peer->is_absent,
                                           .size = peer->size,
                                           .at_ms = peer->at_ms,
                                           .successes = peer->successes,
                                           .failures = peer->failures };
    if (peer->since_us)
        ret_status->behind_ms = (clock_monotonic_us() - peer->since_us) / US_PER_MS;
    pthread_mutex_unlock(&witnesses->mutex);
}

bool witnesses_are_enough(struct witnesses *witnesses)
{
    int64_t since_us;

    pthread_mutex_lock(&witnesses->mutex);
    since_us = witnesses->unmet_since_us;
    pthread_mutex_unlock(&witnesses->mutex);
    return !since_us || clock_monotonic_us() - since_us <= witnesses->config.patience_s * US_PER_S;
}

bool witnesses_saw_fork(struct witnesses *witnesses)
{
    bool saw;

    pthread_mutex_lock(&witnesses->mutex);
    saw = witnesses->fork.is_there;
    pthread_mutex_unlock(&witnesses->mutex);
    return saw || witnesses_forbid_signing(witnesses->config.dir);
}
