#include "api/recent.h"

#define HOUR_MS (3600 * (int64_t)1000)

static struct recent_place *place_of(struct recent *recent, struct id principal)
{
    return &recent->places[id_hash(principal) >> 32 & (RECENT_PLACES - 1)];
}

/* The principal's own place, taken from whoever had it. The mutex is held. */
static struct recent_place *place_take(struct recent *recent, struct id principal)
{
    struct recent_place *place = place_of(recent, principal);

    if (!id_eq(place->principal, principal))
        *place = (struct recent_place){ .principal = principal };
    return place;
}

bool recent_audit_is_covered(struct recent *recent, struct id principal, int64_t now_ms)
{
    const struct recent_place *place = place_of(recent, principal);
    bool covered;

    pthread_mutex_lock(&recent->mutex);
    covered = id_eq(place->principal, principal) && now_ms < place->audit_until_ms;
    pthread_mutex_unlock(&recent->mutex);
    return covered;
}

void recent_audit_covered(struct recent *recent, struct id principal, int64_t entry_ms)
{
    pthread_mutex_lock(&recent->mutex);
    place_take(recent, principal)->audit_until_ms = entry_ms + HOUR_MS;
    pthread_mutex_unlock(&recent->mutex);
}

void recent_denied(struct recent *recent, struct id principal, const struct recent_denial *denial)
{
    struct recent_place *place;

    pthread_mutex_lock(&recent->mutex);
    place = place_take(recent, principal);
    place->has_denial = true;
    place->denial = *denial;
    pthread_mutex_unlock(&recent->mutex);
}

bool recent_denial_find(struct recent *recent, struct id principal, struct recent_denial *ret_denial)
{
    const struct recent_place *place = place_of(recent, principal);
    bool found;

    pthread_mutex_lock(&recent->mutex);
    found = id_eq(place->principal, principal) && place->has_denial;
    if (found)
        *ret_denial = place->denial;
    pthread_mutex_unlock(&recent->mutex);
    return found;
}
