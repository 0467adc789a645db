/*
 * api/shape: an answer as a table: which members it has, where each comes from, and what it means.
 *
 * The same table writes the answer and its schema in /openapi.json, so that they can't differ. A shape reads one value:
 * an entry of the ledger (kinds SHAPE_ON to SHAPE_WHEN), or a struct of this room (all others, by offset). Pure.
 */
#ifndef API_SHAPE_H
#define API_SHAPE_H

#include "codec/json_out.h"
#include "core/entry.h"

enum shape_kind {
    SHAPE_ON,    /* entry: on[at] */
    SHAPE_DATA,  /* entry: data[at] */
    SHAPE_WHEN,  /* entry: its time */
    SHAPE_GIVEN, /* the handler's own text number `at`, beside the value */
    SHAPE_FIXED, /* the word `fixed`, always */
    SHAPE_TEXT,  /* struct str; absent when empty */
    SHAPE_INT,   /* int64_t; absent when negative */
    SHAPE_COUNT, /* uint32_t */
    SHAPE_INDEX, /* uint64_t; absent when UINT64_MAX */
    SHAPE_TIME,  /* int64_t; absent when 0 or less */
    SHAPE_BOOL,  /* bool */
    SHAPE_ID,    /* struct id of kind `id`; absent when none */
    SHAPE_WHO,   /* struct who; absent when nobody */
    SHAPE_WORD,  /* uint8_t, the place in `words` */
    SHAPE_HASH,  /* struct hash in base64 */
    SHAPE_IDS,   /* struct shape_list of struct id */
    SHAPE_TEXTS, /* struct shape_list of struct str */
    SHAPE_JSONS, /* struct shape_list of struct str, each a JSON object already */
    SHAPE_ROWS   /* struct shape_list of what `shape` reads */
};

struct shape_list {
    void *at;
    size_t count;
};

struct shape_member {
    const char *name;
    enum shape_kind kind;
    size_t at;               /* offset, or the entry's field */
    bool maybe;              /* may be absent */
    enum id_kind id;         /* SHAPE_ID, SHAPE_IDS */
    const struct str *words; /* SHAPE_WORD: `word_count` of them */
    int word_count;
    struct str fixed;
    const struct shape *shape; /* SHAPE_ROWS */
    size_t size;               /* of one row */
    const char *about;         /* a sentence; entry fields have their own */
};

struct shape {
    const char *title; /* the schema's name */
    const struct shape_member *members;
    size_t count;
};

#define SHAPE(title_, members_)                                                                                        \
    {                                                                                                                  \
        .title = (title_), .members = (members_), .count = sizeof(members_) / sizeof((members_)[0])                    \
    }

/* What a shape is written from. */
struct shape_source {
    const void *value;
    const struct str *given; /* for SHAPE_GIVEN; an absent one has `at` NULL */
};

/* Its members, into an open object. */
void shape_write(const struct shape *shape, const struct shape_source *source, struct json_out *out);
/* JSON Schema of one member, and of the whole object under that name. */
void shape_member_schema(const struct shape_member *member, struct json_out *out);
void shape_schema(const struct shape *shape, const char *name, struct json_out *out);

#endif
