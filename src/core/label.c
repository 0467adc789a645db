#include "core/label.h"

#include "codec/hex.h"
#include "core/entry.h"
#include "crypto/hash.h"

#define DIGITS_BYTES ((size_t)4) /* of the hash: eight digits */

bool label_fits(struct str name)
{
    return entry_text_fits(name, NAME_MAX_BYTES) && str_find(name, '/') == name.len;
}

/* The bytes of the character that begins there and can stand in a name; 0 when it can't. */
static size_t character_len(struct str rest)
{
    struct str character = str_cut(rest, 0, str_utf8_len(rest));

    return str_eq(character, STR(" ")) || label_fits(character) ? character.len : 0;
}

/* Copies whole characters while there is room; gives how many bytes were written, *ret_whole whether that was all. */
static size_t characters_copy(struct str name, char *space, size_t room, bool *ret_whole)
{
    size_t written = 0;

    while (name.len > 0) {
        size_t len = character_len(name);
        size_t copied = len ? len : 1;

        if (written + copied > room)
            break;
        if (len)
            memcpy(space + written, name.at, len);
        else
            space[written] = '_';
        written += copied;
        name = str_from(name, copied);
    }
    *ret_whole = name.len == 0;
    return written;
}

static void ends_mend(char *space, size_t len)
{
    if (space[0] == ' ')
        space[0] = '_';
    if (space[len - 1] == ' ')
        space[len - 1] = '_';
}

struct str label_from_log(struct str name, char space[NAME_MAX_BYTES])
{
    struct hash hash;
    bool whole;
    size_t len;

    if (label_fits(name))
        return name;
    len = characters_copy(name.len ? name : STR("_"), space, NAME_MAX_BYTES, &whole);
    if (!whole) {
        hash = hash_of(name);
        len = characters_copy(name, space, LABEL_CUT_BYTES, &whole);
        space[len++] = '~';
        hex_write(hash.bytes, DIGITS_BYTES, space + len);
        len += 2 * DIGITS_BYTES;
    }
    ends_mend(space, len);
    return (struct str){ space, len };
}
