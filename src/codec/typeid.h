/*
 * codec/typeid: TypeIDs ("lse_01h455vb4pex5vsknk084sn02q"), after the TypeID 0.3 specification: a prefix, "_", and a
 * UUIDv7 (RFC 9562 section 5.7) as 26 characters of Crockford's base32 in lower case.
 *
 * The 16 bytes alone are the id inside the program; which kind it is stands in the field's type. Ids are never
 * counters: 48 bits of milliseconds and 74 fresh random bits.
 */
#ifndef CODEC_TYPEID_H
#define CODEC_TYPEID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/entropy.h"
#include "base/str.h"

struct id {
    uint64_t hi; /* the UUID's first eight bytes, as a big-endian number */
    uint64_t lo;
};

enum id_kind {
    ID_NONE,
    ID_ORGANISATION, /* org_ */
    ID_TEAM,         /* tem_ */
    ID_USER,         /* usr_ */
    ID_SERVICE,      /* svc_ */
    ID_DEVICE,       /* dev_ */
    ID_CREDENTIAL,   /* tok_ */
    ID_KEY,          /* key_ */
    ID_PRODUCT,      /* prd_ */
    ID_FEATURE,      /* ftr_ */
    ID_LICENSE,      /* lic_ */
    ID_ENTITLEMENT,  /* ett_ */
    ID_POOL,         /* pol_ */
    ID_POLICY,       /* plc_ */
    ID_LEASE,        /* lse_ */
    ID_TICKET,       /* tkt_ */
    ID_RESERVATION,  /* rsv_ */
    ID_ALIAS,        /* ali_ */
    ID_ENTRY,        /* ent_ */
    ID_REQUEST,      /* req_ */
    ID_ASK,          /* ask_ */
    ID_CHANGE,       /* chg_ */
    ID_METER,        /* mtr_ */
    ID_ALERT,        /* alr_ */
    ID_KIND_COUNT
};

#define TYPEID_BYTES 30 /* of the text: three letters, "_", 26 characters */

static inline bool id_eq(struct id a, struct id b)
{
    return a.hi == b.hi && a.lo == b.lo;
}
static inline bool id_is_none(struct id id)
{
    return (id.hi | id.lo) == 0;
}
/* For tables: the low half is random already. */
static inline uint64_t id_hash(struct id id)
{
    return (id.lo ^ id.hi) * 0x9e3779b97f4a7c15u;
}

/* A fresh id of that moment. */
struct id id_new(struct entropy *entropy, int64_t now_ms);
/* The three letters, without "_". */
struct str id_prefix(enum id_kind kind);
/* Writes exactly TYPEID_BYTES, no NUL. */
void typeid_write(enum id_kind kind, struct id id, char *ret_text);
void typeid_add(struct buf *buf, enum id_kind kind, struct id id);
/*
 * Strict: exact length, lower case, first character at most '7'. CODE_INVALID when it is not an id of that kind. The
 * specification's zero id is none of ours: inside the program it stands for "no id", and a client that names it must
 * not be taken for one that named nothing.
 */
MUST_CHECK status typeid_read(struct str text, enum id_kind kind, struct id *ret_id);
/* Any known kind; *ret_kind tells which. */
MUST_CHECK status typeid_read_any(struct str text, enum id_kind *ret_kind, struct id *ret_id);

#endif
