/*
 * tests/sim/events: a heap by time, and a network that does to messages what networks do.
 */
#include <assert.h>
#include <stdlib.h>

#include "inside.h"

#define LOST_ONE_IN    12
#define DOUBLED_ONE_IN 12
#define LATE_ONE_IN    20
#define QUICK_MS       50    /* most messages */
#define LATE_MS        60000 /* long after the client has tried again, or given up */

void *list_room(struct list *list, void *at, size_t more, size_t element_bytes)
{
    if (list->count + more <= list->capacity)
        return at;
    list->capacity = 2 * (list->count + more);
    at = realloc(at, list->capacity * element_bytes);
    assert(at);
    return at;
}

static bool before(const struct event *a, const struct event *b)
{
    return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->order < b->order);
}

static void swap(struct event *a, struct event *b)
{
    struct event kept = *a;

    *a = *b;
    *b = kept;
}

void event_add(struct simulation *sim, enum event_kind kind, int64_t in_ms, uint32_t client, struct message *message)
{
    size_t at = sim->event_list.count;

    sim->events = list_room(&sim->event_list, sim->events, 1, sizeof *sim->events);
    sim->events[sim->event_list.count++] = (struct event){
        .at_ms = sim->running_ms + in_ms, .order = sim->order++, .kind = kind, .client = client, .message = message
    };
    for (; at > 0 && before(&sim->events[at], &sim->events[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&sim->events[at], &sim->events[(at - 1) / 2]);
}

bool event_next(struct simulation *sim, struct event *ret_event)
{
    size_t count = sim->event_list.count;
    size_t at = 0;

    if (!count)
        return false;
    *ret_event = sim->events[0];
    sim->events[0] = sim->events[--count];
    sim->event_list.count = count;
    for (;;) {
        size_t least = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            least = before(&sim->events[child], &sim->events[least]) ? child : least;
        if (least == at)
            return true;
        swap(&sim->events[at], &sim->events[least]);
        at = least;
    }
}

static void send_once(struct simulation *sim, enum event_kind kind, const struct message *message)
{
    struct message *copy = malloc(sizeof *copy);
    int64_t late_ms = chance(sim, LATE_ONE_IN) ? LATE_MS : QUICK_MS;

    assert(copy);
    *copy = *message;
    event_add(sim, kind, 1 + (int64_t)below(sim, (uint64_t)late_ms), message->client, copy);
}

void network_send(struct simulation *sim, enum event_kind kind, const struct message *message)
{
    if (chance(sim, LOST_ONE_IN)) {
        sim->counts.lost++;
        return;
    }
    send_once(sim, kind, message);
    if (chance(sim, DOUBLED_ONE_IN)) {
        sim->counts.doubled++;
        send_once(sim, kind, message);
    }
}
