/*
 * http/reader: bytes of one connection become requests.
 *
 * Two readers see each byte: first our own strict ones (http/head, http/chunks), which say where a request ends, then
 * llhttp, which is told nothing but those bytes and hands out the body. What the two understood must be the same
 * (method, version, framing, end); if not, the request is refused as ambiguous. llhttp begins anew with each request,
 * so nothing of one reaches the next. No sockets here: the fuzzer drives this file.
 *
 * One thread: the loop's. P9: the head by http/limits, the body by the exchange's limit, chunking by its overhead.
 */
#ifndef HTTP_READER_H
#define HTTP_READER_H

#include <llhttp.h>

#include "http/chunks.h"
#include "http/exchange.h"

enum reader_outcome {
    READER_MORE,    /* the bytes are used up, or are the beginning of a head and stay where they are */
    READER_HEAD,    /* the head is complete and taken; exchange->body_max_bytes is to be set before reading on */
    READER_DONE,    /* so is the request */
    READER_REFUSED, /* see reader->refusal; the connection can't be read on */
};

/* Zeroed: before the first request. */
struct reader {
    llhttp_t parser;
    struct chunks chunks;
    struct exchange *exchange; /* that is being read into */
    uint64_t body_left;        /* of a body with Content-Length */
    bool parser_has_head;
    bool parser_is_done;
    enum refusal refusal;
};

/* Begins a request. */
void reader_begin(struct reader *reader, struct exchange *exchange);
/*
 * Reads on; *ret_used tells how many of the bytes were taken. `bytes` begins with the first byte that was not taken
 * before. With READER_HEAD the head stays where it was: the exchange must hold its block from then on.
 */
enum reader_outcome reader_read(struct reader *reader, struct str bytes, size_t *ret_used);

#endif
