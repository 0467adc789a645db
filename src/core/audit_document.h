/*
 * core/audit_document: the audit table told to people and to programs: the reference of all codes as Markdown, and a
 * JSON Schema (2020-12) of entry format v1. Both are the table and nothing else, with a sample leaf of each code.
 *
 * Kept in docs/reference/ by the program gen_docs; a test compares. Pure.
 */
#ifndef CORE_AUDIT_DOCUMENT_H
#define CORE_AUDIT_DOCUMENT_H

#include "base/buf.h"
#include "codec/json_out.h"

#define AUDIT_DOCUMENT_MAX_BYTES ((size_t)512 * 1024)

MUST_CHECK status audit_document_write(struct buf *buf);
/* The schema as a value of a document under way; `name` as json_out takes it. */
void audit_schema_out(const char *name, struct json_out *out);

#endif
