/*
 * api/list_people: organisations, users, teams, services and tokens. Names come from the register, outside the ledger.
 */
#include "api/handlers.h"
#include "api/list.h"

struct principal_row {
    struct id id;
    struct str name;
    struct id organisation;
    struct str organisation_name;
    uint8_t role;
    bool disabled;
    struct shape_list joined; /* the teams of a user, the users of a team */
};

#define PRINCIPAL(member_) offsetof(struct principal_row, member_)

/* clang-format off */
#define NAME         { .name = "name", .kind = SHAPE_TEXT, .at = PRINCIPAL(name), .maybe = true }
#define ORGANISATION { .name = "organisation", .kind = SHAPE_ID, .id = ID_ORGANISATION,                                \
                       .at = PRINCIPAL(organisation), .maybe = true, .about = "absent: of the installation" },         \
                     { .name = "organisation_name", .kind = SHAPE_TEXT, .at = PRINCIPAL(organisation_name),            \
                       .maybe = true }
#define ROLE         { .name = "role", .kind = SHAPE_WORD, .words = role_words, .word_count = ROLE_COUNT,              \
                       .at = PRINCIPAL(role) }
#define DISABLED     { .name = "disabled", .kind = SHAPE_BOOL, .at = PRINCIPAL(disabled) }
#define ROW_ID(kind_) { .name = "id", .kind = SHAPE_ID, .id = (kind_), .at = PRINCIPAL(id) }

static const struct shape_member organisation_members[] = { ROW_ID(ID_ORGANISATION), NAME };
static const struct shape organisation_shape = SHAPE("OrganisationRow", organisation_members);
static const struct shape_member user_members[] = {
    ROW_ID(ID_USER), NAME, ORGANISATION, ROLE, DISABLED,
    { .name = "teams", .kind = SHAPE_IDS, .id = ID_TEAM, .at = PRINCIPAL(joined) },
};
static const struct shape user_shape = SHAPE("UserRow", user_members);
static const struct shape_member team_members[] = {
    ROW_ID(ID_TEAM), NAME, ORGANISATION,
    { .name = "members", .kind = SHAPE_IDS, .id = ID_USER, .at = PRINCIPAL(joined), .about = "1,000 at most" },
};
static const struct shape team_shape = SHAPE("TeamRow", team_members);
static const struct shape_member service_members[] = { ROW_ID(ID_SERVICE), NAME, ORGANISATION, ROLE, DISABLED };
static const struct shape service_shape = SHAPE("ServiceRow", service_members);
/* clang-format on */

/* The other end of a membership, and the next one of this end. */
static uint32_t membership_next(const struct view *view, const struct principal *principal, uint32_t place,
                                uint32_t *ret_other)
{
    const struct membership *membership = membership_at(view->facts, place);

    *ret_other = principal->kind == ID_TEAM ? membership->user : membership->team;
    return principal->kind == ID_TEAM ? membership->next_of_team : membership->next_of_user;
}

static struct shape_list principal_joined(struct view *view, const struct principal *principal)
{
    struct shape_list list = { 0 };
    uint32_t place = principal->kind == ID_TEAM || principal->kind == ID_USER ? principal->membership_first : NONE;
    uint32_t first = place;
    uint32_t other;
    struct id *ids;

    for (; place != NONE && list.count < PAGE_MAX; list.count++)
        place = membership_next(view, principal, place, &other);
    ids = view_new(view, list.count, sizeof(*ids));
    view->listed += list.count;
    list.at = ids;
    place = first;
    for (size_t i = 0; ids && i < list.count; i++) {
        place = membership_next(view, principal, place, &other);
        ids[i] = principal_at(view->facts, other)->id;
    }
    return list;
}

static bool principal_read(struct view *view, uint32_t place, enum id_kind kind, void *ret_row)
{
    const struct principal *principal = principal_at(view->facts, place);
    uint32_t organisation = principal_organisation(view->facts, place);
    struct principal_row *row = ret_row;

    if (principal->kind != kind || !sees_organisation(view->facts, view->viewer, organisation))
        return false;
    view->foreign = view->foreign || (place != view->viewer_place && place != view->viewer->organisation);
    *row = (struct principal_row){ .id = principal->id,
                                   .organisation = view_who(view, organisation).id,
                                   .role = principal->role,
                                   .disabled = principal->disabled,
                                   .joined = principal_joined(view, principal) };
    return true;
}

static bool organisation_read(struct view *view, uint32_t place, void *ret_row)
{
    return principal_read(view, place, ID_ORGANISATION, ret_row);
}

static bool user_read(struct view *view, uint32_t place, void *ret_row)
{
    return principal_read(view, place, ID_USER, ret_row);
}

static bool team_read(struct view *view, uint32_t place, void *ret_row)
{
    return principal_read(view, place, ID_TEAM, ret_row);
}

static bool service_read(struct view *view, uint32_t place, void *ret_row)
{
    return principal_read(view, place, ID_SERVICE, ret_row);
}

static void principal_name(struct call *call, void *at)
{
    struct principal_row *row = at;

    row->name = list_name(call, row->id);
    row->organisation_name = list_name(call, row->organisation);
}

static const struct table *principals_table(const struct facts *facts)
{
    return &facts->principals;
}

#define PRINCIPAL_KIND(name_, id_, read_, shape_)                                                                      \
    {                                                                                                                  \
        .name = (name_), .id = (id_), .scope = (name_), .table = principals_table, .find = principal_find,             \
        .row_size = sizeof(struct principal_row), .shape = (shape_), .read = (read_), .name_fill = principal_name      \
    }
const struct list_kind organisations_kind =
    PRINCIPAL_KIND("organisations", ID_ORGANISATION, organisation_read, &organisation_shape);
const struct list_kind users_kind = PRINCIPAL_KIND("users", ID_USER, user_read, &user_shape);
const struct list_kind teams_kind = PRINCIPAL_KIND("teams", ID_TEAM, team_read, &team_shape);
const struct list_kind services_kind = PRINCIPAL_KIND("services", ID_SERVICE, service_read, &service_shape);

/* ---- Tokens ---- */

struct token_row {
    struct id id;
    struct who owner;
    struct str owner_name;
    struct shape_list scopes;
    int64_t expires_ms;
    bool revoked;
};

#define TOKEN(member_) offsetof(struct token_row, member_)

static const struct shape_member token_members[] = {
    { .name = "id", .kind = SHAPE_ID, .id = ID_CREDENTIAL, .at = TOKEN(id) },
    { .name = "owner", .kind = SHAPE_WHO, .at = TOKEN(owner) },
    { .name = "owner_name", .kind = SHAPE_TEXT, .at = TOKEN(owner_name), .maybe = true },
    { .name = "scopes", .kind = SHAPE_TEXTS, .at = TOKEN(scopes) },
    { .name = "expires_at", .kind = SHAPE_TIME, .at = TOKEN(expires_ms) },
    { .name = "revoked", .kind = SHAPE_BOOL, .at = TOKEN(revoked) },
};
static const struct shape token_shape = SHAPE("Token", token_members);

/* The words are the program's and need no copy. */
static struct shape_list scopes_list(struct view *view, permissions scopes)
{
    struct str *words = view_new(view, PERMISSION_COUNT, sizeof(*words));
    struct shape_list list = { .at = words };

    if (words && scopes == PERMISSIONS_ALL)
        words[list.count++] = STR("all");
    for (int i = PERM_LEASE_TAKE; words && i < PERMISSION_COUNT && scopes != PERMISSIONS_ALL; i++) {
        if (permissions_hold(scopes, (enum permission)i))
            words[list.count++] = permission_words[i];
    }
    return list;
}

static bool token_read(struct view *view, uint32_t place, void *ret_row)
{
    const struct credential *credential = credential_at(view->facts, place);
    bool mine = credential->owner == view->viewer_place;
    struct token_row *row = ret_row;

    if (!mine && (!view->all || !sees_organisation(view->facts, view->viewer,
                                                   principal_organisation(view->facts, credential->owner))))
        return false;
    view->foreign = view->foreign || !mine;
    *row = (struct token_row){ .id = credential->id,
                               .owner = view_who(view, credential->owner),
                               .scopes = scopes_list(view, credential->scopes),
                               .expires_ms = credential->expires_ms,
                               .revoked = credential->revoked };
    return true;
}

static void token_name(struct call *call, void *at)
{
    struct token_row *row = at;

    row->owner_name = list_name(call, row->owner.id);
}

static const struct table *credentials_table(const struct facts *facts)
{
    return &facts->credentials;
}

const struct list_kind tokens_kind = { .name = "tokens",
                                       .id = ID_CREDENTIAL,
                                       .scope = "tokens",
                                       .all_needs = PERM_PEOPLE_READ,
                                       .table = credentials_table,
                                       .find = credential_find,
                                       .row_size = sizeof(struct token_row),
                                       .shape = &token_shape,
                                       .read = token_read,
                                       .name_fill = token_name };

/* ---- Handlers ---- */

void organisations_handle(struct exchange *exchange)
{
    list_handle(exchange, &organisations_kind);
}

void organisation_handle(struct exchange *exchange)
{
    list_one_handle(exchange, &organisations_kind);
}

void users_handle(struct exchange *exchange)
{
    list_handle(exchange, &users_kind);
}

void user_handle(struct exchange *exchange)
{
    list_one_handle(exchange, &users_kind);
}

void teams_handle(struct exchange *exchange)
{
    list_handle(exchange, &teams_kind);
}

void team_handle(struct exchange *exchange)
{
    list_one_handle(exchange, &teams_kind);
}

void services_handle(struct exchange *exchange)
{
    list_handle(exchange, &services_kind);
}

void service_handle(struct exchange *exchange)
{
    list_one_handle(exchange, &services_kind);
}

void tokens_handle(struct exchange *exchange)
{
    list_handle(exchange, &tokens_kind);
}

void token_handle(struct exchange *exchange)
{
    list_one_handle(exchange, &tokens_kind);
}
