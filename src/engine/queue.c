/*
 * engine/queue: one mutex around a list, one condition for the one thread that takes. Whoever changes what that thread
 * waits for does so under the mutex, so no wake-up falls between its look and its sleep.
 */
#include "engine/queue.h"

#include <time.h>

#include "base/clock.h"
#include "engine/engine.h"

void job_list_add(struct job_list *list, struct job *job)
{
    job->next = NULL;
    if (list->last)
        list->last->next = job;
    else
        list->first = job;
    list->last = job;
    list->count++;
}

struct job *job_list_take(struct job_list *list)
{
    struct job *job = list->first;

    if (!job)
        return NULL;
    list->first = job->next;
    if (!list->first)
        list->last = NULL;
    list->count--;
    job->next = NULL;
    return job;
}

status queue_init(struct queue *ret_queue, uint32_t max)
{
    pthread_condattr_t attributes;

    *ret_queue = (struct queue){ .max = max };
    if (pthread_mutex_init(&ret_queue->mutex, NULL))
        return (status){ CODE_NO_MEMORY };
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    ret_queue->ready = pthread_cond_init(&ret_queue->enough, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return ret_queue->ready ? OK : (status){ CODE_NO_MEMORY };
}

void queue_free(struct queue *queue)
{
    if (!queue->ready)
        return;
    pthread_cond_destroy(&queue->enough);
    pthread_mutex_destroy(&queue->mutex);
    queue->ready = false;
}

struct job *queue_put(struct queue *queue, struct job *first)
{
    uint32_t before;
    bool wakes;

    pthread_mutex_lock(&queue->mutex);
    before = queue->jobs.count;
    while (first && !queue->closed && queue->jobs.count < queue->max) {
        struct job *next = first->next;

        job_list_add(&queue->jobs, first);
        first = next;
    }
    wakes = before < queue->wanted && queue->jobs.count >= queue->wanted;
    pthread_mutex_unlock(&queue->mutex);
    if (wakes) /* without the mutex, which whoever wakes up wants */
        pthread_cond_signal(&queue->enough);
    return first;
}

/* The absolute time of the condition's clock that lies wait_ms ahead. */
static struct timespec deadline_of(int64_t wait_ms)
{
    int64_t at_us = clock_monotonic_us() + wait_ms * 1000;

    return (struct timespec){ .tv_sec = at_us / 1000000, .tv_nsec = at_us % 1000000 * 1000 };
}

struct job_list queue_take(struct queue *queue, uint32_t least, int64_t wait_ms)
{
    struct job_list taken = { 0 };
    struct timespec deadline = deadline_of(wait_ms);

    pthread_mutex_lock(&queue->mutex);
    queue->wanted = least < queue->max ? least : queue->max;
    if (queue->jobs.count < queue->wanted && !queue->closed && !queue->woken && wait_ms > 0)
        pthread_cond_timedwait(&queue->enough, &queue->mutex, &deadline);
    queue->woken = false;
    while (queue->jobs.count && taken.count < BATCH_MAX_COMMANDS)
        job_list_add(&taken, job_list_take(&queue->jobs));
    pthread_mutex_unlock(&queue->mutex);
    return taken;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->enough);
    pthread_mutex_unlock(&queue->mutex);
}

void queue_wake(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->woken = true;
    pthread_cond_broadcast(&queue->enough);
    pthread_mutex_unlock(&queue->mutex);
}

bool queue_is_closed(struct queue *queue)
{
    bool closed;

    pthread_mutex_lock(&queue->mutex);
    closed = queue->closed;
    pthread_mutex_unlock(&queue->mutex);
    return closed;
}

uint32_t queue_length(struct queue *queue)
{
    uint32_t length;

    pthread_mutex_lock(&queue->mutex);
    length = queue->jobs.count;
    pthread_mutex_unlock(&queue->mutex);
    return length;
}
