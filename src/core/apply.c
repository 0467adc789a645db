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
    [AUDIT_LEDGER_CREATED] = ledger_created_apply,
    [AUDIT_SERVER_STARTED] = nothing_apply,
    [AUDIT_SERVER_STOPPED] = nothing_apply,
    [AUDIT_SERVER_ALIVE] = nothing_apply,
    [AUDIT_WRITER_STARTED] = writer_started_apply,
    [AUDIT_LEDGER_SNAPSHOT] = nothing_apply,
    [AUDIT_CLOCK_JUMPED] = clock_jumped_apply,
    [AUDIT_CLOCK_CONFIRMED] = clock_confirmed_apply,
    [AUDIT_BACKUP_MADE] = nothing_apply,
    [AUDIT_LOAD_SHED] = nothing_apply,
    [AUDIT_STORAGE_LOW] = nothing_apply,
    [AUDIT_DEMO_SEEDED] = nothing_apply,
    [AUDIT_SNAPSHOT_REFUSED] = nothing_apply,
    [AUDIT_SIGNING_REFUSED] = nothing_apply,
    [AUDIT_LEDGER_SEALED] = ledger_sealed_apply,
    [AUDIT_LEDGER_CONTINUES] = ledger_continues_apply,
    [AUDIT_STORE_RESTORED] = nothing_apply,
    [AUDIT_WITNESS_ABSENT] = nothing_apply,
    [AUDIT_WITNESS_RETURNED] = nothing_apply,
    [AUDIT_WITNESS_AHEAD] = nothing_apply,
    [AUDIT_LEDGER_FORKED] = nothing_apply,
    [AUDIT_LEDGER_UNWITNESSED] = nothing_apply,
    [AUDIT_LEDGER_WITNESSED] = nothing_apply,
    [AUDIT_CHECKPOINT_COSIGNED] = nothing_apply,
    [AUDIT_VAULT_KEYS_COPIED] = keys_copied_apply,
    [AUDIT_VAULT_DAYS_DROPPED] = days_dropped_apply,
    [AUDIT_VAULT_KEYS_REPLACED] = nothing_apply,
    [AUDIT_LEASE_GRANTED] = lease_granted_apply,
    [AUDIT_LEASE_DENIED] = nothing_apply,
    [AUDIT_LEASE_RELEASED] = lease_ended_apply,
    [AUDIT_LEASE_LAPSED] = lease_ended_apply,
    [AUDIT_LEASE_EXPIRED] = lease_ended_apply,
    [AUDIT_LEASE_REVOKED] = lease_ended_apply,
    [AUDIT_LEASE_RENEWED] = lease_renewed_apply,
    [AUDIT_LEASE_DENIALS] = nothing_apply,
    [AUDIT_TICKET_QUEUED] = ticket_queued_apply,
    [AUDIT_TICKET_OFFERED] = ticket_offered_apply,
    [AUDIT_TICKET_EXPIRED] = ticket_ended_apply,
    [AUDIT_TICKET_CANCELLED] = ticket_ended_apply,
    [AUDIT_ORGANISATION_CREATED] = organisation_created_apply,
    [AUDIT_PRODUCT_CREATED] = product_created_apply,
    [AUDIT_FEATURE_CREATED] = feature_created_apply,
    [AUDIT_LICENSE_CREATED] = license_created_apply,
    [AUDIT_ENTITLEMENT_CREATED] = entitlement_created_apply,
    [AUDIT_POOL_CREATED] = pool_created_apply,
    [AUDIT_POOL_LIMIT_CHANGED] = limit_changed_apply,
    [AUDIT_LICENSE_STARTED] = license_moved_apply,
    [AUDIT_LICENSE_EXPIRED] = license_moved_apply,
    [AUDIT_LICENSE_SUSPENDED] = license_moved_apply,
    [AUDIT_LICENSE_REINSTATED] = license_moved_apply,
    [AUDIT_LICENSE_REVOKED] = license_moved_apply,
    [AUDIT_LICENSE_CHANGED] = license_changed_apply,
    [AUDIT_USER_CREATED] = user_created_apply,
    [AUDIT_TEAM_CREATED] = team_created_apply,
    [AUDIT_SERVICE_CREATED] = service_created_apply,
    [AUDIT_TOKEN_CREATED] = token_created_apply,
    [AUDIT_TOKEN_REVOKED] = token_revoked_apply,
    [AUDIT_TEAM_MEMBER_ADDED] = member_added_apply,
    [AUDIT_TEAM_MEMBER_REMOVED] = member_removed_apply,
    [AUDIT_ROLE_CHANGED] = role_changed_apply,
    [AUDIT_USER_ERASED] = user_erased_apply,
    [AUDIT_USER_HOLD_SET] = hold_set_apply,
    [AUDIT_USER_HOLD_CLEARED] = hold_cleared_apply,
    [AUDIT_AUTH_FAILED] = nothing_apply,
    [AUDIT_AUTH_FAILURES] = nothing_apply,
    [AUDIT_ACCESS_DENIED] = nothing_apply,
    [AUDIT_ACCESS_DENIALS] = nothing_apply,
    [AUDIT_REQUEST_REJECTED] = nothing_apply,
    [AUDIT_REQUEST_REJECTIONS] = nothing_apply,
    [AUDIT_DATA_READ] = nothing_apply,
    [AUDIT_OBSERVE_OUT] = observe_out_apply,
    [AUDIT_OBSERVE_IN] = observe_in_apply,
    [AUDIT_OBSERVE_DENIED] = nothing_apply,
    [AUDIT_OBSERVE_UNMATCHED] = nothing_apply,
    [AUDIT_OBSERVE_RESTARTED] = nothing_apply,
    [AUDIT_OBSERVE_READ] = observe_read_apply,
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

    if (facts->sealed)
        return contradiction(facts, entry, err, "the ledger is sealed");
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
