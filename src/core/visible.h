/*
 * core/visible: who is who to whom. Organisations are kept apart by these questions, and everything that decides or
 * shows something asks them. Pure.
 */
#ifndef CORE_VISIBLE_H
#define CORE_VISIBLE_H

#include "core/facts.h"

/* Principals of the organisation see only it; those of the installation see all. */
bool sees_organisation(const struct facts *facts, const struct principal *viewer, uint32_t organisation);
/* The organisation (place) that a principal is or belongs to; NONE for the installation. */
uint32_t principal_organisation(const struct facts *facts, uint32_t place);
/* May this principal take seats of what `holder` holds: it is the holder, of its team or of its organisation. */
bool holder_admits(const struct facts *facts, uint32_t holder, uint32_t principal);

#endif
