#include "cli/verify_check.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

void check_begin(struct check *check)
{
    check->chains = chains_begin();
    check->seats = seats_begin();
}

void check_free(struct check *check)
{
    chains_free(&check->chains);
    recent_ids_free(&check->ids);
    seats_free(&check->seats);
    memory_free(check->claims);
    replay_check_free(&check->replay);
}

void check_anchor(struct check *check, const struct tree_head *head, const char *who)
{
    if (check->anchor_count < ANCHORS_MAX)
        check->anchors[check->anchor_count++] = (struct anchor){ *head, who };
}

/* The text again, with the entry's index in front. */
static status at_entry(uint64_t index, status s, struct err *err)
{
    char why[ERR_TEXT_MAX_BYTES];

    if (!err)
        return s;
    (void)snprintf(why, sizeof(why), "%s", err->text);
    return err_set(err, s.code, "entry %llu: %s", (unsigned long long)index, why);
}

/* ---- Hashes ---- */

static status anchors_meet(struct check *check, struct err *err)
{
    struct tree_head head;

    for (size_t i = 0; i < check->anchor_count; i++) {
        const struct anchor *anchor = &check->anchors[i];

        if (anchor->head.size != check_size(check))
            continue;
        head = tree_head(&check->edge.tree);
        if (!hash_eq(&head.root, &anchor->head.root))
            return err_set(err, CODE_CORRUPT, "the root of the first %llu entries is not the one that %s has",
                           (unsigned long long)head.size, anchor->who);
        check->anchors_met++;
        check->met_size = head.size;
    }
    return OK;
}

static status leaf_hash_add(struct check *check, const struct hash *hash, struct err *err)
{
    struct edge_full full[TILE_LEVELS];
    unsigned count;

    count = edge_append(&check->edge, hash, full);
    for (unsigned i = 0; i < count; i++) {
        if (full[i].level)
            TRY(check->tile(check->context, &full[i], err));
        check->tiles++;
    }
    return OK;
}

/* ---- What an entry says ---- */

static status change_check(struct check *check, const struct entry *entry, struct err *err)
{
    bool goes_on = check->change_k < check->change_n;
    bool fits = entry->has_change && id_eq(entry->change, check->change) && entry->change_k == check->change_k + 1 &&
                entry->change_n == check->change_n;

    if (goes_on && !fits)
        return err_set(err, CODE_CORRUPT, "the change before it ends at %u of %u", check->change_k, check->change_n);
    if (!goes_on && entry->has_change && (entry->change_k != 1 || entry->change_n < 1))
        return err_set(err, CODE_CORRUPT, "it is %u of %u of a change that did not begin", entry->change_k,
                       entry->change_n);
    check->change = entry->change;
    check->change_k = entry->has_change ? entry->change_k : 0;
    check->change_n = entry->has_change ? entry->change_n : 0;
    return OK;
}

static void coverage_add(struct coverage *coverage, const struct entry *entry, int64_t before_ms)
{
    if (!coverage->first_ms)
        coverage->first_ms = entry->time_ms;
    if (entry->code == AUDIT_WRITER_STARTED) { /* a writer: what ran before has ended, in silence unless it said so */
        coverage->silent += coverage->since_ms != 0;
        coverage->running_ms += coverage->since_ms ? before_ms - coverage->since_ms : 0;
        coverage->since_ms = entry->time_ms;
        coverage->starts++;
    } else if (entry->code == AUDIT_SERVER_STOPPED) {
        coverage->running_ms += coverage->since_ms ? entry->time_ms - coverage->since_ms : 0;
        coverage->since_ms = 0;
        coverage->stops++;
    }
}

static status claim_add(struct check *check, const struct entry *entry, uint64_t index)
{
    struct snapshot_claim claim = { .size = (uint64_t)entry->data[DATA_SIZE].number, .index = index };
    void *at = check->claims;

    memcpy(claim.hash.bytes, entry->data[DATA_SHA256].bytes, HASH_BYTES);
    if (check->claim_count == CLAIMS_MAX)
        memmove(check->claims, check->claims + 1, --check->claim_count * sizeof(claim));
    TRY(memory_grow(&at, &check->claim_capacity, check->claim_count + 1, CLAIMS_MAX, sizeof(claim)));
    check->claims = at;
    check->claims[check->claim_count++] = claim;
    return OK;
}

/* What the ledger says about itself. */
static status ledger_note(struct check *check, const struct entry *entry, uint64_t index, struct err *err)
{
    if (entry->code == AUDIT_LEDGER_CREATED && !str_eq(entry->data[DATA_VKEY].text, check->key))
        return err_set(err, CODE_CORRUPT, "it names another key than the ledger's: %.*s",
                       STR_ARG(entry->data[DATA_VKEY].text));
    if (entry->code == AUDIT_WRITER_STARTED)
        check->epoch = (uint64_t)entry->data[DATA_EPOCH].number;
    return entry->code == AUDIT_LEDGER_SNAPSHOT ? claim_add(check, entry, index) : OK;
}

/* A ledger that continues another says so in its second entry, and names what it took over. */
static status continues_check(struct check *check, const struct entry *entry, uint64_t index, struct err *err)
{
    if (check->sealed)
        return err_set(err, CODE_CORRUPT, "the entry before it sealed the ledger");
    check->sealed = entry->code == AUDIT_LEDGER_SEALED;
    if (entry->code != AUDIT_LEDGER_CONTINUES)
        return index == 1 && check->has_carried
                   ? err_set(err, CODE_CORRUPT, "it does not name what was carried over into the ledger")
                   : OK;
    if (index != 1)
        return err_set(err, CODE_CORRUPT, "only the second entry can continue another ledger");
    if (check->has_carried)
        return memcmp(check->carried.bytes, entry->data[DATA_SHA256].bytes, HASH_BYTES) == 0
                   ? OK
                   : err_set(err, CODE_CORRUPT, "what was carried over into the ledger is not what it names");
    check->chains.is_open = check->lacks_carried;
    check->without_seats = check->without_seats || check->lacks_carried;
    return check->lacks_carried ? OK : err_set(err, CODE_CORRUPT, "what was carried over into the ledger is missing");
}

static status entry_check(struct check *check, const struct entry *entry, uint64_t index, const struct hash *hash,
                          struct err *err)
{
    TRY(continues_check(check, entry, index, err));
    if (entry->time_ms < check->time_ms)
        return err_set(err, CODE_CORRUPT, "its time is before that of the entry before it");
    TRY(recent_ids_add(&check->ids, entry->id, entry->time_ms, err));
    TRY(change_check(check, entry, err));
    if (!check->without_seats)
        TRY(seats_add(&check->seats, entry, err));
    if (entry->code == AUDIT_LEDGER_CONTINUES && check->lacks_carried)
        replay_check_free(&check->replay); /* what it took over is not here to begin with */
    TRY(replay_check_add(&check->replay, entry, hash, err));
    TRY(ledger_note(check, entry, index, err));
    coverage_add(&check->coverage, entry, check->time_ms);
    check->time_ms = entry->time_ms;
    return check->entry ? check->entry(check->context, index, entry, err) : OK;
}

static status contents_check(struct check *check, struct str leaf, uint64_t index, const struct hash *hash,
                             struct err *err)
{
    struct entry entry;
    status s = entry_decode(leaf, &entry, err);

    if (s.code)
        return at_entry(index, s, err);
    TRY(chains_add(&check->chains, &entry, index, hash, err));
    s = entry_check(check, &entry, index, hash, err);
    return s.code ? at_entry(index, s, err) : OK;
}

/* A root says only that something before it is wrong, so it is asked last: a chain names the entry. */
status check_leaf(struct check *check, struct str leaf, const struct hash *hash, struct err *err)
{
    uint64_t index = check_size(check);

    TRY(leaf_hash_add(check, hash, err));
    if (!check->hashes_only)
        TRY(contents_check(check, leaf, index, hash, err));
    return check->anchor_count ? anchors_meet(check, err) : OK;
}

/* A head beyond the ledger's end: what it covered is gone. */
static status anchors_end(const struct check *check, const struct tree_head *head, struct err *err)
{
    for (size_t i = 0; i < check->anchor_count; i++) {
        if (check->anchors_must && check->anchors[i].head.size > head->size)
            return err_set(err, CODE_CORRUPT, "entries are lost: %s is of %llu, and there are %llu",
                           check->anchors[i].who, (unsigned long long)check->anchors[i].head.size,
                           (unsigned long long)head->size);
    }
    return OK;
}

/* The head's root is wrong, or an entry that no full tile and no signed head before it vouches for. */
static status root_refuse(const struct check *check, const struct tree_head *head, struct err *err)
{
    uint64_t first = head->size / TILE_WIDTH * TILE_WIDTH;

    if (check->met_size == head->size)
        return err_set(err, CODE_CORRUPT,
                       "the head's root is not that of its %llu entries, which is the one that %s has",
                       (unsigned long long)head->size, check->anchors[0].who);
    if (first < check->met_size)
        first = check->met_size;
    return err_set(err, CODE_CORRUPT,
                   "the root of all %llu entries is not the one of the head; what comes before entry %llu fits, so the "
                   "fault lies in entries %llu to %llu or in the head",
                   (unsigned long long)head->size, (unsigned long long)first, (unsigned long long)first,
                   (unsigned long long)head->size - 1);
}

status check_end(struct check *check, const struct tree_head *head, struct err *err)
{
    struct hash root = tree_root(&check->edge.tree);

    TRY(anchors_end(check, head, err));
    if (check_size(check) != head->size)
        return err_set(err, CODE_CORRUPT, "there are %llu entries, and the head says %llu",
                       (unsigned long long)check_size(check), (unsigned long long)head->size);
    if (!hash_eq(&root, &head->root))
        return root_refuse(check, head, err);
    if (check->change_k < check->change_n)
        return at_entry(head->size - 1, err_set(err, CODE_CORRUPT, "its change is cut short"), err);
    if (check->coverage.since_ms)
        check->coverage.running_ms += check->time_ms - check->coverage.since_ms;
    return recent_ids_check(&check->ids, err);
}
