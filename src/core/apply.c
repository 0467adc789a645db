/*
 * core/apply: what every entry is held against, and the table of what each code makes true.
 */
#include "core/apply.h"

#include <assert.h>
#include <inttypes.h>

#include "core/appliers.h"

/* Codes that say something about the world, or about a refusal, and change no fact. */
static status nothing_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    (void)facts;
    (void)entry;
    (void)err;
    return OK;
}

static applier *const appliers[AUDIT_COUNT] = {
    [TS1001] = ledger_created_apply,  [TS1002] = nothing_apply,
    [TS1003] = nothing_apply,         [TS1004] = nothing_apply,
    [TS1005] = writer_started_apply,  [TS1006] = nothing_apply,
    [TS1007] = clock_jumped_apply,    [TS1008] = clock_confirmed_apply,
    [TS1009] = nothing_apply,         [TS1010] = nothing_apply,
    [TS1011] = nothing_apply,         [TS1012] = nothing_apply,
    [TS1013] = nothing_apply,         [TS2001] = lease_granted_apply,
    [TS2002] = nothing_apply,         [TS2003] = lease_ended_apply,
    [TS2004] = lease_ended_apply,     [TS2005] = lease_ended_apply,
    [TS2006] = lease_ended_apply,     [TS2007] = lease_renewed_apply,
    [TS2008] = nothing_apply,         [TS2011] = ticket_queued_apply,
    [TS2012] = ticket_offered_apply,  [TS2013] = ticket_ended_apply,
    [TS2014] = ticket_ended_apply,    [TS3001] = organisation_created_apply,
    [TS3002] = product_created_apply, [TS3003] = feature_created_apply,
    [TS3004] = license_created_apply, [TS3005] = entitlement_created_apply,
    [TS3006] = pool_created_apply,    [TS3007] = limit_changed_apply,
    [TS3008] = license_moved_apply,   [TS3009] = license_moved_apply,
    [TS3010] = license_moved_apply,   [TS3011] = license_moved_apply,
    [TS3012] = license_moved_apply,   [TS3013] = license_changed_apply,
    [TS4001] = user_created_apply,    [TS4002] = team_created_apply,
    [TS4003] = service_created_apply, [TS4004] = token_created_apply,
    [TS4005] = token_revoked_apply,   [TS4006] = member_added_apply,
    [TS4007] = member_removed_apply,  [TS4008] = role_changed_apply,
    [TS5001] = nothing_apply,         [TS5002] = nothing_apply,
    [TS5003] = nothing_apply,         [TS5004] = nothing_apply,
    [TS5005] = nothing_apply,         [TS5006] = nothing_apply,
    [TS5007] = nothing_apply,         [TS6001] = observe_out_apply,
    [TS6002] = observe_in_apply,      [TS6003] = nothing_apply,
    [TS6004] = nothing_apply,         [TS6005] = nothing_apply,
    [TS6006] = observe_read_apply,
};

/* How each member of "on" is found. */
static uint32_t (*const finders[ON_COUNT])(const struct facts *, struct id) = {
    [ON_LEASE] = lease_find,           [ON_TICKET] = ticket_find,   [ON_POOL] = pool_find,
    [ON_LICENSE] = license_find,       [ON_PRODUCT] = product_find, [ON_ORGANISATION] = principal_find,
    [ON_TEAM] = principal_find,        [ON_USER] = principal_find,  [ON_SERVICE] = principal_find,
    [ON_CREDENTIAL] = credential_find,
};

status contradiction(const struct facts *facts, const struct entry *entry, struct err *err, const char *what)
{
    return err_set(err, CODE_CORRUPT, "entry %" PRIu64 " (%.*s) contradicts the ones before it: %s", facts->size,
                   STR_ARG(audit_rows[entry->code].type), what);
}

static status unknown(const struct facts *facts, const struct entry *entry, struct str name, struct err *err)
{
    return err_set(err, CODE_CORRUPT, "entry %" PRIu64 " (%.*s) names a %.*s that is not there", facts->size,
                   STR_ARG(audit_rows[entry->code].type), STR_ARG(name));
}

status on_find(const struct facts *facts, const struct entry *entry, enum on_field field, uint32_t *ret_place,
               struct err *err)
{
    uint32_t place;

    assert(entry_has_on(entry, field) && (finders[field] || field == ON_FEATURE));
    place =
        field == ON_FEATURE ? feature_find(facts, entry->on[field].text) : finders[field](facts, entry->on[field].id);
    if (place == NONE ||
        (finders[field] == principal_find && principal_at(facts, place)->kind != on_fields[field].id_kind))
        return unknown(facts, entry, on_fields[field].name, err);
    *ret_place = place;
    return OK;
}

status who_find(const struct facts *facts, const struct entry *entry, enum data_field field, uint32_t *ret_place,
                struct err *err)
{
    uint32_t place = principal_find(facts, entry->data[field].principal.id);

    if (place == NONE || principal_at(facts, place)->kind != entry->data[field].principal.kind)
        return unknown(facts, entry, data_fields[field].name, err);
    *ret_place = place;
    return OK;
}

status author_find(const struct facts *facts, const struct entry *entry, uint32_t *ret_place, struct err *err)
{
    uint32_t place = principal_find(facts, entry->actor.who.id);

    if (place == NONE || principal_at(facts, place)->kind != entry->actor.who.kind)
        return unknown(facts, entry, STR("principal as its author"), err);
    *ret_place = place;
    return OK;
}

/* NULL before the entry that creates the pool or licence. */
static struct chain *chain_find(const struct facts *facts, const struct seq_link *link)
{
    uint32_t place = link->kind == ID_POOL ? pool_find(facts, link->id) : license_find(facts, link->id);

    if (place == NONE)
        return NULL;
    return link->kind == ID_POOL ? &pool_at(facts, place)->chain : &license_at(facts, place)->chain;
}

/* The entry's links continue exactly the chains that an entry of its code continues. */
static status chains_check(const struct facts *facts, const struct entry *entry, struct chain **ret_chains,
                           struct err *err)
{
    static const struct chain start = { 0 };
    struct seq_link wanted[ENTRY_SEQ_MAX];

    if (entry_chains(entry, wanted) != entry->seq_count)
        return contradiction(facts, entry, err, "it continues other chains than its code does");
    for (int i = 0; i < entry->seq_count; i++) {
        const struct seq_link *link = &entry->seq[i];
        const struct chain *chain;

        ret_chains[i] = chain_find(facts, link);
        chain = ret_chains[i] ? ret_chains[i] : &start;
        if (link->kind != wanted[i].kind || !id_eq(link->id, wanted[i].id))
            return contradiction(facts, entry, err, "it continues the chain of another object");
        if (link->number != chain->number + 1)
            return contradiction(facts, entry, err, "its number does not follow in its chain");
        if (memcmp(link->prev, chain->prev, sizeof link->prev) != 0)
            return contradiction(facts, entry, err, "it does not have the hash of the entry before it in its chain");
    }
    return OK;
}

static status chains_advance(struct facts *facts, const struct entry *entry, struct chain *const *chains,
                             const struct hash *leaf, struct err *err)
{
    for (int i = 0; i < entry->seq_count; i++) {
        struct chain *chain = chains[i] ? chains[i] : chain_find(facts, &entry->seq[i]);

        if (!chain)
            return contradiction(facts, entry, err, "it continues a chain that never began");
        chain_advance(chain, leaf);
    }
    return OK;
}

static void idem_keep(struct facts *facts, const struct entry *entry)
{
    struct idem idem = { .index = facts->size, .time_ms = entry->time_ms };

    memcpy(idem.key, entry->idem_key, sizeof idem.key);
    memcpy(idem.body, entry->idem_body, sizeof idem.body);
    idem_push(facts, &idem);
}

static status entry_apply(struct facts *facts, const struct entry *entry, const struct hash *leaf, struct err *err)
{
    struct chain *chains[ENTRY_SEQ_MAX] = { 0 };

    if (entry->time_ms < facts->time_ms)
        return contradiction(facts, entry, err, "its time lies before theirs");
    TRY(chains_check(facts, entry, chains, err));
    if (entry->has_idem)
        TRY(idem_reserve(facts, entry->idem_key, entry->time_ms));
    TRY(appliers[entry->code](facts, entry, err));
    TRY(chains_advance(facts, entry, chains, leaf, err));
    if (entry->has_idem)
        idem_keep(facts, entry);
    facts->size++;
    facts->time_ms = entry->time_ms;
    return OK;
}

status apply(struct facts *facts, const struct entry *entry, const struct hash *leaf, struct err *err)
{
    status s;

    if (err)
        err->text[0] = '\0';
    s = entry_apply(facts, entry, leaf, err);
    if (s.code == CODE_CORRUPT && err && !err->text[0])
        return contradiction(facts, entry, err, "what it adds is there already, or does not allow it");
    if (s.code && err && !err->text[0])
        return err_set(err, s.code, "entry %" PRIu64 " can't be applied: %s", facts->size, status_name(s));
    return s;
}
