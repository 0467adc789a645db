/*
 * core/order: how many stand before somebody in a queue, and who stands at a place in it: a treap (Seidel and Aragon,
 * "Randomized Search Trees", Algorithmica 1996) of places that only ever join at the end and may leave from anywhere.
 *
 * Each step is O(log n) in the mean. What decides the tree's shape is mixed from the place's number, so the same calls
 * give the same tree, and no answer depends on it. The links live with the owner, sixteen bytes an item. Nothing can
 * fail. One thread.
 */
#ifndef CORE_ORDER_H
#define CORE_ORDER_H

#include <stdint.h>

#include "base/table.h"

#define ORDER_NONE TABLE_NONE

/* Zeroed: in no queue. Places are kept + 1. */
struct order_link {
    uint32_t up;
    uint32_t left;
    uint32_t right;
    uint32_t count; /* of those at and below it */
};

/* Where the links of all queues of one kind lie. */
struct order {
    const struct table *owner;
    uint32_t link_offset; /* of struct order_link in a record */
};

/* `root` is the queue's: place + 1, zero while it is empty. The place must be in no queue. */
void order_append(const struct order *order, uint32_t *root, uint32_t place);
/* It must be in that queue. */
void order_remove(const struct order *order, uint32_t *root, uint32_t place);
/* How many stand before it in its queue. */
uint32_t order_before(const struct order *order, uint32_t place);
/* The one with so many before it; ORDER_NONE when there are no more than that. */
uint32_t order_at(const struct order *order, uint32_t root, uint32_t before);
uint32_t order_count(const struct order *order, uint32_t root);

#endif
