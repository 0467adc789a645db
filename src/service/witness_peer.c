/*
 * service/witness_peer: asks while there is something to cosign and it is time, and draws the consequences.
 */
#include "base/clock.h"
#include "base/log.h"
#include "service/witnesses_inside.h"

/* A copy of the newest round, if this witness is to be asked about it now. The mutex is held. */
static bool question_take(struct peer *peer, struct question *question, int64_t now_us)
{
    const struct round *round = rounds_newest(peer->all);

    if (!round || peer->all->fork.is_there || round->cosigned[peer->number] || peer->not_before_us > now_us)
        return false;
    question->head = round->head;
    question->old_size = peer->size <= round->head.size ? peer->size : 0;
    buf_clear(&question->note);
    buf_add(&question->note, buf_str(&round->note));
    return !question->note.status.code;
}

static void failed(struct peer *peer, enum asked asked, const struct question *question, const char *why)
{
    static const enum reason reasons[] = { [ASKED_UNREACHABLE] = REASON_UNREACHABLE,
                                           [ASKED_REFUSED] = REASON_REFUSED,
                                           [ASKED_BAD_ANSWER] = REASON_BAD_ANSWER,
                                           [ASKED_AHEAD] = REASON_REFUSED };
    int64_t max_ms = (int64_t)WITNESS_PAUSE_MAX_S * 1000;

    peer->pause_ms = peer->pause_ms ? 2 * peer->pause_ms : WITNESS_PAUSE_MS;
    if (peer->pause_ms > max_ms)
        peer->pause_ms = max_ms;
    peer->not_before_us = clock_monotonic_us() + peer->pause_ms * US_PER_MS;
    peer->trouble = reasons[asked];
    peer->failures++;
    if (asked == ASKED_AHEAD)
        peer->claimed = question->claimed;
    if (peer->pause_ms == WITNESS_PAUSE_MS) /* the first of a row */
        log_write(LOG_WARN, "witnesses", "%.*s: %s", STR_ARG(peer->who->name), why);
}

static void cosigned(struct peer *peer)
{
    if (peer->pause_ms)
        log_write(LOG_INFO, "witnesses", "%.*s cosigns again", STR_ARG(peer->who->name));
    peer->pause_ms = 0;
    peer->laters = 0;
    peer->not_before_us = 0;
    peer->successes++;
    peer->claimed = 0;
    peer->claim_told = false;
}

/* The mutex is held. What was asked about may not be the newest round any more. */
static uint64_t conclude(struct peer *peer, enum asked asked, const struct question *question, struct err *err)
{
    struct witnesses *witnesses = peer->all;
    struct arrival arrival = { .head = question->head,
                               .note = buf_str(&question->note),
                               .lines = buf_str(&question->lines) };
    struct round *round = rounds_newest(witnesses);

    if (asked == ASKED_LATER && ++peer->laters > WITNESS_LATERS_MAX) {
        (void)err_set(err, CODE_CORRUPT, "it says each time that it has cosigned a newer checkpoint");
        asked = ASKED_BAD_ANSWER;
    }
    if (asked == ASKED_COSIGNED && rounds_join(witnesses, &arrival, err).code)
        asked = ASKED_BAD_ANSWER;
    if (asked == ASKED_COSIGNED && peer->size < question->head.size) {
        (void)err_set(err, CODE_CORRUPT, "it answered without a cosignature of its own");
        asked = ASKED_BAD_ANSWER;
    }
    if (asked == ASKED_COSIGNED)
        cosigned(peer);
    else if (asked == ASKED_LATER)
        peer->not_before_us = clock_monotonic_us() + WITNESS_PAUSE_MS * US_PER_MS;
    else if (asked != ASKED_FORK && !witnesses->stopping)
        failed(peer, asked, question, err->text);
    if (round->head.size == question->head.size)
        round->had_turn[peer->number] = true;
    pthread_cond_broadcast(&witnesses->changed);
    return arrival.met;
}

static void question_free(struct question *question)
{
    buf_free(&question->note);
    buf_free(&question->lines);
}

/* Asks once; gives back the size that has met the policy by the answer, or 0. Takes the mutex itself. */
static uint64_t ask(struct peer *peer, struct question *question)
{
    struct err err = { 0 };
    enum asked asked = ASKED_COSIGNED;
    uint64_t met;

    /* What it knows of us is asked first, once: a ledger that was rolled back finds out before it signs much. */
    if (!peer->has_looked)
        asked = witness_look(peer, &err);
    peer->has_looked |= asked == ASKED_COSIGNED;
    if (asked == ASKED_COSIGNED)
        asked = witness_ask(peer, question, &err);
    pthread_mutex_lock(&peer->all->mutex);
    met = conclude(peer, asked, question, &err);
    pthread_mutex_unlock(&peer->all->mutex);
    return met;
}

void *witness_peer_run(void *argument)
{
    AUTO(struct question, question_free) question = { .note = { .max = (size_t)NOTE_MAX_BYTES } };
    struct peer *peer = argument;
    struct witnesses *witnesses = peer->all;

    pthread_mutex_lock(&witnesses->mutex);
    while (!witnesses->stopping) {
        int64_t now_us = clock_monotonic_us();
        uint64_t met;

        if (!question_take(peer, &question, now_us)) {
            witnesses_sleep(witnesses, peer->not_before_us > now_us && peer->not_before_us < now_us + US_PER_S
                                           ? peer->not_before_us
                                           : now_us + US_PER_S);
            continue;
        }
        pthread_mutex_unlock(&witnesses->mutex);
        met = ask(peer, &question);
        if (met && witnesses->config.witnessed)
            witnesses->config.witnessed(witnesses->config.context, met);
        pthread_mutex_lock(&witnesses->mutex);
    }
    pthread_mutex_unlock(&witnesses->mutex);
    return NULL;
}
