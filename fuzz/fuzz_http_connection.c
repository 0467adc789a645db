/*
 * fuzz/http_connection: a connection's bytes, without its socket, are the same requests however they are cut into
 * pieces. Where our readers accept a byte that llhttp does not, or the other way round, the request must be refused, in
 * whatever piece it came.
 *
 * The input's first byte seeds the cuts; the rest is the stream.
 */
#include "http/reader.h"

#include <assert.h>

#include "base/entropy.h"
#include "base/memory.h"

#define BODY_MAX_BYTES 4096

struct world {
    struct input_pool inputs;
    struct exchange_pool exchanges;
    struct input input;
    struct reader reader;
    struct exchange *receiving;
    struct buf transcript; /* what was understood */
    bool ended;
};

static void let_go(struct world *world, struct exchange *exchange)
{
    input_let_go(&exchange->block, &world->inputs);
    exchange_free(exchange, &world->exchanges);
}

static void note_request(struct world *world, const struct exchange *exchange)
{
    buf_add_u64(&world->transcript, exchange->head.method);
    buf_add(&world->transcript, exchange_path(exchange));
    buf_add_byte(&world->transcript, '?');
    buf_add(&world->transcript, exchange_query(exchange));
    buf_add_byte(&world->transcript, ' ');
    buf_add_u64(&world->transcript, exchange->body.len);
    buf_add(&world->transcript, exchange->body);
    buf_add_byte(&world->transcript, '\n');
}

static void request_is_complete(struct world *world)
{
    struct exchange *exchange = world->receiving;

    note_request(world, exchange);
    world->ended = !head_keeps_alive(&exchange->head);
    world->receiving = NULL;
    let_go(world, exchange);
}

/* Whether there may be more to do with the bytes that are there. */
static bool take_step(struct world *world)
{
    struct str bytes = input_bytes(&world->input);
    enum reader_outcome outcome;
    size_t used = 0;

    if (!world->receiving && bytes.len == 0)
        return false;
    if (!world->receiving) {
        world->receiving = exchange_new(&world->exchanges);
        assert(world->receiving);
        reader_begin(&world->reader, world->receiving);
    }
    outcome = reader_read(&world->reader, bytes, &used);
    assert(used <= bytes.len);
    input_take(&world->input, used);
    if (outcome == READER_HEAD) {
        world->receiving->block = input_hold(&world->input);
        world->receiving->body_max_bytes = BODY_MAX_BYTES;
    } else if (outcome == READER_DONE) {
        request_is_complete(world);
    } else if (outcome == READER_REFUSED) {
        buf_add(&world->transcript, STR("refused\n"));
        world->ended = true;
    }
    return !world->ended && outcome != READER_MORE;
}

/* Reads the stream in pieces of 1 … piece_max bytes. */
static void read_stream(struct world *world, struct str stream, struct entropy *entropy, size_t piece_max)
{
    while (stream.len && !world->ended) {
        struct str room = input_room(&world->input, &world->inputs);
        size_t len = 1 + entropy_below(entropy, piece_max);
        assert(room.len > 0);
        len = len < room.len ? len : room.len;
        len = len < stream.len ? len : stream.len;
        memcpy((char *)(uintptr_t)room.at, stream.at, len);
        input_add(&world->input, len);
        stream = str_from(stream, len);
        while (take_step(world)) {
        }
    }
    if (world->receiving)
        let_go(world, world->receiving);
    input_free(&world->input, &world->inputs);
    exchange_pool_free(&world->exchanges);
    input_pool_free(&world->inputs);
}

static struct buf understood(struct str stream, unsigned seed, size_t piece_max)
{
    struct entropy entropy = entropy_from_seed(seed);
    struct world world = { .transcript.max = (size_t)16 * 1024 * 1024 };

    exchange_pool_init(&world.exchanges);
    read_stream(&world, stream, &entropy, piece_max);
    assert(!world.transcript.status.code);
    return world.transcript;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    struct str stream = { (const char *)data + 1, len - 1 };
    struct buf at_once;
    struct buf in_pieces;

    if (len < 2)
        return 0;
    at_once = understood(stream, data[0], HTTP_BLOCK_BYTES);
    in_pieces = understood(stream, data[0], 1 + (size_t)data[0] * 2);
    assert(str_eq(buf_str(&at_once), buf_str(&in_pieces)));
    buf_free(&at_once);
    buf_free(&in_pieces);
    return 0;
}
