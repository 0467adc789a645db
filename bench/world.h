/*
 * bench/world: a ledger of any size for the other benches, made in-process under a clock of its own (engine/seed): the
 * same decisions and appends as a server's, without HTTP.
 *
 * One product with `features` features; organisations, each with one service that takes its leases; licences of one
 * entitlement each, dealt out so that every organisation has every feature as long as there are enough; then live
 * leases; then check-outs and releases until the ledger has its entries. Times lie in the last hour and all ttls are a
 * day, so nothing lapses. Two tokens are known: of the administrator and of the first organisation's service. One
 * thread.
 */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include "engine/engine.h"
#include "measure.h"

#define WORLD_TOKEN_SUFFIX ".token"       /* beside the data directory: the first service's */
#define WORLD_ADMIN_SUFFIX ".admin-token" /* and the administrator's */

struct world_plan {
    const char *dir; /* to be made */
    uint64_t organisations;
    uint64_t features; /* at most FEATURES_MAX: "cad/f0" … */
    uint64_t licenses;
    uint64_t leases;
    uint64_t entries; /* the ledger's size at the end, at least */
    int64_t limit;    /* seats of one licence */
};

void world_make(const struct world_plan *plan);
/* Appends check-outs and releases to a ledger that nobody serves, without a snapshot afterwards. */
void world_extend(const char *dir, uint64_t entries);
/* "cad/f<number>" as long as `text` lives. */
struct str world_feature(uint64_t number, char *text, size_t size);
/* The service of the first organisation, of a ledger that is open. */
struct actor world_service(const struct facts *facts);

#endif
