/*
 * core/audit_document: the reference of all codes.
 */
#include "core/audit_document.h"

#include "base/limits.h"
#include "core/audit_sample.h"

static const char intro[] =
    "# Audit codes\n\n"
    "<!-- Written by gen_docs from src/core/audit.c. Change the table, not this file. -->\n\n"
    "Every entry of the ledger has one of these codes. A code is `TS`, a number that never gets another meaning, and\n"
    "the severity: `I` information, `W` warning, `E` error. The first digit is the area: 1 server and ledger, 2 "
    "leases,\n"
    "3 licences, 4 people and rights, 5 access, 6 observation. What all entries have in common stands in\n"
    "[entry-format.md](entry-format.md); [entry.schema.json](entry.schema.json) says the same to programs.\n\n"
    "Members of `on` and `data` are listed in the order in which a leaf has them. Ids, hashes and texts in the "
    "samples\n"
    "are made up, and the samples are no history: their numbers have nothing to do with each other.\n\n";

static void add_id_kind(struct buf *buf, enum id_kind kind)
{
    buf_add(buf, STR("id `"));
    buf_add(buf, id_prefix(kind));
    buf_add(buf, STR("_…`"));
}

static void add_kind(struct buf *buf, const struct field_row *row)
{
    switch (row->kind) {
    case VALUE_INT:
        buf_add(buf, STR("whole number"));
        break;
    case VALUE_TIME:
        buf_add(buf, STR("time"));
        break;
    case VALUE_TEXT:
        buf_add_format(buf, "text of at most %d bytes", row->max_bytes);
        break;
    case VALUE_WORD:
        buf_add_format(buf, "[word](#%.*s)", STR_ARG(row->name));
        break;
    case VALUE_HEX16:
        buf_add(buf, STR("32 hexadecimal digits"));
        break;
    case VALUE_HEX32:
        buf_add(buf, STR("64 hexadecimal digits"));
        break;
    case VALUE_ID:
        add_id_kind(buf, row->id_kind);
        break;
    case VALUE_PRINCIPAL:
        buf_add(buf, STR("id of a principal"));
        break;
    }
}

static void add_members(struct buf *buf, const char *group, const struct field_row *rows, uint64_t has, uint64_t always)
{
    for (; has; has &= has - 1) {
        int field = __builtin_ctzll(has);
        buf_add_format(buf, "| `%s.%.*s` | ", group, STR_ARG(rows[field].name));
        add_kind(buf, &rows[field]);
        buf_add_format(buf, " | %s | %.*s |\n", always >> field & 1 ? "always" : "may be absent",
                       STR_ARG(rows[field].meaning));
    }
}

static void add_table_of_members(struct buf *buf, const struct audit_row *row)
{
    uint64_t on = (uint64_t)row->on | row->on_maybe;
    uint64_t data = row->data | row->data_maybe;

    if ((on | data) == 0)
        return;
    buf_add(buf, STR("| member | kind | | meaning |\n|---|---|---|---|\n"));
    add_members(buf, "on", on_fields, on, row->on);
    add_members(buf, "data", data_fields, data, row->data);
    buf_add_byte(buf, '\n');
}

static status add_sample(struct buf *buf, enum audit_code code)
{
    char space[ENTRY_MAX_BYTES];
    struct buf leaf = BUF_OVER(space);
    struct entry entry;

    audit_sample(code, SAMPLE_USUAL, &entry);
    TRY(entry_encode(&entry, &leaf));
    buf_add(buf, STR("```json\n"));
    buf_add(buf, buf_str(&leaf));
    buf_add(buf, STR("\n```\n\n"));
    return OK;
}

static const char *chain_sentence(const struct audit_row *row)
{
    if (row->pool_chain)
        return row->on >> ON_POOL & 1 ? " Continues the pool's chain."
                                      : " Continues the pool's chain, if it has a pool.";
    return row->license_chain ? " Continues the licence's chain." : "";
}

static status add_code(struct buf *buf, enum audit_code code)
{
    const struct audit_row *row = &audit_rows[code];

    buf_add_format(buf, "## %.*s %.*s\n\n", STR_ARG(row->code), STR_ARG(row->type));
    buf_add_format(buf, "%c%.*s.%s\n\n", row->meaning.at[0] & ~0x20, STR_ARG(str_from(row->meaning, 1)),
                   chain_sentence(row));
    add_table_of_members(buf, row);
    return add_sample(buf, code);
}

static void add_contents(struct buf *buf)
{
    static const char *const severities[] = { "information", "warning", "error" };

    buf_add(buf, STR("| code | type | severity | meaning |\n|---|---|---|---|\n"));
    for (int code = 0; code < AUDIT_COUNT; code++) {
        const struct audit_row *row = &audit_rows[code];
        buf_add_format(buf, "| %.*s | `%.*s` | %s | %.*s |\n", STR_ARG(row->code), STR_ARG(row->type),
                       severities[row->severity], STR_ARG(row->meaning));
    }
    buf_add_byte(buf, '\n');
}

static void add_words(struct buf *buf, const struct field_row *row)
{
    buf_add_format(buf, "### %.*s\n\n", STR_ARG(row->name));
    for (int i = 0; i < row->word_count; i++)
        buf_add_format(buf, "%s`%.*s`", i ? ", " : "", STR_ARG(row->words[i]));
    buf_add(buf, STR("\n\n"));
}

status audit_document_write(struct buf *buf)
{
    buf_add(buf, str_of(intro));
    add_contents(buf);
    for (int code = 0; code < AUDIT_COUNT; code++)
        TRY(add_code(buf, (enum audit_code)code));
    buf_add(buf, STR("## Words\n\nA word keeps its meaning for ever; new ones are added at the end.\n\n"));
    for (int field = 0; field < DATA_FIELD_COUNT; field++) {
        if (data_fields[field].kind == VALUE_WORD)
            add_words(buf, &data_fields[field]);
    }
    buf_cut(buf, buf->len ? buf->len - 1 : 0); /* one newline is enough at the end */
    return buf->status;
}
