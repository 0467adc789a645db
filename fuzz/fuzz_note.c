/*
 * tlog/note under attack: what is read can be written again byte for byte, and verifying it with known keys never
 * finds a signature that the input did not hold.
 */
#include <assert.h>

#include "base/buf.h"
#include "crypto/ed25519.h"
#include "tlog/note.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

/* The log and the witness of the shared vectors, whose names and ids the corpus uses. */
static const struct vkey *known_keys(void)
{
    static struct vkey keys[2];
    static const char *const texts[] = {
        "license.example/audit+d607f39b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X",
    };

    for (size_t i = 0; i < 2 && keys[i].name_len == 0; i++) {
        status s = vkey_parse(str_of(texts[i]), &keys[i], NULL);

        assert(s.code == CODE_OK);
        (void)s;
    }
    return keys;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    AUTO(struct buf, buf_free) again = { .max = NOTE_MAX_BYTES };
    struct str input = { (const char *)data, len };
    struct note_check checks[2];
    struct err err = { 0 };
    struct note note;

    if (note_parse(input, &note, &err).code) {
        assert(err.text[0] != '\0');
        return 0;
    }
    assert(note.count >= 1 && note_text_is_valid(note.text));
    buf_add(&again, note.text);
    buf_add_byte(&again, '\n');
    for (size_t i = 0; i < note.count; i++) {
        buf_add(&again, STR("\xe2\x80\x94 "));
        buf_add(&again, note.signatures[i].name);
        buf_add_byte(&again, ' ');
        buf_add(&again, note.signatures[i].base64);
        buf_add_byte(&again, '\n');
    }
    assert(str_eq(buf_str(&again), input));
    if (!note_verify(&note, known_keys(), 2, checks, &err).code)
        assert(checks[0].verified || checks[1].verified);
    return 0;
}
