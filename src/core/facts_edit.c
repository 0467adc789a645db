/*
 * core/facts_edit: people and catalogue.
 */
#include "core/facts_edit.h"

#include <assert.h>

#include "core/facts_keys.h"

status principal_add(struct facts *facts, const struct principal *principal)
{
    struct principal *added;
    uint32_t place;

    if (principal_find(facts, principal->id) != NONE)
        return (status){ CODE_CORRUPT };
    TRY(table_reserve(&facts->principals, 1));
    TRY(table_cover(&facts->principal_pulses, facts->principals.used + 1));
    TRY(FACTS_RESERVE(facts, principal_by_id));
    place = table_take(&facts->principals);
    added = principal_at(facts, place);
    *added = *principal;
    added->membership_first = NONE;
    if (added->kind == ID_ORGANISATION)
        added->organisation = place;
    FACTS_PUT(facts, principal_by_id, place);
    facts->central_admins += is_central_admin(added);
    return OK;
}

void principal_role_set(struct facts *facts, uint32_t principal, enum role role)
{
    struct principal *changed = principal_at(facts, principal);

    facts->central_admins -= is_central_admin(changed);
    changed->role = (uint8_t)role;
    facts->central_admins += is_central_admin(changed);
}

void principal_erase(struct facts *facts, uint32_t user)
{
    struct principal *erased = principal_at(facts, user);

    facts->central_admins -= is_central_admin(erased);
    erased->erased = true;
    erased->disabled = true;
    while (erased->membership_first != NONE)
        membership_remove(facts, erased->membership_first);
}

/* The membership becomes its team's first. */
static void team_link(struct facts *facts, uint32_t place)
{
    struct principal *team = principal_at(facts, membership_at(facts, place)->team);
    uint32_t next = membership_at(facts, place)->next_of_team;

    membership_link_at(facts, place)->previous_of_team = 0;
    if (next != NONE)
        membership_link_at(facts, next)->previous_of_team = place + 1;
    team->membership_first = place;
}

static void team_unlink(struct facts *facts, uint32_t place)
{
    const struct membership *gone = membership_at(facts, place);
    uint32_t previous = membership_link_at(facts, place)->previous_of_team;

    if (previous)
        membership_at(facts, previous - 1)->next_of_team = gone->next_of_team;
    else
        principal_at(facts, gone->team)->membership_first = gone->next_of_team;
    if (gone->next_of_team != NONE)
        membership_link_at(facts, gone->next_of_team)->previous_of_team = previous;
    *membership_link_at(facts, place) = (struct membership_link){ 0 };
}

status membership_add(struct facts *facts, uint32_t team, uint32_t user)
{
    uint32_t place;

    if (membership_find(facts, team, user) != NONE)
        return (status){ CODE_CORRUPT };
    TRY(table_reserve(&facts->memberships, 1));
    TRY(table_cover(&facts->membership_links, facts->memberships.used + 1));
    place = table_take(&facts->memberships);
    *membership_at(facts, place) = (struct membership){
        .team = team,
        .user = user,
        .next_of_user = principal_at(facts, user)->membership_first,
        .next_of_team = principal_at(facts, team)->membership_first,
    };
    principal_at(facts, user)->membership_first = place;
    team_link(facts, place);
    return OK;
}

/* A user has TEAMS_PER_USER_MAX memberships at most; a team may have millions. */
void membership_remove(struct facts *facts, uint32_t membership)
{
    const struct membership *gone = membership_at(facts, membership);
    uint32_t *link = &principal_at(facts, gone->user)->membership_first;

    while (*link != membership)
        link = &membership_at(facts, *link)->next_of_user;
    *link = gone->next_of_user;
    team_unlink(facts, membership);
    table_give(&facts->memberships, membership);
}

status credential_add(struct facts *facts, const struct credential *credential)
{
    uint32_t place;

    if (credential_find(facts, credential->id) != NONE || credential_find_hash(facts, credential->hash) != NONE)
        return (status){ CODE_CORRUPT };
    TRY(table_reserve(&facts->credentials, 1));
    TRY(FACTS_RESERVE(facts, credential_by_id));
    TRY(FACTS_RESERVE(facts, credential_by_hash));
    place = table_take(&facts->credentials);
    *credential_at(facts, place) = *credential;
    FACTS_PUT(facts, credential_by_id, place);
    FACTS_PUT(facts, credential_by_hash, place);
    return OK;
}

status product_add(struct facts *facts, struct id id, struct str name)
{
    struct product *product;
    uint32_t place;

    assert(name.len > 0 && name.len <= NAME_MAX_BYTES);
    if (product_find(facts, id) != NONE || product_find_name(facts, name) != NONE)
        return (status){ CODE_CORRUPT };
    TRY(table_reserve(&facts->products, 1));
    TRY(FACTS_RESERVE(facts, product_by_id));
    TRY(FACTS_RESERVE(facts, product_by_name));
    place = table_take(&facts->products);
    product = product_at(facts, place);
    product->id = id;
    product->feature_first = NONE;
    product->name.len = (uint8_t)name.len;
    memcpy(product->name.text, name.at, name.len);
    FACTS_PUT(facts, product_by_id, place);
    FACTS_PUT(facts, product_by_name, place);
    return OK;
}

/* The first feature with a bare name stays the one that is found; the others hang on it. */
static void bare_name_join(struct facts *facts, uint32_t place)
{
    struct feature *feature = feature_at(facts, place);
    uint32_t first = feature_find_bare(facts, feature_name(feature));

    feature->next_of_name = NONE;
    if (first == NONE) {
        FACTS_PUT(facts, feature_by_bare_name, place);
        return;
    }
    feature->next_of_name = feature_at(facts, first)->next_of_name;
    feature_at(facts, first)->next_of_name = place;
}

status feature_add(struct facts *facts, struct id id, uint32_t product, struct str full_name)
{
    struct feature *feature;
    uint32_t place;

    assert(full_name.len > 0 && full_name.len <= FEATURE_MAX_BYTES);
    if (feature_find(facts, full_name) != NONE)
        return (status){ CODE_CORRUPT };
    TRY(table_reserve(&facts->features, 1));
    TRY(FACTS_RESERVE(facts, feature_by_name));
    TRY(FACTS_RESERVE(facts, feature_by_bare_name));
    place = table_take(&facts->features);
    feature = feature_at(facts, place);
    feature->id = id;
    feature->product = product;
    feature->pool_first = NONE;
    feature->full_len = (uint8_t)full_name.len;
    feature->name_start = (uint8_t)(product_at(facts, product)->name.len + 1);
    memcpy(feature->full_name, full_name.at, full_name.len);
    feature->next_of_product = product_at(facts, product)->feature_first;
    product_at(facts, product)->feature_first = place;
    FACTS_PUT(facts, feature_by_name, place);
    bare_name_join(facts, place);
    return OK;
}

void chain_advance(struct chain *chain, const struct hash *leaf)
{
    chain->number++;
    memcpy(chain->prev, leaf->bytes, sizeof chain->prev);
}
