/*
 * core/seal: the one place where an entry gets its chain numbers and becomes the leaf that is hashed and stored.
 *
 * Sealing changes no fact: core/apply moves the chains on, with the leaf hash given here. So a sealed entry is valid
 * only until the next one of the same pool or licence is applied.
 */
#include "core/apply.h"

/* The chain of a pool or licence; before the entry that makes it, an empty one. */
static struct chain chain_of(const struct facts *facts, const struct seq_link *link)
{
    uint32_t place = link->kind == ID_POOL ? pool_find(facts, link->id) : license_find(facts, link->id);

    if (place == NONE)
        return (struct chain){ 0 };
    return link->kind == ID_POOL ? pool_at(facts, place)->chain : license_at(facts, place)->chain;
}

status entry_seal(const struct facts *facts, struct entry *entry, struct buf *text, struct hash *ret_leaf)
{
    entry->seq_count = entry_chains(entry, entry->seq);
    for (int i = 0; i < entry->seq_count; i++) {
        struct chain chain = chain_of(facts, &entry->seq[i]);
        entry->seq[i].number = chain.number + 1;
        memcpy(entry->seq[i].prev, chain.prev, SEQ_PREV_BYTES);
    }
    buf_clear(text);
    TRY(entry_encode(entry, text));
    *ret_leaf = hash_leaf(buf_str(text));
    return OK;
}
