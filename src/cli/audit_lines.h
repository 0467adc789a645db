/*
 * cli/audit_lines: an entry of the ledger as one line for people: index, time, what happened, who did it, to what, and
 * its figures. Pure but for printing.
 */
#ifndef CLI_AUDIT_LINES_H
#define CLI_AUDIT_LINES_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

/* CODE_INVALID when the leaf is no JSON object, which no ledger of ours holds. */
MUST_CHECK status audit_line_print(int64_t index, struct str leaf, struct err *err);
/* The whole entry, a line for each member. */
MUST_CHECK status audit_entry_print(int64_t index, struct str leaf, struct err *err);

#endif
