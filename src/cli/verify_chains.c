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

static status link_new(struct chains *chains, enum id_kind kind, struct id id, struct chain_link **ret_link)
{
    void *fresh;

    TRY(id_table_add(&chains->links, id, &fresh));
    chains->pools += kind == ID_POOL;
    chains->licenses += kind == ID_LICENSE;
    *ret_link = fresh;
    return OK;
}

static void link_set(struct chain_link *link, uint64_t number, const uint8_t *hash)
{
    link->number = number;
    memcpy(link->hash, hash, SEQ_PREV_BYTES);
}

status chains_seed(struct chains *chains, enum id_kind kind, struct id id, uint64_t number, const uint8_t *hash)
{
    struct chain_link *link = NULL;

    TRY(link_new(chains, kind, id, &link));
    link_set(link, number, hash);
    return OK;
}

static status link_add(struct chains *chains, const struct seq_link *link, uint64_t index, const struct hash *leaf,
                       struct err *err)
{
    struct chain_link *last = id_table_find(&chains->links, link->id);

    if (!last) {
        TRY(link_new(chains, link->kind, link->id, &last));
        if (chains->is_open)
            link_set(last, link->number - 1, link->prev);
    }
    if (link->number != last->number + 1 || memcmp(link->prev, last->hash, SEQ_PREV_BYTES) != 0)
        return link_refuse(link, last, index, err);
    last->index = index;
    link_set(last, link->number, leaf->bytes);
    return OK;
}

status chains_add(struct chains *chains, const struct entry *entry, uint64_t index, const struct hash *leaf,
                  struct err *err)
{
    for (int i = 0; i < entry->seq_count; i++)
        TRY(link_add(chains, &entry->seq[i], index, leaf, err));
    return OK;
}
