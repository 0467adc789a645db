/*
 * core/carry: the few members that know places in a ledger.
 */
#include "core/carry.h"

#include "core/facts_edit.h"
#include "core/image.h"

static void leases_carry(struct facts *facts)
{
    for (uint32_t place = 0; place < facts->leases.used; place++) {
        struct lease *lease = lease_at(facts, place);

        if (lease->id.lo != 0) /* a free place holds a number in its first bytes */
            lease->granted_index = CARRY_INDEX;
    }
}

static void holds_carry(struct facts *facts)
{
    for (uint32_t place = 0; place < facts->principals.used; place++) {
        struct principal *principal = principal_at(facts, place);

        if (principal->hold)
            principal->hold = CARRY_INDEX + 1;
    }
}

static void endeds_carry(struct facts *facts)
{
    for (uint32_t place = 0; place < facts->endeds.used; place++) {
        struct ended *ended = table_at(&facts->endeds, place);

        ended->index = CARRY_INDEX;
    }
}

void facts_carry(struct facts *facts)
{
    leases_carry(facts);
    holds_carry(facts);
    endeds_carry(facts);
    idem_forget_all(facts);
    facts->sealed = false;
    facts->size = CARRY_INDEX + 1;
}

status facts_carry_take(struct facts *facts, struct str image, struct err *err)
{
    struct hash hash;

    TRY(image_read(image, facts, &hash, err));
    facts->size = 0;
    facts->is_carried = true;
    facts->carried = hash;
    return OK;
}
