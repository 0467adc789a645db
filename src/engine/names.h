/*
 * engine/names: the register of texts about people, outside the ledger: names of organisations, users, teams and
 * services, and the random aliases that stand in leaves for asserted users, hosts and networks (P8).
 *
 * A name that is new is drawn an id at admission, travels with its command and becomes durable in the same commit as
 * the command's first entry. Uniqueness of principals' names is decided here, before decide(): a pending name counts as
 * taken until its command is settled, and one that nobody carries any more is forgotten. Bounded by ALIASES_MAX. Any
 * thread.
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
    struct id within; /* in which it is unique: a principal's organisation, or the installation (none); an alias's user
                         who asserted it about themselves, or everybody else (none) */
    struct str text;  /* the job's memory */
    uint32_t day;     /* UTC, since 1970-01-01: under whose key an alias of everybody else's is kept, so that it goes
                         when it was not used for as long as texts are kept; else 0 */
};

struct names;

/*
 * Reads a stored name, whose text may live in `arena`. CODE_NOT_FOUND: nobody can read it any more, and it is passed
 * over.
 */
struct name_opener {
    status (*open)(void *context, const struct store_alias *stored, struct arena *arena, struct name_new *ret_name,
                   struct err *err);
    void *context;
};

MUST_CHECK status names_new(struct names **ret_names);
void names_free(struct names *names); /* accepts NULL */
/*
 * Takes over the store's whole register: at start, and again once a store is settled after a commit whose end was not
 * known: names in doubt that it does not have are then free again. CODE_CORRUPT names what contradicts itself; what was
 * read before stays. Any reader may go on meanwhile. `opener` NULL: names are stored as they are.
 */
MUST_CHECK status names_load(struct names *names, struct store_reader *reader, const struct name_opener *opener,
                             struct err *err);

/*
 * Sets name->id and ->day to the alias of an asserted text: of name kind, within and text are given. *ret_is_new says
 * that the store does not have it yet: the caller must carry *name with its command. Two admissions at once get the
 * same id, and both carry it. CODE_TOO_LARGE when the register is full or the text above TEXT_MAX_BYTES;
 * CODE_NO_MEMORY.
 */
MUST_CHECK status names_alias(struct names *names, struct name_new *name, struct entropy *entropy, int64_t now_ms,
                              bool *ret_is_new);
/* Reserves a principal's name for name->id, a fresh id. CODE_CONFLICT when it is taken or pending; else as above. */
MUST_CHECK status names_reserve(struct names *names, const struct name_new *name);
/* Whether no entry brought this name yet: neither is it in the store, nor in the batch of that number (from 1). */
bool names_is_new(struct names *names, struct id id, uint32_t batch);
/*
 * Whether the store is to be given this name with that batch: it does not have it, or under the key of a day too long
 * ago, and no entry of the batch has brought it. From now on one has.
 */
bool names_bring(struct names *names, const struct name_new *name, uint32_t batch);
/*
 * What became of a command that carried a new name: it is durable, or it did not happen. Once for each call above that
 * gave the name out: by the engine for a job that was submitted, by its maker for one that was not.
 */
void names_settle(struct names *names, const struct name_new *name, bool durable);
/* As names_settle, when nobody can tell: the name stays taken until names_load has looked. */
void names_doubt(struct names *names, const struct name_new *name);

/*
 * Forgets what nobody can read any more: the name and aliases of a user who was erased, and aliases kept under the keys
 * of days before `day`. What a command still carries stays until that is settled. Walks the whole register.
 */
void names_forget_user(struct names *names, struct id user);
void names_forget_days(struct names *names, uint32_t day);

/* The text of an id, copied into the arena; CODE_NOT_FOUND. */
MUST_CHECK status names_text(struct names *names, struct id id, struct arena *arena, struct str *ret_text);
/* The principal of that name, once it is durable; CODE_NOT_FOUND. */
MUST_CHECK status names_find(struct names *names, enum name_kind kind, struct id within, struct str text,
                             struct id *ret_id);
/* How many there are, pending ones too. */
uint64_t names_count(struct names *names);

/* What ids of names of that kind are. */
enum id_kind name_id_kind(enum name_kind kind);
/*
 * How the store keeps a name: its kind, and as text "<organisation, or ->\n<name>" for a principal, the plain text for
 * an alias. CODE_TOO_LARGE or CODE_NO_MEMORY are the arena's.
 */
MUST_CHECK status name_to_alias(const struct name_new *name, struct arena *arena, struct store_alias *ret_alias);
/* The other way. The text stays the alias's. CODE_CORRUPT names the id. */
MUST_CHECK status name_from_alias(const struct store_alias *alias, struct name_new *ret_name, struct err *err);

#endif
