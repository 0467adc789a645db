/*
 * service/witness_keeper: begins rounds, records what happened to witnesses as entries of the ledger, and saves the
 * newest checkpoint that met the policy.
 *
 * What could not be recorded (the engine is busy, or the disk full) is tried again: the flags that say "recorded" are
 * set by a durable entry alone.
 */
#include "base/clock.h"
#include "base/log.h"
#include "engine/private_file.h"
#include "service/witnesses_inside.h"

#define TURN_MS        200
#define RECORD_PAUSE_S 5 /* after an entry that could not be written, so that the engine is not asked all the time */

/* ---- Recording ---- */

/* A job whose end is waited for: nothing else happens on this thread. */
struct recording {
    struct job job;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    bool is_done;
};

static void recorded(struct job *job)
{
    struct recording *recording = job->owner;

    pthread_mutex_lock(&recording->mutex);
    recording->is_done = true;
    pthread_cond_signal(&recording->ended);
    pthread_mutex_unlock(&recording->mutex);
}

/* What a system entry says; see core/decide_server. */
struct record {
    enum audit_code code;
    const struct peer *peer; /* NULL: it is about none */
    uint64_t size;
    int64_t number; /* a further one */
    const struct hash *hash;
};

static bool record_now(struct witnesses *witnesses, const struct record *what)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = (size_t)ENTRY_MAX_BYTES * 16 };
    struct recording recording = { .mutex = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER };
    struct command *command = &recording.job.command;

    command->kind = COMMAND_SYSTEM;
    command->actor = engine_system_actor(witnesses->config.engine);
    command->system.code = what->code;
    command->system.numbers[0] = (int64_t)what->size;
    command->system.numbers[1] = what->number;
    if (what->peer)
        command->system.texts[0] = (struct str){ what->peer->vkey_text, what->peer->vkey_len };
    if (what->hash)
        memcpy(command->system.hash, what->hash->bytes, sizeof command->system.hash);
    recording.job.arena = &arena;
    recording.job.owner = &recording;
    recording.job.done = recorded;
    engine_submit(witnesses->config.engine, &recording.job);
    pthread_mutex_lock(&recording.mutex);
    while (!recording.is_done)
        pthread_cond_wait(&recording.ended, &recording.mutex);
    pthread_mutex_unlock(&recording.mutex);
    return recording.job.reply.verdict == VERDICT_DONE;
}

static bool record(struct witnesses *witnesses, const struct record *what)
{
    int64_t now_us = clock_monotonic_us();

    if (now_us < witnesses->record_not_before_us)
        return false;
    if (record_now(witnesses, what))
        return true;
    witnesses->record_not_before_us = now_us + RECORD_PAUSE_S * US_PER_S;
    return false;
}

/* ---- What is to be recorded of a peer ---- */

static bool is_too_long(const struct witnesses *witnesses, int64_t since_us, int64_t now_us)
{
    return since_us && now_us - since_us > witnesses->config.patience_s * US_PER_S;
}

/* What has changed of this witness and is not recorded yet; false: nothing. The mutex is held. */
static bool peer_news(const struct witnesses *witnesses, const struct peer *peer, int64_t now_us, struct record *what)
{
    bool is_late = peer->link && is_too_long(witnesses, peer->since_us, now_us);

    *what = (struct record){ .peer = peer, .size = peer->size, .number = peer->trouble };
    if (peer->claimed && !peer->claim_told && now_us >= peer->claim_not_before_us) {
        what->code = AUDIT_WITNESS_AHEAD;
        what->size = peer->claimed;
    } else if (is_late && !peer->is_absent) {
        what->code = AUDIT_WITNESS_ABSENT;
    } else if (peer->is_absent && !is_late && !peer->pause_ms) {
        what->code = AUDIT_WITNESS_RETURNED;
    } else {
        return false;
    }
    return true;
}

static void peer_told(struct peer *peer, enum audit_code code)
{
    if (code == AUDIT_WITNESS_AHEAD) {
        peer->claim_told = true;
        peer->claim_not_before_us = clock_monotonic_us() + WITNESS_CLAIM_S * US_PER_S;
        return;
    }
    peer->is_absent = code == AUDIT_WITNESS_ABSENT;
}

static void peers_turn(struct witnesses *witnesses)
{
    for (size_t i = 0; i < witnesses->count; i++) {
        struct peer *peer = &witnesses->peers[i];
        struct record what;
        bool has_news;

        pthread_mutex_lock(&witnesses->mutex);
        has_news = peer_news(witnesses, peer, clock_monotonic_us(), &what);
        pthread_mutex_unlock(&witnesses->mutex);
        if (!has_news || !record(witnesses, &what))
            continue;
        pthread_mutex_lock(&witnesses->mutex);
        peer_told(peer, what.code);
        pthread_mutex_unlock(&witnesses->mutex);
    }
}

/* ---- What is to be recorded of all of them ---- */

static bool all_news(const struct witnesses *witnesses, int64_t now_us, struct record *what)
{
    bool is_late = is_too_long(witnesses, witnesses->unmet_since_us, now_us);

    *what = (struct record){ .size = witnesses->best.head.size };
    if (witnesses->fork.is_there) {
        what->code = AUDIT_LEDGER_FORKED;
        what->peer = &witnesses->peers[witnesses->fork.peer];
        what->size = witnesses->fork.head.size;
        what->hash = &witnesses->fork.head.root;
        return !witnesses->fork.is_told;
    }
    what->code = is_late ? AUDIT_LEDGER_UNWITNESSED : AUDIT_LEDGER_WITNESSED;
    return is_late != witnesses->is_unwitnessed;
}

static void all_turn(struct witnesses *witnesses)
{
    struct record what;
    bool has_news;

    pthread_mutex_lock(&witnesses->mutex);
    has_news = all_news(witnesses, clock_monotonic_us(), &what);
    pthread_mutex_unlock(&witnesses->mutex);
    if (!has_news || !record(witnesses, &what))
        return;
    pthread_mutex_lock(&witnesses->mutex);
    if (what.code == AUDIT_LEDGER_FORKED)
        witnesses->fork.is_told = true;
    else
        witnesses->is_unwitnessed = what.code == AUDIT_LEDGER_UNWITNESSED;
    pthread_mutex_unlock(&witnesses->mutex);
}

/* ---- The file ---- */

static void save(struct witnesses *witnesses, bool now)
{
    AUTO(struct buf, buf_free) note = { .max = (size_t)NOTE_MAX_BYTES };
    int64_t now_us = clock_monotonic_us();
    struct err err = { 0 };
    uint64_t size;

    pthread_mutex_lock(&witnesses->mutex);
    size = witnesses->best.head.size;
    if (size != witnesses->saved_size && (now || now_us - witnesses->saved_us >= WITNESS_SAVE_MS * US_PER_MS))
        buf_add(&note, buf_str(&witnesses->best.note));
    pthread_mutex_unlock(&witnesses->mutex);
    if (!note.len || note.status.code)
        return;
    witnesses->saved_us = now_us;
    if (private_file_replace(witnesses->config.dir, WITNESSED_CHECKPOINT_FILE, buf_str(&note), &err).code)
        log_write(LOG_ERROR, "witnesses", "the newest cosigned checkpoint was not saved: %s", err.text);
    else
        witnesses->saved_size = size;
}

/* Once the ledger has published as much as the file tells of, it is seen whether that is of its history. */
static void recall_turn(struct witnesses *witnesses)
{
    struct checkpoint checkpoint;
    struct err err = { 0 };
    status s;

    if (!witnesses->remembered.len || !publisher_head(witnesses->publisher).size)
        return;
    if (checkpoint_open(buf_str(&witnesses->remembered), publisher_vkey(witnesses->publisher), &checkpoint, &err)
            .code) {
        log_write(LOG_ERROR, "witnesses", "%s is not used: %s", WITNESSED_CHECKPOINT_FILE, err.text);
        buf_clear(&witnesses->remembered);
        return;
    }
    s = history_holds(witnesses, &checkpoint.head, &err);
    if (s.code == CODE_NOT_FOUND)
        return;
    if (s.code == CODE_CORRUPT)
        fork_note(witnesses, 0, &checkpoint.head, buf_str(&witnesses->remembered));
    if (!s.code)
        s = witnesses_keep(witnesses, buf_str(&witnesses->remembered), &err);
    if (s.code)
        log_write(LOG_WARN, "witnesses", "%s is not used: %s", WITNESSED_CHECKPOINT_FILE, err.text);
    buf_clear(&witnesses->remembered);
}

/* ---- The thread ---- */

void *witness_keeper_run(void *argument)
{
    struct witnesses *witnesses = argument;
    bool stopping = false;
    uint64_t met;

    while (!stopping) {
        recall_turn(witnesses);
        met = rounds_turn(witnesses, clock_monotonic_us());
        if (met && witnesses->config.witnessed)
            witnesses->config.witnessed(witnesses->config.context, met);
        peers_turn(witnesses);
        all_turn(witnesses);
        save(witnesses, false);
        pthread_mutex_lock(&witnesses->mutex);
        if (!witnesses->stopping)
            witnesses_sleep(witnesses, clock_monotonic_us() + TURN_MS * US_PER_MS);
        stopping = witnesses->stopping;
        pthread_mutex_unlock(&witnesses->mutex);
    }
    save(witnesses, true);
    return NULL;
}
