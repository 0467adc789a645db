/*
 * http/head: a line is read once, when its LF has come, so that a head that drips in costs no more than another.
 */
#include "http/head.h"

#include <assert.h>

#include "http/grammar.h"

static struct head_span span_of(const struct head *head, struct str part)
{
    return part.len ? (struct head_span){ (uint16_t)(part.at - head->at), (uint16_t)part.len }
                    : (struct head_span){ 0 };
}

/* ---- The request line ---- */

static enum refusal read_version(struct head *head, struct str version)
{
    static const struct str prefix = STR_INIT("HTTP/");
    struct str digits = str_from(version, prefix.len);

    if (!str_starts(version, prefix) || digits.len != 3 || digits.at[1] != '.')
        return REFUSE_REQUEST_LINE;
    if (digits.at[0] < '0' || digits.at[0] > '9' || digits.at[2] < '0' || digits.at[2] > '9')
        return REFUSE_REQUEST_LINE;
    if (digits.at[0] != '1' || digits.at[2] > '1')
        return REFUSE_VERSION;
    head->minor = digits.at[2] == '1';
    return REFUSE_NONE;
}

static void split_query(struct head *head, struct str target)
{
    head->path = span_of(head, str_take(&target, '?'));
    head->query = span_of(head, target);
}

/* After "http://" or "https://": the authority, which must not hold a user, and what follows it. */
static enum refusal read_absolute(struct head *head, struct str rest)
{
    size_t end = 0;

    while (end < rest.len && grammar_is(rest.at[end], GRAMMAR_HOST))
        end++;
    if (end == 0 || (end < rest.len && rest.at[end] != '/' && rest.at[end] != '?'))
        return REFUSE_TARGET;
    head->is_absolute = true;
    head->host = span_of(head, str_cut(rest, 0, end));
    split_query(head, str_from(rest, end));
    return grammar_all(str_from(rest, end), GRAMMAR_TARGET) ? REFUSE_NONE : REFUSE_TARGET;
}

static bool has_scheme(struct str target, struct str scheme)
{
    return str_eq_nocase(str_cut(target, 0, scheme.len), scheme);
}

/* RFC 9112 section 3.2: a path, a whole URL, or "*" for OPTIONS. CONNECT's form goes with CONNECT, which is 501. */
static enum refusal read_target(struct head *head, struct str target)
{
    if (has_scheme(target, STR("http://")))
        return read_absolute(head, str_from(target, 7));
    if (has_scheme(target, STR("https://")))
        return read_absolute(head, str_from(target, 8));
    if (target.len == 0 || !grammar_all(target, GRAMMAR_TARGET))
        return REFUSE_TARGET;
    if (target.at[0] != '/' && !(head->method == METHOD_OPTIONS && str_eq(target, STR("*"))))
        return REFUSE_TARGET;
    split_query(head, target);
    return REFUSE_NONE;
}

static enum refusal read_request_line(struct head *head, struct str line)
{
    struct str rest = line;
    struct str method = str_take(&rest, ' ');
    struct str target = str_take(&rest, ' ');
    enum refusal refusal = read_version(head, rest);

    if (line.len > HTTP_LINE_MAX_BYTES)
        return REFUSE_TARGET_TOO_LONG;
    if (method.len == 0 || !grammar_all(method, GRAMMAR_TOKEN))
        return REFUSE_REQUEST_LINE;
    if (refusal)
        return refusal;
    head->method = method_of(method);
    if (head->method == METHOD_COUNT)
        return REFUSE_METHOD;
    head->has_request_line = true;
    return read_target(head, target);
}

/* ---- Fields that decide about framing and connection ---- */

/* RFC 3986 section 3.2.2, loosely: who we are called is not decided here, only that it can't hide anything. */
static enum refusal read_host(struct head *head, struct str value)
{
    if (head->has_host_field)
        return REFUSE_REPEATED_HOST;
    if (value.len == 0 || !grammar_all(value, GRAMMAR_HOST))
        return REFUSE_HOST;
    head->has_host_field = true;
    if (!head->is_absolute)
        head->host = span_of(head, value);
    return REFUSE_NONE;
}

static enum refusal read_length(struct head *head, struct str value)
{
    if (head->has_length)
        return REFUSE_REPEATED_LENGTH;
    head->has_length = true;
    return str_to_u64(value, INT64_MAX, &head->content_length).code ? REFUSE_LENGTH : REFUSE_NONE;
}

static enum refusal read_coding(struct head *head, struct str value)
{
    if (head->chunked)
        return REFUSE_REPEATED_CODING;
    if (!str_eq_nocase(value, STR("chunked")))
        return REFUSE_CODING;
    head->chunked = true;
    return REFUSE_NONE;
}

static enum refusal read_connection(struct head *head, struct str value)
{
    while (value.len) {
        struct str option = str_trim(str_take(&value, ','));
        if (str_eq_nocase(option, STR("close")))
            head->says_close = true;
        else if (str_eq_nocase(option, STR("keep-alive")))
            head->says_keep_alive = true;
    }
    return REFUSE_NONE;
}

static enum refusal read_expect(struct head *head, struct str value)
{
    if (!str_eq_nocase(value, STR("100-continue")))
        return REFUSE_EXPECTATION;
    head->expects_continue = true;
    return REFUSE_NONE;
}

static const struct {
    struct str name;
    enum refusal (*read)(struct head *head, struct str value);
} known_fields[] = {
    { STR_INIT("host"), read_host },
    { STR_INIT("content-length"), read_length },
    { STR_INIT("transfer-encoding"), read_coding },
    { STR_INIT("connection"), read_connection },
    { STR_INIT("expect"), read_expect },
};

static enum refusal read_known(struct head *head, struct str name, struct str value)
{
    for (size_t i = 0; i < sizeof known_fields / sizeof *known_fields; i++) {
        if (known_fields[i].name.len == name.len && str_eq_nocase(known_fields[i].name, name))
            return known_fields[i].read(head, value);
    }
    return REFUSE_NONE;
}

/* ---- Lines ---- */

static enum refusal check_name(struct str name)
{
    if (name.len == 0)
        return REFUSE_FIELD_NAME;
    if (grammar_all(name, GRAMMAR_TOKEN))
        return REFUSE_NONE;
    return grammar_all(str_trim(name), GRAMMAR_TOKEN) ? REFUSE_SPACE_BEFORE_COLON : REFUSE_FIELD_NAME;
}

static enum refusal read_field(struct head *head, struct str line)
{
    size_t colon = str_find(line, ':');
    struct str name = str_cut(line, 0, colon);
    struct str value = str_trim(str_from(line, colon + 1));
    enum refusal refusal = check_name(name);

    if (line.at[0] == ' ' || line.at[0] == '\t')
        return REFUSE_FOLDED_LINE;
    if (colon == line.len)
        return REFUSE_FIELD_NAME;
    if (refusal)
        return refusal;
    if (head->field_count == HTTP_HEADERS_MAX)
        return REFUSE_TOO_MANY_FIELDS;
    head->fields[head->field_count++] = (struct head_field){ span_of(head, name), span_of(head, value) };
    return read_known(head, name, value);
}

/* RFC 9112 sections 3.2 and 6.1 to 6.3. */
static enum refusal check_together(const struct head *head)
{
    if (head->minor == 1 && !head->has_host_field)
        return REFUSE_NO_HOST;
    if (head->chunked && head->has_length)
        return REFUSE_LENGTH_AND_CODING;
    return head->chunked && head->minor == 0 ? REFUSE_CODING_IN_1_0 : REFUSE_NONE;
}

/* A line with its CR before the LF is taken off; whatever control is still in it stands there bare. */
static enum refusal check_bytes(struct str line)
{
    size_t len = grammar_text_len(line);

    if (len == line.len)
        return REFUSE_NONE;
    return line.at[len] == '\r' ? REFUSE_BARE_CR : REFUSE_CONTROL;
}

/* One empty line before the request line is passed over (RFC 9112 section 2.2); only the first line ends at byte 2. */
static enum refusal read_line(struct head *head, struct str line)
{
    enum refusal refusal;

    if (line.len == 0 || line.at[line.len - 1] != '\r')
        return REFUSE_BARE_LF;
    line.len--;
    refusal = check_bytes(line);
    if (refusal)
        return refusal;
    if (!head->has_request_line)
        return line.len || head->line_at > 2 ? read_request_line(head, line) : REFUSE_NONE;
    if (line.len)
        return read_field(head, line);
    head->len = head->line_at;
    return check_together(head);
}

/* No LF has come yet for the line that is being received. */
static enum refusal check_unfinished(const struct head *head, struct str bytes)
{
    struct str line = str_from(bytes, head->line_at);

    if (!head->has_request_line && line.len && line.at[0] != '\r' && !grammar_is(line.at[0], GRAMMAR_TOKEN))
        return REFUSE_REQUEST_LINE;
    if (!head->has_request_line && line.len > HTTP_LINE_MAX_BYTES)
        return REFUSE_TARGET_TOO_LONG;
    return bytes.len == HTTP_HEAD_MAX_BYTES ? REFUSE_HEAD_TOO_LARGE : REFUSE_NONE;
}

enum refusal head_read(struct head *head, struct str bytes)
{
    enum refusal refusal = REFUSE_NONE;

    assert(head->len == 0 && bytes.len >= head->searched);
    bytes = str_cut(bytes, 0, HTTP_HEAD_MAX_BYTES);
    head->at = bytes.at;
    while (!refusal && head->len == 0) {
        size_t line_at = head->line_at;
        size_t end = head->searched + str_find(str_from(bytes, head->searched), '\n');
        if (end == bytes.len) {
            head->searched = (uint16_t)end;
            return check_unfinished(head, bytes);
        }
        head->searched = head->line_at = (uint16_t)(end + 1);
        refusal = read_line(head, str_cut(bytes, line_at, end - line_at));
    }
    return refusal;
}

/* ---- Questions ---- */

struct str head_value(const struct head *head, struct str name)
{
    for (size_t i = 0; i < head->field_count; i++) {
        if (str_eq_nocase(head_str(head, head->fields[i].name), name))
            return head_str(head, head->fields[i].value);
    }
    return STR_NONE;
}

size_t head_count(const struct head *head, struct str name)
{
    size_t count = 0;

    for (size_t i = 0; i < head->field_count; i++)
        count += str_eq_nocase(head_str(head, head->fields[i].name), name);
    return count;
}
