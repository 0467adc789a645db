/*
 * fuzz/http_head: a head that drips in is understood as one that came at once, and what is accepted keeps every promise
 * that the reader makes about its bytes.
 */
#include "http/head.h"

#include <assert.h>

static bool inside(const struct head *head, struct head_span span)
{
    return (size_t)span.at + span.len <= head->len;
}

/* Checked here in another way than the reader does it. */
static void check_bytes(const struct head *head)
{
    struct str bytes = { head->at, head->len };

    assert(bytes.len >= 4 && bytes.len <= HTTP_HEAD_MAX_BYTES && str_ends(bytes, STR("\r\n\r\n")));
    assert(str_find(bytes, '\0') == bytes.len);
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.at[i] == '\n')
            assert(i > 0 && bytes.at[i - 1] == '\r');
        if (bytes.at[i] == '\r')
            assert(bytes.at[i + 1] == '\n');
    }
}

static void check_accepted(const struct head *head)
{
    struct str path = head_path(head);

    check_bytes(head);
    assert(head->method < METHOD_COUNT && head->minor <= 1 && head->field_count <= HTTP_HEADERS_MAX);
    assert(inside(head, head->path) && inside(head, head->query) && inside(head, head->host));
    assert(path.len > 0 && (path.at[0] == '/' || str_eq(path, STR("*"))));
    for (size_t i = 0; i < head->field_count; i++)
        assert(inside(head, head->fields[i].name) && inside(head, head->fields[i].value));
    assert(head_count(head, STR("host")) <= 1 && (head->minor == 0 || head_count(head, STR("host")) == 1));
    assert(head_count(head, STR("content-length")) + head_count(head, STR("transfer-encoding")) <= 1);
    assert(head->chunked == (head_count(head, STR("transfer-encoding")) == 1));
}

static void check_same(const struct head *a, const struct head *b)
{
    assert(a->len == b->len && a->method == b->method && a->minor == b->minor && a->chunked == b->chunked);
    assert(a->content_length == b->content_length && a->field_count == b->field_count);
    assert(a->says_close == b->says_close && a->expects_continue == b->expects_continue);
    assert(str_eq(head_path(a), head_path(b)) && str_eq(head_str(a, a->query), head_str(b, b->query)));
    assert(memcmp(a->fields, b->fields, a->field_count * sizeof *a->fields) == 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    struct str bytes = { (const char *)data, len };
    struct head whole = { 0 };
    struct head dripped = { 0 };
    enum refusal refusal = head_read(&whole, bytes);
    enum refusal drip_refusal = REFUSE_NONE;

    for (size_t i = 0; i <= len && !drip_refusal && dripped.len == 0; i++)
        drip_refusal = head_read(&dripped, str_cut(bytes, 0, i));
    assert((refusal == REFUSE_NONE) == (drip_refusal == REFUSE_NONE));
    if (!refusal && whole.len) {
        check_accepted(&whole);
        check_same(&whole, &dripped);
    }
    return 0;
}
