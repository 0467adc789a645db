/*
 * core/order against an oracle that keeps the queue in an array.
 */
#include "core/order.h"

#include "base/entropy.h"
#include "base/table.h"
#include "test.h"

#define PEOPLE 700

struct record {
    uint64_t other; /* what a record holds beside its link */
    struct order_link link;
};

struct queue {
    struct table table;
    struct order order;
    uint32_t root;
    uint32_t in[PEOPLE]; /* the oracle's opinion */
    uint32_t count;
};

static void queue_free(struct queue *queue)
{
    table_free(&queue->table);
}

static bool queue_init(struct queue *ret_queue)
{
    *ret_queue = (struct queue){ .table = table_of(sizeof(struct record), PEOPLE) };
    ret_queue->order = (struct order){ &ret_queue->table, offsetof(struct record, link) };
    return CHECK_OK(table_cover(&ret_queue->table, PEOPLE));
}

static void join(struct queue *queue, uint32_t place)
{
    order_append(&queue->order, &queue->root, place);
    queue->in[queue->count++] = place;
}

static void leave(struct queue *queue, uint32_t at)
{
    order_remove(&queue->order, &queue->root, queue->in[at]);
    queue->count--;
    for (uint32_t i = at; i < queue->count; i++)
        queue->in[i] = queue->in[i + 1];
}

static bool agrees(const struct queue *queue)
{
    bool good = CHECK_INT(order_count(&queue->order, queue->root), queue->count);

    for (uint32_t i = 0; good && i < queue->count; i++) {
        good = CHECK_INT(order_before(&queue->order, queue->in[i]), i);
        good &= CHECK_INT(order_at(&queue->order, queue->root, i), queue->in[i]);
    }
    return good & CHECK_INT(order_at(&queue->order, queue->root, queue->count), ORDER_NONE);
}

static bool is_in(const struct queue *queue, uint32_t place)
{
    for (uint32_t i = 0; i < queue->count; i++) {
        if (queue->in[i] == place)
            return true;
    }
    return false;
}

static void an_empty_queue_has_nobody(void)
{
    AUTO(struct queue, queue_free) queue = { 0 };

    if (!queue_init(&queue))
        return;
    CHECK(agrees(&queue));
    join(&queue, 5);
    CHECK(agrees(&queue));
    leave(&queue, 0);
    CHECK(agrees(&queue));
    CHECK_INT(queue.root, 0);
}

static void whoever_comes_and_goes_the_others_keep_their_order(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());
    AUTO(struct queue, queue_free) queue = { 0 };

    if (!queue_init(&queue))
        return;
    for (int step = 0; step < 20000; step++) {
        uint32_t place = (uint32_t)entropy_below(&entropy, PEOPLE);

        if (queue.count && entropy_below(&entropy, 100) < 48)
            leave(&queue, (uint32_t)entropy_below(&entropy, queue.count));
        else if (!is_in(&queue, place))
            join(&queue, place);
        if (step % 97 == 0 && !agrees(&queue))
            return;
    }
}

/* Places in the order of their numbers are what a queue that only grows has. */
static uint32_t depth_of(const struct queue *queue, uint32_t place)
{
    uint32_t depth = 0;

    for (uint32_t up = place + 1; up; depth++)
        up = ((const struct record *)table_at(&queue->table, up - 1))->link.up;
    return depth;
}

static void a_long_queue_is_no_deep_tree(void)
{
    AUTO(struct queue, queue_free) queue = { 0 };
    uint32_t deepest = 0;

    if (!queue_init(&queue))
        return;
    for (uint32_t place = 0; place < PEOPLE; place++)
        join(&queue, place);
    for (uint32_t place = 0; place < PEOPLE; place++)
        deepest = depth_of(&queue, place) > deepest ? depth_of(&queue, place) : deepest;
    CHECK(agrees(&queue));
    CHECK(deepest < 40);
    while (queue.count)
        leave(&queue, 0);
    CHECK(agrees(&queue));
}

static const struct test tests[] = {
    TEST(an_empty_queue_has_nobody),
    TEST(whoever_comes_and_goes_the_others_keep_their_order),
    TEST(a_long_queue_is_no_deep_tree),
};
TEST_MAIN(tests)
