#include "cli/verify_names.h"

#include "base/limits.h"
#include "codec/json_doc.h"

#define SELF_NAME "tallystick"

struct known_name {
    struct id id;
    struct id within;
    struct hash text;
    enum name_kind kind;
    bool told;
};

struct names_check names_check_begin(void)
{
    return (struct names_check){ .names = id_table_of(sizeof(struct known_name), ALIASES_MAX) };
}

void names_check_free(struct names_check *names)
{
    id_table_free(&names->names);
}

struct loading {
    struct names_check *names;
    struct verify_vault *vault;
};

static status name_visit(void *context, const struct store_alias *alias, struct err *err)
{
    struct loading *loading = context;
    struct names_check *names = loading->names;
    struct name_new name = { 0 };
    struct known_name *known;
    void *record;
    status s = verify_vault_name(loading->vault, alias, &name, err);

    if (s.code == CODE_NOT_FOUND) {
        names->closed++;
        return OK;
    }
    TRY(s);
    TRY(id_table_add(&names->names, name.id, &record)); /* the store gives each id once */
    known = record;
    known->within = name.within;
    known->text = hash_of(name.text);
    known->kind = name.kind;
    return OK;
}

status names_check_load(struct names_check *names, struct store_reader *reader, struct verify_vault *vault,
                        struct err *err)
{
    struct loading loading = { names, vault };
    struct store_alias_visitor visitor = { name_visit, &loading };

    return store_aliases_read(reader, &visitor, err);
}

static void told_add(struct told *told, enum name_kind kind, struct id id)
{
    told->names[told->count].id = id;
    told->names[told->count].kind = kind;
    told->names[told->count++].within = (struct id){ 0 };
}

/* A principal's name is unique in the organisation that stands beside it. */
static void principal_add(struct told *told, const struct entry *entry, enum name_kind kind, enum on_field made)
{
    told_add(told, kind, entry->on[made].id);
    if (kind != NAME_ORGANISATION && entry_has_on(entry, ON_ORGANISATION))
        told->names[0].within = entry->on[ON_ORGANISATION].id;
}

/* What people say about themselves is unique among what they said. */
static void alias_add(struct told *told, const struct entry *entry, enum name_kind kind, enum on_field alias)
{
    told_add(told, kind, entry->on[alias].id);
    if (entry->actor.who.kind == ID_USER)
        told->names[told->count - 1].within = entry->actor.who.id;
}

void told_of(const struct entry *entry, struct told *ret_told)
{
    static const struct {
        enum audit_code code;
        enum name_kind kind;
        enum on_field made;
    } principals[] = {
        { AUDIT_ORGANISATION_CREATED, NAME_ORGANISATION, ON_ORGANISATION },
        { AUDIT_USER_CREATED, NAME_USER, ON_USER },
        { AUDIT_TEAM_CREATED, NAME_TEAM, ON_TEAM },
        { AUDIT_SERVICE_CREATED, NAME_SERVICE, ON_SERVICE },
    };

    ret_told->count = 0;
    for (size_t i = 0; i < sizeof(principals) / sizeof(principals[0]); i++) {
        if (entry->code == principals[i].code)
            principal_add(ret_told, entry, principals[i].kind, principals[i].made);
    }
    if (ret_told->count == 0 && entry_has_on(entry, ON_USER_ALIAS))
        alias_add(ret_told, entry, NAME_ALIAS_USER, ON_USER_ALIAS);
    if (ret_told->count < TOLD_MAX && entry_has_on(entry, ON_HOST_ALIAS))
        alias_add(ret_told, entry, NAME_ALIAS_HOST, ON_HOST_ALIAS);
}

/* Which member of the text tells a name of that kind; one in "asserted", of what a client said about itself. */
static const char *member_of(enum name_kind kind)
{
    return kind == NAME_ALIAS_USER ? "user" : kind == NAME_ALIAS_HOST ? "host" : "name";
}

static status name_compare(struct names_check *names, const struct told *told, int place, struct str text,
                           struct err *err)
{
    struct id id = told->names[place].id;
    struct known_name *known = id_table_find(&names->names, id);
    struct hash hash = hash_of(text);
    char shown[TYPEID_BYTES + 1] = "";

    typeid_write(name_id_kind(told->names[place].kind), id, shown);
    if (!known)
        return err_set(err, CODE_CORRUPT, "the store has no name for %s", shown);
    if (known->kind != told->names[place].kind || !id_eq(known->within, told->names[place].within) ||
        !hash_eq(&known->text, &hash))
        return err_set(err, CODE_CORRUPT, "the store has another name for %s than its private text", shown);
    names->told += !known->told;
    known->told = true;
    return OK;
}

status names_check_self(struct names_check *names, struct id id, struct err *err)
{
    struct told self = { .count = 0 };

    told_add(&self, NAME_SERVICE, id);
    if (names->closed && !id_table_find(&names->names, id))
        return OK; /* nobody can read it */
    return name_compare(names, &self, 0, STR(SELF_NAME), err);
}

static bool all_told(const struct names_check *names, const struct told *told)
{
    for (int i = 0; i < told->count; i++) {
        const struct known_name *known = id_table_find(&names->names, told->names[i].id);

        if (!known || !known->told)
            return false;
    }
    return true;
}

/* Only the first text that tells a name is read: the others are vouched for by their commitments all the same. */
status names_check_text(struct names_check *names, const struct told *told, struct str text, struct err *err)
{
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    struct json_node root, asserted;

    if (all_told(names, told))
        return OK;
    TRY(json_doc_read(text, &doc, err));
    root = json_doc_root(&doc);
    asserted = json_node_member(root, "asserted");
    for (int i = 0; i < told->count; i++) {
        enum name_kind kind = told->names[i].kind;
        bool is_alias = name_id_kind(kind) == ID_ALIAS;
        struct str name = json_node_text(json_node_member(is_alias ? asserted : root, member_of(kind)));

        if (name.len)
            TRY(name_compare(names, told, i, name, err));
    }
    return OK;
}
