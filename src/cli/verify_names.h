/*
 * cli/verify_names: what the store calls people and machines, against the private texts that leaves commit to.
 *
 * Each name of the store's table is looked for in the first private text that tells it: a principal's in that of the
 * entry that made it, an asserted user's or host's in that of the first entry with its alias. A name that no text tells
 * (a network's, an observed user's) nobody can vouch for; those are counted. Memory grows with the names.
 */
#ifndef CLI_VERIFY_NAMES_H
#define CLI_VERIFY_NAMES_H

#include "cli/id_table.h"
#include "cli/verify_vault.h"
#include "core/entry.h"
#include "crypto/hash.h"
#include "engine/names.h"

/* The names that an entry's private text tells: a principal's, or those of an asserted user and host. */
#define TOLD_MAX 2
struct told {
    struct {
        struct id id;
        enum name_kind kind;
        struct id within; /* in which it is unique: the organisation, the user who asserted it */
    } names[TOLD_MAX];
    int count;
};

struct names_check {
    struct id_table names;
    uint64_t told;
    uint64_t closed; /* whose keys are not here */
};

struct names_check names_check_begin(void);
void names_check_free(struct names_check *names);
/* Reads the whole table; each name must be well-formed, as far as its key is here. */
MUST_CHECK status names_check_load(struct names_check *names, struct store_reader *reader, struct verify_vault *vault,
                                   struct err *err);
/* Which names the entry's private text tells. */
void told_of(const struct entry *entry, struct told *ret_told);
/* The server's own name, which no text tells. */
MUST_CHECK status names_check_self(struct names_check *names, struct id id, struct err *err);
/* The text of an entry that tells these names. CODE_CORRUPT says which name is another, or not there. */
MUST_CHECK status names_check_text(struct names_check *names, const struct told *told, struct str text,
                                   struct err *err);
/* Names that no text told. */
static inline uint64_t names_check_untold(const struct names_check *names)
{
    return names->names.records.live - names->told;
}

#endif
