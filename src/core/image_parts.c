/*
 * core/image_parts: the members themselves, each record's in the order of its struct.
 */
#include "core/image_parts.h"

#include <assert.h>

#define AT(type, member) (uint16_t) offsetof(struct type, member), (uint16_t)sizeof(((const struct type *)NULL)->member)
#define PLAIN(type, member)                                                                                            \
    {                                                                                                                  \
        AT(type, member), CHECK_NOTHING, 0                                                                             \
    }
#define PLACE(type, member, table)                                                                                     \
    {                                                                                                                  \
        AT(type, member), CHECK_PLACE, IMAGE_##table                                                                   \
    }
#define LINK(type, member, table)                                                                                      \
    {                                                                                                                  \
        AT(type, member), CHECK_PLACE_OR_NONE, IMAGE_##table                                                           \
    }
#define BELOW(type, member, bound)                                                                                     \
    {                                                                                                                  \
        AT(type, member), CHECK_BELOW, (bound)                                                                         \
    }
#define INDEX(type, member)                                                                                            \
    {                                                                                                                  \
        AT(type, member), CHECK_INDEX, 0                                                                               \
    }

static const struct image_member principal_members[] = {
    PLAIN(principal, id),
    BELOW(principal, kind, ID_DEVICE + 1),
    BELOW(principal, role, ROLE_COUNT),
    BELOW(principal, disabled, 2),
    BELOW(principal, erased, 2),
    LINK(principal, organisation, PRINCIPALS),
    LINK(principal, membership_first, MEMBERSHIPS),
    PLAIN(principal, hold),
};
static_assert(sizeof(struct principal) == 40, "image_parts knows every member");

static const struct image_member membership_members[] = {
    PLACE(membership, team, PRINCIPALS),
    PLACE(membership, user, PRINCIPALS),
    LINK(membership, next_of_user, MEMBERSHIPS),
    LINK(membership, next_of_team, MEMBERSHIPS),
};
static_assert(sizeof(struct membership) == 16, "image_parts knows every member");

static const struct image_member credential_members[] = {
    PLAIN(credential, id),
    PLAIN(credential, hash),
    PLAIN(credential, expires_ms),
    PLAIN(credential, scopes),
    PLACE(credential, owner, PRINCIPALS),
    BELOW(credential, revoked, 2),
};
static_assert(sizeof(struct credential) == 72, "image_parts knows every member");

static const struct image_member product_members[] = {
    PLAIN(product, id),
    BELOW(product, name.len, NAME_MAX_BYTES + 1),
    PLAIN(product, name.text),
    LINK(product, feature_first, FEATURES),
};
static_assert(sizeof(struct product) == 88, "image_parts knows every member");

static const struct image_member feature_members[] = {
    PLAIN(feature, id),
    PLAIN(feature, full_name),
    BELOW(feature, full_len, FEATURE_MAX_BYTES + 1),
    BELOW(feature, name_start, FEATURE_MAX_BYTES + 1),
    PLACE(feature, product, PRODUCTS),
    LINK(feature, next_of_product, FEATURES),
    LINK(feature, next_of_name, FEATURES),
    LINK(feature, pool_first, POOLS),
    PLAIN(feature, pool_count),
};
static_assert(sizeof(struct feature) == 168, "image_parts knows every member");

static const struct image_member license_members[] = {
    PLAIN(license, id),
    PLAIN(license, chain),
    PLAIN(license, starts_ms),
    PLAIN(license, ends_ms),
    PLACE(license, product, PRODUCTS),
    PLACE(license, holder, PRINCIPALS),
    LINK(license, entitlement_first, ENTITLEMENTS),
    BELOW(license, kind, LICENSE_KIND_COUNT),
    BELOW(license, state, LICENSE_STATE_COUNT),
    BELOW(license, entitlement_count, ENTITLEMENTS_MAX + 1),
};
static_assert(sizeof(struct license) == 72, "image_parts knows every member");

static const struct image_member entitlement_members[] = {
    PLAIN(entitlement, id),
    PLACE(entitlement, license, LICENSES),
    PLACE(entitlement, feature, FEATURES),
    PLACE(entitlement, pool, POOLS),
    PLAIN(entitlement, limit),
    LINK(entitlement, next_of_license, ENTITLEMENTS),
    LINK(entitlement, next_of_pool, ENTITLEMENTS),
};
static_assert(sizeof(struct entitlement) == 40, "image_parts knows every member");

static const struct image_member pool_members[] = {
    PLAIN(pool, id),
    PLAIN(pool, chain),
    PLAIN(pool, limit),
    PLAIN(pool, entitled),
    PLAIN(pool, terms_end_ms),
    PLAIN(pool, used),
    PLAIN(pool, occupied),
    PLAIN(pool, queued),
    PLACE(pool, feature, FEATURES),
    LINK(pool, holder, PRINCIPALS),
    PLAIN(pool, grace_s),
    LINK(pool, license, LICENSES),
    LINK(pool, entitlement_first, ENTITLEMENTS),
    LINK(pool, entitlement_last, ENTITLEMENTS),
    LINK(pool, lease_newest, LEASES),
    LINK(pool, lease_oldest, LEASES),
    LINK(pool, ticket_first, TICKETS),
    LINK(pool, ticket_last, TICKETS),
    LINK(pool, next_of_feature, POOLS),
    LINK(pool, next_of_group, POOLS),
    BELOW(pool, kind, POOL_KIND_COUNT),
    BELOW(pool, revoking, 2),
    BELOW(pool, marked, 2),
};
static_assert(sizeof(struct pool) == 136, "image_parts knows every member");

static const struct image_member lease_members[] = {
    PLAIN(lease, id),
    PLAIN(lease, granted_ms),
    PLAIN(lease, proven_until_ms),
    INDEX(lease, granted_index),
    PLACE(lease, pool, POOLS),
    PLACE(lease, principal, PRINCIPALS),
    PLAIN(lease, quantity),
    PLAIN(lease, ttl_s),
    LINK(lease, older, LEASES),
    LINK(lease, newer, LEASES),
    LINK(lease, observed_next, LEASES),
    LINK(lease, observed_key, OBSERVED_GROUPS),
    BELOW(lease, ending, ENDING_COUNT),
};
static_assert(sizeof(struct lease) == 80, "image_parts knows every member");

static const struct image_member ticket_members[] = {
    PLAIN(ticket, id),
    PLAIN(ticket, created_ms),
    PLAIN(ticket, wait_until_ms),
    PLACE(ticket, pool, POOLS),
    PLACE(ticket, principal, PRINCIPALS),
    PLAIN(ticket, quantity),
    PLAIN(ticket, ttl_s),
    LINK(ticket, next, TICKETS),
    LINK(ticket, previous, TICKETS),
    PLAIN(ticket, user_alias),
    PLAIN(ticket, host_alias),
    BELOW(ticket, state, TICKET_CLAIMED),
};
static_assert(sizeof(struct ticket) == 96, "image_parts knows every member");

static const struct image_member observed_group_members[] = {
    PLACE(observed_group, pool, POOLS), PLAIN(observed_group, quantity),       PLAIN(observed_group, user_alias),
    PLAIN(observed_group, host_alias),  PLACE(observed_group, oldest, LEASES), PLACE(observed_group, newest, LEASES),
};
static_assert(sizeof(struct observed_group) == 48, "image_parts knows every member");

static const struct image_member watermark_members[] = {
    PLAIN(watermark, head),
    PLAIN(watermark, offset),
    PLAIN(watermark, line),
    LINK(watermark, organisation, PRINCIPALS),
};
static_assert(sizeof(struct watermark) == 56, "image_parts knows every member");

static const struct image_member ended_members[] = {
    PLAIN(ended, id),
    INDEX(ended, index),
    PLACE(ended, principal, PRINCIPALS),
    BELOW(ended, state, LEASE_STATE_COUNT),
    BELOW(ended, reason, REASON_COUNT),
    BELOW(ended, kind, ID_TICKET + 1),
};
static_assert(sizeof(struct ended) == 32, "image_parts knows every member");

static const struct image_member idem_members[] = {
    PLAIN(idem, key),
    PLAIN(idem, body),
    PLAIN(idem, index),
    PLAIN(idem, time_ms),
};
static_assert(sizeof(struct idem) == 48, "image_parts knows every member");

static const struct image_member scalar_members[] = {
    PLAIN(facts, size),
    PLAIN(facts, time_ms),
    PLAIN(facts, epoch),
    BELOW(facts, clock_frozen, 2),
    PLAIN(facts, self.id),
    PLAIN(facts, self.kind),
    PLAIN(facts, texts_kept_from_ms),
    PLAIN(facts, key_copies_lapse_ms),
    PLAIN(facts, ended_ring),
    PLAIN(facts, idem_ring),
};

#define RECORD(plural, type)                                                                                           \
    {                                                                                                                  \
#plural, offsetof(struct facts, plural), type##_members, sizeof type##_members / sizeof *type##_members,       \
            sizeof(struct type)                                                                                        \
    }

const struct image_record image_records[IMAGE_TABLE_COUNT] = {
    [IMAGE_PRINCIPALS] = RECORD(principals, principal),
    [IMAGE_MEMBERSHIPS] = RECORD(memberships, membership),
    [IMAGE_CREDENTIALS] = RECORD(credentials, credential),
    [IMAGE_PRODUCTS] = RECORD(products, product),
    [IMAGE_FEATURES] = RECORD(features, feature),
    [IMAGE_LICENSES] = RECORD(licenses, license),
    [IMAGE_ENTITLEMENTS] = RECORD(entitlements, entitlement),
    [IMAGE_POOLS] = RECORD(pools, pool),
    [IMAGE_LEASES] = RECORD(leases, lease),
    [IMAGE_TICKETS] = RECORD(tickets, ticket),
    [IMAGE_OBSERVED_GROUPS] = RECORD(observed_groups, observed_group),
    [IMAGE_WATERMARKS] = RECORD(watermarks, watermark),
    [IMAGE_ENDEDS] = RECORD(endeds, ended),
    [IMAGE_IDEMS] = RECORD(idems, idem),
};

const struct image_record image_scalars = { "facts", 0, scalar_members, sizeof scalar_members / sizeof *scalar_members,
                                            sizeof(struct facts) };

struct table *image_table_of(const struct facts *facts, enum image_table table)
{
    return (struct table *)((uintptr_t)facts + image_records[table].table);
}

int image_runs(const struct image_record *record, struct image_run *ret_runs, uint32_t *ret_bytes)
{
    int count = 0;

    *ret_bytes = 0;
    for (int i = 0; i < record->count; i++) {
        const struct image_member *member = &record->members[i];
        struct image_run *last = count ? &ret_runs[count - 1] : NULL;
        *ret_bytes += member->bytes;
        if (last && last->offset + last->bytes == member->offset) {
            last->bytes = (uint16_t)(last->bytes + member->bytes);
            continue;
        }
        assert(count < IMAGE_RUNS_MAX && (!last || member->offset > last->offset));
        ret_runs[count++] = (struct image_run){ member->offset, member->bytes };
    }
    return count;
}
