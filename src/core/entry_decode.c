/*
 * core/entry_decode: reads back what entry_encode wrote, and nothing else.
 *
 * A reader that knows the writer never searches: at each byte the code's row says which member can come next, and its
 * key either stands there or the member is absent. Whatever the encoder could not have written, even if it means the
 * same as JSON, is refused; so a text that is read can be written again byte for byte, and one entry has one text.
 */
#include "base/limits.h"
#include "codec/hex.h"
#include "core/leaf_reader.h"

/* "on" or "data": what may stand in it, and where it goes. */
struct members {
    struct str opening; /* ,"on": */
    const struct field_row *rows;
    uint64_t required;
    uint64_t allowed;
    union value *values;
};

static bool take_key(struct leaf_reader *reader, char before, struct str key)
{
    if (leaf_left(reader) <= key.len || reader->at[0] != before || !leaf_same(reader->at + 1, key.at, key.len))
        return false;
    reader->at += 1 + key.len;
    return true;
}

static status read_members(struct leaf_reader *reader, const struct members *members, uint64_t *ret_has)
{
    char before = '{';
    uint64_t has = 0;

    *ret_has = 0;
    if (members->allowed == 0 || !leaf_take(reader, members->opening))
        return members->required ? leaf_want(reader, members->opening) : OK;
    for (uint64_t rest = members->allowed; rest; rest &= rest - 1) {
        int field = __builtin_ctzll(rest);
        if (take_key(reader, before, members->rows[field].key)) {
            TRY(leaf_value(reader, &members->rows[field], &members->values[field]));
            before = ',';
            has |= (uint64_t)1 << field;
        } else if (members->required >> field & 1) {
            return leaf_fail(reader, members->rows[field].key);
        }
    }
    if (has == 0)
        return leaf_fail(reader, STR("a member"));
    *ret_has = has;
    return leaf_want_byte(reader, '}');
}

static status read_code(struct leaf_reader *reader, enum audit_code *ret_code)
{
    int low = 0;
    int high = AUDIT_COUNT - 1;

    while (low <= high) {
        int middle = (low + high) / 2;
        struct str head = audit_rows[middle].head;
        size_t len = head.len < leaf_left(reader) ? head.len : leaf_left(reader);
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
    return leaf_fail(reader, STR("a known code with its type"));
}

static status read_source(struct leaf_reader *reader, struct entry *ret_entry)
{
    int place = SOURCE_NONE;

    ret_entry->occurred_at_ms = 0;
    ret_entry->source = SOURCE_NONE;
    if (!leaf_take(reader, STR(",\"occurred_at\":")))
        return OK;
    TRY(leaf_time(reader, &ret_entry->occurred_at_ms));
    TRY(leaf_want(reader, STR(",\"source\":")));
    /* "none" is written by leaving both out. */
    TRY(leaf_word(reader, source_words + 1, SOURCE_COUNT - 1, &place));
    ret_entry->source = (enum source)(place + 1);
    return OK;
}

static status read_actor(struct leaf_reader *reader, struct actor *ret_actor)
{
    int via = 0;
    int level = 0;

    ret_actor->who = (struct who){ 0 };
    ret_actor->cred = (struct id){ 0 };
    TRY(leaf_want(reader, STR("\"actor\":{")));
    if (leaf_take(reader, STR("\"id\":"))) {
        TRY(leaf_principal(reader, &ret_actor->who.id, &ret_actor->who.kind));
        TRY(leaf_want_byte(reader, ','));
    }
    TRY(leaf_want(reader, STR("\"via\":")));
    TRY(leaf_word(reader, via_words, VIA_COUNT, &via));
    if (leaf_take(reader, STR(",\"cred\":")))
        TRY(leaf_id(reader, ID_CREDENTIAL, &ret_actor->cred));
    TRY(leaf_want(reader, STR(",\"level\":")));
    TRY(leaf_word(reader, level_words, LEVEL_COUNT, &level));
    ret_actor->via = (enum via)via;
    ret_actor->level = (enum level)level;
    return leaf_want_byte(reader, '}');
}

static status read_link(struct leaf_reader *reader, char before, struct seq_link *link)
{
    char key[TYPEID_BYTES + 4];
    int64_t number = 0;

    key[0] = before;
    key[1] = '"';
    typeid_write(link->kind, link->id, key + 2);
    memcpy(key + 2 + TYPEID_BYTES, "\":", 2);
    TRY(leaf_want(reader, (struct str){ key, sizeof key }));
    TRY(leaf_want_byte(reader, '['));
    TRY(leaf_number(reader, 1, ENTRY_NUMBER_MAX, &number));
    link->number = (uint64_t)number;
    TRY(leaf_want_byte(reader, ','));
    TRY(leaf_hex(reader, link->prev, SEQ_PREV_BYTES));
    return leaf_want_byte(reader, ']');
}

/* Exactly the chains that the entry continues, whose ids are known by now. */
static status read_seq(struct leaf_reader *reader, struct entry *ret_entry)
{
    ret_entry->seq_count = entry_chains(ret_entry, ret_entry->seq);
    if (ret_entry->seq_count == 0)
        return OK;
    TRY(leaf_want(reader, STR(",\"seq\":")));
    for (int i = 0; i < ret_entry->seq_count; i++)
        TRY(read_link(reader, i ? ',' : '{', &ret_entry->seq[i]));
    return leaf_want_byte(reader, '}');
}

static status read_change(struct leaf_reader *reader, struct entry *ret_entry)
{
    int64_t k = 0;
    int64_t n = 0;

    ret_entry->has_change = leaf_take(reader, STR(",\"change\":{\"id\":"));
    if (!ret_entry->has_change)
        return OK;
    TRY(leaf_id(reader, ID_CHANGE, &ret_entry->change));
    TRY(leaf_want(reader, STR(",\"k\":")));
    TRY(leaf_number(reader, 1, UINT32_MAX, &k));
    TRY(leaf_want(reader, STR(",\"n\":")));
    TRY(leaf_number(reader, k, UINT32_MAX, &n));
    ret_entry->change_k = (uint32_t)k;
    ret_entry->change_n = (uint32_t)n;
    return leaf_want_byte(reader, '}');
}

static status read_head(struct leaf_reader *reader, struct entry *ret_entry)
{
    TRY(leaf_want(reader, STR("{\"v\":1,\"id\":")));
    TRY(leaf_id(reader, ID_ENTRY, &ret_entry->id));
    TRY(leaf_want(reader, STR(",\"time\":")));
    TRY(leaf_time(reader, &ret_entry->time_ms));
    TRY(read_source(reader, ret_entry));
    TRY(read_code(reader, &ret_entry->code));
    return read_actor(reader, &ret_entry->actor);
}

static status read_body(struct leaf_reader *reader, struct entry *ret_entry)
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

static status read_idem(struct leaf_reader *reader, struct entry *ret_entry)
{
    ret_entry->has_idem = leaf_take(reader, STR(",\"idem\":["));
    if (!ret_entry->has_idem)
        return OK;
    TRY(leaf_hex(reader, ret_entry->idem_key, sizeof ret_entry->idem_key));
    TRY(leaf_want_byte(reader, ','));
    TRY(leaf_hex(reader, ret_entry->idem_body, sizeof ret_entry->idem_body));
    return leaf_want_byte(reader, ']');
}

static status read_private(struct leaf_reader *reader, struct entry *ret_entry)
{
    size_t len = 2 * sizeof ret_entry->private_hash;

    ret_entry->has_private = leaf_take(reader, STR(",\"private\":\"sha256:"));
    if (!ret_entry->has_private)
        return OK;
    if (hex_read((struct str){ reader->at, leaf_left(reader) < len ? 0 : len }, ret_entry->private_hash, len / 2).code)
        return leaf_fail(reader, STR("64 hexadecimal digits"));
    reader->at += len;
    return leaf_want_byte(reader, '"');
}

static status read_tail(struct leaf_reader *reader, struct entry *ret_entry)
{
    ret_entry->has_src = leaf_take(reader, STR(",\"src\":"));
    if (ret_entry->has_src)
        TRY(leaf_id(reader, ID_ALIAS, &ret_entry->src));
    TRY(read_idem(reader, ret_entry));
    ret_entry->has_request = leaf_take(reader, STR(",\"request\":"));
    if (ret_entry->has_request)
        TRY(leaf_id(reader, ID_REQUEST, &ret_entry->request));
    TRY(read_private(reader, ret_entry));
    TRY(leaf_want_byte(reader, '}'));
    return reader->at == reader->end ? OK : leaf_fail(reader, STR("the end"));
}

status entry_decode(struct str text, struct entry *ret_entry, struct err *err)
{
    struct leaf_reader reader = { .at = text.at, .start = text.at, .end = text.at + text.len, .err = err };

    if (text.len == 0 || text.len > ENTRY_MAX_BYTES)
        return err_set(err, CODE_CORRUPT, "an entry of %zu bytes, expected 1 to %d", text.len, ENTRY_MAX_BYTES);
    TRY(read_head(&reader, ret_entry));
    TRY(read_body(&reader, ret_entry));
    return read_tail(&reader, ret_entry);
}
