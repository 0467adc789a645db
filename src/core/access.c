/*
 * core/access: the words, and what each role holds.
 */
#include "core/access.h"

#include <assert.h>

#define HOLDS(permission) ((permissions)1 << PERM_##permission)

static_assert(PERMISSION_COUNT <= 32, "a set is one word");

const struct str permission_words[PERMISSION_COUNT] = {
    [PERM_UNSET] = STR_INIT("unset"),
    [PERM_PUBLIC] = STR_INIT("public"),
    [PERM_ANY] = STR_INIT("any"),
    [PERM_LEASE_TAKE] = STR_INIT("lease.take"),
    [PERM_LEASE_READ] = STR_INIT("lease.read"),
    [PERM_LEASE_REVOKE] = STR_INIT("lease.revoke"),
    [PERM_CATALOG_READ] = STR_INIT("catalog.read"),
    [PERM_CATALOG_WRITE] = STR_INIT("catalog.write"),
    [PERM_LICENSE_READ] = STR_INIT("license.read"),
    [PERM_LICENSE_WRITE] = STR_INIT("license.write"),
    [PERM_PEOPLE_READ] = STR_INIT("people.read"),
    [PERM_PEOPLE_WRITE] = STR_INIT("people.write"),
    [PERM_AUDIT_READ] = STR_INIT("audit.read"),
    [PERM_OBSERVE] = STR_INIT("observe"),
    [PERM_SERVER] = STR_INIT("server"),
};

#define SCOPE_FIRST PERM_LEASE_TAKE /* the ones before it are no scopes */
#define EVERYBODY   (HOLDS(PUBLIC) | HOLDS(ANY))

static const permissions roles[ROLE_COUNT] = {
    [ROLE_MEMBER] = EVERYBODY | HOLDS(LEASE_TAKE) | HOLDS(CATALOG_READ),
    [ROLE_AUDITOR] = EVERYBODY | HOLDS(AUDIT_READ) | HOLDS(LEASE_READ) | HOLDS(CATALOG_READ) | HOLDS(LICENSE_READ) |
                     HOLDS(PEOPLE_READ),
    [ROLE_ADMIN] = PERMISSIONS_ALL,
    /* A program that reads another licence server's log: it tells what it saw, and takes nothing. */
    [ROLE_OBSERVER] = EVERYBODY | HOLDS(OBSERVE) | HOLDS(CATALOG_READ),
};

#define CENTRAL (HOLDS(CATALOG_WRITE) | HOLDS(LICENSE_WRITE) | HOLDS(SERVER))

permissions role_permissions(enum role role, bool in_organisation)
{
    assert(role < ROLE_COUNT);
    return in_organisation ? roles[role] & ~CENTRAL : roles[role];
}

static status scope_read(struct str word, permissions *scopes)
{
    int place;

    TRY(word_find(permission_words + SCOPE_FIRST, PERMISSION_COUNT - SCOPE_FIRST, word, &place));
    place += SCOPE_FIRST;
    if (permissions_hold(*scopes, (enum permission)place))
        return (status){ CODE_INVALID };
    *scopes |= (permissions)1 << place;
    return OK;
}

status scopes_read(struct str text, permissions *ret_scopes)
{
    struct str rest = text;
    permissions scopes = 0;

    if (str_eq(text, STR("all"))) {
        *ret_scopes = PERMISSIONS_ALL;
        return OK;
    }
    for (bool more = true; more;) {
        more = str_find(rest, ' ') < rest.len; /* a space at the end leaves an empty word, which is none */
        TRY(scope_read(str_take(&rest, ' '), &scopes));
    }
    *ret_scopes = scopes;
    return OK;
}

void scopes_write(permissions scopes, struct buf *buf)
{
    bool first = true;

    if (scopes == PERMISSIONS_ALL) {
        buf_add(buf, STR("all"));
        return;
    }
    for (int place = SCOPE_FIRST; place < PERMISSION_COUNT; place++) {
        if (!permissions_hold(scopes, (enum permission)place))
            continue;
        if (!first)
            buf_add_byte(buf, ' ');
        buf_add(buf, permission_words[place]);
        first = false;
    }
}
