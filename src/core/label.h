/*
 * core/label: the rule for names of products and features, and how a name from somebody else's log is made to fit it.
 */
#ifndef CORE_LABEL_H
#define CORE_LABEL_H

#include <stdbool.h>

#include "base/limits.h"
#include "base/str.h"

/*
 * 1 … NAME_MAX_BYTES bytes that can stand in a leaf (entry_text_fits: UTF-8, no control character, no '"' or '\\', no
 * space at either end) and hold no '/', which separates product and feature.
 */
bool label_fits(struct str name);
/*
 * The name that stands for one from a log, which may be any bytes. One that fits stands for itself. Otherwise every
 * byte that can't stand becomes '_' ('"', '\\', '/', control characters, spaces at the ends, bytes that are no UTF-8;
 * an empty name is "_"), and what does not fit as a whole is cut to LABEL_CUT_BYTES or a little less and gets '~' and
 * eight hexadecimal digits of the whole name's SHA-256. So long names stay apart; short ones that differ only in bytes
 * that can't stand become one. The slice points into `name` or `space`.
 */
#define LABEL_CUT_BYTES (NAME_MAX_BYTES - 9)
struct str label_from_log(struct str name, char space[NAME_MAX_BYTES]);

#endif
