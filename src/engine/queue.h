/*
 * engine/queue: the bounded way from many threads to the writer. A full queue refuses at once (P9).
 */
#ifndef ENGINE_QUEUE_H
#define ENGINE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct job;

struct job_list {
    struct job *first;
    struct job *last;
    uint32_t count;
};

void job_list_add(struct job_list *list, struct job *job);
struct job *job_list_take(struct job_list *list); /* NULL when empty */

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t enough;
    struct job_list jobs;
    uint32_t max;
    uint32_t wanted; /* with so many, whoever waits in queue_take is woken */
    bool closed;     /* refuses everything from now on */
    bool woken;      /* the next queue_take does not wait */
    bool ready;
};

MUST_CHECK status queue_init(struct queue *ret_queue, uint32_t max);
void queue_free(struct queue *queue);
/* Takes what fits of the chain; the rest comes back, linked, NULL when nothing does. */
struct job *queue_put(struct queue *queue, struct job *first);
/* What there is, up to BATCH_MAX_COMMANDS jobs, after waiting up to wait_ms for at least so many. */
struct job_list queue_take(struct queue *queue, uint32_t least, int64_t wait_ms);
void queue_close(struct queue *queue);
/* Lets queue_take return, the one that waits or the next one. */
void queue_wake(struct queue *queue);
bool queue_is_closed(struct queue *queue);
uint32_t queue_length(struct queue *queue);

#endif
