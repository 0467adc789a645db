/*
 * core/audit_sample: example values by member, and by code where one word for all would mislead.
 */
#include "core/audit_sample.h"

#include <assert.h>

#include "base/entropy.h"
#include "base/limits.h"

#define HOUR_MS    3600000
#define LONG_BYTES 1024 /* the longest text of any member */

/* Whole numbers and places of words as they are, times as milliseconds from the sample's own. */
struct example {
    int64_t number;
    struct str text;
};

static const struct example data_examples[DATA_FIELD_COUNT] = {
    [DATA_QUANTITY] = { 2, STR_INIT("") },
    [DATA_TTL_S] = { TTL_DEFAULT_S, STR_INIT("") },
    [DATA_GRACE_S] = { 600, STR_INIT("") },
    [DATA_USED] = { 6, STR_INIT("") },
    [DATA_OCCUPIED] = { 7, STR_INIT("") },
    [DATA_LIMIT] = { 8, STR_INIT("") },
    [DATA_QUEUED] = { 3, STR_INIT("") },
    [DATA_PLACE] = { 4, STR_INIT("") },
    [DATA_OVER] = { 0, STR_INIT("") },
    [DATA_ENDING] = { ENDING_DRAIN, STR_INIT("") },
    [DATA_PROVEN_UNTIL] = { HOUR_MS, STR_INIT("") },
    [DATA_EXPIRES_AT] = { (int64_t)TTL_DEFAULT_S * 1000, STR_INIT("") },
    [DATA_LAST_SEEN] = { (int64_t)-TTL_DEFAULT_S * 1000, STR_INIT("") },
    [DATA_NEXT_FREE] = { 120000, STR_INIT("") },
    [DATA_OTHERS] = { 1, STR_INIT("") },
    [DATA_WAIT_S] = { 900, STR_INIT("") },
    [DATA_CHOSEN_BY] = { 0, STR_INIT("soonest_ending") },
    [DATA_COUNT_OF] = { 42, STR_INIT("") },
    [DATA_FIRST_AT] = { -1000, STR_INIT("") },
    [DATA_LAST_AT] = { -20, STR_INIT("") },
    [DATA_NAME] = { 0, STR_INIT("cad") },
    [DATA_KIND] = { LICENSE_SUBSCRIPTION, STR_INIT("") },
    [DATA_STARTS_AT] = { 0, STR_INIT("") },
    [DATA_ENDS_AT] = { (int64_t)365 * 24 * HOUR_MS, STR_INIT("") },
    [DATA_SCOPES] = { 0, STR_INIT("lease.take catalog.read") },
    [DATA_PROBLEM] = { PROBLEM_BAD_REQUEST, STR_INIT("") },
    [DATA_STATUS] = { 400, STR_INIT("") },
    [DATA_ROUTE] = { 0, STR_INIT("POST /v1/leases") },
    [DATA_MEMBER] = { 0, STR_INIT("quantity") },
    [DATA_SCOPE] = { 0, STR_INIT("audit") },
    [DATA_FROM] = { 1000, STR_INIT("") },
    [DATA_TO] = { 1099, STR_INIT("") },
    [DATA_EPOCH] = { 3, STR_INIT("") },
    [DATA_VERSION] = { 0, STR_INIT("0.1.0") },
    [DATA_ORIGIN] = { 0, STR_INIT("licenses.example.com/ledger") },
    [DATA_VKEY] = { 0, STR_INIT("licenses.example.com/ledger+0f3e2d1c+AX5nQJkq1Jt0jv7m5g9oT0o5m0l2c8yq3wz6b1d4f7hK") },
    [DATA_SIZE] = { 1048576, STR_INIT("") },
    [DATA_JUMP_MS] = { -3600000, STR_INIT("") },
    [DATA_USED_PERCENT] = { 90, STR_INIT("") },
    [DATA_LINE] = { 8129, STR_INIT("") },
    [DATA_OFFSET] = { 524288, STR_INIT("") },
    [DATA_ADDED] = { 5, STR_INIT("") },
    [DATA_LAPSES_AT] = { (int64_t)30 * 24 * HOUR_MS, STR_INIT("") },
    [DATA_KEPT_FROM] = { (int64_t)-1096 * 24 * HOUR_MS, STR_INIT("") },
};

/* The words that fit the code. */
static const struct {
    enum reason reason;
    enum license_state state;
} words_of[AUDIT_COUNT] = {
    [AUDIT_SERVER_STOPPED] = { .reason = REASON_ADMIN },
    [AUDIT_CLOCK_JUMPED] = { .reason = REASON_BACK },
    [AUDIT_LOAD_SHED] = { .reason = REASON_QUEUE_FULL },
    [AUDIT_LEDGER_SEALED] = { .reason = REASON_RETENTION },
    [AUDIT_LEDGER_CONTINUES] = { .reason = REASON_RETENTION },
    [AUDIT_WITNESS_ABSENT] = { .reason = REASON_UNREACHABLE },
    [AUDIT_LEASE_RELEASED] = { .reason = REASON_OWNER },
    [AUDIT_LEASE_REVOKED] = { .reason = REASON_ADMIN },
    [AUDIT_TICKET_EXPIRED] = { .reason = REASON_WAITED },
    [AUDIT_TICKET_CANCELLED] = { .reason = REASON_OWNER },
    [AUDIT_LICENSE_CREATED] = { .state = LICENSE_ACTIVE },
    [AUDIT_LICENSE_STARTED] = { .state = LICENSE_ACTIVE },
    [AUDIT_LICENSE_EXPIRED] = { .state = LICENSE_EXPIRED },
    [AUDIT_LICENSE_SUSPENDED] = { .state = LICENSE_SUSPENDED },
    [AUDIT_LICENSE_REINSTATED] = { .state = LICENSE_ACTIVE },
    [AUDIT_LICENSE_REVOKED] = { .state = LICENSE_REVOKED },
    [AUDIT_LICENSE_CHANGED] = { .state = LICENSE_ACTIVE },
    [AUDIT_TOKEN_REVOKED] = { .reason = REASON_OWNER },
    [AUDIT_AUTH_FAILED] = { .reason = REASON_TOKEN_EXPIRED },
    [AUDIT_AUTH_FAILURES] = { .reason = REASON_BAD_TOKEN },
    [AUDIT_ACCESS_DENIED] = { .reason = REASON_ROLE },
    [AUDIT_ACCESS_DENIALS] = { .reason = REASON_SCOPE },
    [AUDIT_OBSERVE_IN] = { .reason = REASON_RETURNED },
};

static const char long_text[LONG_BYTES + 1] =
#define TEN     "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
    HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED TEN TEN "0123";

/* By how its code is written, who the usual author of an entry is. */
static bool is_of(enum audit_code code, const char *area)
{
    return str_starts(audit_rows[code].code, str_of(area));
}

static bool is_by_server(enum audit_code code)
{
    return (is_of(code, "TS1") && code != AUDIT_CLOCK_CONFIRMED && code != AUDIT_BACKUP_MADE &&
            code != AUDIT_CHECKPOINT_COSIGNED && code != AUDIT_DEMO_SEEDED && code != AUDIT_VAULT_KEYS_COPIED) ||
           code == AUDIT_LEASE_LAPSED || code == AUDIT_LEASE_EXPIRED || code == AUDIT_TICKET_OFFERED ||
           code == AUDIT_TICKET_EXPIRED || code == AUDIT_POOL_LIMIT_CHANGED || code == AUDIT_LICENSE_STARTED ||
           code == AUDIT_LICENSE_EXPIRED;
}

static struct actor actor_of(enum audit_code code, struct entropy *entropy)
{
    struct actor actor = { .who = { id_new(entropy, SAMPLE_TIME_MS), ID_USER },
                           .via = VIA_API_TOKEN,
                           .level = LEVEL_A1 };

    if (is_by_server(code)) {
        actor.who.kind = ID_SERVICE;
        actor.via = VIA_SYSTEM;
        actor.level = LEVEL_A2;
        return actor;
    }
    if (code == AUDIT_AUTH_FAILED || code == AUDIT_AUTH_FAILURES)
        return (struct actor){ .via = VIA_NONE, .level = LEVEL_A0 };
    actor.cred = id_new(entropy, SAMPLE_TIME_MS);
    if (is_of(code, "TS6")) {
        actor.who.kind = ID_SERVICE;
        actor.via = VIA_OBSERVATION;
        actor.level = LEVEL_A0;
    }
    return actor;
}

static struct str longest_text(uint16_t max_bytes)
{
    assert(max_bytes <= LONG_BYTES);
    return (struct str){ long_text, max_bytes };
}

static int64_t longest_word(const struct field_row *row)
{
    int longest = 0;

    for (int i = 1; i < row->word_count; i++) {
        if (row->words[i].len > row->words[longest].len)
            longest = i;
    }
    return longest;
}

static int64_t usual_word(enum audit_code code, enum data_field field)
{
    if (field == DATA_REASON)
        return words_of[code].reason;
    return field == DATA_STATE ? (int64_t)words_of[code].state : data_examples[field].number;
}

static void number_fill(struct entry *entry, enum data_field field, bool longest)
{
    int64_t example = data_examples[field].number;

    switch (data_fields[field].kind) {
    case VALUE_INT:
        entry_number(entry, field, longest ? -ENTRY_NUMBER_MAX : example);
        break;
    case VALUE_TIME:
        entry_number(entry, field, SAMPLE_TIME_MS + example);
        break;
    default:
        entry_number(entry, field, longest ? longest_word(&data_fields[field]) : usual_word(entry->code, field));
    }
}

static void data_fill(struct entry *entry, enum data_field field, bool longest, struct entropy *entropy)
{
    uint8_t bytes[32];

    switch (data_fields[field].kind) {
    case VALUE_TEXT:
        entry_text(entry, field, longest ? longest_text(data_fields[field].max_bytes) : data_examples[field].text);
        break;
    case VALUE_HEX16:
    case VALUE_HEX32:
        entropy_fill(entropy, bytes, sizeof bytes);
        entry_bytes(entry, field, bytes);
        break;
    case VALUE_PRINCIPAL:
        entry_principal(
            entry, field,
            (struct who){ id_new(entropy, SAMPLE_TIME_MS), field == DATA_HOLDER ? ID_ORGANISATION : ID_SERVICE });
        break;
    default:
        number_fill(entry, field, longest);
    }
}

static void members_fill(struct entry *entry, enum sample_kind kind, struct entropy *entropy)
{
    const struct audit_row *row = &audit_rows[entry->code];
    bool longest = kind == SAMPLE_LONGEST;
    uint32_t on = row->on | (kind == SAMPLE_LEAST ? 0 : row->on_maybe);
    uint64_t data = row->data | (kind == SAMPLE_LEAST ? 0 : row->data_maybe);

    for (; on; on &= on - 1) {
        enum on_field field = (enum on_field)__builtin_ctz(on);
        if (field == ON_FEATURE)
            entry_on_feature(entry, longest ? longest_text(on_fields[field].max_bytes) : STR("cad/render"));
        else
            entry_on_id(entry, field, id_new(entropy, SAMPLE_TIME_MS));
    }
    for (; data; data &= data - 1)
        data_fill(entry, (enum data_field)__builtin_ctzll(data), longest, entropy);
}

static void chains_fill(struct entry *entry, bool longest, struct entropy *entropy)
{
    entry->seq_count = entry_chains(entry, entry->seq);
    for (int i = 0; i < entry->seq_count; i++) {
        entry->seq[i].number = longest ? (uint64_t)ENTRY_NUMBER_MAX : 8123;
        entropy_fill(entropy, entry->seq[i].prev, sizeof entry->seq[i].prev);
    }
}

/* What an entry of any code may have around its own members. */
static void frame_fill(struct entry *entry, bool longest, struct entropy *entropy)
{
    bool by_request = longest || entry->actor.via == VIA_API_TOKEN || entry->actor.via == VIA_NONE;

    if (longest || entry->actor.via == VIA_OBSERVATION) {
        entry->occurred_at_ms = SAMPLE_TIME_MS - HOUR_MS;
        entry->source = longest ? SOURCE_OFFLINE : SOURCE_IMPORT;
    }
    entry->has_src = by_request;
    entry->src = id_new(entropy, SAMPLE_TIME_MS);
    entry->has_request = by_request;
    entry->request = id_new(entropy, SAMPLE_TIME_MS);
    entry->has_private = longest || entry->code == AUDIT_ORGANISATION_CREATED ||
                         (entry->code >= AUDIT_USER_CREATED && entry->code <= AUDIT_SERVICE_CREATED);
    entropy_fill(entropy, entry->private_hash, sizeof entry->private_hash);
    entry->has_idem = longest || entry->code == AUDIT_LEASE_GRANTED;
    entropy_fill(entropy, entry->idem_key, sizeof entry->idem_key);
    entropy_fill(entropy, entry->idem_body, sizeof entry->idem_body);
    if (longest || entry->code == AUDIT_ENTITLEMENT_CREATED) {
        entry->has_change = true;
        entry->change = id_new(entropy, SAMPLE_TIME_MS);
        entry->change_k = longest ? UINT32_MAX : 2;
        entry->change_n = longest ? UINT32_MAX : 3;
    }
}

void audit_sample(enum audit_code code, enum sample_kind kind, struct entry *ret_entry)
{
    struct entropy entropy = entropy_from_seed((uint64_t)code);
    struct actor actor = actor_of(code, &entropy);

    if (kind == SAMPLE_LONGEST && id_is_none(actor.cred)) {
        actor.who = (struct who){ id_new(&entropy, SAMPLE_TIME_MS), ID_USER };
        actor.cred = id_new(&entropy, SAMPLE_TIME_MS);
    }
    if (kind == SAMPLE_LONGEST)
        actor.via = VIA_OBSERVATION;
    entry_begin(ret_entry, code, &actor, SAMPLE_TIME_MS);
    ret_entry->id = id_new(&entropy, SAMPLE_TIME_MS);
    members_fill(ret_entry, kind, &entropy);
    chains_fill(ret_entry, kind == SAMPLE_LONGEST, &entropy);
    if (kind != SAMPLE_LEAST)
        frame_fill(ret_entry, kind == SAMPLE_LONGEST, &entropy);
}
