/*
 * codec/json_schema: what a table of codec/json_in says, told to others: JSON Schema 2020-12 for the OpenAPI document,
 * and a dictionary for the fuzzer. Pure.
 */
#ifndef CODEC_JSON_SCHEMA_H
#define CODEC_JSON_SCHEMA_H

#include "base/buf.h"
#include "codec/json_in.h"
#include "codec/json_out.h"

/* One object schema; nested tables are written in place. Lengths count characters there, bytes here: a text that the
 * schema allows may still be refused when it has characters of several bytes. */
void json_table_schema(const struct json_table *table, struct buf *buf);
/* The same as a value of a document under way. */
void json_table_schema_out(const struct json_table *table, const char *name, struct json_out *out);
/* libFuzzer's format: one quoted word a line. */
void json_table_dictionary(const struct json_table *table, struct buf *buf);

#endif
