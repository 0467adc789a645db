/*
 * core/entry: one leaf of the ledger as a value, its text (entry format v1) and back.
 *
 * The text is one line of JSON with a fixed member order, written once by entry_encode; the leaf hash is over those
 * bytes. entry_decode reads only what entry_encode writes: anything else, even if equal as JSON, is CODE_CORRUPT.
 * Pure (P10). Both directions are driven by core/audit's table. Neither checks whether the entry makes sense.
 */
#ifndef CORE_ENTRY_H
#define CORE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "codec/typeid.h"
#include "core/audit.h"
#include "core/words.h"

#define SEQ_PREV_BYTES 16
#define ENTRY_SEQ_MAX  2
/* Numbers in leaves lie within what every JSON reader keeps exactly (RFC 7493 section 2.2). */
#define ENTRY_NUMBER_MAX (((int64_t)1 << 53) - 1)

union value {
    int64_t number; /* VALUE_INT, VALUE_TIME (ms), VALUE_WORD (place) */
    struct str text;
    struct id id;
    uint8_t bytes[32];
    struct {
        struct id id;
        enum id_kind kind;
    } principal;
};

/* A typed principal: who acts, holds or owns. */
struct who {
    struct id id;
    enum id_kind kind; /* ID_ORGANISATION, ID_TEAM, ID_USER, ID_SERVICE or ID_DEVICE; ID_NONE is nobody */
};

static inline bool who_kind_fits(enum id_kind kind)
{
    return kind >= ID_ORGANISATION && kind <= ID_DEVICE;
}

/* Proven authorship (P5). */
struct actor {
    struct who who;
    enum via via;
    struct id cred; /* none for the system itself */
    enum level level;
};

/* One link of a pool's or licence's own chain: gap-free numbers from 1, each with the previous leaf's hash. */
struct seq_link {
    enum id_kind kind; /* ID_POOL or ID_LICENSE */
    struct id id;
    uint64_t number;
    uint8_t prev[SEQ_PREV_BYTES];
};

struct entry {
    struct id id;
    int64_t time_ms;
    int64_t occurred_at_ms; /* with source; 0 is absent */
    enum source source;
    enum audit_code code;
    struct actor actor;
    uint32_t on_has; /* 1 << ON_… */
    uint64_t data_has;
    int seq_count;
    bool has_change; /* one of several entries of one command */
    bool has_src;
    bool has_idem;
    bool has_request;
    bool has_private;
    struct seq_link seq[ENTRY_SEQ_MAX];
    struct id change;
    uint32_t change_k; /* 1 … n */
    uint32_t change_n;
    struct id src; /* alias of the network prefix */
    uint8_t idem_key[16];
    uint8_t idem_body[16];
    struct id request;
    uint8_t private_hash[32];
    union value on[ON_COUNT];           /* only where on_has says so */
    union value data[DATA_FIELD_COUNT]; /* only where data_has says so; text points into memory of others */
};

/* Starts an entry: everything absent. Cheaper than zeroing the whole struct. */
void entry_begin(struct entry *entry, enum audit_code code, const struct actor *actor, int64_t now_ms);

void entry_on_id(struct entry *entry, enum on_field field, struct id id);
void entry_on_feature(struct entry *entry, struct str feature);
void entry_number(struct entry *entry, enum data_field field, int64_t number); /* int, time or word */
void entry_text(struct entry *entry, enum data_field field, struct str text);
void entry_bytes(struct entry *entry, enum data_field field, const uint8_t *bytes); /* 16 or 32 as the field says */
void entry_principal(struct entry *entry, enum data_field field, struct who who);

static inline bool entry_has_on(const struct entry *entry, enum on_field field)
{
    return entry->on_has >> field & 1;
}
static inline bool entry_has(const struct entry *entry, enum data_field field)
{
    return entry->data_has >> field & 1;
}
/* The number of a field that may be absent. */
int64_t entry_number_or(const struct entry *entry, enum data_field field, int64_t otherwise);

/*
 * Whether a text can stand in a leaf, where nothing is escaped: 1 to max_bytes bytes of UTF-8 with no space at either
 * end, without '"', '\\' and control characters. Names are checked with this where they enter.
 */
bool entry_text_fits(struct str text, size_t max_bytes);
/*
 * The chains that an entry of this code and these members continues: its pool's, then its licence's. Gives how many and
 * fills their kinds and ids; numbers and previous hashes are core/seal's to fill.
 */
int entry_chains(const struct entry *entry, struct seq_link *ret_links);

/*
 * Appends the leaf's text, at most ENTRY_MAX_BYTES. Asserts that the members fit the code's row and their kinds: a
 * program error. An entry that was not sealed (a dry run's) is written without "seq". Fails only as `buf` does.
 */
MUST_CHECK status entry_encode(const struct entry *entry, struct buf *buf);
/*
 * *ret_entry's texts point into `text`. CODE_CORRUPT names the byte (from 0) where it is not as entry_encode writes a
 * sealed entry, and what was expected there; *ret_entry may then be partly written. Allocates nothing.
 */
MUST_CHECK status entry_decode(struct str text, struct entry *ret_entry, struct err *err);

#endif
