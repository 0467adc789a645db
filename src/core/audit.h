/*
 * core/audit: the one table of what can be recorded.
 *
 * A row says code, type, severity and which members an entry of that type has; encoder, decoder, documents and schema
 * all read it. The order of the fields below is their order in a leaf. It refuses members that are not in its table:
 * a leaf can hold nothing about a person but random ids (P8).
 */
#ifndef CORE_AUDIT_H
#define CORE_AUDIT_H

#include <stdint.h>

#include "base/str.h"
#include "codec/typeid.h"

/* What an entry is about: the members of "on". */
enum on_field {
    ON_LEASE,
    ON_TICKET,
    ON_POOL,
    ON_LICENSE,
    ON_ENTITLEMENT,
    ON_PRODUCT,
    ON_FEATURE, /* "product/feature" */
    ON_FEATURE_ID,
    ON_ORGANISATION,
    ON_TEAM,
    ON_USER,
    ON_SERVICE,
    ON_DEVICE,
    ON_CREDENTIAL,
    ON_USER_ALIAS,
    ON_HOST_ALIAS,
    ON_COUNT
};

/* The members of "data". */
enum data_field {
    DATA_QUANTITY,
    DATA_TTL_S,
    DATA_GRACE_S,
    DATA_USED,     /* granted seats after this entry */
    DATA_OCCUPIED, /* granted and offered seats after this entry */
    DATA_LIMIT,
    DATA_QUEUED, /* tickets waiting after this entry */
    DATA_PLACE,  /* in the queue, from 1 */
    DATA_OVER,   /* seats above the limit after this entry */
    DATA_ENDING,
    DATA_NONCE,
    DATA_PROVEN_UNTIL,
    DATA_EXPIRES_AT,
    DATA_LAST_SEEN,
    DATA_NEXT_FREE, /* the earliest moment a seat comes back if its holder stays silent */
    DATA_OTHERS,    /* other pools of the feature with room for the quantity */
    DATA_WAIT_S,
    DATA_CHOSEN_BY,
    DATA_REASON,
    DATA_COUNT_OF, /* how many like events this entry stands for: "count" */
    DATA_FIRST_AT,
    DATA_LAST_AT,
    DATA_NAME,
    DATA_HOLDER,
    DATA_KIND,
    DATA_MODEL,
    DATA_STATE,
    DATA_POOL_KIND,
    DATA_STARTS_AT,
    DATA_ENDS_AT, /* a licence's end, exclusive */
    DATA_ROLE,
    DATA_OWNER,
    DATA_SCOPES, /* permissions, words separated by one space */
    DATA_TOKEN_HASH,
    DATA_PROBLEM,
    DATA_STATUS,
    DATA_ROUTE,
    DATA_MEMBER,
    DATA_SCOPE, /* of a read */
    DATA_FROM,
    DATA_TO,
    DATA_EPOCH,
    DATA_VERSION,
    DATA_ORIGIN,
    DATA_VKEY,
    DATA_SIZE,
    DATA_ROOT,
    DATA_SHA256,
    DATA_JUMP_MS,
    DATA_USED_PERCENT,
    DATA_LINE,   /* of an observed log, from 1 */
    DATA_OFFSET, /* bytes of it read */
    DATA_HEAD,   /* SHA-256 of its first bytes */
    DATA_ADDED,
    DATA_LAPSES_AT, /* of a backup of the vault's keys */
    DATA_KEPT_FROM, /* of the vault's days */
    DATA_FIELD_COUNT
};

/* How a member's value looks. */
enum value_kind {
    VALUE_INT,       /* whole number, may be negative */
    VALUE_TIME,      /* RFC 3339 UTC with milliseconds */
    VALUE_TEXT,      /* a name: UTF-8 without control characters, '"' and '\\', so that it never needs escaping */
    VALUE_WORD,      /* one of the field's words */
    VALUE_HEX16,     /* 16 bytes */
    VALUE_HEX32,     /* 32 bytes */
    VALUE_ID,        /* of the field's kind */
    VALUE_PRINCIPAL, /* id of any kind of principal */
};

struct field_row {
    struct str name;
    struct str key; /* the name as it stands in a leaf: in quotation marks, with its colon */
    enum value_kind kind;
    uint16_t max_bytes;      /* VALUE_TEXT; at least 1 */
    enum id_kind id_kind;    /* VALUE_ID */
    const struct str *words; /* VALUE_WORD */
    int word_count;
    struct str meaning; /* with its unit, for the documents */
};

extern const struct field_row on_fields[ON_COUNT];
extern const struct field_row data_fields[DATA_FIELD_COUNT];

/* area, number: 1 server and ledger, 2 leases, 3 licences, 4 people and rights, 5 access, 6 observation */
enum audit_code {
    AUDIT_LEDGER_CREATED,
    AUDIT_SERVER_STARTED,
    AUDIT_SERVER_STOPPED,
    AUDIT_SERVER_ALIVE,
    AUDIT_WRITER_STARTED,
    AUDIT_LEDGER_SNAPSHOT,
    AUDIT_CLOCK_JUMPED,
    AUDIT_CLOCK_CONFIRMED,
    AUDIT_BACKUP_MADE,
    AUDIT_LOAD_SHED,
    AUDIT_STORAGE_LOW,
    AUDIT_DEMO_SEEDED,
    AUDIT_SNAPSHOT_REFUSED,
    AUDIT_SIGNING_REFUSED,
    AUDIT_LEDGER_SEALED,
    AUDIT_LEDGER_CONTINUES,
    AUDIT_STORE_RESTORED,
    AUDIT_WITNESS_ABSENT,
    AUDIT_WITNESS_RETURNED,
    AUDIT_WITNESS_AHEAD,
    AUDIT_LEDGER_FORKED,
    AUDIT_LEDGER_UNWITNESSED,
    AUDIT_LEDGER_WITNESSED,
    AUDIT_CHECKPOINT_COSIGNED,
    AUDIT_VAULT_KEYS_COPIED,
    AUDIT_VAULT_DAYS_DROPPED,
    AUDIT_VAULT_KEYS_REPLACED,
    AUDIT_LEASE_GRANTED,
    AUDIT_LEASE_DENIED,
    AUDIT_LEASE_RELEASED,
    AUDIT_LEASE_LAPSED,
    AUDIT_LEASE_EXPIRED,
    AUDIT_LEASE_REVOKED,
    AUDIT_LEASE_RENEWED,
    AUDIT_LEASE_DENIALS,
    AUDIT_TICKET_QUEUED,
    AUDIT_TICKET_OFFERED,
    AUDIT_TICKET_EXPIRED,
    AUDIT_TICKET_CANCELLED,
    AUDIT_ORGANISATION_CREATED,
    AUDIT_PRODUCT_CREATED,
    AUDIT_FEATURE_CREATED,
    AUDIT_LICENSE_CREATED,
    AUDIT_ENTITLEMENT_CREATED,
    AUDIT_POOL_CREATED,
    AUDIT_POOL_LIMIT_CHANGED,
    AUDIT_LICENSE_STARTED,
    AUDIT_LICENSE_EXPIRED,
    AUDIT_LICENSE_SUSPENDED,
    AUDIT_LICENSE_REINSTATED,
    AUDIT_LICENSE_REVOKED,
    AUDIT_LICENSE_CHANGED,
    AUDIT_USER_CREATED,
    AUDIT_TEAM_CREATED,
    AUDIT_SERVICE_CREATED,
    AUDIT_TOKEN_CREATED,
    AUDIT_TOKEN_REVOKED,
    AUDIT_TEAM_MEMBER_ADDED,
    AUDIT_TEAM_MEMBER_REMOVED,
    AUDIT_ROLE_CHANGED,
    AUDIT_USER_ERASED,
    AUDIT_USER_HOLD_SET,
    AUDIT_USER_HOLD_CLEARED,
    AUDIT_AUTH_FAILED,
    AUDIT_AUTH_FAILURES,
    AUDIT_ACCESS_DENIED,
    AUDIT_ACCESS_DENIALS,
    AUDIT_REQUEST_REJECTED,
    AUDIT_REQUEST_REJECTIONS,
    AUDIT_DATA_READ,
    AUDIT_OBSERVE_OUT,
    AUDIT_OBSERVE_IN,
    AUDIT_OBSERVE_DENIED,
    AUDIT_OBSERVE_UNMATCHED,
    AUDIT_OBSERVE_RESTARTED,
    AUDIT_OBSERVE_READ,
    AUDIT_COUNT
};

/* A set of codes, 1 << AUDIT_… each: there are more than a uint64_t has bits. */
__extension__ typedef unsigned __int128 audit_set;
_Static_assert(AUDIT_COUNT <= 8 * sizeof(audit_set), "each code has its bit");

enum severity { SEVERITY_INFO, SEVERITY_WARN, SEVERITY_ERROR };

struct audit_row {
    struct str code; /* "TS2001I" */
    struct str type; /* "lease.granted" */
    struct str head; /* both as they stand in a leaf, from the comma before them to the comma behind */
    enum severity severity;
    uint32_t on;       /* 1 << ON_…: required */
    uint32_t on_maybe; /* allowed */
    uint64_t data;     /* 1 << DATA_…: required */
    uint64_t data_maybe;
    bool pool_chain;    /* carries "seq" of on.pool */
    bool license_chain; /* carries "seq" of on.license */
    struct str meaning;
};

extern const struct audit_row audit_rows[AUDIT_COUNT];

#endif
