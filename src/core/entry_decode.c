/*
 * core/entry_decode: reads back what entry_encode wrote, and nothing else.
 *
 * A reader that knows the writer never searches: at each byte the code's row says which member can come next, and its
 * key either stands there or the member is absent. Whatever the encoder could not have written, even if it means the
 * same as JSON, is refused; so a text that is read can be written again byte for byte, and one entry has one text.
 */
#include "core/entry.h"

#include "base/limits.h"
#include "codec/hex.h"
#include "codec/timetext.h"
#include "codec/typeid.h"

struct reader {
    const char *at;
    const char *start;
    const char *end;
    struct err *err;
};

static status fail(const struct reader *reader, struct str expected)
{
    return err_set(reader->err, CODE_CORRUPT,
                   "the entry is not as this program writes it: at byte %zu %.*s is expected",
                   (size_t)(reader->at - reader->start), STR_ARG(expected));
}

static status fail_id(const struct reader *reader, struct str prefix)
{
    return err_set(reader->err, CODE_CORRUPT,
                   "the entry is not as this program writes it: at byte %zu %.*s_… is expected",
                   (size_t)(reader->at - reader->start), STR_ARG(prefix));
}

static size_t left(const struct reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/* Passes the text if it stands here. */
static bool take(struct reader *reader, struct str text)
{
    if (left(reader) < text.len || memcmp(reader->at, text.at, text.len) != 0)
        return false;
    reader->at += text.len;
    return true;
}

static status want(struct reader *reader, struct str text)
{
    return take(reader, text) ? OK : fail(reader, text);
}

static status want_byte(struct reader *reader, char byte)
{
    if (reader->at == reader->end || *reader->at != byte)
        return fail(reader, (struct str){ &byte, 1 });
    reader->at++;
    return OK;
}

/* So many bytes between quotation marks; the reader does not move. */
static bool quoted(const struct reader *reader, size_t len, struct str *ret_text)
{
    if (left(reader) < len + 2 || reader->at[0] != '"' || reader->at[1 + len] != '"')
        return false;
    *ret_text = (struct str){ reader->at + 1, len };
    return true;
}

/* Up to the next quotation mark, since nothing is escaped. */
static bool quoted_any(const struct reader *reader, struct str *ret_text)
{
    const char *close = left(reader) >= 2 && *reader->at == '"' ? memchr(reader->at + 1, '"', left(reader) - 1) : NULL;

    if (!close)
        return false;
    *ret_text = (struct str){ reader->at + 1, (size_t)(close - reader->at) - 1 };
    return true;
}

static void pass_quoted(struct reader *reader, size_t len)
{
    reader->at += len + 2;
}

/* No member may be the id of nothing: absence is written by leaving it out. */
static status read_id(struct reader *reader, enum id_kind kind, struct id *ret_id)
{
    struct str text;

    if (!quoted(reader, TYPEID_BYTES, &text) || typeid_read(text, kind, ret_id).code || id_is_none(*ret_id))
        return fail_id(reader, id_prefix(kind));
    pass_quoted(reader, TYPEID_BYTES);
    return OK;
}

static status read_principal(struct reader *reader, struct id *ret_id, enum id_kind *ret_kind)
{
    struct str text;

    if (!quoted(reader, TYPEID_BYTES, &text) || typeid_read_any(text, ret_kind, ret_id).code ||
        !who_kind_fits(*ret_kind) || id_is_none(*ret_id))
        return fail(reader, STR("the id of a principal"));
    pass_quoted(reader, TYPEID_BYTES);
    return OK;
}

static status read_hex(struct reader *reader, uint8_t *ret_bytes, size_t len)
{
    struct str text;

    if (!quoted(reader, 2 * len, &text) || hex_read(text, ret_bytes, len).code)
        return fail(reader, len == 32 ? STR("64 hexadecimal digits") : STR("32 hexadecimal digits"));
    pass_quoted(reader, 2 * len);
    return OK;
}

static status read_time(struct reader *reader, int64_t *ret_ms)
{
    struct str text;

    if (!quoted(reader, TIMETEXT_BYTES, &text) || timetext_read(text, ret_ms).code)
        return fail(reader, STR("a time"));
    pass_quoted(reader, TIMETEXT_BYTES);
    return OK;
}

static status read_number(struct reader *reader, int64_t min, int64_t max, int64_t *ret_number)
{
    const char *at = reader->at;
    const char *first;
    int64_t number = 0;
    bool negative = at < reader->end && *at == '-';

    first = at += negative;
    while (at < reader->end && *at >= '0' && *at <= '9' && number <= ENTRY_NUMBER_MAX)
        number = number * 10 + (*at++ - '0');
    if (at == first || (*first == '0' && (at - first > 1 || negative)))
        return fail(reader, STR("a whole number"));
    if (negative)
        number = -number;
    if (number < min || number > max)
        return fail(reader, STR("a whole number within its range"));
    reader->at = at;
    *ret_number = number;
    return OK;
}

static status read_word(struct reader *reader, const struct str *words, int count, int *ret_place)
{
    struct str text;

    if (!quoted_any(reader, &text) || word_find(words, count, text, ret_place).code)
        return fail(reader, STR("one of the member's words"));
    pass_quoted(reader, text.len);
    return OK;
}

static status read_text(struct reader *reader, size_t max_bytes, struct str *ret_text)
{
    struct str text;

    if (!quoted_any(reader, &text) || !entry_text_fits(text, max_bytes))
        return fail(reader, STR("a text that needs no escape and is not too long"));
    pass_quoted(reader, text.len);
    *ret_text = text;
    return OK;
}

static status read_value(struct reader *reader, const struct field_row *row, union value *ret_value)
{
    int place = 0;

    switch (row->kind) {
    case VALUE_INT:
        return read_number(reader, -ENTRY_NUMBER_MAX, ENTRY_NUMBER_MAX, &ret_value->number);
    case VALUE_TIME:
        return read_time(reader, &ret_value->number);
    case VALUE_TEXT:
        return read_text(reader, row->max_bytes, &ret_value->text);
    case VALUE_WORD:
        TRY(read_word(reader, row->words, row->word_count, &place));
        ret_value->number = place;
        return OK;
    case VALUE_HEX16:
        return read_hex(reader, ret_value->bytes, 16);
    case VALUE_HEX32:
        return read_hex(reader, ret_value->bytes, 32);
    case VALUE_ID:
        return read_id(reader, row->id_kind, &ret_value->id);
    case VALUE_PRINCIPAL:
        return read_principal(reader, &ret_value->principal.id, &ret_value->principal.kind);
    }
    return fail(reader, row->name);
}

/* "on" or "data": what may stand in it, and where it goes. */
struct members {
    struct str opening; /* ,"on": */
    const struct field_row *rows;
    uint64_t required;
    uint64_t allowed;
    union value *values;
};

static bool take_key(struct reader *reader, char before, struct str key)
{
    if (left(reader) <= key.len || reader->at[0] != before || memcmp(reader->at + 1, key.at, key.len) != 0)
        return false;
    reader->at += 1 + key.len;
    return true;
}

static status read_members(struct reader *reader, const struct members *members, uint64_t *ret_has)
{
    char before = '{';
    uint64_t has = 0;

    *ret_has = 0;
    if (members->allowed == 0 || !take(reader, members->opening))
        return members->required ? want(reader, members->opening) : OK;
    for (uint64_t rest = members->allowed; rest; rest &= rest - 1) {
        int field = __builtin_ctzll(rest);
        if (take_key(reader, before, members->rows[field].key)) {
            TRY(read_value(reader, &members->rows[field], &members->values[field]));
            before = ',';
            has |= (uint64_t)1 << field;
        } else if (members->required >> field & 1) {
            return fail(reader, members->rows[field].key);
        }
    }
    if (has == 0)
        return fail(reader, STR("a member"));
    *ret_has = has;
    return want_byte(reader, '}');
}

static status read_code(struct reader *reader, enum audit_code *ret_code)
{
    int low = 0;
    int high = AUDIT_COUNT - 1;

    while (low <= high) {
        int middle = (low + high) / 2;
        struct str head = audit_rows[middle].head;
        size_t len = head.len < left(reader) ? head.len : left(reader);
        int order = memcmp(reader->at, head.at, len);
        if (order == 0 && len == head.len) {
            reader->at += head.len;
            *ret_code = (enum audit_code)middle;
            return OK;
        }
        if (order <= 0)
            high = middle - 1;
        else
            low = middle + 1;
    }
    return fail(reader, STR("a known code with its type"));
}

static status read_source(struct reader *reader, struct entry *ret_entry)
{
    int place = SOURCE_NONE;

    ret_entry->occurred_at_ms = 0;
    ret_entry->source = SOURCE_NONE;
    if (!take(reader, STR(",\"occurred_at\":")))
        return OK;
    TRY(read_time(reader, &ret_entry->occurred_at_ms));
    TRY(want(reader, STR(",\"source\":")));
    /* "none" is written by leaving both out. */
    TRY(read_word(reader, source_words + 1, SOURCE_COUNT - 1, &place));
    ret_entry->source = (enum source)(place + 1);
    return OK;
}

static status read_actor(struct reader *reader, struct actor *ret_actor)
{
    int via = 0;
    int level = 0;

    ret_actor->who = (struct who){ 0 };
    ret_actor->cred = (struct id){ 0 };
    TRY(want(reader, STR("\"actor\":{")));
    if (take(reader, STR("\"id\":"))) {
        TRY(read_principal(reader, &ret_actor->who.id, &ret_actor->who.kind));
        TRY(want_byte(reader, ','));
    }
    TRY(want(reader, STR("\"via\":")));
    TRY(read_word(reader, via_words, VIA_COUNT, &via));
    if (take(reader, STR(",\"cred\":")))
        TRY(read_id(reader, ID_CREDENTIAL, &ret_actor->cred));
    TRY(want(reader, STR(",\"level\":")));
    TRY(read_word(reader, level_words, LEVEL_COUNT, &level));
    ret_actor->via = (enum via)via;
    ret_actor->level = (enum level)level;
    return want_byte(reader, '}');
}

static status read_link(struct reader *reader, char before, struct seq_link *link)
{
    char key[TYPEID_BYTES + 4];
    int64_t number = 0;

    key[0] = before;
    key[1] = '"';
    typeid_write(link->kind, link->id, key + 2);
    memcpy(key + 2 + TYPEID_BYTES, "\":", 2);
    TRY(want(reader, (struct str){ key, sizeof key }));
    TRY(want_byte(reader, '['));
    TRY(read_number(reader, 1, ENTRY_NUMBER_MAX, &number));
    link->number = (uint64_t)number;
    TRY(want_byte(reader, ','));
    TRY(read_hex(reader, link->prev, SEQ_PREV_BYTES));
    return want_byte(reader, ']');
}

/* Exactly the chains that the entry continues, whose ids are known by now. */
static status read_seq(struct reader *reader, struct entry *ret_entry)
{
    ret_entry->seq_count = entry_chains(ret_entry, ret_entry->seq);
    if (ret_entry->seq_count == 0)
        return OK;
    TRY(want(reader, STR(",\"seq\":")));
    for (int i = 0; i < ret_entry->seq_count; i++)
        TRY(read_link(reader, i ? ',' : '{', &ret_entry->seq[i]));
    return want_byte(reader, '}');
}

static status read_change(struct reader *reader, struct entry *ret_entry)
{
    int64_t k = 0;
    int64_t n = 0;

    ret_entry->has_change = take(reader, STR(",\"change\":{\"id\":"));
    if (!ret_entry->has_change)
        return OK;
    TRY(read_id(reader, ID_CHANGE, &ret_entry->change));
    TRY(want(reader, STR(",\"k\":")));
    TRY(read_number(reader, 1, UINT32_MAX, &k));
    TRY(want(reader, STR(",\"n\":")));
    TRY(read_number(reader, k, UINT32_MAX, &n));
    ret_entry->change_k = (uint32_t)k;
    ret_entry->change_n = (uint32_t)n;
    return want_byte(reader, '}');
}

static status read_head(struct reader *reader, struct entry *ret_entry)
{
    TRY(want(reader, STR("{\"v\":1,\"id\":")));
    TRY(read_id(reader, ID_ENTRY, &ret_entry->id));
    TRY(want(reader, STR(",\"time\":")));
    TRY(read_time(reader, &ret_entry->time_ms));
    TRY(read_source(reader, ret_entry));
    TRY(read_code(reader, &ret_entry->code));
    return read_actor(reader, &ret_entry->actor);
}

static status read_body(struct reader *reader, struct entry *ret_entry)
{
    const struct audit_row *row = &audit_rows[ret_entry->code];
    uint64_t on_has = 0;

    TRY(read_members(
        reader,
        &(struct members){ STR(",\"on\":"), on_fields, row->on, (uint64_t)row->on | row->on_maybe, ret_entry->on },
        &on_has));
    ret_entry->on_has = (uint32_t)on_has;
    TRY(read_seq(reader, ret_entry));
    TRY(read_change(reader, ret_entry));
    return read_members(
        reader,
        &(struct members){ STR(",\"data\":"), data_fields, row->data, row->data | row->data_maybe, ret_entry->data },
        &ret_entry->data_has);
}

static status read_idem(struct reader *reader, struct entry *ret_entry)
{
    ret_entry->has_idem = take(reader, STR(",\"idem\":["));
    if (!ret_entry->has_idem)
        return OK;
    TRY(read_hex(reader, ret_entry->idem_key, sizeof ret_entry->idem_key));
    TRY(want_byte(reader, ','));
    TRY(read_hex(reader, ret_entry->idem_body, sizeof ret_entry->idem_body));
    return want_byte(reader, ']');
}

static status read_private(struct reader *reader, struct entry *ret_entry)
{
    size_t len = 2 * sizeof ret_entry->private_hash;

    ret_entry->has_private = take(reader, STR(",\"private\":\"sha256:"));
    if (!ret_entry->has_private)
        return OK;
    if (hex_read((struct str){ reader->at, left(reader) < len ? 0 : len }, ret_entry->private_hash, len / 2).code)
        return fail(reader, STR("64 hexadecimal digits"));
    reader->at += len;
    return want_byte(reader, '"');
}

static status read_tail(struct reader *reader, struct entry *ret_entry)
{
    ret_entry->has_src = take(reader, STR(",\"src\":"));
    if (ret_entry->has_src)
        TRY(read_id(reader, ID_ALIAS, &ret_entry->src));
    TRY(read_idem(reader, ret_entry));
    ret_entry->has_request = take(reader, STR(",\"request\":"));
    if (ret_entry->has_request)
        TRY(read_id(reader, ID_REQUEST, &ret_entry->request));
    TRY(read_private(reader, ret_entry));
    TRY(want_byte(reader, '}'));
    return reader->at == reader->end ? OK : fail(reader, STR("the end"));
}

status entry_decode(struct str text, struct entry *ret_entry, struct err *err)
{
    struct reader reader = { .at = text.at, .start = text.at, .end = text.at + text.len, .err = err };

    if (text.len == 0 || text.len > ENTRY_MAX_BYTES)
        return err_set(err, CODE_CORRUPT, "an entry of %zu bytes, expected 1 to %d", text.len, ENTRY_MAX_BYTES);
    TRY(read_head(&reader, ret_entry));
    TRY(read_body(&reader, ret_entry));
    return read_tail(&reader, ret_entry);
}
