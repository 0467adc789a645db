#include "api/wait.h"

#include <assert.h>

#include "base/memory.h"

#define BUCKETS   1024          /* of tickets; then one for those who wait for a checkpoint */
#define WITNESSED (BUCKETS + 1) /* and one for those who wait for witnesses */
#define ALL       (BUCKETS + 2)
#define LOOK_MS   250 /* how late a wait may end */

struct waits {
    struct api_loop *loop;
    struct wait *buckets[ALL];
    size_t count;
    int64_t look_ms; /* when times are to be looked at next */

    pthread_mutex_t mutex; /* of what follows: other threads write it */
    struct id tickets[WOKEN_MAX];
    size_t ticket_count;
    bool overflown; /* everybody is woken */
    uint64_t size;  /* published */
    uint64_t witnessed;
    bool has_news;
    bool posted;
    struct loop_task task;
};

struct waits *waits_new(struct api_loop *loop)
{
    struct waits *waits = memory_new(1, sizeof(*waits));

    if (!waits || pthread_mutex_init(&waits->mutex, NULL)) {
        memory_free(waits);
        return NULL;
    }
    waits->loop = loop;
    return waits;
}

void waits_free(struct waits *waits)
{
    if (!waits)
        return;
    pthread_mutex_destroy(&waits->mutex);
    memory_free(waits);
}

/* ---- The loop's own thread ---- */

static size_t bucket_of(struct id ticket)
{
    return id_hash(ticket) >> 32 & (BUCKETS - 1);
}

static size_t bucket_for(const struct wait *wait)
{
    if (wait->waiting_for == WAIT_WITNESSED)
        return WITNESSED;
    return wait->waiting_for == WAIT_SIZE ? BUCKETS : bucket_of(wait->ticket);
}

void wait_watch(struct waits *waits, struct wait *wait)
{
    size_t bucket = bucket_for(wait);

    assert(!wait->waits);
    if (waits->count == WAITS_MAX) {
        wait->until_ms = 0;
        return;
    }
    wait->waits = waits;
    wait->next = waits->buckets[bucket];
    wait->link = &waits->buckets[bucket];
    if (wait->next)
        wait->next->link = &wait->next;
    waits->buckets[bucket] = wait;
    waits->count++;
    atomic_fetch_add(&waits->loop->api->waiting, 1);
}

void wait_leave(struct wait *wait)
{
    struct waits *waits = wait->waits;

    if (!waits)
        return;
    *wait->link = wait->next;
    if (wait->next)
        wait->next->link = wait->link;
    wait->waits = NULL;
    waits->count--;
    atomic_fetch_sub(&waits->loop->api->waiting, 1);
}

static void wake(struct wait *wait)
{
    wait_leave(wait);
    wait->wake(wait);
}

void wait_sleep(struct wait *wait)
{
    wait->sleeps = true;
    if (!wait->waits || wait->noted || atomic_load(&wait->waits->loop->api->stops))
        wake(wait);
}

static void notice(struct wait *wait)
{
    if (wait->sleeps)
        wake(wait);
    else
        wait->noted = true;
}

/* Who is due by that time, or everybody. A woken request is not in its bucket any more, so each is begun anew. */
static void bucket_look(struct wait **bucket, int64_t now_ms, bool all)
{
    struct wait *wait = *bucket;

    while (wait) {
        struct wait *next = wait->next;

        if (all || wait->until_ms <= now_ms)
            notice(wait);
        wait = next;
    }
}

static void tickets_wake(struct waits *waits, const struct id *tickets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct wait *wait = waits->buckets[bucket_of(tickets[i])];

        while (wait) {
            struct wait *next = wait->next;

            if (id_eq(wait->ticket, tickets[i]))
                notice(wait);
            wait = next;
        }
    }
}

static void size_wake(struct wait *wait, uint64_t size)
{
    while (wait) {
        struct wait *next = wait->next;

        if (wait->size <= size)
            notice(wait);
        wait = next;
    }
}

static void news_take(struct waits *waits)
{
    struct id tickets[WOKEN_MAX];
    size_t count;
    bool all;
    uint64_t size, witnessed;

    pthread_mutex_lock(&waits->mutex);
    count = waits->ticket_count;
    memcpy(tickets, waits->tickets, count * sizeof(tickets[0]));
    all = waits->overflown;
    size = waits->size;
    witnessed = waits->witnessed;
    waits->ticket_count = 0;
    waits->overflown = waits->has_news = false;
    pthread_mutex_unlock(&waits->mutex);
    tickets_wake(waits, tickets, count);
    size_wake(waits->buckets[BUCKETS], size);
    size_wake(waits->buckets[WITNESSED], witnessed);
    for (size_t i = 0; all && i < BUCKETS; i++)
        bucket_look(&waits->buckets[i], 0, true);
}

static bool has_news(struct waits *waits)
{
    bool news;

    pthread_mutex_lock(&waits->mutex);
    news = waits->has_news;
    pthread_mutex_unlock(&waits->mutex);
    return news;
}

void waits_turn(struct waits *waits)
{
    bool stops = atomic_load(&waits->loop->api->stops);
    int64_t now_ms = loop_now_ms(waits->loop->loop);

    if (!waits->count)
        return;
    if (has_news(waits))
        news_take(waits);
    if (!stops && now_ms < waits->look_ms)
        return;
    waits->look_ms = now_ms + LOOK_MS;
    for (size_t i = 0; i < ALL; i++)
        bucket_look(&waits->buckets[i], now_ms, stops);
}

/* ---- Other threads ---- */

/* The turn that follows does the work. */
static void task_run(struct loop_task *task)
{
    struct waits *waits = (struct waits *)(void *)((char *)task - offsetof(struct waits, task));

    pthread_mutex_lock(&waits->mutex);
    waits->posted = false;
    pthread_mutex_unlock(&waits->mutex);
}

/* What happened: a ticket's turn, or a checkpoint. */
struct news {
    struct id ticket;
    uint64_t size;
    uint64_t witnessed;
};

static void news_give(struct waits *waits, const struct news *news)
{
    bool post;

    pthread_mutex_lock(&waits->mutex);
    if (!id_is_none(news->ticket) && waits->ticket_count < WOKEN_MAX)
        waits->tickets[waits->ticket_count++] = news->ticket;
    else if (!id_is_none(news->ticket))
        waits->overflown = true;
    if (news->size > waits->size)
        waits->size = news->size;
    if (news->witnessed > waits->witnessed)
        waits->witnessed = news->witnessed;
    waits->has_news = true;
    post = !waits->posted;
    waits->posted = true;
    waits->task = post ? (struct loop_task){ .run = task_run } : waits->task;
    pthread_mutex_unlock(&waits->mutex);
    if (post)
        loop_post(waits->loop->loop, &waits->task);
}

static void tell_all(struct api *api, const struct news *news)
{
    pthread_mutex_lock(&api->loops_mutex);
    for (size_t i = 0; i < api->loop_count; i++)
        news_give(api->loops[i]->waits, news);
    pthread_mutex_unlock(&api->loops_mutex);
}

void waits_note_ticket(struct api *api, struct id ticket)
{
    if (atomic_load(&api->waiting))
        tell_all(api, &(struct news){ .ticket = ticket });
}

void waits_note_size(struct api *api, uint64_t size)
{
    if (atomic_load(&api->waiting))
        tell_all(api, &(struct news){ .size = size });
}

void waits_note_witnessed(struct api *api, uint64_t size)
{
    if (atomic_load(&api->waiting))
        tell_all(api, &(struct news){ .witnessed = size });
}

void waits_stop(struct api *api)
{
    atomic_store(&api->stops, true);
    tell_all(api, &(struct news){ 0 });
}
