/*
 * core/quota: what one principal may have and do, so that none uses up what is there for all (P9, DESIGN section 4
 * "Quotas per principal").
 *
 * Four quotas, each with a problem of its own: live leases, tickets in queues, entries that its commands add, and
 * names (asserted users and hosts) that nobody knew before. A service acts for thousands of jobs and gets more than a
 * person. What ends or keeps something is never refused, and neither is claiming what was offered: who has used up a
 * quota can always give back. An administrator of the installation is held to the first two alone: somebody must be
 * able to act while others are held. Counts are of the facts; the rates are not, and a restart forgets them. Reads no
 * clock (P10). One thread.
 */
#ifndef CORE_QUOTA_H
#define CORE_QUOTA_H

#include "core/facts.h"

/* What a command is about to add for its author. */
struct quota_use {
    uint32_t principal;
    int64_t entries;
    int64_t names;
};

/* PROBLEM_NONE: there is room for one more; a ticket is a lease to come. Else which quota is used up. */
enum problem quota_of_lease(const struct facts *facts, uint32_t principal);
enum problem quota_of_ticket(const struct facts *facts, uint32_t principal);
/* The same for the rates. */
enum problem quota_of_rates(const struct facts *facts, const struct quota_use *use, int64_t now_ms);
void quota_take(const struct facts *facts, const struct quota_use *use, int64_t now_ms);

#endif
