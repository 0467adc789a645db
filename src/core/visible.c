/*
 * core/deciders: who is who to whom: organisations are kept apart here, and everything that decides asks here.
 */
#include <assert.h>

#include "core/deciders.h"

bool sees_organisation(const struct facts *facts, const struct principal *viewer, uint32_t organisation)
{
    (void)facts;
    return viewer->organisation == NONE || viewer->organisation == organisation;
}

/* An organisation belongs to itself. */
uint32_t principal_organisation(const struct facts *facts, uint32_t place)
{
    return principal_at(facts, place)->organisation;
}

uint32_t actor_place(const struct facts *facts, const struct command *command)
{
    uint32_t place = principal_find(facts, command->actor.who.id);

    assert(place != NONE);
    return place;
}

bool actor_sees(const struct facts *facts, const struct command *command, uint32_t principal)
{
    const struct principal *actor = principal_at(facts, actor_place(facts, command));

    return sees_organisation(facts, actor, principal_organisation(facts, principal));
}

bool holder_admits(const struct facts *facts, uint32_t holder, uint32_t principal)
{
    const struct principal *taker = principal_at(facts, principal);

    if (taker->organisation == NONE && (taker->kind == ID_SERVICE || taker->role == ROLE_ADMIN))
        return true;
    if (holder == NONE)
        return false;
    if (holder == principal || taker->organisation == holder)
        return true;
    return principal_at(facts, holder)->kind == ID_TEAM && taker->kind == ID_USER &&
           membership_find(facts, holder, principal) != NONE;
}

void entry_pool_counts(struct entry *entry, const struct pool *pool, int64_t used_change, int64_t occupied_change)
{
    entry_number(entry, DATA_USED, pool->used + used_change);
    entry_number(entry, DATA_OCCUPIED, pool->occupied + occupied_change);
    if (pool->limit >= 0)
        entry_number(entry, DATA_LIMIT, pool->limit);
}
