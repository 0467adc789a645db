#include "cli/verify_chains.h"

#include <string.h>

#include "base/limits.h"

struct chains chains_begin(void)
{
    return (struct chains){ .links = id_table_of(sizeof(struct chain_link), POOLS_MAX) };
}

void chains_free(struct chains *chains)
{
    id_table_free(&chains->links);
}

/* Of two leaves that do not fit, the one before is named: a changed byte shows in the next entry of its chain. */
static status link_refuse(const struct seq_link *link, const struct chain_link *last, uint64_t index, struct err *err)
{
    char id[TYPEID_BYTES + 1] = "";

    typeid_write(link->kind, link->id, id);
    if (link->number != last->number + 1)
        return err_set(err, CODE_CORRUPT, "entry %llu: it is number %llu of %s, and %llu come before it",
                       (unsigned long long)index, (unsigned long long)link->number, id,
                       (unsigned long long)last->number);
    return err_set(err, CODE_CORRUPT,
                   "entry %llu: entry %llu, the next on the chain of %s, names another leaf, or was changed itself",
                   (unsigned long long)last->index, (unsigned long long)index, id);
}

static status link_add(struct chains *chains, const struct seq_link *link, uint64_t index, const struct hash *leaf,
                       struct err *err)
{
    struct chain_link *last = id_table_find(&chains->links, link->id);
    void *fresh;

    if (!last) {
        TRY(id_table_add(&chains->links, link->id, &fresh));
        last = fresh;
        chains->pools += link->kind == ID_POOL;
        chains->licenses += link->kind == ID_LICENSE;
    }
    if (link->number != last->number + 1 || memcmp(link->prev, last->hash, SEQ_PREV_BYTES) != 0)
        return link_refuse(link, last, index, err);
    last->number = link->number;
    last->index = index;
    memcpy(last->hash, leaf->bytes, SEQ_PREV_BYTES);
    return OK;
}

status chains_add(struct chains *chains, const struct entry *entry, uint64_t index, const struct hash *leaf,
                  struct err *err)
{
    for (int i = 0; i < entry->seq_count; i++)
        TRY(link_add(chains, &entry->seq[i], index, leaf, err));
    return OK;
}
