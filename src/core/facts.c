#include "core/facts.h"

#include <assert.h>

#include "core/facts_keys.h"

status facts_init(struct facts *ret_facts)
{
    struct facts *facts = ret_facts;

    *facts = (struct facts){ 0 };
    facts->principals = table_of(sizeof(struct principal), PRINCIPALS_MAX);
    facts->memberships = table_of(sizeof(struct membership), MEMBERSHIPS_MAX);
    facts->credentials = table_of(sizeof(struct credential), CREDENTIALS_MAX);
    facts->products = table_of(sizeof(struct product), PRODUCTS_MAX);
    facts->features = table_of(sizeof(struct feature), CATALOG_MAX);
    facts->licenses = table_of(sizeof(struct license), LICENSES_MAX);
    facts->entitlements = table_of(sizeof(struct entitlement), ENTITLED_MAX);
    facts->pools = table_of(sizeof(struct pool), POOLS_MAX);
    facts->leases = table_of(sizeof(struct lease), LEASES_MAX);
    facts->tickets = table_of(sizeof(struct ticket), TICKETS_MAX);
    facts->observed_groups = table_of(sizeof(struct observed_group), LEASES_MAX);
    facts->watermarks = table_of(sizeof(struct watermark), WATERMARKS_MAX);
    facts->endeds = table_of(sizeof(struct ended), ENDED_MAX);
    facts->idems = table_of(sizeof(struct idem), IDEM_MAX);
    facts->lease_pulses = table_of(sizeof(struct lease_pulse), LEASES_MAX);
    facts->ticket_pulses = table_of(sizeof(struct ticket_pulse), TICKETS_MAX);
    facts->pool_pulses = table_of(sizeof(struct pool_pulse), POOLS_MAX);
    facts->license_links = table_of(sizeof(struct wheel_link), LICENSES_MAX);
    facts->principal_pulses = table_of(sizeof(struct principal_pulse), PRINCIPALS_MAX);
    facts->membership_links = table_of(sizeof(struct membership_link), MEMBERSHIPS_MAX);
    wheel_init(&facts->lease_wheel, &facts->lease_pulses, offsetof(struct lease_pulse, link), 0);
    wheel_init(&facts->ticket_wheel, &facts->ticket_pulses, offsetof(struct ticket_pulse, link), 0);
    wheel_init(&facts->license_wheel, &facts->license_links, 0, 0);
    facts->due_pool_first = NONE;
    return OK;
}

status facts_reset(struct facts *facts)
{
    struct siphash_key key = facts->name_key;

    facts_free(facts);
    TRY(facts_init(facts));
    facts->name_key = key;
    return OK;
}

void facts_key_set(struct facts *facts, const struct siphash_key *key)
{
    assert(facts->size == 0 && facts->products.used == 0);
    facts->name_key = *key;
}

#define AT(member) offsetof(struct facts, member)

static const size_t tables[] = {
    AT(principals),  AT(memberships),   AT(credentials),      AT(products),
    AT(features),    AT(licenses),      AT(entitlements),     AT(pools),
    AT(leases),      AT(tickets),       AT(observed_groups),  AT(watermarks),
    AT(endeds),      AT(idems),         AT(lease_pulses),     AT(ticket_pulses),
    AT(pool_pulses), AT(license_links), AT(principal_pulses), AT(membership_links),
};
static const size_t maps[] = {
    AT(principal_by_id), AT(credential_by_id), AT(credential_by_hash),   AT(product_by_id),
    AT(product_by_name), AT(feature_by_name),  AT(feature_by_bare_name), AT(license_by_id),
    AT(pool_by_id),      AT(pool_by_group),    AT(lease_by_id),          AT(ticket_by_id),
    AT(ended_by_id),     AT(idem_by_key),      AT(observed_by_key),      AT(watermark_by_head),
};

void facts_free(struct facts *facts)
{
    char *start = (char *)facts;

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        table_free((struct table *)(start + tables[i]));
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        map_free((struct map *)(start + maps[i]));
}

uint32_t principal_find(const struct facts *facts, struct id id)
{
    return FACTS_FIND(facts, principal_by_id, id_hash(id), &id);
}

uint32_t membership_find(const struct facts *facts, uint32_t team, uint32_t user)
{
    uint32_t place = principal_at(facts, user)->membership_first;

    while (place != NONE && membership_at(facts, place)->team != team)
        place = membership_at(facts, place)->next_of_user;
    return place;
}

uint32_t credential_find(const struct facts *facts, struct id id)
{
    return FACTS_FIND(facts, credential_by_id, id_hash(id), &id);
}

uint32_t credential_find_hash(const struct facts *facts, const uint8_t *hash)
{
    return FACTS_FIND(facts, credential_by_hash, bytes_key_hash(hash), hash);
}

uint32_t product_find(const struct facts *facts, struct id id)
{
    return FACTS_FIND(facts, product_by_id, id_hash(id), &id);
}

uint32_t product_find_name(const struct facts *facts, struct str name)
{
    return FACTS_FIND(facts, product_by_name, name_key_hash(facts, name), &name);
}

uint32_t feature_find(const struct facts *facts, struct str full_name)
{
    return FACTS_FIND(facts, feature_by_name, name_key_hash(facts, full_name), &full_name);
}

uint32_t feature_find_parts(const struct facts *facts, struct str product_name, struct str name)
{
    char space[FEATURE_MAX_BYTES];
    struct buf full_name = BUF_OVER(space);

    buf_add(&full_name, product_name);
    buf_add_byte(&full_name, '/');
    buf_add(&full_name, name);
    return full_name.status.code ? NONE : feature_find(facts, buf_str(&full_name));
}

uint32_t feature_find_bare(const struct facts *facts, struct str bare_name)
{
    return FACTS_FIND(facts, feature_by_bare_name, name_key_hash(facts, bare_name), &bare_name);
}

uint32_t license_find(const struct facts *facts, struct id id)
{
    return FACTS_FIND(facts, license_by_id, id_hash(id), &id);
}

uint32_t pool_find(const struct facts *facts, struct id id)
{
    return FACTS_FIND(facts, pool_by_id, id_hash(id), &id);
}

uint32_t pool_find_group(const struct facts *facts, uint32_t holder, uint32_t feature)
{
    struct group_key key = { holder, feature };

    return FACTS_FIND(facts, pool_by_group, group_key_hash(&key), &key);
}

uint32_t lease_find(const struct facts *facts, struct id id)
{
    return FACTS_FIND(facts, lease_by_id, id_hash(id), &id);
}

uint32_t ticket_find(const struct facts *facts, struct id id)
{
    return FACTS_FIND(facts, ticket_by_id, id_hash(id), &id);
}

const struct ended *ended_find(const struct facts *facts, struct id id)
{
    uint32_t place = FACTS_FIND(facts, ended_by_id, id_hash(id), &id);

    return place == NONE ? NULL : table_at(&facts->endeds, place);
}

const struct idem *idem_find(const struct facts *facts, const uint8_t *key)
{
    uint32_t place = FACTS_FIND(facts, idem_by_key, bytes_key_hash(key), key);

    return place == NONE ? NULL : table_at(&facts->idems, place);
}

uint32_t observed_group_find(const struct facts *facts, const struct observed_group *key)
{
    return FACTS_FIND(facts, observed_by_key, observed_key_hash(key), key);
}

uint32_t watermark_find(const struct facts *facts, uint32_t organisation, const uint8_t *head)
{
    struct watermark_key key = { organisation, head };

    return FACTS_FIND(facts, watermark_by_head, watermark_key_hash(facts, &key), &key);
}

struct str label_str(const struct label *label)
{
    return (struct str){ label->text, label->len };
}

struct str feature_full_name(const struct feature *feature)
{
    return (struct str){ feature->full_name, feature->full_len };
}

struct str feature_name(const struct feature *feature)
{
    return str_from(feature_full_name(feature), feature->name_start);
}

int64_t pool_over(const struct pool *pool)
{
    return pool->limit >= 0 && pool->occupied > pool->limit ? pool->occupied - pool->limit : 0;
}

bool is_central_admin(const struct principal *principal)
{
    return principal->role == ROLE_ADMIN && principal->organisation == NONE && !principal->disabled;
}

struct order facts_turns(const struct facts *facts)
{
    return (struct order){ &facts->ticket_pulses, offsetof(struct ticket_pulse, turn) };
}

static uint32_t offers_of(const struct facts *facts, uint32_t pool)
{
    const struct order turns = facts_turns(facts);

    return order_count(&turns, pool_pulse_at(facts, pool)->turns_root) - pool_at(facts, pool)->queued;
}

uint32_t queue_first_waiting(const struct facts *facts, uint32_t pool)
{
    const struct order turns = facts_turns(facts);

    return order_at(&turns, pool_pulse_at(facts, pool)->turns_root, offers_of(facts, pool));
}

uint32_t queue_newest_offer(const struct facts *facts, uint32_t pool)
{
    const struct order turns = facts_turns(facts);
    uint32_t offers = offers_of(facts, pool);

    return offers ? order_at(&turns, pool_pulse_at(facts, pool)->turns_root, offers - 1) : NONE;
}

int64_t queue_place(const struct facts *facts, uint32_t ticket)
{
    const struct order turns = facts_turns(facts);

    if (ticket_at(facts, ticket)->state == TICKET_OFFERED)
        return 0;
    return (int64_t)order_before(&turns, ticket) - offers_of(facts, ticket_at(facts, ticket)->pool) + 1;
}
