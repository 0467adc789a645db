/*
 * http/exchange: memory that is reused, a body that is copied only when it must be, and a strict query.
 */
#include "http/exchange.h"

#include <assert.h>

#include "base/memory.h"
#include "http/connection.h"
#include "http/target.h"

/* ---- The pool ---- */

void exchange_pool_init(struct exchange_pool *pool)
{
    *pool = (struct exchange_pool){ 0 };
    list_init(&pool->free);
}

static void destroy(struct exchange *exchange)
{
    arena_free(&exchange->arena);
    buf_free(&exchange->answer);
    buf_free(&exchange->body_space);
    memory_free(exchange);
}

void exchange_pool_free(struct exchange_pool *pool)
{
    struct link *link;

    while ((link = list_take(&pool->free)))
        destroy(LIST_ITEM(link, struct exchange, in_queue));
    pool->free_count = 0;
}

static struct exchange *reuse(struct exchange_pool *pool)
{
    struct link *newest = pool->free.previous; /* its memory is still warm */

    if (list_is_empty(&pool->free))
        return NULL;
    list_remove(newest);
    pool->free_count--;
    return LIST_ITEM(newest, struct exchange, in_queue);
}

struct exchange *exchange_new(struct exchange_pool *pool)
{
    const size_t zeroed_from = offsetof(struct exchange, state);
    const size_t zeroed_to = offsetof(struct exchange, head.fields);
    struct exchange *exchange = reuse(pool);

    if (!exchange)
        exchange = memory_new(1, sizeof *exchange);
    if (!exchange)
        return NULL;
    memset((char *)exchange + zeroed_from, 0, zeroed_to - zeroed_from);
    exchange->arena.max_bytes = HTTP_ARENA_MAX_BYTES;
    exchange->answer.max = HTTP_ANSWER_MAX_BYTES;
    exchange->body_space.max = HTTP_BODY_MAX_BYTES;
    exchange->state = EXCHANGE_RECEIVING;
    pool->taken++;
    return exchange;
}

static void empty(struct buf *buf)
{
    if (buf->capacity > HTTP_KEPT_BYTES)
        buf_free(buf);
    buf_clear(buf);
}

void exchange_free(struct exchange *exchange, struct exchange_pool *pool)
{
    assert(exchange->state != EXCHANGE_FREE && !exchange->block);
    list_remove(&exchange->in_queue);
    exchange->state = EXCHANGE_FREE;
    pool->taken--;
    if (pool->free_count == HTTP_FREE_EXCHANGES_MAX) {
        destroy(exchange);
        return;
    }
    arena_reset(&exchange->arena);
    empty(&exchange->answer);
    empty(&exchange->body_space);
    list_append(&pool->free, &exchange->in_queue);
    pool->free_count++;
}

void exchange_release(struct exchange *exchange)
{
    struct loop *loop = exchange->loop;

    input_let_go(&exchange->block, &loop->inputs);
    exchange_free(exchange, &loop->exchanges);
}

/* ---- The body ---- */

static bool lies_in_block(const struct exchange *exchange, struct str part)
{
    const char *bytes = exchange->block->bytes;

    return part.at >= bytes && part.at + part.len <= bytes + HTTP_BLOCK_BYTES;
}

/* Moves a body that was one slice of the block so far into memory where it can grow. */
static status make_growable(struct exchange *exchange)
{
    if (exchange->body_space.len == 0)
        buf_add(&exchange->body_space, exchange->body);
    return exchange->body_space.status;
}

/* Whether the body stays one slice of the block when the part is added to it. */
static bool continues_slice(const struct exchange *exchange, struct str part)
{
    const struct str *body = &exchange->body;

    if (!lies_in_block(exchange, part))
        return false;
    return body->len == 0 || (exchange->body_space.len == 0 && body->at + body->len == part.at);
}

status exchange_add_body(struct exchange *exchange, struct str part)
{
    struct str *body = &exchange->body;

    if (part.len > exchange->body_max_bytes - body->len)
        return (status){ CODE_TOO_LARGE };
    if (continues_slice(exchange, part)) {
        *body = (struct str){ body->len ? body->at : part.at, body->len + part.len };
        return OK;
    }
    TRY(make_growable(exchange));
    buf_add(&exchange->body_space, part);
    TRY(exchange->body_space.status);
    *body = buf_str(&exchange->body_space);
    return OK;
}

/* ---- For handlers ---- */

status exchange_header_once(const struct exchange *exchange, struct str name, struct str *ret_value, struct err *err)
{
    if (head_count(&exchange->head, name) > 1)
        return err_set(err, CODE_INVALID, "the header field %.*s is there more than once", STR_ARG(name));
    *ret_value = head_value(&exchange->head, name);
    return OK;
}

static status refuse_unknown(struct exchange *exchange, struct str name, struct err *err)
{
    struct str text = STR_NONE;

    TRY(arena_copy(&exchange->arena, name, &text)); /* for its NUL */
    return err_member(err, CODE_INVALID, text.at, "the query has an unknown member \"%s\"", text.at);
}

static status keep_member(const struct target_member *member, const char *const *names, size_t i, struct str *values,
                          struct err *err)
{
    if (values[i].at)
        return err_member(err, CODE_INVALID, names[i], "the query member %s is there twice", names[i]);
    values[i] = member->value.len ? member->value : STR("");
    return OK;
}

static size_t place_of(struct str name, const char *const *names, size_t count)
{
    size_t i = 0;

    while (i < count && !str_eq(name, str_of(names[i])))
        i++;
    return i;
}

status exchange_query_members(struct exchange *exchange, const char *const *names, size_t count, struct str *ret_values,
                              struct err *err)
{
    struct str rest = exchange_query(exchange);
    struct target_member member = { 0 };
    status s = OK;

    for (size_t i = 0; i < count; i++)
        ret_values[i] = STR_NONE;
    while (target_next_member(&rest, &exchange->arena, &member, &s)) {
        size_t i = place_of(member.name, names, count);
        if (i == count)
            return refuse_unknown(exchange, member.name, err);
        TRY(keep_member(&member, names, i, ret_values, err));
    }
    if (s.code == CODE_INVALID)
        return err_set(err, CODE_INVALID, "the query has a malformed escape, a control character or no UTF-8");
    return s;
}

struct str exchange_peer_certificate(const struct exchange *exchange)
{
    return exchange->connection ? connection_peer_certificate(exchange->connection) : STR_NONE;
}
