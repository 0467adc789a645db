/*
 * service/witness_rounds: a ring of rounds, and the newest checkpoint that met the policy.
 */
#include "base/clock.h"
#include "base/log.h"
#include "service/witnesses_inside.h"
#include "tlog/cosigned.h"

struct round *rounds_newest(struct witnesses *witnesses)
{
    struct round *round = &witnesses->rounds[witnesses->newest];

    return round->head.size ? round : NULL;
}

/* Nobody is being asked: each has answered or failed, or has to wait before it is asked again. */
static bool all_had_turn(const struct witnesses *witnesses, const struct round *round, int64_t now_us)
{
    for (size_t i = 0; i < witnesses->count; i++) {
        const struct peer *peer = &witnesses->peers[i];

        if (peer->link && !round->cosigned[i] && !round->had_turn[i] && peer->not_before_us <= now_us)
            return false;
    }
    return true;
}

static bool is_due(struct witnesses *witnesses, const struct publication *publication, int64_t now_us)
{
    const struct round *round = rounds_newest(witnesses);

    if (!round)
        return true;
    if (publication->head.size <= round->head.size)
        return false;
    if (!round->is_met && !all_had_turn(witnesses, round, now_us))
        return now_us - round->begun_us >= ROUND_PATIENCE_MS * US_PER_MS;
    return witnesses->wanted > round->head.size || now_us - round->begun_us >= WITNESS_EVERY_MS * US_PER_MS;
}

/*
 * What met the policy becomes the best one there is, unless a later one is. Gives back its size if it is larger than
 * that of the best one so far.
 */
static uint64_t best_note(struct witnesses *witnesses, const struct round *round)
{
    struct buf note = witnesses->best.note;
    uint64_t before = witnesses->best.head.size;

    if (!round->is_met || round->head.size < witnesses->best.head.size)
        return 0;
    buf_clear(&note);
    note.max = (size_t)NOTE_MAX_BYTES;
    buf_add(&note, buf_str(&round->note));
    witnesses->best.note = note;
    if (note.status.code) {
        witnesses->best.head.size = 0;
        return 0;
    }
    witnesses->best.head = round->head;
    memcpy(witnesses->best.cosigned, round->cosigned, sizeof round->cosigned);
    if (round->head.size >= witnesses->rounds[witnesses->newest].head.size)
        witnesses->unmet_since_us = 0;
    else if (witnesses->unmet_since_us)
        witnesses->unmet_since_us = witnesses->rounds[witnesses->newest].begun_us;
    return round->head.size > before ? round->head.size : 0;
}

/* Gives back the size that meets the policy by that alone. */
static uint64_t round_begin(struct witnesses *witnesses, const struct publication *publication, int64_t now_us)
{
    static const bool nobody[POLICY_WITNESSES_MAX];
    size_t place = (witnesses->newest + 1) % ROUNDS_KEPT;
    struct round *round = &witnesses->rounds[place];
    struct buf note = round->note;

    buf_clear(&note);
    note.max = (size_t)NOTE_MAX_BYTES;
    buf_add(&note, publication->checkpoint);
    *round = (struct round){ .note = note, .begun_us = now_us };
    if (note.status.code)
        return 0; /* no memory: tried again soon */
    round->head = publication->head;
    round->is_met = witness_policy_is_met(witnesses->config.policy, nobody);
    witnesses->newest = place;
    for (size_t i = 0; i < witnesses->count; i++)
        rounds_note_peer(witnesses, &witnesses->peers[i]);
    if (!round->is_met && !witnesses->unmet_since_us)
        witnesses->unmet_since_us = now_us;
    return best_note(witnesses, round);
}

uint64_t rounds_turn(struct witnesses *witnesses, int64_t now_us)
{
    const struct publication *publication = publisher_hold(witnesses->publisher);
    uint64_t met = 0;

    if (!publication)
        return 0;
    pthread_mutex_lock(&witnesses->mutex);
    if (!witnesses->fork.is_there && publication->head.size > 0 && is_due(witnesses, publication, now_us)) {
        met = round_begin(witnesses, publication, now_us);
        pthread_cond_broadcast(&witnesses->changed);
    }
    pthread_mutex_unlock(&witnesses->mutex);
    publication_release(publication);
    return met;
}

void rounds_note_peer(struct witnesses *witnesses, struct peer *peer)
{
    peer->since_us = 0;
    for (size_t i = 0; i < ROUNDS_KEPT; i++) {
        const struct round *round = &witnesses->rounds[i];

        if (round->head.size > peer->size && !round->cosigned[peer->number] &&
            (!peer->since_us || round->begun_us < peer->since_us))
            peer->since_us = round->begun_us;
    }
}

/* ---- What arrives ---- */

static struct round *round_of(struct witnesses *witnesses, const struct tree_head *head)
{
    for (size_t i = 0; i < ROUNDS_KEPT; i++) {
        struct round *round = &witnesses->rounds[i];

        if (head->size && round->head.size == head->size && hash_eq(&round->head.root, &head->root))
            return round;
    }
    return NULL;
}

static status times_check(const struct arrival *arrival, const struct cosigners *by, struct err *err)
{
    int64_t now_s = clock_read().wall_ms / 1000;

    for (size_t i = 0; i < by->count; i++) {
        const struct note_check *check = &by->checks[i];

        if (check->verified && (check->time_s > now_s + WITNESS_CLOCK_S ||
                                (!arrival->any_time && check->time_s < now_s - WITNESS_CLOCK_S)))
            return err_set(err, CODE_CORRUPT, "the cosignature of %.*s is of the time %lld, which is far from now",
                           STR_ARG(vkey_name(&by->keys[i])), (long long)check->time_s);
    }
    return OK;
}

static void peer_cosigned(struct witnesses *witnesses, size_t number, const struct tree_head *head, int64_t time_s)
{
    struct peer *peer = &witnesses->peers[number];

    if (head->size >= peer->size) {
        peer->size = head->size;
        peer->at_ms = time_s * 1000;
    }
    rounds_note_peer(witnesses, peer);
}

/* Into a round that is remembered, or one that lives as long as this call. */
static status round_join(struct witnesses *witnesses, struct round *round, struct arrival *arrival, struct err *err)
{
    struct note_check checks[POLICY_WITNESSES_MAX];
    struct cosigners by = { witnesses->keys, witnesses->count, checks };
    AUTO(struct buf, buf_free) joined = { .max = (size_t)NOTE_MAX_BYTES };
    struct buf old = round->note;

    TRY(cosigned_join(&joined, buf_str(&round->note), arrival->lines, &by, err));
    TRY(times_check(arrival, &by, err));
    round->note = joined;
    joined = old;
    for (size_t i = 0; i < witnesses->count; i++) {
        round->cosigned[i] |= checks[i].verified;
        if (checks[i].verified)
            peer_cosigned(witnesses, i, &round->head, checks[i].time_s);
    }
    round->is_met = witness_policy_is_met(witnesses->config.policy, round->cosigned);
    arrival->met = best_note(witnesses, round);
    return OK;
}

static void round_free(struct round *round)
{
    buf_free(&round->note);
}

status rounds_join(struct witnesses *witnesses, struct arrival *arrival, struct err *err)
{
    AUTO(struct round, round_free) passing = { .head = arrival->head, .note = { .max = (size_t)NOTE_MAX_BYTES } };
    struct round *round = round_of(witnesses, &arrival->head);
    struct round *best = &witnesses->best;

    arrival->met = 0;
    if (round)
        return round_join(witnesses, round, arrival, err);
    if (best->head.size && best->head.size == arrival->head.size) {
        memcpy(passing.cosigned, best->cosigned, sizeof passing.cosigned);
        buf_add(&passing.note, buf_str(&best->note));
    } else {
        buf_add(&passing.note, arrival->note);
    }
    if (passing.note.status.code)
        return err_set(err, passing.note.status.code, "no memory for a checkpoint");
    return round_join(witnesses, &passing, arrival, err);
}
