/*
 * http/reader: the glue between the strict readers and llhttp.
 */
#include "http/reader.h"

#include <assert.h>

/* ---- llhttp's side ---- */

static struct reader *reader_of(llhttp_t *parser)
{
    return parser->data;
}

static enum http_method method_from_parser(llhttp_t *parser)
{
    return method_of(str_of(llhttp_method_name((llhttp_method_t)llhttp_get_method(parser))));
}

/* Both must have understood the same head. */
static bool agrees(llhttp_t *parser, const struct head *head)
{
    bool chunked = (parser->flags & F_CHUNKED) != 0;

    return method_from_parser(parser) == head->method && llhttp_get_http_major(parser) == 1 &&
           llhttp_get_http_minor(parser) == head->minor && chunked == head->chunked &&
           (chunked || parser->content_length == head->content_length);
}

/* Upgrades are not offered, and a request that asks for one is answered as if it had not (RFC 9110 section 7.8). */
static int on_headers_complete(llhttp_t *parser)
{
    struct reader *reader = reader_of(parser);

    parser->upgrade = 0;
    if (!agrees(parser, &reader->exchange->head))
        return -1;
    reader->parser_has_head = true;
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct reader *reader = reader_of(parser);
    status s = OK;

    if (!reader->exchange->discards_body)
        s = exchange_add_body(reader->exchange, (struct str){ at, len });
    if (s.code == CODE_OK)
        return 0;
    reader->refusal = s.code == CODE_TOO_LARGE ? REFUSE_BODY_TOO_LARGE : REFUSE_NO_MEMORY;
    return HPE_USER;
}

/* Pausing keeps llhttp from looking at the next request, which gets a parser of its own. */
static int on_message_complete(llhttp_t *parser)
{
    reader_of(parser)->parser_is_done = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* ---- Our side ---- */

void reader_begin(struct reader *reader, struct exchange *exchange)
{
    *reader = (struct reader){ .exchange = exchange };
    llhttp_init(&reader->parser, HTTP_REQUEST, &settings);
    reader->parser.data = reader;
}

static enum reader_outcome refuse(struct reader *reader, enum refusal refusal)
{
    if (!reader->refusal)
        reader->refusal = refusal;
    return READER_REFUSED;
}

/*
 * Lets llhttp read what the strict readers accepted. `is_end` tells whether the request ends there in their eyes: it
 * must end there, and nowhere else, in llhttp's eyes too.
 */
static enum reader_outcome read_again(struct reader *reader, struct str bytes, bool is_end)
{
    llhttp_errno_t failure = HPE_OK;

    if (bytes.len)
        failure = llhttp_execute(&reader->parser, bytes.at, bytes.len);
    if (failure != HPE_OK && failure != HPE_PAUSED)
        return refuse(reader, REFUSE_DISAGREEMENT);
    if (reader->parser_is_done && llhttp_get_error_pos(&reader->parser) != bytes.at + bytes.len)
        return refuse(reader, REFUSE_DISAGREEMENT);
    if (!reader->parser_has_head || reader->parser_is_done != is_end)
        return refuse(reader, REFUSE_DISAGREEMENT);
    return is_end ? READER_DONE : READER_MORE;
}

static enum reader_outcome read_head(struct reader *reader, struct str bytes, size_t *used)
{
    struct head *head = &reader->exchange->head;
    enum refusal refusal = head_read(head, bytes);
    enum reader_outcome outcome;

    if (refusal)
        return refuse(reader, refusal);
    if (head->len == 0)
        return READER_MORE;
    outcome = read_again(reader, (struct str){ head->at, head->len }, !head_has_body(head));
    if (outcome == READER_REFUSED)
        return outcome;
    reader->body_left = head->content_length;
    reader->exchange->has_head = true;
    *used = head->len;
    return READER_HEAD;
}

static enum reader_outcome read_counted(struct reader *reader, struct str bytes, size_t *used)
{
    struct str body = str_cut(bytes, 0, reader->body_left < bytes.len ? (size_t)reader->body_left : bytes.len);

    reader->body_left -= body.len;
    *used = body.len;
    return read_again(reader, body, reader->body_left == 0);
}

static enum reader_outcome read_chunked(struct reader *reader, struct str bytes, size_t *used)
{
    size_t len = 0;
    enum refusal refusal = chunks_read(&reader->chunks, bytes, &len);

    if (refusal)
        return refuse(reader, refusal);
    *used = len;
    return read_again(reader, str_cut(bytes, 0, len), reader->chunks.state == CHUNKS_DONE);
}

enum reader_outcome reader_read(struct reader *reader, struct str bytes, size_t *ret_used)
{
    const struct exchange *exchange = reader->exchange;

    *ret_used = 0;
    assert(reader->refusal == REFUSE_NONE);
    if (!exchange->has_head)
        return read_head(reader, bytes, ret_used);
    if (reader->parser_is_done)
        return READER_DONE;
    if (bytes.len == 0)
        return READER_MORE;
    return exchange->head.chunked ? read_chunked(reader, bytes, ret_used) : read_counted(reader, bytes, ret_used);
}
