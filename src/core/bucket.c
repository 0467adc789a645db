#include "core/bucket.h"

#define US_PER_MS 1000

/* When it would be full again after that much more. */
static int64_t full_after(const struct bucket *bucket, const struct bucket_rule *rule, int64_t amount, int64_t now_us)
{
    int64_t from_us = bucket->full_at_us > now_us ? bucket->full_at_us : now_us;

    return from_us + amount * rule->each_us;
}

bool bucket_has(const struct bucket *bucket, const struct bucket_rule *rule, int64_t amount, int64_t now_ms)
{
    int64_t now_us = now_ms * US_PER_MS;

    return full_after(bucket, rule, amount, now_us) <= now_us + rule->holds * rule->each_us;
}

void bucket_take(struct bucket *bucket, const struct bucket_rule *rule, int64_t amount, int64_t now_ms)
{
    int64_t empty_us = now_ms * US_PER_MS + rule->holds * rule->each_us;
    int64_t full_us = full_after(bucket, rule, amount, now_ms * US_PER_MS);

    bucket->full_at_us = full_us < empty_us ? full_us : empty_us;
}
