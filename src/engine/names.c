/*
 * engine/names: one table of names, found by what they are called and by id; one guard around everything.
 *
 * A name is durable (the store has it), or on its way with one or more commands (`carriers`), or in doubt (`doubts`:
 * commands of which nobody knows what became). What is none of these is forgotten.
 */
#include "engine/names.h"

#include <assert.h>

#include "base/guard.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/table.h"
#include "crypto/hash.h"
#include "engine/texts.h"

#define KEY_BYTES        16
#define DAY_MS           ((int64_t)86400 * 1000)
#define OPENED_MAX_BYTES ((size_t)64 * 1024) /* one stored name, with room to spare */

/* A free record of the table has no text. */
struct name {
    struct id id;
    struct id within;
    uint64_t hash; /* of kind, within and text */
    struct str text;
    uint32_t carriers;
    uint32_t doubts;
    uint32_t brought_by; /* the newest batch with an entry that came with it; 0: none */
    uint32_t day;        /* under whose key the store has it; 0: not under a day's */
    uint8_t kind;        /* enum name_kind */
    bool durable;
    bool gone; /* of a user who was erased: what still carries it does not bring it back */
};

struct names {
    struct guard guard;
    struct table records;
    struct map by_id, by_text;
    struct texts texts;
    uint64_t doubted; /* names with doubts */
    uint8_t key[KEY_BYTES];
};

/* ---- Keys ---- */

static struct name *name_at(const struct names *names, uint32_t place)
{
    return table_at(&names->records, place);
}

static uint64_t hash_by_id(const void *owner, uint32_t place)
{
    return id_hash(name_at(owner, place)->id);
}

static bool equals_by_id(const void *owner, uint32_t place, const void *key)
{
    const struct id *id = key;

    return id_eq(name_at(owner, place)->id, *id);
}

static const struct map_kind by_id = { hash_by_id, equals_by_id };

static uint64_t hash_by_text(const void *owner, uint32_t place)
{
    return name_at(owner, place)->hash;
}

/* `key` is a struct name_new. */
static bool equals_by_text(const void *owner, uint32_t place, const void *key)
{
    const struct name *name = name_at(owner, place);
    const struct name_new *wanted = key;

    return name->kind == wanted->kind && id_eq(name->within, wanted->within) && str_eq(name->text, wanted->text);
}

static const struct map_kind by_text = { hash_by_text, equals_by_text };

/*
 * Clients choose these texts, so they must not know which of them meet in one slot: SHA-256 with a secret before it
 * instead of str_hash, for which colliding texts can be computed.
 */
static uint64_t hash_of_name(const struct names *names, const struct name_new *name)
{
    const uint64_t head[] = { name->kind, name->within.hi, name->within.lo };
    const struct str parts[] = { { (const char *)names->key, KEY_BYTES },
                                 { (const char *)head, sizeof head },
                                 name->text };
    struct hash hash = hash_of_parts(parts, sizeof parts / sizeof *parts);
    uint64_t start;

    memcpy(&start, hash.bytes, sizeof start);
    return start;
}

static struct name *find_text(const struct names *names, const struct name_new *name, uint64_t hash)
{
    uint32_t place = map_find(&names->by_text, &by_text, names, hash, name);

    return place == MAP_NONE ? NULL : name_at(names, place);
}

static uint32_t place_of(const struct names *names, struct id id)
{
    return map_find(&names->by_id, &by_id, names, id_hash(id), &id);
}

static struct name *find_id(const struct names *names, struct id id)
{
    uint32_t place = place_of(names, id);

    return place == MAP_NONE ? NULL : name_at(names, place);
}

/* ---- Adding and forgetting, by who has the guard for writing ---- */

/* Neither id nor text may be there yet. On failure nothing is. */
static status add(struct names *names, const struct name_new *name, uint64_t hash, struct name **ret_name)
{
    struct name record = { .id = name->id, .within = name->within, .hash = hash, .kind = (uint8_t)name->kind };
    uint32_t place;

    assert(!find_id(names, name->id));
    TRY(table_reserve(&names->records, 1));
    TRY(map_reserve(&names->by_id, &by_id, names, 1));
    TRY(map_reserve(&names->by_text, &by_text, names, 1));
    TRY(texts_keep(&names->texts, name->text, &record.text));
    place = table_take(&names->records);
    *name_at(names, place) = record;
    map_put(&names->by_id, id_hash(record.id), place);
    map_put(&names->by_text, hash, place);
    *ret_name = name_at(names, place);
    return OK;
}

static void forget_if_unwanted(struct names *names, uint32_t place)
{
    struct name *name = name_at(names, place);

    if (name->durable || name->carriers || name->doubts)
        return;
    map_remove(&names->by_id, &by_id, names, place);
    map_remove(&names->by_text, &by_text, names, place);
    texts_forget(&names->texts, name->text);
    table_give(&names->records, place);
}

/* ---- The register ---- */

status names_new(struct names **ret_names)
{
    struct names *names = memory_new(1, sizeof *names);
    /* No argument (P10), because no answer depends on it: it only decides where in memory a name lies. */
    struct entropy entropy = entropy_from_system();

    if (!names)
        return (status){ CODE_NO_MEMORY };
    if (guard_init(&names->guard).code) {
        memory_free(names);
        return (status){ CODE_NO_MEMORY };
    }
    entropy_fill(&entropy, names->key, sizeof names->key);
    names->records = table_of(sizeof(struct name), ALIASES_MAX);
    *ret_names = names;
    return OK;
}

void names_free(struct names *names)
{
    if (!names)
        return;
    table_free(&names->records);
    map_free(&names->by_id);
    map_free(&names->by_text);
    texts_free(&names->texts);
    guard_free(&names->guard);
    memory_free(names);
}

/* ---- Days ---- */

/* An alias that is kept under the key of a day, because it is nobody's in particular. */
static bool is_of_day(enum name_kind kind, struct id within)
{
    return name_id_kind(kind) == ID_ALIAS && id_is_none(within);
}

/* The store has it, and as of today: what is used is sealed anew once a day. */
static bool is_settled(const struct name *name, uint32_t today)
{
    return name->durable && (!name->day || name->day >= today);
}

/* ---- Pending names ---- */

/* Gives the one that is there, or adds it; whoever comes to a name that is not durable yet carries it, too. */
static status carry(struct names *names, const struct name_new *wanted, uint64_t hash, const struct name **ret_name)
{
    struct name *name = find_text(names, wanted, hash);

    if (!name)
        TRY(add(names, wanted, hash, &name));
    if (!is_settled(name, wanted->day))
        name->carriers++;
    *ret_name = name;
    return OK;
}

static bool known_alias(struct names *names, uint64_t hash, struct name_new *name)
{
    const struct name *known;
    bool durable;

    guard_read(&names->guard);
    known = find_text(names, name, hash);
    durable = known && is_settled(known, name->day);
    if (durable)
        name->id = known->id;
    guard_leave(&names->guard);
    return durable;
}

status names_alias(struct names *names, struct name_new *name, struct entropy *entropy, int64_t now_ms,
                   bool *ret_is_new)
{
    uint64_t hash = hash_of_name(names, name);
    const struct name *carried = NULL;
    struct name_new wanted;
    status s;

    assert(name_id_kind(name->kind) == ID_ALIAS);
    name->day = is_of_day(name->kind, name->within) ? (uint32_t)(now_ms / DAY_MS) : 0;
    if (known_alias(names, hash, name)) { /* nearly always */
        *ret_is_new = false;
        return OK;
    }
    wanted = *name;
    wanted.id = id_new(entropy, now_ms);
    guard_write(&names->guard);
    s = carry(names, &wanted, hash, &carried);
    if (!s.code) {
        name->id = carried->id;
        *ret_is_new = !is_settled(carried, name->day);
    }
    guard_leave(&names->guard);
    return s;
}

status names_reserve(struct names *names, const struct name_new *name)
{
    uint64_t hash = hash_of_name(names, name);
    struct name *added = NULL;
    status s;

    assert(name_id_kind(name->kind) != ID_ALIAS);
    guard_write(&names->guard);
    s = find_text(names, name, hash) ? (status){ CODE_CONFLICT } : add(names, name, hash, &added);
    if (!s.code)
        added->carriers = 1;
    guard_leave(&names->guard);
    return s;
}

void names_settle(struct names *names, const struct name_new *name, bool durable)
{
    uint32_t place;

    guard_write(&names->guard);
    place = place_of(names, name->id);
    assert(place != MAP_NONE && name_at(names, place)->carriers > 0);
    name_at(names, place)->carriers--;
    if (durable && !name_at(names, place)->gone) {
        name_at(names, place)->durable = true;
        if (name->day > name_at(names, place)->day)
            name_at(names, place)->day = name->day;
    }
    forget_if_unwanted(names, place);
    guard_leave(&names->guard);
}

void names_doubt(struct names *names, const struct name_new *name)
{
    struct name *record;

    guard_write(&names->guard);
    record = find_id(names, name->id);
    assert(record && record->carriers > 0);
    record->carriers--;
    if (!record->durable)
        names->doubted += record->doubts++ == 0;
    guard_leave(&names->guard);
}

/* ---- Asking ---- */

bool names_is_new(struct names *names, struct id id, uint32_t batch)
{
    const struct name *name;
    bool is_new;

    guard_read(&names->guard);
    name = find_id(names, id);
    is_new = !name || (!name->durable && (!batch || name->brought_by != batch));
    guard_leave(&names->guard);
    return is_new;
}

bool names_bring(struct names *names, const struct name_new *name, uint32_t batch)
{
    struct name *known;
    bool wanted;

    guard_write(&names->guard);
    known = find_id(names, name->id);
    assert(known && batch);
    wanted = !is_settled(known, name->day) && known->brought_by != batch;
    known->brought_by = batch;
    guard_leave(&names->guard);
    return wanted;
}

status names_text(struct names *names, struct id id, struct arena *arena, struct str *ret_text)
{
    const struct name *name;
    status s = { CODE_NOT_FOUND };

    guard_read(&names->guard);
    name = find_id(names, id);
    if (name)
        s = arena_copy(arena, name->text, ret_text);
    guard_leave(&names->guard);
    return s;
}

status names_find(struct names *names, enum name_kind kind, struct id within, struct str text, struct id *ret_id)
{
    struct name_new wanted = { .kind = kind, .within = within, .text = text };
    uint64_t hash = hash_of_name(names, &wanted);
    const struct name *name;
    status s = { CODE_NOT_FOUND };

    guard_read(&names->guard);
    name = find_text(names, &wanted, hash);
    if (name && name->durable) {
        *ret_id = name->id;
        s = OK;
    }
    guard_leave(&names->guard);
    return s;
}

uint64_t names_count(struct names *names)
{
    uint64_t count;

    guard_read(&names->guard);
    count = names->records.live;
    guard_leave(&names->guard);
    return count;
}

/* ---- From the store ---- */

static status contradicts(const struct name_new *stored, const char *what, struct err *err)
{
    char id[TYPEID_BYTES];

    typeid_write(name_id_kind(stored->kind), stored->id, id);
    return err_set(err, CODE_CORRUPT, "the stored name of %.*s %s", TYPEID_BYTES, id, what);
}

static status learn_new(struct names *names, const struct name_new *stored, uint64_t hash, struct name **ret_name,
                        struct err *err)
{
    status s;

    if (find_id(names, stored->id))
        return contradicts(stored, "is not the one it had before", err);
    s = add(names, stored, hash, ret_name);
    return s.code ? err_set(err, s.code, "the register of names can't take another one: %s", status_name(s)) : OK;
}

/* A name that the store has is durable, whatever was thought of it. */
static status learn(struct names *names, const struct name_new *stored, struct err *err)
{
    uint64_t hash = hash_of_name(names, stored);
    struct name *name = find_text(names, stored, hash);

    if (!name)
        TRY(learn_new(names, stored, hash, &name, err));
    else if (!id_eq(name->id, stored->id))
        return contradicts(stored, "belongs to another id, too", err);
    assert(name);
    names->doubted -= name->doubts > 0;
    name->doubts = 0;
    name->durable = true;
    name->day = stored->day;
    return OK;
}

struct loading {
    struct names *names;
    const struct name_opener *opener;
    struct arena opened;
    uint64_t closed; /* names that nobody can read any more */
};

static void loading_end(struct loading *loading)
{
    arena_free(&loading->opened);
}

static status learn_alias(void *context, const struct store_alias *alias, struct err *err)
{
    struct loading *loading = context;
    const struct name_opener *opener = loading->opener;
    struct name_new name = { 0 };
    status s;

    arena_reset(&loading->opened);
    s = opener ? opener->open(opener->context, alias, &loading->opened, &name, err)
               : name_from_alias(alias, &name, err);
    if (s.code == CODE_NOT_FOUND) {
        loading->closed++;
        return OK;
    }
    TRY(s);
    guard_write(&loading->names->guard);
    s = learn(loading->names, &name, err);
    guard_leave(&loading->names->guard);
    return s;
}

/* What is still in doubt when all was read is not in the store. */
static void end_doubts(struct names *names)
{
    for (uint32_t place = 0; names->doubted > 0 && place < names->records.used; place++) {
        struct name *name = name_at(names, place);

        if (!name->text.at || !name->doubts)
            continue;
        name->doubts = 0;
        names->doubted--;
        forget_if_unwanted(names, place);
    }
}

status names_load(struct names *names, struct store_reader *reader, const struct name_opener *opener, struct err *err)
{
    AUTO(struct loading, loading_end)
    loading = { .names = names, .opener = opener, .opened = { .max_bytes = OPENED_MAX_BYTES } };
    struct store_alias_visitor visitor = { learn_alias, &loading };

    TRY(store_aliases_read(reader, &visitor, err));
    guard_write(&names->guard);
    end_doubts(names);
    guard_leave(&names->guard);
    if (loading.closed)
        log_write(LOG_INFO, "names", "%llu stored names have no key any more and are passed over",
                  (unsigned long long)loading.closed);
    return OK;
}

/* ---- What nobody can read any more ---- */

static bool is_of_user(const struct name *name, const void *what)
{
    const struct id *user = what;

    return (name->kind == NAME_USER && id_eq(name->id, *user)) ||
           (name_id_kind((enum name_kind)name->kind) == ID_ALIAS && id_eq(name->within, *user));
}

/* What is carried stays until its command is settled; it is not durable any more. */
static void forget_where(struct names *names, bool (*goes)(const struct name *name, const void *what), const void *what)
{
    guard_write(&names->guard);
    for (uint32_t place = 0; place < names->records.used; place++) {
        struct name *name = name_at(names, place);

        if (!name->text.at || !goes(name, what))
            continue;
        name->durable = false;
        name->gone = name->gone || goes == is_of_user;
        forget_if_unwanted(names, place);
    }
    guard_leave(&names->guard);
}

void names_forget_user(struct names *names, struct id user)
{
    forget_where(names, is_of_user, &user);
}

static bool is_before(const struct name *name, const void *what)
{
    const uint32_t *day = what;

    return name->day && name->day < *day;
}

void names_forget_days(struct names *names, uint32_t day)
{
    forget_where(names, is_before, &day);
}
