/*
 * core/entry_encode: an entry as the one line of JSON that is hashed, stored and never written again (entry format v1).
 *
 * Everything is put through a pen into memory on the stack, and only a whole entry reaches the caller's buf. The maxima
 * of the table's texts bound every entry below ENTRY_MAX_BYTES (a test encodes the longest of each code), so a pen past
 * the limit is a program error: it asserts before it writes. Pieces of known size need no closer look, because the
 * memory has room for one more behind the limit.
 */
#include "core/entry.h"

#include <assert.h>

#include "base/limits.h"
#include "codec/hex.h"
#include "codec/timetext.h"
#include "codec/typeid.h"

#define PIECE_MAX_BYTES  80 /* the longest piece put without asking: 64 hexadecimal digits in quotation marks */
#define NUMBER_MAX_BYTES 20
#define SHA256_HEX_BYTES 64

struct pen {
    char *at;
    char *limit; /* PIECE_MAX_BYTES more are there */
};

/* Room for a piece of at most PIECE_MAX_BYTES. */
static char *room(const struct pen *pen)
{
    assert(pen->at <= pen->limit);
    return pen->at;
}

/* A literal, whose length the compiler knows. */
#define PUT(pen, literal)                                                                                              \
    do {                                                                                                               \
        memcpy(room(pen), (literal), sizeof(literal) - 1);                                                             \
        (pen)->at += sizeof(literal) - 1;                                                                              \
    } while (0)

static void put_byte(struct pen *pen, char byte)
{
    *room(pen) = byte;
    pen->at++;
}

/* Any length. */
static void put_text(struct pen *pen, struct str text)
{
    char *at = room(pen);

    assert(text.len <= (size_t)(pen->limit - at));
    memcpy(at, text.at, text.len);
    pen->at += text.len;
}

static void put_quoted(struct pen *pen, struct str text)
{
    put_byte(pen, '"');
    put_text(pen, text);
    put_byte(pen, '"');
}

static void put_id(struct pen *pen, enum id_kind kind, struct id id)
{
    char *at = room(pen);

    assert(!id_is_none(id));
    at[0] = '"';
    typeid_write(kind, id, at + 1);
    at[1 + TYPEID_BYTES] = '"';
    pen->at += TYPEID_BYTES + 2;
}

static void put_hex(struct pen *pen, const uint8_t *bytes, size_t len)
{
    char *at = room(pen);

    at[0] = '"';
    hex_write(bytes, len, at + 1);
    at[1 + 2 * len] = '"';
    pen->at += 2 * len + 2;
}

static void put_time(struct pen *pen, int64_t ms)
{
    char *at = room(pen);

    at[0] = '"';
    timetext_write(ms, at + 1);
    at[1 + TIMETEXT_BYTES] = '"';
    pen->at += TIMETEXT_BYTES + 2;
}

static void put_number(struct pen *pen, int64_t number)
{
    char digits[NUMBER_MAX_BYTES];
    size_t first = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    assert(number >= -ENTRY_NUMBER_MAX && number <= ENTRY_NUMBER_MAX);
    do {
        digits[--first] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        digits[--first] = '-';
    memcpy(room(pen), digits + first, sizeof digits - first);
    pen->at += sizeof digits - first;
}

static void put_word(struct pen *pen, const struct str *words, int count, int64_t place)
{
    assert(place >= 0 && place < count);
    put_quoted(pen, words[place]);
}

static void put_value(struct pen *pen, const struct field_row *row, const union value *value)
{
    switch (row->kind) {
    case VALUE_INT:
        put_number(pen, value->number);
        break;
    case VALUE_TIME:
        put_time(pen, value->number);
        break;
    case VALUE_TEXT:
        assert(entry_text_fits(value->text, row->max_bytes));
        put_quoted(pen, value->text);
        break;
    case VALUE_WORD:
        put_word(pen, row->words, row->word_count, value->number);
        break;
    case VALUE_HEX16:
        put_hex(pen, value->bytes, 16);
        break;
    case VALUE_HEX32:
        put_hex(pen, value->bytes, 32);
        break;
    case VALUE_ID:
        put_id(pen, row->id_kind, value->id);
        break;
    case VALUE_PRINCIPAL:
        assert(who_kind_fits(value->principal.kind));
        put_id(pen, value->principal.kind, value->principal.id);
        break;
    }
}

/* The members that `has` names, in the table's order: {"quantity":2,"ttl_s":300}. */
static void put_members(struct pen *pen, const struct field_row *rows, const union value *values, uint64_t has)
{
    char before = '{';

    for (; has; has &= has - 1) {
        int field = __builtin_ctzll(has);
        put_byte(pen, before);
        put_text(pen, rows[field].key);
        put_value(pen, &rows[field], &values[field]);
        before = ',';
    }
    put_byte(pen, '}');
}

static void put_actor(struct pen *pen, const struct actor *actor)
{
    PUT(pen, "\"actor\":{");
    if (actor->who.kind != ID_NONE) {
        assert(who_kind_fits(actor->who.kind));
        PUT(pen, "\"id\":");
        put_id(pen, actor->who.kind, actor->who.id);
        put_byte(pen, ',');
    }
    PUT(pen, "\"via\":");
    put_word(pen, via_words, VIA_COUNT, actor->via);
    if (!id_is_none(actor->cred)) {
        PUT(pen, ",\"cred\":");
        put_id(pen, ID_CREDENTIAL, actor->cred);
    }
    PUT(pen, ",\"level\":");
    put_word(pen, level_words, LEVEL_COUNT, actor->level);
    put_byte(pen, '}');
}

static void put_seq(struct pen *pen, const struct entry *entry)
{
    PUT(pen, ",\"seq\":");
    for (int i = 0; i < entry->seq_count; i++) {
        const struct seq_link *link = &entry->seq[i];
        put_byte(pen, i ? ',' : '{');
        put_id(pen, link->kind, link->id);
        PUT(pen, ":[");
        put_number(pen, (int64_t)link->number);
        put_byte(pen, ',');
        put_hex(pen, link->prev, SEQ_PREV_BYTES);
        put_byte(pen, ']');
    }
    put_byte(pen, '}');
}

static void put_change(struct pen *pen, const struct entry *entry)
{
    PUT(pen, ",\"change\":{\"id\":");
    put_id(pen, ID_CHANGE, entry->change);
    PUT(pen, ",\"k\":");
    put_number(pen, entry->change_k);
    PUT(pen, ",\"n\":");
    put_number(pen, entry->change_n);
    put_byte(pen, '}');
}

static void put_head(struct pen *pen, const struct entry *entry)
{
    PUT(pen, "{\"v\":1,\"id\":");
    put_id(pen, ID_ENTRY, entry->id);
    PUT(pen, ",\"time\":");
    put_time(pen, entry->time_ms);
    if (entry->source != SOURCE_NONE) {
        PUT(pen, ",\"occurred_at\":");
        put_time(pen, entry->occurred_at_ms);
        PUT(pen, ",\"source\":");
        put_word(pen, source_words, SOURCE_COUNT, entry->source);
    }
    put_text(pen, audit_rows[entry->code].head);
    put_actor(pen, &entry->actor);
}

static void put_body(struct pen *pen, const struct entry *entry)
{
    if (entry->on_has) {
        PUT(pen, ",\"on\":");
        put_members(pen, on_fields, entry->on, entry->on_has);
    }
    if (entry->seq_count)
        put_seq(pen, entry);
    if (entry->has_change)
        put_change(pen, entry);
    if (entry->data_has) {
        PUT(pen, ",\"data\":");
        put_members(pen, data_fields, entry->data, entry->data_has);
    }
}

static void put_tail(struct pen *pen, const struct entry *entry)
{
    if (entry->has_src) {
        PUT(pen, ",\"src\":");
        put_id(pen, ID_ALIAS, entry->src);
    }
    if (entry->has_idem) {
        PUT(pen, ",\"idem\":[");
        put_hex(pen, entry->idem_key, sizeof entry->idem_key);
        put_byte(pen, ',');
        put_hex(pen, entry->idem_body, sizeof entry->idem_body);
        put_byte(pen, ']');
    }
    if (entry->has_request) {
        PUT(pen, ",\"request\":");
        put_id(pen, ID_REQUEST, entry->request);
    }
    if (entry->has_private) {
        PUT(pen, ",\"private\":\"sha256:");
        hex_write(entry->private_hash, sizeof entry->private_hash, room(pen));
        pen->at += SHA256_HEX_BYTES;
        put_byte(pen, '"');
    }
    put_byte(pen, '}');
}

/* The members are those of the code's row, and a sealed entry continues exactly its chains. */
static bool fits_row(const struct entry *entry)
{
    const struct audit_row *row = &audit_rows[entry->code];
    struct seq_link chains[ENTRY_SEQ_MAX];

    if ((row->on & ~entry->on_has) || (entry->on_has & ~(row->on | row->on_maybe)))
        return false;
    if ((row->data & ~entry->data_has) || (entry->data_has & ~(row->data | row->data_maybe)))
        return false;
    if (entry->seq_count == 0)
        return true;
    if (entry->seq_count != entry_chains(entry, chains))
        return false;
    for (int i = 0; i < entry->seq_count; i++) {
        const struct seq_link *link = &entry->seq[i];
        if (link->kind != chains[i].kind || !id_eq(link->id, chains[i].id) || link->number - 1 >= ENTRY_NUMBER_MAX)
            return false;
    }
    return true;
}

status entry_encode(const struct entry *entry, struct buf *buf)
{
    char space[ENTRY_MAX_BYTES + PIECE_MAX_BYTES];
    struct pen pen = { .at = space, .limit = space + ENTRY_MAX_BYTES };

    assert(entry->code < AUDIT_COUNT && fits_row(entry));
    assert(!entry->has_change || (entry->change_k >= 1 && entry->change_k <= entry->change_n));
    put_head(&pen, entry);
    put_body(&pen, entry);
    put_tail(&pen, entry);
    (void)room(&pen);
    buf_add(buf, (struct str){ space, (size_t)(pen.at - space) });
    return buf->status;
}
