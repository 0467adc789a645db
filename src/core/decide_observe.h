/*
 * core/decide_observe: what the deciders of observation share. Private to decide_observe.c and decide_restart.c.
 */
#ifndef CORE_DECIDE_OBSERVE_H
#define CORE_DECIDE_OBSERVE_H

#include "core/deciders.h"

/* Where an observation belongs: what is there already, and what has been drafted. */
struct sight {
    struct str product_name; /* as the catalogue has it, in lasting memory */
    struct str full_name;
    uint32_t organisation;   /* of the observer; NONE: the installation */
    uint32_t product;        /* NONE: drafted */
    uint32_t feature;        /* NONE: drafted */
    const struct pool *pool; /* the observed one; `fresh` when it is drafted */
    struct pool fresh;
};

/* What every kind of observation must have. */
struct objection observation_check(const struct observation *seen);
/* Room for a product, a feature and a pool that are seen for the first time. */
bool catalog_has_room(const struct facts *facts);
/* The product by the name that the log's stands for; drafts it when it is new. *ret_id is its id either way. */
MUST_CHECK status product_sight(struct decide_context *context, const struct command *command, struct draft *draft,
                                struct sight *sight, struct id *ret_id);
/* The observed pool of that organisation and feature, or NONE. */
uint32_t observed_pool(const struct facts *facts, uint32_t organisation, uint32_t feature);
/* Entries about what was seen are its observer's word (A0), made when the log says (P5, P7). */
void claims_stamp(const struct command *command, struct draft *draft);

#endif
