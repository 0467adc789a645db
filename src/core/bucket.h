/*
 * core/bucket: how fast somebody may go on: a token bucket as the generic cell rate algorithm has it (ITU-T I.371): one
 * number, the moment at which everything that was taken will have come back. Zeroed, it is full. Reads no clock (P10);
 * the times it is given never decrease.
 */
#ifndef CORE_BUCKET_H
#define CORE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
    int64_t full_at_us;
};

struct bucket_rule {
    int64_t holds;   /* so many can be taken at once */
    int64_t each_us; /* and one comes back in so long */
};

bool bucket_has(const struct bucket *bucket, const struct bucket_rule *rule, int64_t amount, int64_t now_ms);
/* Never leaves less than nothing in it. */
void bucket_take(struct bucket *bucket, const struct bucket_rule *rule, int64_t amount, int64_t now_ms);

#endif
