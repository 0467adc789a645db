/*
 * core/command: what somebody asks of the engine, after admission: parsed, authenticated, every random value drawn
 * by the engine's entropy argument. The memory of every slice belongs to the request and outlives the decision.
 */
#ifndef CORE_COMMAND_H
#define CORE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "core/access.h"
#include "core/entry.h"

enum command_kind {
    COMMAND_LEASE_CREATE,
    COMMAND_LEASE_HEARTBEAT,
    COMMAND_LEASE_RELEASE,
    COMMAND_LEASE_REVOKE,
    COMMAND_TICKET_POLL,
    COMMAND_TICKET_CLAIM,
    COMMAND_TICKET_CANCEL,
    COMMAND_PRODUCT_CREATE,
    COMMAND_ORGANISATION_CREATE,
    COMMAND_LICENSE_CREATE,
    COMMAND_LICENSE_SUSPEND,
    COMMAND_LICENSE_REINSTATE,
    COMMAND_LICENSE_REVOKE,
    COMMAND_LICENSE_CHANGE,
    COMMAND_USER_CREATE,
    COMMAND_TEAM_CREATE,
    COMMAND_SERVICE_CREATE,
    COMMAND_MEMBER_ADD,
    COMMAND_MEMBER_REMOVE,
    COMMAND_ROLE_CHANGE,
    COMMAND_USER_ERASE,
    COMMAND_USER_HOLD,
    COMMAND_USER_RELEASE_HOLD,
    COMMAND_TOKEN_CREATE,
    COMMAND_TOKEN_REVOKE,
    COMMAND_OBSERVE_OUT,
    COMMAND_OBSERVE_IN,
    COMMAND_OBSERVE_DENIED,
    COMMAND_OBSERVE_RESTART,
    COMMAND_OBSERVE_READ,  /* moves the watermark */
    COMMAND_OBSERVE_LIMIT, /* makes an observed pool known with its limit */
    COMMAND_DATA_READ,     /* record a read of others' data before it happens */
    COMMAND_AUTH_FAILED,   /* a credential was refused at admission */
    COMMAND_ACCESS_DENIED, /* the router refused a known principal */
    COMMAND_REJECTED,      /* a known principal's request was malformed */
    COMMAND_CLOCK_CONFIRM,
    COMMAND_BACKUP_MADE,
    COMMAND_KEYS_COPY,           /* before a backup of the vault's keys is made */
    COMMAND_CHECKPOINT_COSIGNED, /* cosignatures were brought in a file, and verify */
    COMMAND_DEMO_SEEDED,
    COMMAND_SYSTEM, /* entries the server writes about itself: `system.code` with its members */
    COMMAND_VIEW,   /* a read of facts on the engine's thread: `view` is called with them */
    COMMAND_COUNT
};

struct facts;

struct lease_create {
    struct str feature; /* "product/feature", or a bare name when only one product has it */
    struct id license;  /* none: any */
    struct id pool;     /* none: any */
    struct id user_alias;
    struct id host_alias;
    int64_t quantity;
    int64_t ttl_s;
    int64_t wait_s; /* 0: don't wait */
    bool has_nonce;
    uint8_t nonce[16];
};

struct entitlement_terms {
    struct str feature; /* bare name within the product */
    int64_t limit;
    int64_t grace_s;
};

struct license_create {
    struct str product; /* name or id text */
    struct who holder;
    bool has_kind; /* false: perpetual without an end, else term */
    enum license_kind kind;
    int64_t starts_ms; /* 0: at once */
    int64_t ends_ms;   /* 0: never */
    const struct entitlement_terms *entitlements;
    size_t entitlement_count;
};

struct license_change {
    struct id license;
    bool has_ends;
    int64_t ends_ms;                              /* 0: never */
    enum ending ending;                           /* how leases above a lowered limit end; default drain */
    const struct entitlement_terms *entitlements; /* limits to set; features the licence has */
    size_t entitlement_count;
};

struct product_create {
    struct str name;
    const struct str *features;
    size_t feature_count;
};

/* Organisation, team, user or service; the name is private and not here. */
struct principal_create {
    struct id id;           /* drawn at admission, where the name is kept for it */
    struct id organisation; /* none: the author's own, or of the installation */
    enum role role;
};

struct token_create {
    struct who owner;
    permissions scopes;
    int64_t expires_ms;
    uint8_t hash[32];
};

/*
 * One observe.restart closes at most so many leases, the oldest first within each pool, because its entries are one
 * change. observe.restarted's `count` says how many it closed: when that is all of these, there may be more, and the
 * observer sends the command again (under another key) before it goes on in its log, until the count is smaller.
 */
#define OBSERVE_RESTART_MAX (CHANGE_MAX_ENTRIES - 1)

/* A line of another licence server's log. Names may be any bytes: core/label makes them fit. */
struct observation {
    struct str product; /* vendor daemon */
    struct str feature;
    struct id user_alias;
    struct id host_alias;
    int64_t quantity;
    int64_t limit; /* observe.limit; -1: unknown */
    int64_t line;
    int64_t occurred_at_ms; /* 0: not told */
    uint8_t head[32];       /* observe.read: which log */
    int64_t offset;
};

struct read_record {
    struct str scope; /* "audit", "users" … a constant of the program */
    int64_t from;     /* -1: absent */
    int64_t to;
    int64_t limit;
};

struct command {
    enum command_kind kind;
    struct actor actor;
    struct id request; /* none: none */
    struct id src;     /* alias of the network prefix; none: none */
    bool dry_run;
    int64_t new_names; /* asserted users and hosts that no entry brought before: set by the engine */
    bool has_idem;
    uint8_t idem_key[16];
    uint8_t idem_body[16];
    bool has_private;
    uint8_t private_hash[32]; /* commitment; the text itself never comes in here (P8) */
    struct str route;         /* "POST /v1/leases": a constant of the program, for rejections */
    union {
        struct lease_create lease_create;
        struct id lease; /* heartbeat, release, revoke */
        struct {
            struct id ticket; /* poll, claim, cancel */
            bool has_claim_nonce;
            uint8_t claim_nonce[16]; /* for the lease, as in lease_create */
        };
        struct id license; /* suspend, reinstate, revoke */
        struct product_create product_create;
        struct principal_create principal_create;
        struct license_create license_create;
        struct license_change license_change;
        struct token_create token_create;
        struct id credential; /* token.revoke */
        struct id user;       /* erase, hold, release hold */
        int64_t lapses_ms;    /* keys.copy: until when the copy is good */
        struct {
            struct id team;
            struct id user;
        } member;
        struct {
            struct who who;
            enum role role;
        } role_change;
        struct observation observation;
        struct read_record read;
        struct {
            enum reason reason;
            struct id cred; /* if the token was known */
        } auth_failed;
        enum reason access_denied;
        struct {
            enum problem problem;
            struct str member; /* a constant of the program, or empty */
        } rejected;
        int64_t jump_ms; /* clock.confirm: as the engine measures it now */
        struct {
            uint64_t size;
            uint8_t root[32]; /* of the tree of that size */
            bool has_hash;    /* false in a dry run, which makes no file */
            uint8_t hash[32]; /* of the file */
        } backup;
        struct {
            uint64_t size;
            uint8_t root[32];
            int64_t count; /* of witnesses */
        } cosigned;
        struct {
            enum audit_code code;
            int64_t numbers[4]; /* by code: see core/decide_server.c */
            uint8_t hash[32];
            struct str texts[3];
        } system;
        struct {
            void (*call)(void *context, const struct facts *facts, int64_t now_ms);
            void *context;
        } view;
    };
};

#endif
