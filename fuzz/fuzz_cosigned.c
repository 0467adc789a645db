/*
 * tlog/cosigned under attack: the input as a witness's answer. What is joined verifies, and nothing else is.
 */
#include <assert.h>

#include "tlog/checkpoint.h"
#include "tlog/cosigned.h"

#define NOTE_TEXT                                                                                                      \
    "license.example/audit\n300\nyjk9Apa+xeC43KuYO9H7fRRh9RLnJny4ljGtJv1m2Eg=\n\n\xe2\x80\x94 license.example/audit "  \
    "1gfzm5NSlOycIKoZhR7AZrFfEK4DddsmUjLZ4QtKsiBWPDDjPQRndTsqR0lSxZOGMUIND5WrNKFoBw5wYHaoR9HZrgQ=\n"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    AUTO(struct buf, buf_free) joined = { .max = NOTE_MAX_BYTES };
    struct note_check check;
    struct note note;
    struct vkey key;
    struct cosigners by = { &key, 1, &check };
    status s = vkey_parse(STR("witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"), &key, NULL);

    assert(s.code == CODE_OK);
    s = cosigned_join(&joined, STR(NOTE_TEXT), (struct str){ (const char *)data, len }, &by, NULL);
    if (s.code) {
        assert(joined.len == 0 || joined.status.code);
        return 0;
    }
    assert(str_starts(buf_str(&joined), STR(NOTE_TEXT)) && check.verified);
    s = note_parse(buf_str(&joined), &note, NULL);
    assert(s.code == CODE_OK && note.count == 2);
    return 0;
}
