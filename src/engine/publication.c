/*
 * engine/publication: counting who holds what.
 */
#include "engine/publication.h"

#include "base/limits.h"
#include "base/memory.h"

struct issue *issue_new(void)
{
    struct issue *issue = memory_new(1, sizeof *issue);

    if (issue)
        issue->note.max = (size_t)NOTE_MAX_BYTES;
    return issue;
}

void issue_free(struct issue *issue)
{
    if (!issue)
        return;
    buf_free(&issue->note);
    memory_free(issue);
}

void publication_release(const struct publication *publication)
{
    struct issue *issue = (struct issue *)publication;

    if (issue && atomic_fetch_sub_explicit(&issue->holders, 1, memory_order_acq_rel) == 1)
        issue_free(issue);
}

void shelf_init(struct shelf *ret_shelf)
{
    ret_shelf->newest = NULL;
    (void)pthread_mutex_init(&ret_shelf->mutex, NULL); /* with no attributes it can't fail */
}

void shelf_free(struct shelf *shelf)
{
    if (shelf->newest)
        publication_release(&shelf->newest->publication);
    (void)pthread_mutex_destroy(&shelf->mutex);
}

void shelf_put(struct shelf *shelf, struct issue *issue)
{
    struct issue *older;

    atomic_store(&issue->holders, 1);
    pthread_mutex_lock(&shelf->mutex);
    older = shelf->newest;
    shelf->newest = issue;
    pthread_mutex_unlock(&shelf->mutex);
    publication_release(older ? &older->publication : NULL);
}

const struct publication *shelf_hold(struct shelf *shelf)
{
    struct issue *issue;

    pthread_mutex_lock(&shelf->mutex);
    issue = shelf->newest;
    if (issue)
        atomic_fetch_add_explicit(&issue->holders, 1, memory_order_relaxed);
    pthread_mutex_unlock(&shelf->mutex);
    return issue ? &issue->publication : NULL;
}
