/*
 * codec/json_doc: a JSON object that is looked at member by member, for those who show what somebody else wrote:
 * answers of a server, leaves. Pure.
 *
 * Requests are read by a table (json_in.h), which refuses what it does not know. Here nothing is refused but text that
 * is no JSON object: a member that is absent, or of another type than asked for, reads as nothing. What must be there
 * is for the caller to check.
 */
#ifndef CODEC_JSON_DOC_H
#define CODEC_JSON_DOC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* A zeroed one is empty. */
struct json_doc {
    void *tree;
};

/* A value of a doc, valid as long as it; a zeroed one is no value. */
struct json_node {
    const void *at;
};

/* CODE_INVALID or CODE_NO_MEMORY. Free with json_doc_free. */
MUST_CHECK status json_doc_read(struct str text, struct json_doc *ret_doc, struct err *err);
void json_doc_free(struct json_doc *doc);
struct json_node json_doc_root(const struct json_doc *doc);

static inline bool json_node_is(struct json_node node)
{
    return node.at != NULL;
}
struct json_node json_node_member(struct json_node node, const char *name);
/* Items of a list; 0 of anything else. */
size_t json_node_count(struct json_node node);
struct json_node json_node_item(struct json_node node, size_t number);
/* Of a text; empty of anything else. */
struct str json_node_text(struct json_node node);
/* Of a whole number; `otherwise` of anything else. */
int64_t json_node_number(struct json_node node, int64_t otherwise);
/* For people: a text as it is, items and members separated by a space, nothing for no value. */
void json_node_show(struct json_node node, struct buf *buf);

/* For programs: the value as JSON again, without spaces. */
void json_node_dump(struct json_node node, struct buf *buf);

/* The most frequent questions. */
static inline struct str json_doc_text(const struct json_doc *doc, const char *name)
{
    return json_node_text(json_node_member(json_doc_root(doc), name));
}
static inline int64_t json_doc_number(const struct json_doc *doc, const char *name, int64_t otherwise)
{
    return json_node_number(json_node_member(json_doc_root(doc), name), otherwise);
}

#endif
