#include "core/order.h"

#include <assert.h>
#include <stdbool.h>

static struct order_link *link_of(const struct order *order, uint32_t number)
{
    assert(number > 0);
    return (struct order_link *)(void *)((char *)table_at(order->owner, number - 1) + order->link_offset);
}

/* The finalizer of splitmix64: neighbouring numbers come out far apart. */
static uint64_t priority_of(uint32_t number)
{
    uint64_t word = number * 0x9e3779b97f4a7c15u;

    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
    word = (word ^ word >> 27) * 0x94d049bb133111ebu;
    return word ^ word >> 31;
}

uint32_t order_count(const struct order *order, uint32_t root)
{
    return root ? link_of(order, root)->count : 0;
}

static void hang(const struct order *order, uint32_t *slot, uint32_t number, uint32_t up)
{
    *slot = number;
    if (number)
        link_of(order, number)->up = up;
}

/* Down the right side, past all that stand higher; what is found there comes before the new one. */
void order_append(const struct order *order, uint32_t *root, uint32_t place)
{
    uint32_t number = place + 1;
    struct order_link *added = link_of(order, number);
    uint32_t *slot = root;
    uint32_t up = 0;

    assert(added->count == 0);
    while (*slot && priority_of(*slot) > priority_of(number)) {
        up = *slot;
        link_of(order, up)->count++;
        slot = &link_of(order, up)->right;
    }
    *added = (struct order_link){ .count = order_count(order, *slot) + 1 };
    hang(order, &added->left, *slot, number);
    hang(order, slot, number, up);
}

/* Two trees, of which all of the first stand before all of the second, become one in the slot. */
static void join(const struct order *order, uint32_t *slot, uint32_t up, uint32_t first, uint32_t second)
{
    while (first && second) {
        bool first_is_higher = priority_of(first) > priority_of(second);
        uint32_t top = first_is_higher ? first : second;
        struct order_link *link = link_of(order, top);

        link->count += order_count(order, first_is_higher ? second : first);
        hang(order, slot, top, up);
        up = top;
        slot = first_is_higher ? &link->right : &link->left;
        if (first_is_higher)
            first = link->right;
        else
            second = link->left;
    }
    hang(order, slot, first ? first : second, up);
}

void order_remove(const struct order *order, uint32_t *root, uint32_t place)
{
    uint32_t number = place + 1;
    struct order_link *gone = link_of(order, number);
    struct order_link *above = gone->up ? link_of(order, gone->up) : NULL;
    uint32_t *slot = root;

    assert(gone->count > 0);
    if (above)
        slot = above->left == number ? &above->left : &above->right;
    assert(*slot == number);
    for (uint32_t up = gone->up; up; up = link_of(order, up)->up)
        link_of(order, up)->count--;
    join(order, slot, gone->up, gone->left, gone->right);
    *gone = (struct order_link){ 0 };
}

uint32_t order_before(const struct order *order, uint32_t place)
{
    uint32_t number = place + 1;
    const struct order_link *link = link_of(order, number);
    uint32_t before = order_count(order, link->left);

    assert(link->count > 0);
    while (link->up) {
        uint32_t up = link->up;

        link = link_of(order, up);
        if (link->right == number)
            before += order_count(order, link->left) + 1;
        number = up;
    }
    return before;
}

uint32_t order_at(const struct order *order, uint32_t root, uint32_t before)
{
    while (root) {
        const struct order_link *link = link_of(order, root);
        uint32_t left = order_count(order, link->left);

        if (before == left)
            return root - 1;
        root = before < left ? link->left : link->right;
        if (before > left)
            before -= left + 1;
    }
    return ORDER_NONE;
}
