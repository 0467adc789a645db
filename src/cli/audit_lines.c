#include "cli/audit_lines.h"

#include <stdio.h>

#include "base/limits.h"
#include "cli/listing.h"
#include "cli/session.h"
#include "codec/json_doc.h"

#define LINE_MAX_BYTES ((size_t)2 * ENTRY_MAX_BYTES)

/* Who, and how that is known. */
static void actor_add(struct json_node entry, struct buf *line)
{
    struct json_node actor = json_node_member(entry, "actor");

    buf_add(line, json_node_text(json_node_member(actor, "id")));
    buf_add_byte(line, ' ');
    buf_add(line, json_node_text(json_node_member(actor, "level")));
}

static void part_add(struct json_node entry, const char *name, struct buf *line)
{
    struct json_node part = json_node_member(entry, name);

    if (!json_node_is(part))
        return;
    buf_add(line, STR("  "));
    json_node_show(part, line);
}

status audit_line_print(int64_t index, struct str leaf, struct err *err)
{
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    AUTO(struct buf, buf_free) line = { .max = LINE_MAX_BYTES };
    struct str occurred_at;

    TRY(json_doc_read(leaf, &doc, err));
    occurred_at = json_doc_text(&doc, "occurred_at");
    buf_add_format(&line, "%lld  %.*s  %.*s  ", (long long)index, STR_ARG(json_doc_text(&doc, "time")),
                   STR_ARG(json_doc_text(&doc, "type")));
    actor_add(json_doc_root(&doc), &line);
    part_add(json_doc_root(&doc), "on", &line);
    part_add(json_doc_root(&doc), "data", &line);
    if (occurred_at.len)
        buf_add_format(&line, "  occurred_at=%.*s", STR_ARG(occurred_at));
    print_line(buf_str(&line));
    return OK;
}

status audit_entry_print(int64_t index, struct str leaf, struct err *err)
{
    AUTO(struct json_doc, json_doc_free) doc = { 0 };

    TRY(json_doc_read(leaf, &doc, err));
    (void)printf("%-14s %lld\n", "index", (long long)index);
    object_print(json_doc_root(&doc), "id time occurred_at source effective_at code type actor on seq change data src "
                                      "signals idem request proof private");
    return OK;
}
