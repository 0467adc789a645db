/*
 * http/refusal: the table.
 */
#include "http/refusal.h"

#include <assert.h>

static const struct refusal_text texts[REFUSE_COUNT] = {
    [REFUSE_REQUEST_LINE] = { 400, "BAD_REQUEST_LINE",
                              "The request line is not method, space, target, space, HTTP/1.1 and CRLF.", true },
    [REFUSE_VERSION] = { 505, "BAD_VERSION", "This server speaks HTTP/1.1 and HTTP/1.0.", true },
    [REFUSE_METHOD] = { 501, "UNKNOWN_METHOD", "This server does not know the method.", true },
    [REFUSE_TARGET] = { 400, "BAD_TARGET",
                        "The request target is neither a path nor an http or https URL of allowed characters.", true },
    [REFUSE_TARGET_TOO_LONG] = { 414, "TARGET_TOO_LONG", "The request line is longer than 8192 bytes.", true },
    [REFUSE_BARE_LF] = { 400, "BARE_LF", "A line of the head ends with LF alone instead of CRLF.", true },
    [REFUSE_BARE_CR] = { 400, "BARE_CR", "The head has a CR that no LF follows.", true },
    [REFUSE_CONTROL] = { 400, "CONTROL_CHARACTER", "The head has a control character.", true },
    [REFUSE_FOLDED_LINE] = { 400, "FOLDED_LINE", "A header line begins with space or tab.", true },
    [REFUSE_SPACE_BEFORE_COLON] = { 400, "SPACE_BEFORE_COLON", "A field name is followed by space before its colon.",
                                    true },
    [REFUSE_FIELD_NAME] = { 400, "BAD_FIELD_NAME", "A header line has no colon, or its name is not a token.", true },
    [REFUSE_HEAD_TOO_LARGE] = { 431, "HEAD_TOO_LARGE", "The head is longer than 16384 bytes.", true },
    [REFUSE_TOO_MANY_FIELDS] = { 431, "TOO_MANY_FIELDS", "The head has more than 64 header fields.", true },
    [REFUSE_NO_HOST] = { 400, "NO_HOST", "An HTTP/1.1 request has exactly one Host field.", true },
    [REFUSE_HOST] = { 400, "BAD_HOST", "The Host field is not a host name or address with an optional port.", true },
    [REFUSE_REPEATED_HOST] = { 400, "REPEATED_HOST", "The request has more than one Host field.", true },
    [REFUSE_LENGTH] = { 400, "BAD_CONTENT_LENGTH", "Content-Length is not a decimal number.", true },
    [REFUSE_REPEATED_LENGTH] = { 400, "REPEATED_CONTENT_LENGTH", "The request has more than one Content-Length.",
                                 true },
    [REFUSE_LENGTH_AND_CODING] = { 400, "LENGTH_AND_CODING",
                                   "The request has both Content-Length and Transfer-Encoding.", true },
    [REFUSE_CODING] = { 501, "UNKNOWN_TRANSFER_CODING", "The only transfer coding that this server knows is chunked.",
                        true },
    [REFUSE_REPEATED_CODING] = { 400, "REPEATED_TRANSFER_CODING",
                                 "The request has more than one Transfer-Encoding field.", true },
    [REFUSE_CODING_IN_1_0] = { 400, "TRANSFER_CODING_IN_HTTP_1_0", "HTTP/1.0 has no Transfer-Encoding.", true },
    [REFUSE_EXPECTATION] = { 417, "UNKNOWN_EXPECTATION", "The only expectation that this server knows is 100-continue.",
                             true },
    [REFUSE_DISAGREEMENT] = { 400, "AMBIGUOUS_REQUEST", "The request can be read in more than one way.", true },
    [REFUSE_CHUNK] = { 400, "BAD_CHUNK", "The chunked body is malformed.", true },
    [REFUSE_CHUNK_OVERHEAD] = { 400, "TOO_MUCH_CHUNKING",
                                "The chunked body spends far more bytes on its chunks than on its data.", true },
    [REFUSE_BODY_TOO_LARGE] = { 413, "BODY_TOO_LARGE", "The body is longer than this route allows.", true },
    [REFUSE_PATH] = { 400, "BAD_PATH",
                      "A part of the path has a malformed escape, an escaped slash or control character, or is a dot "
                      "segment.",
                      false },
    [REFUSE_NOT_FOUND] = { 404, "NOT_FOUND", "There is nothing at this path.", false },
    [REFUSE_METHOD_NOT_ALLOWED] = { 405, "METHOD_NOT_ALLOWED", "This path does not have that method; see Allow.",
                                    false },
    [REFUSE_CONTENT_TYPE] = { 415, "BAD_CONTENT_TYPE", "The body must come with the Content-Type that Accept names.",
                              false },
    [REFUSE_HEAD_TIMEOUT] = { 408, "HEAD_TIMEOUT", "The head did not arrive in time.", true },
    [REFUSE_BODY_TIMEOUT] = { 408, "BODY_TIMEOUT", "The body did not arrive in time.", true },
    [REFUSE_TOO_MANY_CONNECTIONS] = { 503, "TOO_MANY_CONNECTIONS",
                                      "The server has as many connections as it may, in all or of one address.", true },
    [REFUSE_NO_MEMORY] = { 503, "NO_MEMORY", "The server has no memory for this request now.", true },
};

const struct refusal_text *refusal_text(enum refusal refusal)
{
    assert(refusal > REFUSE_NONE && refusal < REFUSE_COUNT);
    return &texts[refusal];
}
