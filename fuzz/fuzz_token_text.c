/*
 * fuzz/token_text: a token is exactly one form; anything else is an error that repeats none of it.
 */
#include "codec/token_text.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    struct str text = { (const char *)data, len };
    struct err err = { 0 };
    enum token_kind kind = TOKEN_KIND_COUNT;
    status s = token_text_read(text, &kind, &err);

    if (!s.code) {
        assert(len == TOKEN_TEXT_BYTES && kind < TOKEN_KIND_COUNT);
        return 0;
    }
    assert(kind == TOKEN_KIND_COUNT);
    assert(s.code == CODE_INVALID || (s.code == CODE_CORRUPT && len == TOKEN_TEXT_BYTES));
    assert(err.text[0]);
    return 0;
}
