#include "core/quota.h"

struct quotas {
    uint32_t leases;
    uint32_t tickets;
    struct bucket_rule entries;
    struct bucket_rule names;
};

static const struct quotas of_person = {
    .leases = PERSON_LEASES_MAX,
    .tickets = PERSON_TICKETS_MAX,
    .entries = { PERSON_ENTRIES_MAX, PERSON_ENTRY_EVERY_US },
    .names = { PERSON_NAMES_MAX, PERSON_NAME_EVERY_US },
};
static const struct quotas of_service = {
    .leases = SERVICE_LEASES_MAX,
    .tickets = SERVICE_TICKETS_MAX,
    .entries = { SERVICE_ENTRIES_MAX, SERVICE_ENTRY_EVERY_US },
    .names = { SERVICE_NAMES_MAX, SERVICE_NAME_EVERY_US },
};

static const struct quotas *quotas_of(const struct facts *facts, uint32_t principal)
{
    return principal_at(facts, principal)->kind == ID_SERVICE ? &of_service : &of_person;
}

enum problem quota_of_lease(const struct facts *facts, uint32_t principal)
{
    const struct principal_pulse *has = principal_pulse_at(facts, principal);

    return has->leases + has->tickets < quotas_of(facts, principal)->leases ? PROBLEM_NONE : PROBLEM_LEASE_QUOTA;
}

enum problem quota_of_ticket(const struct facts *facts, uint32_t principal)
{
    if (principal_pulse_at(facts, principal)->tickets >= quotas_of(facts, principal)->tickets)
        return PROBLEM_TICKET_QUOTA;
    return quota_of_lease(facts, principal);
}

enum problem quota_of_rates(const struct facts *facts, const struct quota_use *use, int64_t now_ms)
{
    const struct quotas *quotas = quotas_of(facts, use->principal);
    const struct principal_pulse *pulse = principal_pulse_at(facts, use->principal);

    if (is_central_admin(principal_at(facts, use->principal)))
        return PROBLEM_NONE;
    if (!bucket_has(&pulse->entries, &quotas->entries, use->entries, now_ms))
        return PROBLEM_ENTRY_QUOTA;
    return bucket_has(&pulse->names, &quotas->names, use->names, now_ms) ? PROBLEM_NONE : PROBLEM_NAME_QUOTA;
}

void quota_take(const struct facts *facts, const struct quota_use *use, int64_t now_ms)
{
    const struct quotas *quotas = quotas_of(facts, use->principal);
    struct principal_pulse *pulse = principal_pulse_at(facts, use->principal);

    bucket_take(&pulse->entries, &quotas->entries, use->entries, now_ms);
    bucket_take(&pulse->names, &quotas->names, use->names, now_ms);
}
