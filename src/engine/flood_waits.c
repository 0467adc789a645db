/*
 * engine/flood_waits: a table of lists, one for each flood that somebody waits for. It grows with those who wait, whom
 * the queue's maximum bounds, and not with the floods.
 */
#include "engine/flood_waits.h"

#include "base/memory.h"
#include "engine/engine.h"

struct flood_wait {
    struct flood_key key;
    struct job_list jobs;
    struct flood_wait *next;
};

static struct flood_wait **bucket_of(struct flood_waits *waits, const struct flood_key *key)
{
    uint64_t hash = id_hash(key->source) ^ id_hash(key->object) * 31 ^ (uint64_t)key->code << 8 ^ key->reason;

    return &waits->buckets[(hash >> 20 ^ hash) % FLOOD_WAITS_BUCKETS];
}

/* The link that points to the key's wait, or the end of its bucket. */
static struct flood_wait **link_of(struct flood_waits *waits, const struct flood_key *key)
{
    struct flood_wait **link = bucket_of(waits, key);

    while (*link && !flood_key_eq(&(*link)->key, key))
        link = &(*link)->next;
    return link;
}

status flood_waits_add(struct flood_waits *waits, const struct flood_key *key, struct job *job)
{
    struct flood_wait **link = link_of(waits, key);

    if (!*link) {
        struct flood_wait *wait = memory_new(1, sizeof(*wait));

        if (!wait)
            return (status){ CODE_NO_MEMORY };
        wait->key = *key;
        *link = wait;
    }
    job_list_add(&(*link)->jobs, job);
    waits->jobs++;
    return OK;
}

static struct job_list link_end(struct flood_waits *waits, struct flood_wait **link)
{
    struct flood_wait *wait = *link;
    struct job_list jobs = wait->jobs;

    waits->jobs -= jobs.count;
    *link = wait->next;
    memory_free(wait);
    return jobs;
}

struct job_list flood_waits_end(struct flood_waits *waits, const struct flood_key *key)
{
    struct flood_wait **link = link_of(waits, key);

    return *link ? link_end(waits, link) : (struct job_list){ 0 };
}

struct job_list flood_waits_end_all(struct flood_waits *waits)
{
    struct job_list all = { 0 };
    struct job *job;

    for (size_t i = 0; i < FLOOD_WAITS_BUCKETS; i++) {
        while (waits->buckets[i]) {
            struct job_list jobs = link_end(waits, &waits->buckets[i]);

            while ((job = job_list_take(&jobs)))
                job_list_add(&all, job);
        }
    }
    return all;
}
