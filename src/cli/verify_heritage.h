/*
 * cli/verify_heritage: a ledger that continues another: from where its counting begins, and whether that is right.
 *
 * Its second entry, ledger.continues, names the image of what was carried over (core/carry) by its hash. Where the
 * image is at hand, chains, seats and a replay begin with it, and check_leaf compares the hash. Whether the image is
 * the right one only the old ledger can tell: it is folded by the server's own rules, and the result compared.
 */
#ifndef CLI_VERIFY_HERITAGE_H
#define CLI_VERIFY_HERITAGE_H

#include "cli/verify_check.h"
#include "store/store.h"

/* Before the first entry. Does nothing in a ledger that continues none. */
MUST_CHECK status heritage_take(struct store_reader *reader, struct check *check, struct err *err);
/*
 * That the ledger at `path` continues the one at `old_path`: key, size, root, the seal, and every fact that was carried
 * over. CODE_CORRUPT says what differs; CODE_CONFLICT when it continues none.
 */
MUST_CHECK status heritage_compare(const char *path, const char *old_path, struct err *err);

#endif
