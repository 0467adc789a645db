/*
 * engine/publication: published checkpoints, each with the edge of exactly its tree.
 *
 * What was published never changes: readers hold it for as long as they like and copy nothing. The shelf has the newest
 * one; its lock is only ever held for as long as a pointer takes. Any thread.
 */
#ifndef ENGINE_PUBLICATION_H
#define ENGINE_PUBLICATION_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "tlog/edge.h"

struct publication {
    struct tree_head head;
    struct str checkpoint; /* the signed note */
    struct edge edge;      /* partial tiles are served from it */
};

/* Gives back what shelf_hold gave. Accepts NULL. */
void publication_release(const struct publication *publication);

/* One in the making: its maker's alone until shelf_put. */
struct issue {
    struct publication publication; /* first: publication_release comes back from it */
    struct buf note;                /* what publication.checkpoint points to */
    atomic_uint holders;            /* readers, and the shelf while it is the newest */
};

struct issue *issue_new(void);        /* NULL without memory */
void issue_free(struct issue *issue); /* of one that was not put on a shelf; accepts NULL */

struct shelf {
    pthread_mutex_t mutex;
    struct issue *newest; /* NULL before the first */
};

void shelf_init(struct shelf *ret_shelf);
/* Publications that are held outlive it. */
void shelf_free(struct shelf *shelf);
/* Makes it the newest; it belongs to the shelf, and to those who hold it, from now on. */
void shelf_put(struct shelf *shelf, struct issue *issue);
/* The newest one, to be released; NULL before the first. */
const struct publication *shelf_hold(struct shelf *shelf);

#endif
