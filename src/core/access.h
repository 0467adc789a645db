/*
 * core/access: permissions, and the roles that are sets of them. Deny by default.
 */
#ifndef CORE_ACCESS_H
#define CORE_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/words.h"

typedef uint32_t permissions; /* 1 << enum permission */

enum permission {
    PERM_UNSET,        /* zero is refused by the router: a route must say what it needs */
    PERM_PUBLIC,       /* nobody needs to be known */
    PERM_ANY,          /* any live credential */
    PERM_LEASE_TAKE,   /* check out, beat, give back one's own; wait in queues */
    PERM_LEASE_READ,   /* see others' leases */
    PERM_LEASE_REVOKE, /* end others' leases */
    PERM_CATALOG_READ, /* products, features, pools */
    PERM_CATALOG_WRITE,
    PERM_LICENSE_READ,
    PERM_LICENSE_WRITE,
    PERM_PEOPLE_READ, /* organisations, users, teams, services, tokens */
    PERM_PEOPLE_WRITE,
    PERM_AUDIT_READ,
    PERM_OBSERVE, /* feed observed pools */
    PERM_SERVER,  /* backup, clock, metrics */
    PERMISSION_COUNT
};

/* "lease.take" …; scopes of a token are written with these words, or "all". */
extern const struct str permission_words[PERMISSION_COUNT];

/*
 * What a role may do. In an organisation it holds nothing of what is the installation's alone: the catalogue, what is
 * licensed to whom, and the server. A holder that could write its own licences would grant itself its seats.
 */
permissions role_permissions(enum role role, bool in_organisation);
static inline bool permissions_hold(permissions set, enum permission permission)
{
    return set >> permission & 1;
}
#define PERMISSIONS_ALL ((((permissions)1 << PERMISSION_COUNT) - 1) & ~(permissions)1)

/*
 * Words separated by one space, in any order, or "all" alone for everything; CODE_INVALID for an unknown, repeated or
 * missing word. "public" and "any" are no scopes: every credential has them.
 */
MUST_CHECK status scopes_read(struct str text, permissions *ret_scopes);
/* The one text for a set that scopes_read gave, in the table's order. */
void scopes_write(permissions scopes, struct buf *buf);

#endif
