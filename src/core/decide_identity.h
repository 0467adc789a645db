/*
 * core/decide_identity: what the deciders of people and of their tokens share. Private to decide_identity.c,
 * decide_erase.c and decide_token.c.
 *
 * Nobody gives rights that it does not hold: not in a token, not by a role above member. Principals of an organisation
 * act in it alone; what belongs to others does not exist for them.
 */
#ifndef CORE_DECIDE_IDENTITY_H
#define CORE_DECIDE_IDENTITY_H

#include "core/deciders.h"

/* The permissions of a set that are rights: without those that everybody has, or nobody. */
permissions rights_of(permissions set);
/* The rights that the author's role and its token's scopes hold together. */
permissions actor_rights(const struct facts *facts, const struct command *command);
/* Whether the author holds all that the role gives to somebody of that organisation (NONE: of the installation). Every
 * member has the member's role: giving it is giving no right. */
bool may_give_role(const struct facts *facts, const struct command *command, enum role role, uint32_t organisation);
/* The principal of that kind and id, if the author may know of it; else NONE. */
uint32_t principal_visible(const struct facts *facts, const struct command *command, struct who who);

#endif
