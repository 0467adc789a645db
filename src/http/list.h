/*
 * http/list: a ring of links that lie inside what they link; nothing is allocated, taking out is O(1).
 *
 * A zeroed link is in no ring. A ring's head must be set up with list_init.
 */
#ifndef HTTP_LIST_H
#define HTTP_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *next;
    struct link *previous;
};

/* The struct of `type` whose member `member` is at `link`. */
#define LIST_ITEM(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void list_init(struct link *head)
{
    head->next = head->previous = head;
}
static inline bool list_is_empty(const struct link *head)
{
    return head->next == head;
}
static inline bool list_has(const struct link *link)
{
    return link->next != NULL;
}
/* Takes the link out of its ring; harmless when it is in none. */
static inline void list_remove(struct link *link)
{
    if (!list_has(link))
        return;
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link->next = link->previous = NULL;
}
/* Puts the link at the end, out of wherever it was. */
static inline void list_append(struct link *head, struct link *link)
{
    list_remove(link);
    link->previous = head->previous;
    link->next = head;
    head->previous->next = link;
    head->previous = link;
}
/* Takes the first link out; NULL when there is none. */
static inline struct link *list_take(struct link *head)
{
    struct link *first = head->next;

    if (first == head)
        return NULL;
    list_remove(first);
    return first;
}

#endif
