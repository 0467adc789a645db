#include "core/facts_keys.h"

#include "crypto/hash.h"

/* Bare ids are random in their low half, so each map's hash is one multiplication (codec/typeid). */
#define KIND_BY_ID(name, type, plural)                                                                                 \
    static uint64_t name##_id_hash(const void *owner, uint32_t place)                                                  \
    {                                                                                                                  \
        const struct facts *facts = owner;                                                                             \
        const struct type *record = table_at(&facts->plural, place);                                                   \
                                                                                                                       \
        return id_hash(record->id);                                                                                    \
    }                                                                                                                  \
    static bool name##_id_equals(const void *owner, uint32_t place, const void *key)                                   \
    {                                                                                                                  \
        const struct facts *facts = owner;                                                                             \
        const struct type *record = table_at(&facts->plural, place);                                                   \
                                                                                                                       \
        return id_eq(record->id, *(const struct id *)key);                                                             \
    }
KIND_BY_ID(principal, principal, principals)
KIND_BY_ID(credential, credential, credentials)
KIND_BY_ID(product, product, products)
KIND_BY_ID(license, license, licenses)
KIND_BY_ID(pool, pool, pools)
KIND_BY_ID(lease, lease, leases)
KIND_BY_ID(ticket, ticket, tickets)
KIND_BY_ID(ended, ended, endeds)
#undef KIND_BY_ID

uint64_t bytes_key_hash(const uint8_t *hash)
{
    uint64_t first;

    memcpy(&first, hash, sizeof first);
    return first;
}

static uint64_t credential_hash_hash(const void *owner, uint32_t place)
{
    return bytes_key_hash(credential_at(owner, place)->hash);
}

static bool credential_hash_equals(const void *owner, uint32_t place, const void *key)
{
    const struct credential *credential = credential_at(owner, place);

    return memcmp(credential->hash, key, sizeof credential->hash) == 0;
}

static uint64_t idem_key_hash(const void *owner, uint32_t place)
{
    const struct facts *facts = owner;
    const struct idem *idem = table_at(&facts->idems, place);

    return bytes_key_hash(idem->key);
}

static bool idem_key_equals(const void *owner, uint32_t place, const void *key)
{
    const struct facts *facts = owner;
    const struct idem *idem = table_at(&facts->idems, place);

    return memcmp(idem->key, key, sizeof idem->key) == 0;
}

uint64_t name_key_hash(const struct facts *facts, struct str name)
{
    return siphash(&facts->name_key, name);
}

static uint64_t product_name_hash(const void *owner, uint32_t place)
{
    return name_key_hash(owner, label_str(&product_at(owner, place)->name));
}

static bool product_name_equals(const void *owner, uint32_t place, const void *key)
{
    return str_eq(label_str(&product_at(owner, place)->name), *(const struct str *)key);
}

static uint64_t feature_name_hash(const void *owner, uint32_t place)
{
    return name_key_hash(owner, feature_full_name(feature_at(owner, place)));
}

static bool feature_name_equals(const void *owner, uint32_t place, const void *key)
{
    return str_eq(feature_full_name(feature_at(owner, place)), *(const struct str *)key);
}

static uint64_t feature_bare_hash(const void *owner, uint32_t place)
{
    return name_key_hash(owner, feature_name(feature_at(owner, place)));
}

static bool feature_bare_equals(const void *owner, uint32_t place, const void *key)
{
    return str_eq(feature_name(feature_at(owner, place)), *(const struct str *)key);
}

uint64_t group_key_hash(const struct group_key *key)
{
    return ((uint64_t)key->holder << 32 | key->feature) * 0x9e3779b97f4a7c15u;
}

static uint64_t group_hash(const void *owner, uint32_t place)
{
    const struct pool *pool = pool_at(owner, place);

    return group_key_hash(&(struct group_key){ pool->holder, pool->feature });
}

static bool group_equals(const void *owner, uint32_t place, const void *key)
{
    const struct pool *pool = pool_at(owner, place);
    const struct group_key *group = key;

    return pool->holder == group->holder && pool->feature == group->feature;
}

uint64_t observed_key_hash(const struct observed_group *key)
{
    uint64_t counted = ((uint64_t)key->pool << 32 | key->quantity) * 0x9e3779b97f4a7c15u;

    /* The host's share is turned, so that a user and a host that swap places don't meet. */
    return counted ^ id_hash(key->user_alias) ^ (id_hash(key->host_alias) << 1 | id_hash(key->host_alias) >> 63);
}

static uint64_t observed_hash(const void *owner, uint32_t place)
{
    return observed_key_hash(observed_group_at(owner, place));
}

static bool observed_equals(const void *owner, uint32_t place, const void *key)
{
    const struct observed_group *group = observed_group_at(owner, place);
    const struct observed_group *wanted = key;

    return group->pool == wanted->pool && group->quantity == wanted->quantity &&
           id_eq(group->user_alias, wanted->user_alias) && id_eq(group->host_alias, wanted->host_alias);
}

/* A head is what a client says it is, so it is hashed like a name and not taken as a hash. */
uint64_t watermark_key_hash(const struct facts *facts, const struct watermark_key *key)
{
    uint64_t head = siphash(&facts->name_key, (struct str){ (const char *)key->head, HASH_BYTES });

    return head ^ key->organisation * 0x9e3779b97f4a7c15u;
}

static uint64_t watermark_hash(const void *owner, uint32_t place)
{
    const struct watermark *watermark = watermark_at(owner, place);

    return watermark_key_hash(owner, &(struct watermark_key){ watermark->organisation, watermark->head });
}

static bool watermark_equals(const void *owner, uint32_t place, const void *key)
{
    const struct watermark *watermark = watermark_at(owner, place);
    const struct watermark_key *wanted = key;

    return watermark->organisation == wanted->organisation &&
           memcmp(watermark->head, wanted->head, sizeof watermark->head) == 0;
}

const struct facts_keys facts_keys = {
    .principal_by_id = { principal_id_hash, principal_id_equals },
    .credential_by_id = { credential_id_hash, credential_id_equals },
    .credential_by_hash = { credential_hash_hash, credential_hash_equals },
    .product_by_id = { product_id_hash, product_id_equals },
    .product_by_name = { product_name_hash, product_name_equals },
    .feature_by_name = { feature_name_hash, feature_name_equals },
    .feature_by_bare_name = { feature_bare_hash, feature_bare_equals },
    .license_by_id = { license_id_hash, license_id_equals },
    .pool_by_id = { pool_id_hash, pool_id_equals },
    .pool_by_group = { group_hash, group_equals },
    .lease_by_id = { lease_id_hash, lease_id_equals },
    .ticket_by_id = { ticket_id_hash, ticket_id_equals },
    .ended_by_id = { ended_id_hash, ended_id_equals },
    .idem_by_key = { idem_key_hash, idem_key_equals },
    .observed_by_key = { observed_hash, observed_equals },
    .watermark_by_head = { watermark_hash, watermark_equals },
};
