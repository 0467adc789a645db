/*
 * http/target: the parts of a request target as text: percent escapes and query members.
 *
 * It refuses malformed escapes, controls (NUL above all, but not tab) and what is not UTF-8. Text without escapes stays
 * where it is; other text is written into the arena. Any thread.
 */
#ifndef HTTP_TARGET_H
#define HTTP_TARGET_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/*
 * One part of a path, which besides must not be empty, "." or "..", nor hold "/" when decoded. CODE_INVALID for text
 * that is refused, CODE_NO_MEMORY when the arena has no room.
 */
MUST_CHECK status target_decode_segment(struct arena *arena, struct str raw, struct str *ret_text);

struct target_member {
    struct str name;
    struct str value; /* empty also when there was no "=" */
};

/*
 * Takes the next member off a raw query; "+" stands for a space in it, as forms and browsers write. False at the end.
 * A refused escape is CODE_INVALID in *ret_status and ends the walk.
 */
bool target_next_member(struct str *rest, struct arena *arena, struct target_member *ret_member, status *ret_status);

#endif
