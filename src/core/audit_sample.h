/*
 * core/audit_sample: an example of each code, made from the table: for the documents, the schema's check, the tests and
 * the benchmarks.
 *
 * The same call gives the same entry for ever. It refuses to be realistic beyond that: samples are not a history, their
 * chain numbers and counts have nothing to do with each other.
 */
#ifndef CORE_AUDIT_SAMPLE_H
#define CORE_AUDIT_SAMPLE_H

#include "core/entry.h"

#define SAMPLE_TIME_MS ((int64_t)1795507200123) /* 2026-11-24T08:00:00.123Z */

enum sample_kind {
    SAMPLE_LEAST,   /* only what every entry of the code has */
    SAMPLE_USUAL,   /* every member that the code may have, with everyday values */
    SAMPLE_LONGEST, /* every member there is, each as long as it can be (P9) */
};

/* A sealed entry; its texts are constants. */
void audit_sample(enum audit_code code, enum sample_kind kind, struct entry *ret_entry);

#endif
