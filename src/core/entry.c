/*
 * core/entry: filling an entry member by member. What a code's row does not allow, and what does not fit a member's
 * kind, is a program error and asserts here, where the caller still stands on the stack.
 */
#include "core/entry.h"

#include <assert.h>

#define ON_BIT(field)   ((uint32_t)1 << (field))
#define DATA_BIT(field) ((uint64_t)1 << (field))

void entry_begin(struct entry *entry, enum audit_code code, const struct actor *actor, int64_t now_ms)
{
    assert(code < AUDIT_COUNT);
    entry->id = (struct id){ 0 };
    entry->time_ms = now_ms;
    entry->occurred_at_ms = 0;
    entry->source = SOURCE_NONE;
    entry->code = code;
    entry->actor = *actor;
    entry->on_has = 0;
    entry->data_has = 0;
    entry->seq_count = 0;
    entry->has_change = false;
    entry->has_src = false;
    entry->has_idem = false;
    entry->has_request = false;
    entry->has_private = false;
}

static union value *on_take(struct entry *entry, enum on_field field, enum value_kind kind)
{
    const struct audit_row *row = &audit_rows[entry->code];

    assert(field < ON_COUNT && (row->on | row->on_maybe) & ON_BIT(field));
    assert(on_fields[field].kind == kind);
    entry->on_has |= ON_BIT(field);
    return &entry->on[field];
}

static union value *data_take(struct entry *entry, enum data_field field)
{
    const struct audit_row *row = &audit_rows[entry->code];

    assert(field < DATA_FIELD_COUNT && (row->data | row->data_maybe) & DATA_BIT(field));
    entry->data_has |= DATA_BIT(field);
    return &entry->data[field];
}

void entry_on_id(struct entry *entry, enum on_field field, struct id id)
{
    assert(!id_is_none(id));
    on_take(entry, field, VALUE_ID)->id = id;
}

void entry_on_feature(struct entry *entry, struct str feature)
{
    on_take(entry, ON_FEATURE, VALUE_TEXT)->text = feature;
}

void entry_number(struct entry *entry, enum data_field field, int64_t number)
{
    union value *value = data_take(entry, field);

    assert(data_fields[field].kind == VALUE_INT || data_fields[field].kind == VALUE_TIME ||
           data_fields[field].kind == VALUE_WORD);
    value->number = number;
}

void entry_text(struct entry *entry, enum data_field field, struct str text)
{
    union value *value = data_take(entry, field);

    assert(data_fields[field].kind == VALUE_TEXT);
    value->text = text;
}

void entry_bytes(struct entry *entry, enum data_field field, const uint8_t *bytes)
{
    union value *value = data_take(entry, field);
    enum value_kind kind = data_fields[field].kind;

    assert(kind == VALUE_HEX16 || kind == VALUE_HEX32);
    memcpy(value->bytes, bytes, kind == VALUE_HEX16 ? 16 : 32);
}

void entry_principal(struct entry *entry, enum data_field field, struct who who)
{
    union value *value = data_take(entry, field);

    assert(data_fields[field].kind == VALUE_PRINCIPAL);
    value->principal.id = who.id;
    value->principal.kind = who.kind;
}

int64_t entry_number_or(const struct entry *entry, enum data_field field, int64_t otherwise)
{
    return entry_has(entry, field) ? entry->data[field].number : otherwise;
}

/* Ones in the upper bit of each byte that is below `bound` (at most 128). */
static uint64_t bytes_below(uint64_t word, uint64_t bound)
{
    return (word - bound * 0x0101010101010101u) & ~word & 0x8080808080808080u;
}

static uint64_t bytes_equal(uint64_t word, unsigned char byte)
{
    return bytes_below(word ^ byte * (uint64_t)0x0101010101010101u, 1);
}

/* Whether none of eight bytes needs a closer look; a false alarm only costs that look. */
static bool eight_are_plain(const char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return ((word & 0x8080808080808080u) | bytes_below(word, ' ') | bytes_equal(word, '"') | bytes_equal(word, '\\') |
            bytes_equal(word, 0x7f)) == 0;
}

/* U+0080 to U+009F are control characters too: two bytes, the first 0xc2, the second below 0xa0. */
static bool is_control(const char *at)
{
    unsigned char byte = (unsigned char)at[0];

    return byte < ' ' || byte == 0x7f || (byte == 0xc2 && (unsigned char)at[1] < 0xa0);
}

static bool characters_fit(struct str text)
{
    if (!str_is_utf8(text))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (is_control(text.at + i) || text.at[i] == '"' || text.at[i] == '\\')
            return false;
    }
    return true;
}

bool entry_text_fits(struct str text, size_t max_bytes)
{
    size_t plain = 0;

    if (text.len == 0 || text.len > max_bytes || text.at[0] == ' ' || text.at[text.len - 1] == ' ')
        return false;
    while (text.len - plain >= 8 && eight_are_plain(text.at + plain))
        plain += 8;
    return characters_fit(str_from(text, plain));
}

int entry_chains(const struct entry *entry, struct seq_link *ret_links)
{
    const struct audit_row *row = &audit_rows[entry->code];
    int count = 0;

    if (row->pool_chain && entry_has_on(entry, ON_POOL)) {
        ret_links[count].kind = ID_POOL;
        ret_links[count++].id = entry->on[ON_POOL].id;
    }
    if (row->license_chain && entry_has_on(entry, ON_LICENSE)) {
        ret_links[count].kind = ID_LICENSE;
        ret_links[count++].id = entry->on[ON_LICENSE].id;
    }
    return count;
}
