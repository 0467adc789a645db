/*
 * core/facts: what is true after the entries applied so far: who there is, what is licensed, which seats are taken.
 *
 * Facts are the fold of the entries and of nothing else (P2): equal ledgers give equal bytes, in memory and in a
 * snapshot (core/image). What a heartbeat moves (deadlines, last_seen) is not a fact; it lives beside the facts in the
 * `*_pulse` tables and in the wheel, and a restart sets it anew. No text about people is here (P8). Only core/apply
 * writes; decide() reads. One thread (the engine's), or a simulation's.
 */
#ifndef CORE_FACTS_H
#define CORE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/siphash.h"
#include "base/table.h"
#include "codec/typeid.h"
#include "core/access.h"
#include "core/bucket.h"
#include "core/entry.h"
#include "core/order.h"
#include "core/wheel.h"
#include "core/words.h"
#include "crypto/hash.h"

#define NONE TABLE_NONE

/* A name that may stand in leaves: a product's or feature's. */
struct label {
    uint8_t len;
    char text[NAME_MAX_BYTES];
};

/* An organisation, team, user, service or device. */
struct principal {
    struct id id;
    uint8_t kind; /* enum id_kind */
    uint8_t role; /* enum role */
    bool disabled;
    bool erased;               /* a user whose name and texts have no key any more (P8); disabled for good */
    uint32_t organisation;     /* principal place (its own, of an organisation), or NONE: belongs to the installation */
    uint32_t membership_first; /* of a user (by team) or team (by user): membership place */
    uint64_t hold;             /* index of the entry that set the legal hold, plus one; 0: none stands */
};

/* Beside a principal, not a fact: what core/quota holds it to. */
struct principal_pulse {
    uint32_t leases;  /* its live ones, without those that were only observed */
    uint32_t tickets; /* waiting or offered */
    struct bucket entries;
    struct bucket names;
};

struct membership {
    uint32_t team;
    uint32_t user;
    uint32_t next_of_user;
    uint32_t next_of_team;
};

/* Beside a membership, so that it leaves a team of any size at once. */
struct membership_link {
    uint32_t previous_of_team; /* place + 1; 0: it is the team's first */
};

struct credential {
    struct id id;
    uint8_t hash[32]; /* SHA-256 of the token */
    int64_t expires_ms;
    permissions scopes;
    uint32_t owner; /* principal place */
    bool revoked;
};

struct product {
    struct id id;
    struct label name;
    uint32_t feature_first; /* newest first, linked by feature.next_of_product */
};

struct feature {
    struct id id;
    char full_name[FEATURE_MAX_BYTES]; /* "product/feature" */
    uint8_t full_len;
    uint8_t name_start; /* of the bare name */
    uint32_t product;
    uint32_t next_of_product;
    uint32_t next_of_name; /* features of other products with the same bare name */
    uint32_t pool_first;   /* linked by pool.next_of_feature */
    uint32_t pool_count;
};

/* The head of one gap-free chain of entries. */
struct chain {
    uint64_t number; /* of the last entry; 0 before the first */
    uint8_t prev[SEQ_PREV_BYTES];
};

struct license {
    struct id id;
    struct chain chain;
    int64_t starts_ms; /* 0: at once */
    int64_t ends_ms;   /* exclusive; 0: never */
    uint32_t product;
    uint32_t holder; /* principal place */
    uint32_t entitlement_first;
    uint8_t kind;
    uint8_t state;
    uint8_t entitlement_count;
};

struct entitlement {
    struct id id;
    uint32_t license;
    uint32_t feature;
    uint32_t pool;
    uint32_t limit;
    uint32_t next_of_license;
    uint32_t next_of_pool; /* oldest licence first */
};

struct pool {
    struct id id;
    struct chain chain;
    int64_t limit;        /* in force, by the last pool.limit_changed; -1: unknown (observed pools only) */
    int64_t entitled;     /* the sum of the active entitlements now; differing from limit, a limit change is due */
    int64_t terms_end_ms; /* the latest end of the active licences; 0: never; -1: none is active */
    int64_t used;         /* granted */
    int64_t occupied;     /* granted and offered */
    uint32_t queued;      /* tickets waiting */
    uint32_t feature;
    uint32_t holder; /* principal place; NONE for an observed pool of the installation */
    uint32_t grace_s;
    uint32_t license; /* place of the oldest active licence, else of the oldest; NONE: observed */
    uint32_t entitlement_first;
    uint32_t entitlement_last;
    uint32_t lease_newest; /* live leases, linked by lease.older / .newer */
    uint32_t lease_oldest;
    uint32_t ticket_first; /* waiting or offered, in their order */
    uint32_t ticket_last;
    uint32_t next_of_feature;
    uint32_t next_of_group; /* further pools of the same holder and feature */
    uint8_t kind;           /* enum pool_kind */
    uint8_t revoking;       /* leases marked ENDING_REVOKE are still to be ended */
    uint8_t marked;         /* leases have been marked since the last limit: 0 says that none is */
};

struct lease {
    struct id id;
    int64_t granted_ms; /* entry time; of an observed lease the claimed time */
    int64_t proven_until_ms;
    uint64_t granted_index;
    uint32_t pool;
    uint32_t principal;
    uint32_t quantity;
    uint32_t ttl_s; /* 0: observed, has no deadline */
    uint32_t older; /* in the pool */
    uint32_t newer;
    uint32_t observed_next; /* next newer open lease with the same feature, user, host and quantity */
    uint32_t observed_key;  /* place in observed groups, or NONE */
    uint8_t ending;         /* enum ending: set while it is above a fallen limit */
};

/* Beside a lease, not a fact. */
struct lease_pulse {
    int64_t last_seen_ms;
    struct wheel_link link;
};

struct ticket {
    struct id id;
    int64_t created_ms;
    int64_t wait_until_ms;
    uint32_t pool;
    uint32_t principal;
    uint32_t quantity;
    uint32_t ttl_s;
    uint32_t next; /* in the pool's queue */
    uint32_t previous;
    struct id user_alias;
    struct id host_alias;
    uint8_t state; /* enum ticket_state */
};

struct ticket_pulse {
    int64_t last_seen_ms;
    int64_t offered_ms; /* of the offer, or of the restart after it: the holder gets its ten seconds */
    struct wheel_link link;
    struct order_link turn; /* in its pool's queue */
};

/* Beside a pool. */
struct pool_pulse {
    uint32_t next_due;
    bool due;            /* core/due must look at it: a seat came free for its queue, or leases are to be revoked */
    uint32_t to_revoke;  /* leases marked ENDING_REVOKE */
    uint32_t turns_root; /* of its queue, offered and waiting, by core/order */
};

/* Open observed leases that a return can't tell apart, oldest first. */
struct observed_group {
    uint32_t pool;
    uint32_t quantity;
    struct id user_alias;
    struct id host_alias;
    uint32_t oldest;
    uint32_t newest;
};

/* How a lease or ticket ended, kept for the newest ENDED_MAX so that a repeat is answered. */
struct ended {
    struct id id;
    uint64_t index; /* of the entry that ended it */
    uint32_t principal;
    uint8_t state; /* enum lease_state or ticket_state, by kind */
    uint8_t reason;
    uint8_t kind; /* ID_LEASE or ID_TICKET */
};
#define ENDED_MAX (1u << 20) /* 40 MB; a client repeats a release within seconds */

/* A keyed command and the entry that answered it. */
struct idem {
    uint8_t key[16];
    uint8_t body[16];
    uint64_t index;
    int64_t time_ms;
};

/* A ring of the newest records: place = number % capacity. */
struct ring {
    uint64_t first; /* oldest number kept */
    uint64_t next;
};

/* How far an observed log was read, by any principal of one organisation. */
struct watermark {
    uint8_t head[32];
    int64_t offset;
    int64_t line;
    uint32_t organisation; /* NONE: read for the installation */
};

struct facts {
    uint64_t size;     /* entries applied */
    int64_t time_ms;   /* of the last entry */
    uint64_t epoch;    /* of the last writer.started */
    bool clock_frozen; /* between clock.jumped and clock.confirmed (P7) */
    struct who self;   /* the server's own identity, from ledger.created */
    bool sealed;       /* by ledger.sealed: no entry follows. In no image: none can be recorded then */
    bool is_carried;   /* from another ledger (core/carry), as the image with this hash; in no image */
    struct hash carried;
    int64_t texts_kept_from_ms;  /* start of the first day whose private texts are kept; 0: all are */
    int64_t key_copies_lapse_ms; /* when the last backup of the vault's keys lapses; 0: none was ever made */

    struct table principals, memberships, credentials, products, features;
    struct table licenses, entitlements, pools, leases, tickets, observed_groups, watermarks;
    struct table endeds, idems; /* rings */
    struct ring ended_ring, idem_ring;

    struct siphash_key name_key; /* of the maps by name: this process's own, and no fact */

    /* found again from the tables; not in a snapshot */
    struct map principal_by_id, credential_by_id, credential_by_hash, product_by_id, product_by_name;
    struct map feature_by_name, feature_by_bare_name, license_by_id, pool_by_id, pool_by_group, lease_by_id,
        ticket_by_id;
    struct map ended_by_id, idem_by_key, observed_by_key, watermark_by_head;

    uint32_t central_admins; /* counted from the principals: who can act for the whole installation */

    /* not facts: deadlines, and what is counted beside the records */
    struct table lease_pulses, ticket_pulses, pool_pulses, license_links, principal_pulses, membership_links;
    struct wheel lease_wheel, ticket_wheel, license_wheel;
    bool grants_stopped;     /* the engine has no room for grants: core/due offers nothing, and offers keep */
    uint32_t due_pool_first; /* pools that core/due must look at, linked by pool_pulse.next_due */
};

/* The facts before the first entry. The wheels point into the struct, so it must not be moved afterwards. */
MUST_CHECK status facts_init(struct facts *ret_facts);
void facts_free(struct facts *facts);
/* The same facts before their first entry again, with the key that they had. */
MUST_CHECK status facts_reset(struct facts *facts);
/*
 * Names of products and features are chosen by clients, who could make them meet in one slot of a map whose hash they
 * can compute: a server draws a key. Before the first entry; without it the key is zero, which is good enough for
 * facts that nobody else feeds.
 */
void facts_key_set(struct facts *facts, const struct siphash_key *key);

/* Typed access to a place. */
#define FACTS_AT(name, type, plural)                                                                                   \
    static inline struct type *name##_at(const struct facts *facts, uint32_t place)                                    \
    {                                                                                                                  \
        return table_at(&facts->plural, place);                                                                        \
    }
FACTS_AT(principal, principal, principals)
FACTS_AT(membership, membership, memberships)
FACTS_AT(credential, credential, credentials)
FACTS_AT(product, product, products)
FACTS_AT(feature, feature, features)
FACTS_AT(license, license, licenses)
FACTS_AT(entitlement, entitlement, entitlements)
FACTS_AT(pool, pool, pools)
FACTS_AT(lease, lease, leases)
FACTS_AT(ticket, ticket, tickets)
FACTS_AT(lease_pulse, lease_pulse, lease_pulses)
FACTS_AT(ticket_pulse, ticket_pulse, ticket_pulses)
FACTS_AT(pool_pulse, pool_pulse, pool_pulses)
FACTS_AT(principal_pulse, principal_pulse, principal_pulses)
FACTS_AT(membership_link, membership_link, membership_links)
FACTS_AT(observed_group, observed_group, observed_groups)
FACTS_AT(watermark, watermark, watermarks)
#undef FACTS_AT

/* Places by key; NONE when there is none. */
uint32_t principal_find(const struct facts *facts, struct id id);
uint32_t membership_find(const struct facts *facts, uint32_t team, uint32_t user);
uint32_t credential_find(const struct facts *facts, struct id id);
uint32_t credential_find_hash(const struct facts *facts, const uint8_t *hash);
uint32_t product_find(const struct facts *facts, struct id id);
uint32_t product_find_name(const struct facts *facts, struct str name);
/* "product/feature", and the same in two parts. */
uint32_t feature_find(const struct facts *facts, struct str full_name);
uint32_t feature_find_parts(const struct facts *facts, struct str product_name, struct str name);
/* The first feature with that bare name; further ones by next_of_name. */
uint32_t feature_find_bare(const struct facts *facts, struct str bare_name);
uint32_t license_find(const struct facts *facts, struct id id);
uint32_t pool_find(const struct facts *facts, struct id id);
/* The first pool of that holder (NONE: the installation) and feature; further ones by next_of_group. */
uint32_t pool_find_group(const struct facts *facts, uint32_t holder, uint32_t feature);
uint32_t lease_find(const struct facts *facts, struct id id);
uint32_t ticket_find(const struct facts *facts, struct id id);
const struct ended *ended_find(const struct facts *facts, struct id id);
const struct idem *idem_find(const struct facts *facts, const uint8_t *key);
uint32_t observed_group_find(const struct facts *facts, const struct observed_group *key);
uint32_t watermark_find(const struct facts *facts, uint32_t organisation, const uint8_t *head);

struct str label_str(const struct label *label);
/* "product/feature", and the bare name; both point into the facts. */
struct str feature_full_name(const struct feature *feature);
struct str feature_name(const struct feature *feature);
/* Whether it may act for the whole installation. */
bool is_central_admin(const struct principal *principal);
/*
 * A pool's queue holds offers first and then those who wait. The first who waits, the newest offer; NONE: there is
 * none. A ticket's place among those who wait, from 1; 0 for an offer. O(log n).
 */
uint32_t queue_first_waiting(const struct facts *facts, uint32_t pool);
uint32_t queue_newest_offer(const struct facts *facts, uint32_t pool);
int64_t queue_place(const struct facts *facts, uint32_t ticket);
/* Seats above the limit; 0 when the limit is unknown. */
int64_t pool_over(const struct pool *pool);
#endif
