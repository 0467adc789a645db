/*
 * engine/names: the register of texts about people, outside the ledger: names of organisations, users, teams and
 * services, and the random aliases that stand in leaves for asserted users, hosts and networks (P8).
 *
 * Any thread looks up; a name that is new is drawn an id at admission, travels with its command and becomes durable in
 * the same commit as the command's first entry. Uniqueness of principals' names is decided here, before decide():
 * a pending name counts as taken until its command is settled. Bounded by ALIASES_MAX.
 */
#ifndef ENGINE_NAMES_H
#define ENGINE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/entropy.h"
#include "base/err.h"
#include "codec/typeid.h"
#include "store/store.h"

enum name_kind {
    NAME_ORGANISATION, /* unique in the installation */
    NAME_USER,         /* unique in its organisation, as are teams and services */
    NAME_TEAM,
    NAME_SERVICE,
    NAME_ALIAS_USER,
    NAME_ALIAS_HOST,
    NAME_ALIAS_NETWORK,
    NAME_KIND_COUNT
};

/* A name on its way into the store. */
struct name_new {
    struct id id;
    enum name_kind kind;
    struct id within; /* the organisation in which it is unique; none: the installation */
    struct str text;  /* the job's memory */
};

struct names;

MUST_CHECK status names_new(struct names **ret_names);
void names_free(struct names *names);
/* Reads the whole register at start. */
MUST_CHECK status names_load(struct names *names, struct store_reader *reader, struct err *err);

/*
 * The alias of an asserted text: the known one, or a new one, which is then pending: *ret_is_new says that the caller
 * must carry `*ret_new` with its command. Two admissions at once get the same id, and both carry it.
 * CODE_TOO_LARGE when the register is full.
 */
MUST_CHECK status names_alias(struct names *names, enum name_kind kind, struct str text, struct entropy *entropy,
                              int64_t now_ms, struct name_new *ret_new, bool *ret_is_new);
/* Reserves a principal's name for `id`. CODE_CONFLICT when it is taken or pending. */
MUST_CHECK status names_reserve(struct names *names, const struct name_new *name);
/* Whether the store has this id already. */
bool names_is_durable(struct names *names, struct id id);
/* The command of a name was settled: it became durable, or did not happen. Engine's thread. */
void names_settle(struct names *names, const struct name_new *name, bool durable);

/* The text of an id, copied into the arena; CODE_NOT_FOUND. */
MUST_CHECK status names_text(struct names *names, struct id id, struct arena *arena, struct str *ret_text);
/* The principal of that name; CODE_NOT_FOUND. */
MUST_CHECK status names_find(struct names *names, enum name_kind kind, struct id within, struct str text,
                             struct id *ret_id);

/* How the store keeps a principal's name: its kind and `within` are part of the stored kind and text. */
MUST_CHECK status name_to_alias(const struct name_new *name, struct arena *arena, struct store_alias *ret_alias);

#endif
