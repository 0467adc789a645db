/*
 * http/target: decoding. A slice without escapes is given back as it is, which is nearly every one.
 */
#include "http/target.h"

#include "http/grammar.h"

enum plus { PLUS_IS_ITSELF, PLUS_IS_SPACE };

static bool is_plain(struct str raw, enum plus plus)
{
    return str_find(raw, '%') == raw.len && (plus == PLUS_IS_ITSELF || str_find(raw, '+') == raw.len);
}

/* The byte that begins at raw.at[*at], and *at past it; -1 for a malformed escape. */
static int next_byte(struct str raw, enum plus plus, size_t *at)
{
    char byte = raw.at[(*at)++];
    int high;
    int low;

    if (byte == '+' && plus == PLUS_IS_SPACE)
        return ' ';
    if (byte != '%')
        return (unsigned char)byte;
    if (raw.len - *at < 2)
        return -1;
    high = grammar_hex(raw.at[*at]);
    low = grammar_hex(raw.at[*at + 1]);
    *at += 2;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static status decode(struct arena *arena, struct str raw, enum plus plus, struct str *ret_text)
{
    size_t len = 0;
    char *text = arena_new(arena, raw.len, 1);

    if (!text)
        return (status){ CODE_NO_MEMORY };
    for (size_t at = 0; at < raw.len;) {
        int byte = next_byte(raw, plus, &at);
        if (byte < 0)
            return (status){ CODE_INVALID };
        text[len++] = (char)byte;
    }
    *ret_text = (struct str){ text, len };
    return OK;
}

static status decode_text(struct arena *arena, struct str raw, enum plus plus, struct str *ret_text)
{
    struct str text = raw;

    if (!is_plain(raw, plus))
        TRY(decode(arena, raw, plus, &text));
    if (!grammar_all(text, GRAMMAR_TEXT) || !str_is_utf8(text))
        return (status){ CODE_INVALID };
    *ret_text = text;
    return OK;
}

status target_decode_segment(struct arena *arena, struct str raw, struct str *ret_text)
{
    struct str text = STR_NONE;

    TRY(decode_text(arena, raw, PLUS_IS_ITSELF, &text));
    if (text.len == 0 || str_eq(text, STR(".")) || str_eq(text, STR("..")) || str_find(text, '/') < text.len)
        return (status){ CODE_INVALID };
    *ret_text = text;
    return OK;
}

bool target_next_member(struct str *rest, struct arena *arena, struct target_member *ret_member, status *ret_status)
{
    struct str value = STR_NONE;
    struct str name;
    struct target_member member = { 0 };

    *ret_status = OK;
    while (value.len == 0 && rest->len) /* "a=1&&b=2" has two members */
        value = str_take(rest, '&');
    if (value.len == 0)
        return false;
    name = str_take(&value, '=');
    *ret_status = decode_text(arena, name, PLUS_IS_SPACE, &member.name);
    if (ret_status->code == CODE_OK)
        *ret_status = decode_text(arena, value, PLUS_IS_SPACE, &member.value);
    *ret_member = member;
    return ret_status->code == CODE_OK;
}
