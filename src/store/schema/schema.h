/*
 * store/schema: the text of schema/NNNN.sqlite.sql, which the build turns into schema.auto.c.
 *
 * A change of the stored form is a new number, a new pair of files, and a step that takes the older form there.
 */
#ifndef STORE_SCHEMA_SCHEMA_H
#define STORE_SCHEMA_SCHEMA_H

#define SCHEMA_VERSION 1

extern const char schema_sqlite[]; /* NUL-terminated */

#endif
