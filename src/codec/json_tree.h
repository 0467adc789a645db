/*
 * codec/json_tree: text to a jansson tree, with all that must be right before anybody looks at members: whole, one
 * object, no duplicates, no NUL, not too deep. Only json_in.c uses it.
 */
#ifndef CODEC_JSON_TREE_H
#define CODEC_JSON_TREE_H

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

void json_tree_free(json_t **tree); /* for AUTO */
/* The tree is an object. CODE_INVALID or CODE_NO_MEMORY. */
MUST_CHECK status json_tree_read(struct str text, json_t **ret_tree, struct err *err);

#endif
